#include "crawler/fetch/body.h"

#include <stdlib.h>
#include <string.h>

#include "crawler/content/scan.h"
#include "crawler/page/job.h"
#include "tests/support/cmocka_all.h"

#define BODY_BYTES ((size_t)300 << 10)
#define LARGE      ((size_t)64 << 10)

static const struct body_limits limits = {.max_bytes = BODY_BYTES * 2,
                                          .max_wire_bytes = BODY_BYTES * 2,
                                          .max_ratio = 200,
                                          .keep = true};

/* A body as a transfer takes it; `skips`: as one that nobody wants back. */
static void take(struct body *body, struct scan *scan, struct bytes whole,
                 struct bytes type, bool skips, struct page *page)
{
    static struct sniff sniff;
    struct scan_input input = {.type = type, .flags = JOB_HEAD_SCAN};
    const unsigned char *data = whole.data;
    size_t piece;

    body_reset(body);
    assert_int_equal(body_start(body, &limits, NULL, (struct bytes){"", 0}, -1),
                     ERROR_NONE);
    for (size_t at = 0; at < whole.len; at += piece) {
        piece = whole.len - at < 17001 ? whole.len - at : 17001;
        assert_int_equal(body_feed(body, data + at, piece), ERROR_NONE);
        if (!skips || input.sniffed || body->data.len < LARGE)
            continue;
        input.body = (struct bytes){body->data.data, body->data.len};
        input.sniffed = &sniff;
        if (scan_sniff(&input, &sniff))
            body_skip_ascii(body);
    }
    page_init(page);
    body_sum_up(body, page->hash);
    input.body = (struct bytes){body->data.data, body->data.len};
    input.is_ascii = body->is_ascii;
    input.skipped_bytes = body->skipped_bytes;
    assert_int_equal(scan_page(scan, &input, page), CERR_OK);
}

static bool same(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static void body_that_is_not_kept_is_told_as_one_that_is(void **state)
{
    static const struct {
        const char *type, *start, *middle;
        bool is_kept; /* whatever the caller wants */
    } rows[] = {
        {"text/plain", "", "", false},
        {"text/plain", "", "\xc3\xa4\xe2\x82\xac", false}, /* UTF-8 */
        {"text/plain", "", "\xe4", false},                 /* windows-1252 */
        {"text/plain", "", "\xef\xbb\xbf", false},         /* no mark there */
        {"text/plain", "\xef\xbb\xbf", "", true},
        {"text/plain; charset=shift_jis", "", "\x82\xa0", false},
        {"text/plain; charset=utf-16le", "", "", true},
        {"text/html", "<title>t</title>", "", true},
        {"", "<html>", "\xc3\xa4", true},
        {"", "", "", false},
        {"application/octet-stream", "", "\xff", false},
    };
    struct scan *scan = scan_new("crawl");
    char *text = malloc(BODY_BYTES);
    struct body body;

    (void)state;
    assert_non_null(text);
    body_init(&body);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes type = {rows[i].type, strlen(rows[i].type)};
        struct bytes whole = {text, BODY_BYTES};
        char charset[32] = "", mime[SNIFF_MIME_BYTES];
        struct page kept, counted;

        memset(text, 'a', BODY_BYTES);
        memcpy(text, rows[i].start, strlen(rows[i].start));
        memcpy(text + 200000, rows[i].middle, strlen(rows[i].middle));
        take(&body, scan, whole, type, false, &kept);
        assert_int_equal(body.data.len, BODY_BYTES);
        memcpy(charset, kept.charset.data, kept.charset.len);
        memcpy(mime, kept.mime.data, kept.mime.len); /* the scan's own */
        kept.charset.data = charset;
        kept.mime.data = mime;
        take(&body, scan, whole, type, true, &counted);
        if (kept.chars != counted.chars || !same(kept.mime, counted.mime) ||
            !same(kept.charset, counted.charset) ||
            memcmp(kept.hash, counted.hash, PAGE_HASH_BYTES) != 0)
            fail_msg("row %zu: chars %llu and %llu", i,
                     (unsigned long long)kept.chars,
                     (unsigned long long)counted.chars);
        assert_int_equal(body.skipped_bytes == 0, rows[i].is_kept);
        assert_int_equal(body.decoded_bytes, BODY_BYTES);
    }
    body_release(&body);
    scan_free(scan);
    free(text);
}

static void body_hash_does_not_depend_on_the_pieces(void **state)
{
    static const size_t lens[] = {0, 1, 240, 241, 5000, 65536, 200001};
    unsigned char whole[PAGE_HASH_BYTES], pieces[PAGE_HASH_BYTES];
    char *text = calloc(1, BODY_BYTES);
    struct body_limits uncounted = limits;
    struct body body;

    (void)state;
    assert_non_null(text);
    uncounted.keep = false;
    body_init(&body);
    for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
        struct bytes none = {"", 0};

        body_reset(&body);
        assert_int_equal(body_start(&body, &limits, NULL, none, -1), 0);
        assert_int_equal(body_feed(&body, text, lens[i]), ERROR_NONE);
        body_sum_up(&body, whole);
        body_reset(&body);
        assert_int_equal(body_start(&body, &uncounted, NULL, none, -1), 0);
        for (size_t at = 0; at < lens[i]; at++)
            assert_int_equal(body_feed(&body, text + at, 1), ERROR_NONE);
        body_sum_up(&body, pieces);
        assert_memory_equal(whole, pieces, PAGE_HASH_BYTES);
    }
    body_release(&body);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_that_is_not_kept_is_told_as_one_that_is),
        cmocka_unit_test(body_hash_does_not_depend_on_the_pieces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
