/* From the bytes of a body to the fields of a page, as a worker does it. */
#include "crawler/content/scan.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/text.h"
#include "crawler/page/job.h"
#include "tests/support/cmocka_all.h"

#define BYTES(text)                                                            \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }

struct fields {
    uint64_t chars;
    const char *charset, *title, *h1; /* NULL: none */
    uint8_t robots;
    const char *link;
};

static const struct row {
    const char *type;
    struct bytes body;
    struct fields expected;
} rows[] = {
    /* UTF-8 without a byte order mark and with a character outside ASCII */
    {"text/html; charset=utf-8",
     BYTES("<title>caf\xc3\xa9</title>"),
     {19, "utf-8", "caf\xc3\xa9", NULL, 0, NULL}},
    {"text/html",
     BYTES("<title>cafe</title>"),
     {19, "windows-1252", "cafe", NULL, 0, NULL}},
    {"text/html; charset=utf-8",
     BYTES("<h1>\xc3\xa9</h1><a href=/x>"),
     {21, "utf-8", NULL, "\xc3\xa9", 0, "http://a.test/x"}},
    {"text/html; charset=utf-8",
     BYTES("<meta name=robots content=noindex>\xc3\xa9"),
     {35, "utf-8", NULL, NULL, PAGE_NOINDEX, NULL}},
    {"text/html; charset=utf-8",
     BYTES("<a href=/\xc3\xa9>"),
     {11, "utf-8", NULL, NULL, 0, "http://a.test/%C3%A9"}},
    /* the mark itself is no character of the text */
    {"text/html",
     BYTES("\xef\xbb\xbf<title>caf\xc3\xa9</title>"),
     {19, "utf-8", "caf\xc3\xa9", NULL, 0, NULL}},
    {"text/html",
     BYTES("\xef\xbb\xbf<title>cafe</title>"),
     {19, "utf-8", "cafe", NULL, 0, NULL}},
    {"text/html; charset=utf-8",
     BYTES("\xef\xbb\xbf"),
     {0, "utf-8", NULL, NULL, 0, NULL}},
    {"text/html",
     BYTES("\xff\xfe<\0p\0>\0\xe9\0"),
     {4, "utf-16le", NULL, NULL, 0, NULL}},
    {"text/html",
     BYTES("\xfe\xff\0<\0p\0>\0\xe9"),
     {4, "utf-16be", NULL, NULL, 0, NULL}},
    /* the beginnings of a mark are text */
    {"text/html; charset=utf-8",
     BYTES("\xc3\xa9"),
     {1, "utf-8", NULL, NULL, 0, NULL}},
    {"text/html; charset=windows-1252",
     BYTES("\xef\xbb<title>x</title>"),
     {18, "windows-1252", "x", NULL, 0, NULL}},
    /* invalid bytes are U+FFFD, one each */
    {"text/html; charset=utf-8",
     BYTES("<title>\xff\xc3\xa9</title>"),
     {17, "utf-8", "\xef\xbf\xbd\xc3\xa9", NULL, 0, NULL}},
    /* text that is no HTML */
    {"text/plain",
     BYTES("\xc3\xa9t\xc3\xa9"),
     {3, "utf-8", NULL, NULL, 0, NULL}},
    {"text/plain",
     BYTES("\xef\xbb\xbf\xc3\xa9t\xc3\xa9"),
     {3, "utf-8", NULL, NULL, 0, NULL}},
    {"text/plain",
     BYTES("\xe9t\xe9"),
     {3, "windows-1252", NULL, NULL, 0, NULL}},
};

static void check_text(const char *what, size_t row, struct bytes got,
                       const char *expected)
{
    const char *wanted = expected ? expected : "";
    const char *text = got.len ? got.data : "";

    if (got.len != strlen(wanted) || memcmp(text, wanted, got.len) != 0)
        fail_msg("row %zu: %s is '%.*s', not '%s'", row, what, (int)got.len,
                 text, wanted);
}

static void check(size_t i, const struct page *page)
{
    const struct fields *expected = &rows[i].expected;
    struct bytes links = page->links;
    struct page_link link = {0};
    bool bad = false;

    if (page->chars != expected->chars)
        fail_msg("row %zu: %llu characters, not %llu", i,
                 (unsigned long long)page->chars,
                 (unsigned long long)expected->chars);
    check_text("charset", i, page->charset, expected->charset);
    check_text("title", i, page->title, expected->title);
    check_text("h1", i, page->h1, expected->h1);
    assert_int_equal(page->robots, expected->robots);
    if (page->nr_links)
        assert_true(page_next_link(&links, &link, &bad));
    check_text("link", i, link.url, expected->link);
}

static void scan_reads_a_page_from_its_first_byte_to_its_last(void **state)
{
    struct scan *scan = scan_new("crawl");

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct page page;
        struct scan_input input = {
            .url = BYTES("http://a.test/"),
            .type = {rows[i].type, strlen(rows[i].type)},
            .body = rows[i].body,
            .is_ascii = text_is_ascii(rows[i].body.data, rows[i].body.len),
            .flags = JOB_LINKS | JOB_HEAD_SCAN,
        };

        page_init(&page);
        assert_int_equal(scan_page(scan, &input, &page), CERR_OK);
        check(i, &page);
    }
    scan_free(scan);
}

/* ---- sitemaps ---- */

static unsigned char packed[1 << 16];

/* Packs `text`, `times` times over. */
static struct bytes pack(const char *text, int times)
{
    z_stream stream = {.next_out = packed, .avail_out = sizeof(packed)};

    assert_int_equal(
        deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), Z_OK);
    for (int i = 0; i < times; i++) {
        stream.next_in = (unsigned char *)(uintptr_t)text;
        stream.avail_in = (uInt)strlen(text);
        assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
    }
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = sizeof(packed) - stream.avail_out;
    deflateEnd(&stream);
    return (struct bytes){packed, len};
}

static void read_sitemap(struct scan *scan, struct bytes body,
                         struct page *page)
{
    struct scan_input input = {.url = BYTES("http://a.test/maps/s.xml"),
                               .type = BYTES("application/xml"),
                               .body = body,
                               .flags = JOB_SITEMAP};

    page_init(page);
    assert_int_equal(scan_sitemap(scan, &input, page), CERR_OK);
}

#define URLSET                                                                 \
    "<urlset><url><loc>http://a.test/1</loc></url>"                            \
    "<url><loc>http://:x/</loc></url><url><loc>2#x</loc></url></urlset>"

static void scan_reads_a_sitemap_packed_or_not(void **state)
{
    struct scan *scan = scan_new("crawl");
    struct page page;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bytes body = BYTES(URLSET), rest;
        struct page_link link;
        bool is_bad = false;

        if (i > 0)
            body = pack(URLSET, 1);
        if (i > 1)
            body.len -= 8; /* cut: what came before counts */
        read_sitemap(scan, body, &page);
        assert_int_equal(page.nr_links, 2);
        assert_int_equal((page.flags & PAGE_LINKS_CUT) != 0, i > 1);
        rest = page.links;
        assert_true(page_next_link(&rest, &link, &is_bad));
        assert_int_equal(link.kind, LINK_ENTRY);
        assert_memory_equal(link.url.data, "http://a.test/1", 15);
        assert_true(page_next_link(&rest, &link, &is_bad));
        assert_int_equal(link.url.len, strlen("http://a.test/maps/2"));
    }
    read_sitemap(
        scan,
        (struct bytes)BYTES("<sitemapindex><sitemap><loc>/s</loc></sitemap>"),
        &page);
    assert_int_equal(page.nr_links, 1);
    read_sitemap(scan, (struct bytes)BYTES("<html><a href=/x>"), &page);
    assert_int_equal(page.nr_links, 0);
    scan_free(scan);
}

/* A page that turns out to be an XML sitemap is one; anything else that is
 * packed or in XML is not, whatever entries could be read out of it. */
static void scan_knows_a_sitemap_that_was_not_asked_for_as_one(void **state)
{
    static const struct {
        const char *body;
        int nr_entries, is_packed;
    } cases[] = {
        {URLSET, 2, 0},
        {URLSET, 2, 1},
        {"<rss><channel><item><link>http://a.test/</link></item>", 0, 0},
        {"http://a.test/1\nhttp://a.test/2\n", 0, 1},
    };
    struct scan *scan = scan_new("crawl");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes body = {cases[i].body, strlen(cases[i].body)};
        struct scan_input input = {
            .url = BYTES("http://a.test/"),
            .body = cases[i].is_packed ? pack(cases[i].body, 1) : body,
            .flags = JOB_MAYBE_SITEMAP};
        struct page page;

        page_init(&page);
        assert_int_equal(scan_sitemap(scan, &input, &page), CERR_OK);
        assert_int_equal(page.nr_links, cases[i].nr_entries);
        assert_int_equal(page.links.len > 0, cases[i].nr_entries > 0);
        assert_int_equal((page.flags & PAGE_IS_SITEMAP) != 0,
                         cases[i].nr_entries > 0);
        if (!cases[i].is_packed)
            assert_int_equal(scan_is_sitemap(body), cases[i].nr_entries > 0);
    }
    assert_true(scan_is_sitemap(
        (struct bytes)BYTES("\xef\xbb\xbf <?xml version='1.0'?>\n<!-- x -->"
                            "<sitemapindex>")));
    assert_false(
        scan_is_sitemap((struct bytes)BYTES("<?xml?><html><pre><urlset>")));
    assert_false(scan_is_sitemap((struct bytes)BYTES("<")));
    scan_free(scan);
}

static void scan_reads_no_sitemap_beyond_the_ratio_of_bombs(void **state)
{
    struct scan *scan = scan_new("crawl");
    static char blanks[1 << 16];
    struct page page;

    (void)state;
    memset(blanks, ' ', sizeof(blanks) - 1);
    memcpy(blanks, "<urlset>", 8);
    read_sitemap(scan, pack(blanks, 600), &page);
    assert_true(page.flags & PAGE_LINKS_CUT);
    scan_free(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_reads_a_page_from_its_first_byte_to_its_last),
        cmocka_unit_test(scan_reads_a_sitemap_packed_or_not),
        cmocka_unit_test(scan_knows_a_sitemap_that_was_not_asked_for_as_one),
        cmocka_unit_test(scan_reads_no_sitemap_beyond_the_ratio_of_bombs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
