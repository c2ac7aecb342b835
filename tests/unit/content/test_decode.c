#include "crawler/content/decode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <brotli/encode.h>
#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"

#define TEXT_BYTES 50000
#define GZIP       (15 + 16)
#define ZLIB       15
#define RAW        (-15)

struct fixture {
    struct decode *decode;
    struct buf out;
    enum error sink_says;
    unsigned char text[TEXT_BYTES];
};

static enum error take(void *ctx, const void *data, size_t len)
{
    struct fixture *fixture = ctx;

    assert_true(len > 0);
    assert_int_equal(buf_add(&fixture->out, data, len), CERR_OK);
    return fixture->sink_says;
}

/* Text of middling redundancy, the same in every run. */
static void fill(unsigned char *text, size_t len)
{
    uint32_t state = 1;

    for (size_t i = 0; i < len; i++) {
        state = state * 1664525U + 1013904223U;
        text[i] = (unsigned char)"etaoin shrdlu<>="[state >> 28];
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->decode = decode_new();
    buf_init(&fixture->out, (size_t)1 << 30);
    fill(fixture->text, sizeof(fixture->text));
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    decode_free(fixture->decode);
    buf_release(&fixture->out);
    free(fixture);
    return 0;
}

static void pack_zlib(struct buf *out, const void *data, size_t len, int bits)
{
    z_stream zlib = {0};

    assert_int_equal(deflateInit2(&zlib, 6, Z_DEFLATED, bits, 8, 0), Z_OK);
    assert_int_equal(buf_reserve(out, deflateBound(&zlib, len) + 64), CERR_OK);
    zlib.next_in = (z_const Bytef *)data;
    zlib.avail_in = (unsigned)len;
    zlib.next_out = out->data + out->len;
    zlib.avail_out = (unsigned)(out->cap - out->len);
    assert_int_equal(deflate(&zlib, Z_FINISH), Z_STREAM_END);
    out->len += zlib.total_out;
    deflateEnd(&zlib);
}

/* Appends `data` packed as the coding says. */
static void pack(struct buf *out, const char *coding, const void *data,
                 size_t len)
{
    size_t packed = BrotliEncoderMaxCompressedSize(len) + 64;

    if (strcmp(coding, "gzip") == 0 || strcmp(coding, "x-gzip") == 0) {
        pack_zlib(out, data, len, GZIP);
    } else if (strcmp(coding, "deflate") == 0) {
        pack_zlib(out, data, len, ZLIB);
    } else if (strcmp(coding, "raw") == 0) {
        pack_zlib(out, data, len, RAW);
    } else if (strcmp(coding, "br") == 0) {
        assert_int_equal(buf_reserve(out, packed), CERR_OK);
        assert_int_equal(BrotliEncoderCompress(5, 22, BROTLI_MODE_TEXT, len,
                                               data, &packed,
                                               out->data + out->len),
                         BROTLI_TRUE);
        out->len += packed;
    } else {
        assert_string_equal(coding, "zstd");
        assert_int_equal(buf_reserve(out, ZSTD_compressBound(len)), CERR_OK);
        packed = ZSTD_compress(out->data + out->len, out->cap - out->len, data,
                               len, 3);
        assert_false(ZSTD_isError(packed));
        out->len += packed;
    }
}

static enum error start(struct fixture *fixture, const char *codings,
                        uint64_t max_bytes)
{
    struct decode_options options = {
        .sink = take, .ctx = fixture, .max_bytes = max_bytes};

    buf_reset(&fixture->out);
    return decode_start(fixture->decode, codings, codings ? strlen(codings) : 0,
                        &options);
}

/* Feeds in pieces of `step` bytes and finishes. */
static enum error run(struct fixture *fixture, const char *codings,
                      const struct buf *in, size_t step)
{
    enum error result = start(fixture, codings, (uint64_t)1 << 40);

    for (size_t at = 0; at < in->len && result == ERROR_NONE; at += step)
        result = decode_feed(fixture->decode, in->data + at,
                             in->len - at < step ? in->len - at : step);
    return result == ERROR_NONE ? decode_finish(fixture->decode) : result;
}

static void assert_text(const struct fixture *fixture, size_t nr_times)
{
    assert_int_equal(fixture->out.len, nr_times * TEXT_BYTES);
    for (size_t i = 0; i < nr_times; i++)
        assert_memory_equal(fixture->out.data + i * TEXT_BYTES, fixture->text,
                            TEXT_BYTES);
}

/* header value, and how the bytes were packed */
static const char *const codings[][2] = {
    {"gzip", "gzip"},   {"X-GZip", "gzip"}, {"deflate", "deflate"},
    {"deflate", "raw"}, {"br", "br"},       {"zstd", "zstd"},
};
#define NR_CODINGS (sizeof(codings) / sizeof(codings[0]))

static void decode_gives_the_text_for_every_coding_and_split(void **state)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000, (size_t)1 << 20};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR_CODINGS; i++) {
        struct buf in;

        buf_init(&in, (size_t)1 << 20);
        pack(&in, codings[i][1], fixture->text, TEXT_BYTES);
        for (size_t j = 0; j < sizeof(steps) / sizeof(steps[0]); j++) {
            assert_int_equal(run(fixture, codings[i][0], &in, steps[j]),
                             ERROR_NONE);
            assert_text(fixture, 1);
            assert_false(decode_has_junk(fixture->decode));
        }
        buf_release(&in);
    }
}

static void decode_says_truncated_at_every_cut(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR_CODINGS; i++) {
        struct buf in;

        buf_init(&in, (size_t)1 << 20);
        pack(&in, codings[i][1], fixture->text, 300);
        for (size_t len = in.len; len-- > 1;) {
            in.len = len;
            assert_int_equal(run(fixture, codings[i][0], &in, 64),
                             ERROR_TRUNCATED_ENCODING);
        }
        buf_release(&in);
    }
}

static void decode_takes_an_empty_body_as_complete(void **state)
{
    struct fixture *fixture = *state;
    struct buf in = {0};

    assert_int_equal(run(fixture, "gzip, br", &in, 1), ERROR_NONE);
    assert_int_equal(fixture->out.len, 0);
}

static void decode_keeps_the_page_before_junk(void **state)
{
    static const char *const junk[] = {"\n", "\x1f", "\x28\xb5", "\x1f!",
                                       "<!-- stats -->"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR_CODINGS; i++) {
        for (size_t j = 0; j < sizeof(junk) / sizeof(junk[0]); j++) {
            struct buf in;
            enum error result;

            buf_init(&in, (size_t)1 << 20);
            pack(&in, codings[i][1], fixture->text, TEXT_BYTES);
            assert_int_equal(buf_add_str(&in, junk[j]), CERR_OK);
            result = run(fixture, codings[i][0], &in, 1);
            assert_text(fixture, 1);
            /* what may be the cut magic of a member is a cut, never junk */
            if (result == ERROR_TRUNCATED_ENCODING)
                assert_true(strlen(junk[j]) <= 2);
            else
                assert_true(decode_has_junk(fixture->decode));
            assert_int_equal(run(fixture, codings[i][0], &in, 4096), result);
            buf_release(&in);
        }
    }
}

static void decode_says_bad_for_a_damaged_second_member(void **state)
{
    struct fixture *fixture = *state;
    struct buf in;

    buf_init(&in, (size_t)1 << 20);
    pack(&in, "gzip", fixture->text, TEXT_BYTES);
    assert_int_equal(buf_add_str(&in, "\x1f\x8b!!!!"), CERR_OK);
    assert_int_equal(run(fixture, "gzip", &in, 1), ERROR_BAD_ENCODING);
    assert_int_equal(run(fixture, "gzip", &in, 1U << 20), ERROR_BAD_ENCODING);
    buf_release(&in);
}

/* libzstd can be built to take 0xFD2FB527 and older; RFC 8878 knows only one */
static void decode_refuses_the_zstd_formats_before_the_standard(void **state)
{
    struct fixture *fixture = *state;

    for (int first = 0x22; first <= 0x27; first++) {
        unsigned char magic[] = {(unsigned char)first, 0xb5, 0x2f, 0xfd};

        assert_int_equal(start(fixture, "zstd", 1000), ERROR_NONE);
        assert_int_equal(decode_feed(fixture->decode, magic, sizeof(magic)),
                         ERROR_BAD_ENCODING);
    }
}

static void decode_joins_the_members_of_gzip_and_zstd(void **state)
{
    static const char *const kinds[] = {"gzip", "zstd"};
    static const unsigned char skippable[] = {0x55, 0x2a, 0x4d, 0x18, 3, 0,
                                              0,    0,    1,    2,    3};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 2; i++) {
        for (size_t step = 1; step < 2000; step += 333) {
            struct buf in;

            buf_init(&in, (size_t)1 << 20);
            pack(&in, kinds[i], fixture->text, TEXT_BYTES);
            pack(&in, kinds[i], "", 0);
            if (i == 1)
                assert_int_equal(buf_add(&in, skippable, sizeof(skippable)),
                                 CERR_OK);
            pack(&in, kinds[i], fixture->text, TEXT_BYTES);
            assert_int_equal(run(fixture, kinds[i], &in, step), ERROR_NONE);
            assert_text(fixture, 2);
            assert_false(decode_has_junk(fixture->decode));
            in.len -= 3;
            assert_int_equal(run(fixture, kinds[i], &in, step),
                             ERROR_TRUNCATED_ENCODING);
            buf_release(&in);
        }
    }
}

static void decode_undoes_nested_codings_last_first(void **state)
{
    static const char *const order[] = {"gzip", "br", "zstd", "deflate",
                                        "gzip"};
    struct fixture *fixture = *state;
    struct buf in, next;

    buf_init(&in, (size_t)1 << 20);
    buf_init(&next, (size_t)1 << 20);
    assert_int_equal(buf_add(&in, fixture->text, TEXT_BYTES), CERR_OK);
    for (size_t i = 0; i < 5; i++) {
        struct buf swap = in;

        buf_reset(&next);
        pack(&next, order[i], in.data, in.len);
        in = next;
        next = swap;
    }
    assert_int_equal(
        run(fixture, "gzip, ,br\t,identity,zstd ,deflate, gzip", &in, 100),
        ERROR_NONE);
    assert_text(fixture, 1);
    in.len /= 2;
    assert_int_equal(run(fixture, "gzip,br,zstd,deflate,gzip", &in, 100),
                     ERROR_TRUNCATED_ENCODING);
    buf_release(&in);
    buf_release(&next);
}

static void decode_refuses_unknown_codings_and_six(void **state)
{
    static const char *const bad[] = {"gzip,gzip,gzip,gzip,gzip,gzip",
                                      "compress",
                                      "gzip, none",
                                      "gz",
                                      "gzip;q=1",
                                      "gzip br"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(start(fixture, bad[i], 1000), ERROR_BAD_ENCODING);
        assert_int_equal(decode_feed(fixture->decode, "x", 1),
                         ERROR_BAD_ENCODING);
        assert_int_equal(decode_finish(fixture->decode), ERROR_BAD_ENCODING);
    }
    assert_int_equal(start(fixture, "gzip,gzip,gzip,gzip,gzip", 1000),
                     ERROR_NONE);
}

static void decode_says_bad_for_damage(void **state)
{
    struct fixture *fixture = *state;

    for (size_t i = 0; i < NR_CODINGS; i++) {
        struct buf in;

        if (strcmp(codings[i][1], "raw") == 0)
            continue; /* has no mark of its own */
        buf_init(&in, (size_t)1 << 20);
        assert_int_equal(buf_add_str(&in, "<html>never packed at all</html>"),
                         CERR_OK);
        assert_int_equal(run(fixture, codings[i][0], &in, 5),
                         ERROR_BAD_ENCODING);
        buf_reset(&in);
        pack(&in, codings[i][1], fixture->text, TEXT_BYTES);
        memset(in.data, 0xee, 8);
        assert_int_equal(run(fixture, codings[i][0], &in, 999),
                         ERROR_BAD_ENCODING);
        buf_release(&in);
    }
}

static void decode_stops_a_bomb_by_its_ratio(void **state)
{
    static const char *const kinds[] = {"gzip", "br", "zstd"};
    size_t zeros_len = (size_t)20 << 20;
    unsigned char *zeros = calloc(1, zeros_len);
    struct fixture *fixture = *state;

    for (size_t i = 0; i < 3; i++) {
        struct buf in;

        buf_init(&in, (size_t)1 << 25);
        pack(&in, kinds[i], zeros, zeros_len);
        assert_int_equal(run(fixture, kinds[i], &in, 1U << 20), ERROR_BOMB);
        assert_in_range(fixture->out.len, DECODE_RATIO_FLOOR - 16384,
                        DECODE_RATIO_FLOOR + 300 * in.len);
        /* below the floor any ratio will do */
        buf_reset(&in);
        pack(&in, kinds[i], zeros, 1000000);
        assert_int_equal(run(fixture, kinds[i], &in, 1U << 20), ERROR_NONE);
        buf_release(&in);
    }
    free(zeros);
}

static void decode_stops_a_bomb_in_a_small_wrapper(void **state)
{
    size_t zeros_len = (size_t)20 << 20;
    unsigned char *zeros = calloc(1, zeros_len);
    struct fixture *fixture = *state;
    struct buf inner, outer;

    buf_init(&inner, (size_t)1 << 25);
    buf_init(&outer, (size_t)1 << 25);
    pack(&inner, "gzip", zeros, zeros_len);
    pack(&outer, "gzip", inner.data, inner.len);
    assert_int_equal(run(fixture, "gzip, gzip", &outer, 100), ERROR_BOMB);
    buf_release(&inner);
    buf_release(&outer);
    free(zeros);
}

static void decode_cuts_exactly_at_the_cap(void **state)
{
    static const char *const kinds[] = {"identity", "gzip"};
    struct fixture *fixture = *state;
    struct buf in;

    buf_init(&in, (size_t)1 << 20);
    for (size_t i = 0; i < 2; i++) {
        buf_reset(&in);
        if (i == 0)
            assert_int_equal(buf_add(&in, fixture->text, TEXT_BYTES), CERR_OK);
        else
            pack(&in, "gzip", fixture->text, TEXT_BYTES);
        assert_int_equal(start(fixture, kinds[i], 12345), ERROR_NONE);
        assert_int_equal(decode_feed(fixture->decode, in.data, in.len),
                         ERROR_TOO_LARGE);
        assert_int_equal(fixture->out.len, 12345);
        assert_memory_equal(fixture->out.data, fixture->text, 12345);
        assert_int_equal(decode_feed(fixture->decode, "x", 1), ERROR_TOO_LARGE);
        assert_int_equal(decode_finish(fixture->decode), ERROR_TOO_LARGE);
        assert_int_equal(start(fixture, kinds[i], TEXT_BYTES), ERROR_NONE);
        assert_int_equal(decode_feed(fixture->decode, in.data, in.len),
                         ERROR_NONE);
        assert_int_equal(decode_finish(fixture->decode), ERROR_NONE);
    }
    buf_release(&in);
}

static enum error take_pointer(void *ctx, const void *data, size_t len)
{
    const void **seen = ctx;

    (void)len;
    *seen = data;
    return ERROR_NONE;
}

static void decode_hands_identity_on_without_a_copy(void **state)
{
    struct fixture *fixture = *state;
    const void *seen = NULL;
    struct decode_options options = {
        .sink = take_pointer, .ctx = &seen, .max_bytes = 100};

    assert_int_equal(decode_start(fixture->decode, NULL, 0, &options),
                     ERROR_NONE);
    assert_int_equal(decode_feed(fixture->decode, fixture->text, 10),
                     ERROR_NONE);
    assert_ptr_equal(seen, fixture->text);
}

static void decode_ends_with_what_the_sink_says(void **state)
{
    struct fixture *fixture = *state;
    struct buf in;

    buf_init(&in, (size_t)1 << 20);
    pack(&in, "br", fixture->text, TEXT_BYTES);
    fixture->sink_says = ERROR_CANCELED;
    assert_int_equal(run(fixture, "br", &in, 1000), ERROR_CANCELED);
    fixture->sink_says = ERROR_NONE;
    assert_int_equal(run(fixture, "br", &in, 1000), ERROR_NONE);
    assert_text(fixture, 1);
    buf_release(&in);
}

/* RFC 9659: at most 8 MiB of window. */
static void decode_refuses_a_large_zstd_window(void **state)
{
    size_t len = (size_t)9 << 20;
    unsigned char *text = malloc(len);
    ZSTD_CCtx *zstd = ZSTD_createCCtx();
    struct fixture *fixture = *state;
    struct buf in;

    fill(text, len);
    buf_init(&in, (size_t)1 << 25);
    for (int log = 23; log <= 24; log++) {
        buf_reset(&in);
        assert_int_equal(buf_reserve(&in, ZSTD_compressBound(len)), CERR_OK);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, 1);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, log);
        ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
        in.len = ZSTD_compress2(zstd, in.data, in.cap, text, len);
        assert_false(ZSTD_isError(in.len));
        assert_int_equal(run(fixture, "zstd", &in, 100000),
                         log == 23 ? ERROR_NONE : ERROR_BAD_ENCODING);
    }
    ZSTD_freeCCtx(zstd);
    buf_release(&in);
    free(text);
}

#define with_fixture(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(decode_gives_the_text_for_every_coding_and_split),
        with_fixture(decode_says_truncated_at_every_cut),
        with_fixture(decode_takes_an_empty_body_as_complete),
        with_fixture(decode_keeps_the_page_before_junk),
        with_fixture(decode_says_bad_for_a_damaged_second_member),
        with_fixture(decode_refuses_the_zstd_formats_before_the_standard),
        with_fixture(decode_joins_the_members_of_gzip_and_zstd),
        with_fixture(decode_undoes_nested_codings_last_first),
        with_fixture(decode_refuses_unknown_codings_and_six),
        with_fixture(decode_says_bad_for_damage),
        with_fixture(decode_stops_a_bomb_by_its_ratio),
        with_fixture(decode_stops_a_bomb_in_a_small_wrapper),
        with_fixture(decode_cuts_exactly_at_the_cap),
        with_fixture(decode_hands_identity_on_without_a_copy),
        with_fixture(decode_ends_with_what_the_sink_says),
        with_fixture(decode_refuses_a_large_zstd_window),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
