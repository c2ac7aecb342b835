/* urllist: lines, their numbers and offsets, whatever the chunks. */
#include "crawler/list/urllist.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

#define LEN_MAX ((size_t)8 << 20)

/* What was handed on, as "number@offset text;" with "!" for a cut line. */
struct seen {
    struct buf text;
    struct urllist *list;
    int64_t fail_at; /* line number to refuse; 0: none */
};

static enum err see(void *ctx, const struct urllist_line *line)
{
    struct seen *seen = ctx;

    assert_int_equal(line->number, urllist_lines(seen->list));
    assert_int_equal(buf_addf(&seen->text, "%lld@%lld%s ",
                              (long long)line->number,
                              (long long)urllist_offset(seen->list),
                              line->too_long ? "!" : ""),
                     CERR_OK);
    assert_int_equal(buf_add(&seen->text, line->text, line->len), CERR_OK);
    assert_int_equal(buf_add_byte(&seen->text, ';'), CERR_OK);
    return line->number == seen->fail_at ? CERR_FULL : CERR_OK;
}

static void seen_init(struct seen *seen, int64_t start_offset,
                      int64_t start_lines)
{
    struct urllist_options options = {.on_line = see,
                                      .ctx = seen,
                                      .start_offset = start_offset,
                                      .start_lines = start_lines};

    memset(seen, 0, sizeof(*seen));
    buf_init(&seen->text, LEN_MAX);
    seen->list = urllist_new(&options);
}

static void seen_release(struct seen *seen)
{
    urllist_free(seen->list);
    buf_release(&seen->text);
}

/* Feeds a heap copy of exactly this size, so that ASan sees a read past it. */
static enum err feed(struct urllist *list, const void *data, size_t len)
{
    void *copy = malloc(len ? len : 1);
    enum err err;

    assert_non_null(copy);
    memcpy(copy, data, len);
    err = urllist_feed(list, copy, len);
    free(copy);
    return err;
}

static void expect_text(const struct seen *seen, const char *expected,
                        size_t expected_len, const char *what, size_t split)
{
    if (seen->text.len == expected_len &&
        (!expected_len || memcmp(seen->text.data, expected, expected_len) == 0))
        return;
    print_error("%s, split at %zu: got \"%.*s\"\n", what, split,
                (int)seen->text.len, (const char *)seen->text.data);
    fail();
}

/* The text in two pieces, for every place of the cut, and byte by byte. */
static void expect_at_every_split(const void *text, size_t len,
                                  const char *expected, size_t expected_len)
{
    const char *bytes = text;

    for (size_t split = 0; split <= len + 1; split++) {
        struct seen seen;

        seen_init(&seen, 0, 0);
        for (size_t i = 0; split > len && i < len; i++)
            assert_int_equal(feed(seen.list, bytes + i, 1), CERR_OK);
        if (split <= len) {
            assert_int_equal(feed(seen.list, bytes, split), CERR_OK);
            assert_int_equal(feed(seen.list, bytes + split, len - split),
                             CERR_OK);
        }
        assert_int_equal(urllist_finish(seen.list), CERR_OK);
        expect_text(&seen, expected, expected_len, bytes, split);
        seen_release(&seen);
    }
}

/* Appends one gzip member. */
static void gzip_add(struct buf *out, const void *text, size_t len)
{
    z_stream z = {0};

    assert_int_equal(
        deflateInit2(&z, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(buf_reserve(out, deflateBound(&z, len)), CERR_OK);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)len;
    z.next_out = out->data + out->len;
    z.avail_out = (unsigned)(out->cap - out->len);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    deflateEnd(&z);
}

#define ROW(text, expected)                                                    \
    {                                                                          \
        text, sizeof(text) - 1, expected, sizeof(expected) - 1                 \
    }

static const struct {
    const char *text;
    size_t len;
    const char *expected;
    size_t expected_len;
} rows[] = {
    ROW("", ""),
    ROW("\n", "1@1 ;"),
    ROW("a", "1@1 a;"),
    ROW("a\n", "1@2 a;"),
    ROW("a\nb", "1@2 a;2@3 b;"),
    ROW("a\r\nb\r\n", "1@3 a;2@6 b;"),
    ROW("a\rb\r", "1@2 a;2@4 b;"),
    ROW("a\r", "1@2 a;"),
    ROW("\r", "1@1 ;"),
    ROW("\r\r\n\n\r", "1@1 ;2@3 ;3@4 ;4@5 ;"),
    ROW("\n\r\n\r", "1@1 ;2@3 ;3@4 ;"),
    ROW("a\n\nb\n#c\n", "1@2 a;2@3 ;3@5 b;4@8 #c;"),
    ROW("\xef\xbb\xbf", ""),
    ROW("\xef\xbb\xbf\n", "1@4 ;"),
    ROW("\xef\xbb\xbf"
        "a\n\xef\xbb\xbf"
        "b",
        "1@5 a;2@9 \xef\xbb\xbf"
        "b;"),
    ROW("\xef\xbb", "1@2 \xef\xbb;"),
    ROW("\xef\xbb\n", "1@3 \xef\xbb;"),
    ROW("\xef"
        "a\nb",
        "1@3 \xef"
        "a;2@4 b;"),
    ROW("a\0b\n\0\n", "1@4 a\0b;2@6 \0;"),
    ROW("\xff\xfd\n \t \n", "1@3 \xff\xfd;2@7  \t ;"),
    ROW("a\0b\0", "1@2 a;2@4 b;"),
    ROW("\xef\xbb\xbf"
        "a\0\0b",
        "1@5 a;2@6 ;3@7 b;"),
    ROW("\xff\xfe"
        "a\0\r\0\n\0b\0",
        "1@6 a;2@7 b;"),
    ROW("\xfe\xff\0a\0\n\0\xe9 \xac", "1@5 a;2@10 \xc3\xa9\xe2\x82\xac;"),
    /* a pair, and two halves that stay two */
    ROW("\xfe\xff\xd8\x3d\xde\x00\0\n\xd8\x01\0\n\xd8\x02",
        "1@8 \xf0\x9f\x98\x80;2@12 \xed\xa0\x81;3@15 \xed\xa0\x82;"),
    ROW("\xff\xfe"
        "a\0b",
        "1@5 ab;"),
    ROW("\xff", "1@1 \xff;"),
    ROW("\x1f\n", "1@2 \x1f;"),
    ROW("\x1f", "1@1 \x1f;"),
    ROW("\x1f\x8a\n", "1@3 \x1f\x8a;"),
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void urllist_splits_lines_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_ROWS; i++)
        expect_at_every_split(rows[i].text, rows[i].len, rows[i].expected,
                              rows[i].expected_len);
}

static void urllist_reads_gzip_at_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR_ROWS; i++) {
        struct buf gzip;

        buf_init(&gzip, LEN_MAX);
        gzip_add(&gzip, rows[i].text, rows[i].len);
        expect_at_every_split(gzip.data, gzip.len, rows[i].expected,
                              rows[i].expected_len);
        buf_release(&gzip);
    }
}

static void urllist_reads_gzip_members_one_after_another(void **state)
{
    static const char expected[] = "1@4 abc;2@8 def;3@9 g;";
    struct buf gzip;

    (void)state;
    buf_init(&gzip, LEN_MAX);
    gzip_add(&gzip, "ab", 2);
    gzip_add(&gzip, "c\nde", 4);
    gzip_add(&gzip, "", 0);
    gzip_add(&gzip, "f\ng", 3);
    assert_int_equal(buf_add(&gzip, "\0\0\0\0\0", 5), CERR_OK);
    expect_at_every_split(gzip.data, gzip.len, expected, sizeof(expected) - 1);
    buf_release(&gzip);
}

#define LINE_BYTES 31 /* of a line that make_lines() makes */

static void make_lines(struct buf *text, int nr)
{
    unsigned random = 1;

    for (int i = 1; i <= nr; i++) {
        random = random * 1103515245 + 12345;
        assert_int_equal(buf_addf(text, "http://h%06d.test/%010u\n", i, random),
                         CERR_OK);
    }
}

static void urllist_tells_where_gzip_is_cut(void **state)
{
    struct buf text, gzip;

    (void)state;
    buf_init(&text, LEN_MAX);
    buf_init(&gzip, LEN_MAX);
    make_lines(&text, 10000);
    gzip_add(&gzip, text.data, text.len);
    /* everywhere near the ends, and some places between */
    for (size_t i = 0; i < 100; i++) {
        size_t cut = i < 40   ? 2 + i
                     : i < 60 ? gzip.len / 20 * (i - 40) + 42
                              : gzip.len - (100 - i);
        struct seen seen;

        seen_init(&seen, 0, 0);
        assert_int_equal(feed(seen.list, gzip.data, cut), CERR_OK);
        assert_int_equal(urllist_finish(seen.list), CERR_CORRUPT);
        assert_int_equal(urllist_finish(seen.list), CERR_CORRUPT);
        assert_int_equal(feed(seen.list, "x", 1), CERR_CORRUPT);
        assert_true(urllist_lines(seen.list) <= 10000);
        assert_int_equal(urllist_offset(seen.list),
                         urllist_lines(seen.list) * LINE_BYTES);
        seen_release(&seen);
    }
    buf_release(&gzip);
    buf_release(&text);
}

static void urllist_refuses_damaged_gzip(void **state)
{
    struct buf text, gzip;
    struct seen seen;
    size_t member;

    (void)state;
    buf_init(&text, LEN_MAX);
    buf_init(&gzip, LEN_MAX);
    make_lines(&text, 10000);
    gzip_add(&gzip, text.data, text.len);

    gzip.data[gzip.len - 6] ^= 1; /* the CRC: all lines came, none is sure */
    seen_init(&seen, 0, 0);
    assert_int_equal(feed(seen.list, gzip.data, gzip.len), CERR_CORRUPT);
    assert_int_equal(urllist_lines(seen.list), 10000);
    seen_release(&seen);
    gzip.data[gzip.len - 6] ^= 1;

    member = gzip.len;
    gzip_add(&gzip, text.data, text.len);
    gzip.data[member + 2] = 9; /* a method that does not exist */
    seen_init(&seen, 0, 0);
    assert_int_equal(feed(seen.list, gzip.data, gzip.len), CERR_CORRUPT);
    assert_int_equal(urllist_lines(seen.list), 10000);
    /* the damage shows where it is, in the third byte of the member */
    assert_in_range(urllist_packed_bytes(seen.list), member, member + 4);
    seen_release(&seen);

    gzip.len = 0;
    gzip_add(&gzip, "a\nb\r", 4);
    assert_int_equal(buf_add(&gzip, "junk", 4), CERR_OK);
    seen_init(&seen, 0, 0);
    assert_int_equal(feed(seen.list, gzip.data, gzip.len), CERR_CORRUPT);
    expect_text(&seen, "1@2 a;2@4 b;", 12, "junk behind", 0);
    seen_release(&seen);

    buf_release(&gzip);
    buf_release(&text);
}

static void urllist_cuts_lines_over_the_limit(void **state)
{
    static const size_t lens[] = {URLLIST_LINE_BYTES - 1, URLLIST_LINE_BYTES,
                                  URLLIST_LINE_BYTES + 1,
                                  (size_t)2 * URLLIST_LINE_BYTES, 2000000};
    static const size_t chunks[] = {1000, 65536, 65537, LEN_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++) {
            bool cut = lens[i] > URLLIST_LINE_BYTES;
            size_t kept = cut ? URLLIST_LINE_BYTES : lens[i];
            struct buf text, expected;
            struct seen seen;

            buf_init(&text, LEN_MAX);
            buf_init(&expected, LEN_MAX);
            assert_int_equal(buf_add(&text, "a\n", 2), CERR_OK);
            assert_int_equal(buf_reserve(&text, lens[i]), CERR_OK);
            memset(text.data + 2, 'x', lens[i]);
            text.len += lens[i];
            assert_int_equal(buf_add(&text, "\nb", 2), CERR_OK);

            assert_int_equal(buf_addf(&expected, "1@2 a;2@%zu%s ", lens[i] + 3,
                                      cut ? "!" : ""),
                             CERR_OK);
            assert_int_equal(buf_add(&expected, text.data + 2, kept), CERR_OK);
            assert_int_equal(buf_addf(&expected, ";3@%zu b;", lens[i] + 4),
                             CERR_OK);

            seen_init(&seen, 0, 0);
            for (size_t at = 0; at < text.len; at += chunks[j]) {
                size_t left = text.len - at;

                assert_int_equal(feed(seen.list, text.data + at,
                                      left < chunks[j] ? left : chunks[j]),
                                 CERR_OK);
            }
            assert_int_equal(urllist_finish(seen.list), CERR_OK);
            expect_text(&seen, (char *)expected.data, expected.len, "long",
                        lens[i]);
            seen_release(&seen);
            buf_release(&expected);
            buf_release(&text);
        }
    }
}

/* From each place that an interrupted run may have noted, the rest comes out
 * as if nothing had happened. */
static void urllist_goes_on_where_it_was(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "aa\r\n\rbb\n\ncc\r\ndd";
    static const char *const full[] = {"1@7 aa;", "2@8 ;",    "3@11 bb;",
                                       "4@12 ;",  "5@16 cc;", "6@18 dd;"};
    static const int64_t offsets[] = {0, 7, 8, 11, 12, 16, 18};
    struct buf gzip;

    (void)state;
    buf_init(&gzip, LEN_MAX);
    gzip_add(&gzip, text, sizeof(text) - 1);
    for (int64_t from = 0; from <= 6; from++) {
        char expected[100] = "";

        for (int64_t i = from; i < 6; i++)
            strcat(expected, full[i]);
        for (size_t split = 0; split < sizeof(text); split++) {
            struct seen plain, zipped;
            size_t zip_split = split < gzip.len ? split : gzip.len;
            int64_t skip;

            seen_init(&plain, offsets[from], from);
            assert_int_equal(urllist_skip(plain.list), 0);
            assert_int_equal(feed(plain.list, text, split), CERR_OK);
            skip = urllist_skip(plain.list); /* a seek */
            assert_int_equal(urllist_skip(plain.list), 0);
            /* two bytes tell the encoding, and the last one what ends a line */
            assert_int_equal(skip, split > 1 && (int64_t)split < offsets[from]
                                       ? offsets[from] - (int64_t)split - 1
                                       : 0);
            split += (size_t)skip;
            assert_int_equal(
                feed(plain.list, text + split, sizeof(text) - 1 - split),
                CERR_OK);
            split -= (size_t)skip;
            assert_int_equal(urllist_finish(plain.list), CERR_OK);
            expect_text(&plain, expected, strlen(expected), "resume", split);
            assert_string_equal(urllist_packing(plain.list), "");
            seen_release(&plain);

            seen_init(&zipped, offsets[from], from);
            assert_int_equal(feed(zipped.list, gzip.data, zip_split), CERR_OK);
            assert_int_equal(urllist_skip(zipped.list), 0);
            assert_int_equal(
                feed(zipped.list, gzip.data + zip_split, gzip.len - zip_split),
                CERR_OK);
            assert_int_equal(urllist_finish(zipped.list), CERR_OK);
            expect_text(&zipped, expected, strlen(expected), "gz", split);
            assert_string_equal(urllist_packing(zipped.list), "gzip");
            seen_release(&zipped);
        }
    }
    buf_release(&gzip);
}

/* NUL ends a line only where no other end comes within the longest line. */
static void urllist_reads_lines_that_end_in_nul_however_many(void **state)
{
    static const char expected[] = "3@6 c;4@8 d;";
    struct buf text;
    struct seen seen;

    (void)state;
    buf_init(&text, LEN_MAX);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(buf_add(&text, "http://a/\n", 10), CERR_OK);
    for (size_t i = 9; i < text.len; i += 10)
        text.data[i] = '\0';
    seen_init(&seen, 0, 0);
    for (size_t at = 0; at < text.len; at += 4000)
        assert_int_equal(feed(seen.list, text.data + at,
                              text.len - at < 4000 ? text.len - at : 4000),
                         CERR_OK);
    assert_int_equal(urllist_finish(seen.list), CERR_OK);
    assert_int_equal(urllist_lines(seen.list), 20000);
    assert_int_equal(urllist_offset(seen.list), 200000);
    seen_release(&seen);

    /* a place to go on from tells what ends a line by the byte before it */
    seen_init(&seen, 4, 2);
    assert_int_equal(feed(seen.list, "a\0b\0", 4), CERR_OK);
    assert_int_equal(feed(seen.list, "c\0d\0", 4), CERR_OK);
    assert_int_equal(urllist_finish(seen.list), CERR_OK);
    expect_text(&seen, expected, sizeof(expected) - 1, "NUL", 4);
    seen_release(&seen);
    buf_release(&text);
}

/* Each entry is a line, and those that an earlier run has read are not handed
 * on again. */
static void urllist_reads_the_entries_of_a_sitemap_as_lines(void **state)
{
    static const char text[] =
        "<urlset><url><loc> http://a.test/1 </loc></url>"
        "<url><loc>http://a.test/2?a=1&amp;b=2</loc></url></urlset>";
    static const char expected[] =
        "1@0 http://a.test/1;2@0 http://a.test/2?a=1&b=2;";
    const size_t first = strlen("1@0 http://a.test/1;");
    struct buf packed;

    (void)state;
    buf_init(&packed, 1 << 16);
    gzip_add(&packed, text, strlen(text));
    for (int i = 0; i < 3; i++) {
        struct seen seen;

        seen_init(&seen, 0, i == 2);
        urllist_set_sitemap(seen.list);
        assert_int_equal(i ? feed(seen.list, packed.data, packed.len)
                           : feed(seen.list, text, strlen(text)),
                         CERR_OK);
        assert_int_equal(urllist_finish(seen.list), CERR_OK);
        assert_int_equal(urllist_lines(seen.list), 2);
        expect_text(&seen, expected + (i == 2 ? first : 0),
                    strlen(expected) - (i == 2 ? first : 0), "sitemap", 0);
        seen_release(&seen);
    }
    buf_release(&packed);
}

static void urllist_stops_when_a_line_is_refused(void **state)
{
    struct seen seen;

    (void)state;
    seen_init(&seen, 0, 0);
    seen.fail_at = 2;
    assert_int_equal(feed(seen.list, "a\nb\nc\n", 6), CERR_FULL);
    assert_int_equal(feed(seen.list, "d\n", 2), CERR_FULL);
    assert_int_equal(urllist_finish(seen.list), CERR_FULL);
    expect_text(&seen, "1@2 a;2@4 b;", 12, "refused", 0);
    seen_release(&seen);
    urllist_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urllist_splits_lines_at_every_cut),
        cmocka_unit_test(urllist_reads_gzip_at_every_cut),
        cmocka_unit_test(urllist_reads_gzip_members_one_after_another),
        cmocka_unit_test(urllist_tells_where_gzip_is_cut),
        cmocka_unit_test(urllist_refuses_damaged_gzip),
        cmocka_unit_test(urllist_cuts_lines_over_the_limit),
        cmocka_unit_test(urllist_goes_on_where_it_was),
        cmocka_unit_test(urllist_reads_lines_that_end_in_nul_however_many),
        cmocka_unit_test(urllist_reads_the_entries_of_a_sitemap_as_lines),
        cmocka_unit_test(urllist_stops_when_a_line_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
