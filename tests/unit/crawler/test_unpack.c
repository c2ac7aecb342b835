/* unpack: the four packings, in parts, cut, damaged, and over the memory. */
#include "crawler/list/unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

#define LEN_MAX ((size_t)8 << 20)

static enum err keep(void *ctx, const void *data, size_t len)
{
    return buf_add(ctx, data, len);
}

static void gzip_add(struct buf *out, const char *text, size_t len)
{
    z_stream z = {0};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, 0), Z_OK);
    assert_int_equal(buf_reserve(out, deflateBound(&z, len)), CERR_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)len;
    z.next_out = out->data + out->len;
    z.avail_out = (unsigned)(out->cap - out->len);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

static void bzip2_add(struct buf *out, const char *text, size_t len)
{
    unsigned room = (unsigned)len * 2 + 1000;

    assert_int_equal(buf_reserve(out, room), CERR_OK);
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out->data + out->len,
                                              &room, (char *)text,
                                              (unsigned)len, 9, 0, 0),
                     BZ_OK);
    out->len += room;
}

static void xz_add(struct buf *out, const char *text, size_t len)
{
    size_t at = 0, room = len * 2 + 1000;

    assert_int_equal(buf_reserve(out, room), CERR_OK);
    assert_int_equal(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL,
                                             (const uint8_t *)text, len,
                                             out->data + out->len, &at, room),
                     LZMA_OK);
    out->len += at;
}

static void zstd_add(struct buf *out, const char *text, size_t len)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    size_t room = ZSTD_compressBound(len), written;

    assert_false(
        ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)));
    assert_int_equal(buf_reserve(out, room), CERR_OK);
    written = ZSTD_compress2(z, out->data + out->len, room, text, len);
    assert_false(ZSTD_isError(written));
    out->len += written;
    ZSTD_freeCCtx(z);
}

static const struct {
    const char *name;
    void (*add)(struct buf *out, const char *text, size_t len);
} packings[] = {{"gzip", gzip_add},
                {"bzip2", bzip2_add},
                {"xz", xz_add},
                {"zstd", zstd_add}};
#define NR_PACKINGS (sizeof(packings) / sizeof(packings[0]))

/* Unpacks a heap copy in pieces, and returns how that ended. */
static enum err unpack_all(const void *data, size_t len, size_t piece,
                           struct buf *out, const char **name)
{
    struct unpack *unpack = unpack_new(keep, out);
    enum err err = CERR_OK;

    for (size_t at = 0; at < len && !err; at += piece) {
        size_t nr = len - at < piece ? len - at : piece;
        void *copy = malloc(nr);

        assert_non_null(copy);
        memcpy(copy, (const char *)data + at, nr);
        err = unpack_feed(unpack, copy, nr);
        free(copy);
    }
    if (!err)
        err = unpack_finish(unpack);
    assert_int_equal(unpack_finish(unpack), err);
    *name = "";
    for (size_t i = 0; i < NR_PACKINGS; i++)
        if (strcmp(unpack_name(unpack), packings[i].name) == 0)
            *name = packings[i].name;
    unpack_free(unpack);
    return err;
}

static void unpack_reads_parts_one_after_another_in_any_pieces(void **state)
{
    static const size_t pieces[] = {1, 2, 7, LEN_MAX};

    (void)state;
    for (size_t i = 0; i < NR_PACKINGS; i++) {
        struct buf packed;

        buf_init(&packed, LEN_MAX);
        packings[i].add(&packed, "ab", 2);
        packings[i].add(&packed, "", 0);
        assert_int_equal(buf_add(&packed, "\0\0\0\0", 4), CERR_OK);
        packings[i].add(&packed, "cde", 3);
        assert_int_equal(buf_add(&packed, "\0\0\0\0", 4), CERR_OK);
        for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
            struct buf out;
            const char *name;

            buf_init(&out, LEN_MAX);
            assert_int_equal(
                unpack_all(packed.data, packed.len, pieces[j], &out, &name),
                CERR_OK);
            assert_string_equal(name, packings[i].name);
            assert_int_equal(out.len, 5);
            assert_memory_equal(out.data, "abcde", 5);
            buf_release(&out);
        }
        buf_release(&packed);
    }
}

static void unpack_tells_cut_and_damaged_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_PACKINGS; i++) {
        struct buf packed;

        buf_init(&packed, LEN_MAX);
        packings[i].add(&packed, "http://a/\nhttp://b/\n", 20);
        for (size_t cut = 10; cut < packed.len; cut++) {
            struct buf out;
            const char *name;

            buf_init(&out, LEN_MAX);
            assert_int_equal(unpack_all(packed.data, cut, 3, &out, &name),
                             CERR_CORRUPT);
            buf_release(&out);
        }
        for (size_t j = 0; j < 2; j++) {
            struct buf out;
            const char *name;

            buf_init(&out, LEN_MAX);
            if (j == 0)
                packed.data[packed.len / 2] ^= 0xff;
            else
                assert_int_equal(buf_add(&packed, "junk", 4), CERR_OK);
            assert_int_equal(
                unpack_all(packed.data, packed.len, LEN_MAX, &out, &name),
                CERR_CORRUPT);
            packed.data[packed.len / 2] ^= j == 0 ? 0xff : 0;
            buf_release(&out);
        }
        buf_release(&packed);
    }
}

static void unpack_hands_on_what_is_not_compressed(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } rows[] = {{"", 0},
                {"http://a/", 9},
                {"BZh9.example/", 13},
                {"BZh", 3},
                {"\x1f", 1},
                {"\xfd"
                 "7zX",
                 4},
                {"P*M\x19 x", 6},
                {"(\xb5/", 3},
                {"\0\0", 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t piece = 1; piece < 20; piece += 6) {
            struct buf out;
            const char *name;

            buf_init(&out, LEN_MAX);
            assert_int_equal(
                unpack_all(rows[i].text, rows[i].len, piece, &out, &name),
                CERR_OK);
            assert_string_equal(name, "");
            assert_int_equal(out.len, rows[i].len);
            assert_true(rows[i].len == 0 ||
                        memcmp(out.data, rows[i].text, out.len) == 0);
            buf_release(&out);
        }
}

/* Both heads ask for a window of 4 GiB or so; nothing of that is allocated. */
static void unpack_refuses_what_needs_more_memory_than_its_limit(void **state)
{
    /* Frame_Header_Descriptor 0, Window_Descriptor 0xb0: 4 GiB (RFC 8878,
     * 3.1.1.1.2) */
    static const unsigned char zstd[] = {0x28, 0xb5, 0x2f, 0xfd, 0,
                                         0xb0, 1,    0,    0,    0};
    struct buf packed, out;
    const char *name;
    uint32_t crc;

    (void)state;
    buf_init(&packed, LEN_MAX);
    buf_init(&out, LEN_MAX);
    assert_int_equal(unpack_all(zstd, sizeof(zstd), 1, &out, &name),
                     CERR_TOO_BIG);

    xz_add(&packed, "http://a/", 9);
    unsigned char *head = packed.data + 12; /* of the first block */
    size_t len = ((size_t)head[0] + 1) * 4;
    unsigned char *lzma2 = memchr(head, 0x21, len);
    assert_non_null(lzma2);
    lzma2[2] = 40; /* dictionary of 4 GiB (xz-file-format, 5.3.1) */
    crc = lzma_crc32(head, len - 4, 0);
    memcpy(head + len - 4, &crc, sizeof(crc));
    assert_int_equal(unpack_all(packed.data, packed.len, 1, &out, &name),
                     CERR_TOO_BIG);
    assert_int_equal(out.len, 0);
    buf_release(&packed);
    buf_release(&out);
}

static enum err refuse(void *ctx, const void *data, size_t len)
{
    (void)ctx;
    (void)data;
    (void)len;
    return CERR_FULL;
}

static void unpack_ends_with_the_error_of_its_callback(void **state)
{
    struct unpack *unpack = unpack_new(refuse, NULL);

    (void)state;
    assert_int_equal(unpack_feed(unpack, "http://", 7), CERR_FULL);
    assert_int_equal(unpack_feed(unpack, "x", 1), CERR_FULL);
    assert_int_equal(unpack_finish(unpack), CERR_FULL);
    unpack_free(unpack);
    unpack_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unpack_reads_parts_one_after_another_in_any_pieces),
        cmocka_unit_test(unpack_tells_cut_and_damaged_data),
        cmocka_unit_test(unpack_hands_on_what_is_not_compressed),
        cmocka_unit_test(unpack_refuses_what_needs_more_memory_than_its_limit),
        cmocka_unit_test(unpack_ends_with_the_error_of_its_callback),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
