/* sitemap: every format, broken in every way, at every split. */
#include "crawler/sitemap/sitemap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

#define SEEN_BYTES ((size_t)16 << 20)

static const char *const kinds[] = {
    [SITEMAP_UNKNOWN] = "unknown", [SITEMAP_URLSET] = "urlset",
    [SITEMAP_INDEX] = "index",     [SITEMAP_RSS] = "rss",
    [SITEMAP_ATOM] = "atom",       [SITEMAP_TEXT] = "text",
};

/* Appends "loc;" or "loc@lastmod;". */
static enum err see(void *ctx, const struct sitemap_entry *entry)
{
    struct buf *seen = ctx;

    assert_true(entry->loc.len > 0);
    assert_int_equal(buf_add(seen, entry->loc.data, entry->loc.len), CERR_OK);
    if (entry->lastmod.len) {
        assert_int_equal(buf_add_byte(seen, '@'), CERR_OK);
        assert_int_equal(buf_add(seen, entry->lastmod.data, entry->lastmod.len),
                         CERR_OK);
    }
    assert_int_equal(buf_add_str(seen, entry->is_sitemap ? "!" : ";"), CERR_OK);
    return CERR_OK;
}

/* Feeds a heap copy of exactly this size, so that ASan sees a read past it. */
static enum err feed(struct sitemap *sitemap, const void *data, size_t len)
{
    void *copy = malloc(len ? len : 1);
    enum err err;

    assert_non_null(copy);
    memcpy(copy, data, len);
    err = sitemap_feed(sitemap, copy, len);
    free(copy);
    return err;
}

/* Reads the text in two pieces; appends "entries kind" to `seen`. */
static void read_split(const char *text, size_t len, size_t split,
                       struct buf *seen)
{
    struct sitemap_options options = {.on_entry = see, .ctx = seen};
    struct sitemap *sitemap = sitemap_new(&options);

    assert_int_equal(feed(sitemap, text, split), CERR_OK);
    assert_int_equal(feed(sitemap, text + split, len - split), CERR_OK);
    assert_int_equal(sitemap_finish(sitemap), CERR_OK);
    assert_int_equal(buf_addf(seen, " %s", kinds[sitemap_kind(sitemap)]),
                     CERR_OK);
    assert_int_equal(buf_add_byte(seen, '\0'), CERR_OK);
    sitemap_free(sitemap);
}

struct row {
    const char *text, *expected;
    size_t len; /* 0: that of the string */
};

static void expect_rows(const struct row *rows, size_t nr_rows)
{
    for (size_t i = 0; i < nr_rows; i++) {
        size_t len = rows[i].len ? rows[i].len : strlen(rows[i].text);

        for (size_t split = 0; split <= len; split++) {
            struct buf seen;

            buf_init(&seen, SEEN_BYTES);
            read_split(rows[i].text, len, split, &seen);
            if (strcmp((char *)seen.data, rows[i].expected) != 0)
                fail_msg("%s, split at %zu: \"%s\", not \"%s\"", rows[i].text,
                         split, (char *)seen.data, rows[i].expected);
            buf_release(&seen);
        }
    }
}

#define URLSET(inside) "<urlset>" inside "</urlset>"
#define URL(inside)    "<url>" inside "</url>"

static void sitemap_reads_xml_sitemaps(void **state)
{
    static const struct row rows[] = {
        {URLSET(URL("<loc>http://h/</loc>")), "http://h/; urlset"},
        {"\xef\xbb\xbf \n<?xml version=\"1.0\"?><!-- <url> -->\n" URLSET(
             URL("<loc>\n http://h/1 \t</loc><lastmod> 2020 </lastmod>")
                 URL("<lastmod>2021</lastmod><loc>http://h/2</loc>")),
         "http://h/1@2020;http://h/2@2021; urlset"},
        {"<sitemapindex xmlns='x'><sitemap><loc>http://h/a.gz</loc></sitemap>"
         "</sitemapindex>",
         "http://h/a.gz! index"},
        {"<s:urlset><s:url><s:loc>http://h/</s:loc><s:lastmod>1</s:lastmod>"
         "</s:url></s:urlset>",
         "http://h/@1; urlset"},
        {"<URLSET><URL><LOC>http://h/</LOC></URL></URLSET>",
         "http://h/; urlset"},
        /* loc elements that are not the entry's */
        {URLSET(
             URL("<image:image><image:loc>http://i/</image:loc>"
                 "</image:image><loc>http://h/</loc><image:loc>http://j/"
                 "</image:loc><v><loc>http://k/</loc></v>"
                 "<player_loc>http://l/</player_loc>") "<loc>http://m/</loc>"),
         "http://h/; urlset"},
        {URLSET(URL("<loc>http://h/</loc><xhtml:link href='http://x/'/>")),
         "http://h/; urlset"},
        {URLSET(URL("<loc></loc>") URL("<loc/>") URL("<loc> \n</loc>") URL("")),
         " urlset"},
        {URLSET(URL("<loc>/relative</loc>") URL("<loc> www.h/a</loc>")),
         "/relative;http://www.h/a; urlset"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

#define BYTES(text) (text), .len = sizeof(text) - 1

static void sitemap_is_read_in_the_encoding_that_it_names(void **state)
{
    static const struct row rows[] = {
        {"<?xml version='1.0' encoding='ISO-8859-1'?>" URLSET(
             URL("<loc>http://h/\xe9</loc>")),
         "http://h/\xc3\xa9; urlset"},
        {"\n<?xml version='1.0' encoding='shift_jis'?>" URLSET(
             URL("<loc>http://h/\x93\xfa</loc>")),
         "http://h/\xe6\x97\xa5; urlset"},
        /* UTF-8 by default, by its mark, and where the name is none */
        {URLSET(URL("<loc>http://h/\xc3\xa9</loc>")),
         "http://h/\xc3\xa9; urlset"},
        {"\xef\xbb\xbf<?xml encoding='latin1'?>" URLSET(
             URL("<loc>http://h/\xc3\xa9</loc>")),
         "http://h/\xc3\xa9; urlset"},
        {"<?xml encoding='utf-7'?>" URLSET(URL("<loc>http://h/\xc3\xa9</loc>")),
         "http://h/\xc3\xa9; urlset"},
        /* a declaration that cannot be what the bytes are */
        {"<?xml encoding='UTF-16'?>" URLSET(URL("<loc>http://h/</loc>")),
         "http://h/; urlset"},
        {"<?xml encoding='latin1'", " unknown"},
        /* UTF-16, with a mark and without */
        {BYTES("\xff\xfe<\0u\0r\0l\0s\0e\0t\0>\0<\0u\0r\0l\0>\0<\0l\0o\0c\0"
               ">\0h\0\xe9\0<\0/\0l\0o\0c\0>\0<\0/\0u\0r\0l\0>\0"),
         .expected = "h\xc3\xa9; urlset"},
        {BYTES("\0<\0u\0r\0l\0s\0e\0t\0>\0<\0u\0r\0l\0>\0<\0l\0o\0c\0>\0h"
               "\0\xe9\0<\0/\0l\0o\0c\0>\0<\0/\0u\0r\0l\0>\0"),
         .expected = "h\xc3\xa9; urlset"},
        {BYTES("\xfe\xff\0h\0t\0t\0p\0:\0/\0/\0h\0/"),
         .expected = "http://h/; text"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_resolves_references_and_nothing_else(void **state)
{
    static const struct row rows[] = {
        {URLSET(URL("<loc>http://h/?a&amp;b&lt;&gt;&quot;&apos;</loc>")),
         "http://h/?a&b<>\"'; urlset"},
        {URLSET(URL("<loc>h&#65;&#x42;&#X43;&#xe9;&#x20ac;&#x1F600;</loc>")),
         "hABC\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80; urlset"},
        /* what cannot be resolved makes no shorter URL */
        {URLSET(URL("<loc>g&#0;</loc>") URL("<loc>g&#xd800;</loc>")
                    URL("<loc>g&#x110000;</loc>")
                        URL("<loc>g&#99999999999999999999;</loc>")
                            URL("<loc>g&#;</loc>") URL("<loc>g&#x;</loc>") URL(
                                "<loc>g&#xg;</loc>") URL("<loc>g&#-5;</loc>")
                                URL("<loc>g&;</loc>") URL("<loc>g&nbsp;h</loc>")
                                    URL("<loc>g?a=1&b=2&c;d&e</loc>")
                                        URL("<loc>h</loc>")),
         "h; urlset"},
        {URLSET(URL("<loc>h?a=1&b=2&c</loc>")), "h?a=1&b=2&c; urlset"},
        {URLSET(URL("<loc>h&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;</loc>")),
         "h&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;; urlset"},
        {URLSET(URL("<loc>h<![CDATA[?a&b<c>&amp;]]>]]&gt;</loc>")),
         "h?a&b<c>&amp;]]>; urlset"},
        {URLSET(URL("<loc>h<![CDATA[]]><![CDATA[]]]]><![CDATA[>]]]>x</loc>")),
         "h]]>]x; urlset"},
        {"<!DOCTYPE a [<!ENTITY x \"]>'<urlset>\"> <!-- don't ]> -->"
         "<!ENTITY y SYSTEM 'file:///etc/passwd'>]>" URLSET(
             URL("<loc>http://h/&x;&y;</loc>") URL("<loc>http://h/z</loc>")),
         "http://h/z; urlset"},
        {"<!DOCTYPE urlset PUBLIC \"a>b\" 'c'>" URLSET(URL("<loc>h</loc>")),
         "h; urlset"},
        {"<![INCLUDE[<x>]]>" URLSET(URL("<loc>h</loc>")), "h; urlset"},
        {"<!-->" URLSET(URL("<loc>g</loc>")) "-->" URLSET(URL("<loc>h</loc>")),
         "h; urlset"},
        {"<?xml version='1.0'>" URLSET(URL("<loc>h<!-- i -->j</loc>")),
         "hj; urlset"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_takes_unicode_white_space_off_a_url(void **state)
{
    static const struct row rows[] = {
        {URLSET(URL("<loc><![CDATA[\xc2\xa0http://h/1 ]]>\xe2\x80\x8a</loc>")),
         "http://h/1; urlset"},
        {URLSET(URL("<loc>\xe3\x80\x80http://h/\xc2\xa0/\xe2\x80\x8b</loc>")),
         "http://h/\xc2\xa0/\xe2\x80\x8b; urlset"},
        {"\xe2\x80\xaf\xe2\x81\x9fhttp://h/1\xe1\x9a\x80\xc2\x85\n",
         "http://h/1; text"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_saves_what_it_can_of_broken_xml(void **state)
{
    static const struct row rows[] = {
        {"<urlset><url><loc>http://h/1</loc><url><loc>http://h/2</loc>",
         "http://h/1;http://h/2; urlset"},
        {URLSET(URL("<loc>http://h/1</loc><lastmod>1</lastmod>"
                    "<loc>http://h/2</loc><loc>http://h/3</loc>")),
         "http://h/1@1;http://h/2;http://h/3; urlset"},
        {URLSET(URL("<loc>http://h/1<lastmod>1</lastmod>")
                    URL("<loc>http://h/2")),
         "http://h/1;http://h/2; urlset"},
        {URLSET(URL("</b></c><loc>http://h/1</loc></d><loc>http://h/2</loc>")),
         "http://h/1;http://h/2; urlset"},
        {URLSET(URL("<loc><b>http://h/1</b></loc>")), "http://h/1; urlset"},
        {URLSET(URL("<loc> <url><![CDATA[http://h/1]]></url></loc>"
                    "<lastmod>1</lastmod>") URL("<loc>http://h/2</loc>")),
         "http://h/1@1;http://h/2; urlset"},
        {URLSET(URL("\nhttp://h/1?a&amp;b\n<lastmod>1</lastmod>x") URL("text")
                    URL("http://h/x<loc>http://h/2</loc>")
                        URL("text<lastmod>2</lastmod><loc>http://h/3</loc>")),
         "http://h/1?a&b@1;http://h/2;http://h/3@2; urlset"},
        {URLSET(URL("<a b=\"><loc>http://h/1</loc>")), "http://h/1; urlset"},
        {URLSET(URL("<loc>http://h/a < b</loc>")), "http://h/a < b; urlset"},
        {URLSET(URL("<a <loc>http://h/1</loc>")), "http://h/1; urlset"},
        /* cut: inside a tag the text before it is whole, else nobody knows */
        {"<urlset><url><loc>http://h/1</loc></url><url><loc>http://h/2</lo",
         "http://h/1;http://h/2; urlset"},
        {"<urlset><url><loc>http://h/1</loc></url><url><loc>http://h/2<",
         "http://h/1;http://h/2; urlset"},
        {"<urlset><url><loc>http://h/1</loc></url><url><loc>http://h/2",
         "http://h/1; urlset"},
        {"<urlset><url><loc>http://h/1</loc><lastmod>20", "http://h/1; urlset"},
        {"<urlset><url><loc>http://h/1</loc><![CDATA[", "http://h/1; urlset"},
        {"<urlset><!-- <url><loc>h</loc></url>", " urlset"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_reads_feeds(void **state)
{
    static const struct row rows[] = {
        {"<rss><channel><link>http://h/</link><image><link>http://h/i</link>"
         "</image><item><title>t</title><link> http://h/1 </link>"
         "<pubDate>Mon</pubDate></item></channel></rss>",
         "http://h/1@Mon; rss"},
        {"<rss><item><atom:link href='x'/><link/><guid>http://h/g</guid></item>"
         "<item><guid isPermaLink='false'>http://h/x</guid></item>"
         "<item><guid isPermaLink=\"true\">http://h/2</guid>"
         "<link>http://h/3</link></item><item><guid>http://h/cut",
         "http://h/g;http://h/3; rss"},
        {"<rdf:RDF><channel/><item rdf:about='x'><link>http://h/1</link>"
         "<dc:date>2020</dc:date></item></rdf:RDF>",
         "http://h/1@2020; rss"},
        {"<feed><link href='http://h/'/><entry><link rel='self' href='s'/>"
         "<link rel = \"alternate\" href=\"http://h/?a&amp;b&c\"/>"
         "<link href='http://h/2'/><updated>2020</updated></entry>"
         "<entry><link href=http://h/3 /></entry><entry><link/></entry></feed>",
         "http://h/?a&b&c@2020;http://h/3; atom"},
        {"<a:feed><a:entry><a:link a:href='http://h/1'/></a:entry></a:feed>",
         "http://h/1; atom"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_reads_text_lists(void **state)
{
    static const struct row rows[] = {
        {"http://h/1\nhttps://h/2\r\n\r\n HTTP://h/3 \rwww.h/4",
         "http://h/1;https://h/2;HTTP://h/3;http://www.h/4; text"},
        {"\xef\xbb\xbfhttp://h/1", "http://h/1; text"},
        {"ftp://h/1\nhttp://h/a b\n# http://h/2\nhttp://h/3",
         "http://h/3; text"},
        {"nothing here\n", " unknown"},
        {"", " unknown"},
        {" \n ", " unknown"},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void sitemap_refuses_other_documents(void **state)
{
    static const struct row rows[] = {
        {"<html><body>" URLSET(URL("<loc>http://h/</loc>")), " unknown"},
        {"<!DOCTYPE html><p>http://h/1", " unknown"},
        {"<", " unknown"},
        {"<!", " unknown"},
        {"</urlset>", " unknown"},
        {"{\"loc\": \"http://h/\"}", " unknown"},
    };
    struct buf seen;
    struct sitemap_options options = {.on_entry = see, .ctx = &seen};
    struct sitemap *sitemap = sitemap_new(&options);

    (void)state;
    expect_rows(rows, NR(rows));
    buf_init(&seen, SEEN_BYTES);
    assert_false(sitemap_is_over(sitemap));
    assert_int_equal(feed(sitemap, "<html>", 6), CERR_OK);
    assert_true(sitemap_is_over(sitemap));
    sitemap_free(sitemap);
    sitemap_free(NULL);
    buf_release(&seen);
}

/* Feeds `unit` until `len` bytes have gone in, or the sitemap has enough. */
static void feed_repeated(struct sitemap *sitemap, const char *unit, size_t len)
{
    struct buf piece;
    size_t done = 0;

    buf_init(&piece, SEEN_BYTES);
    while (piece.len < 60000)
        assert_int_equal(buf_add_str(&piece, unit), CERR_OK);
    for (; done < len && !sitemap_is_over(sitemap); done += piece.len)
        assert_int_equal(feed(sitemap, piece.data, piece.len), CERR_OK);
    buf_release(&piece);
}

static enum err count(void *ctx, const struct sitemap_entry *entry)
{
    assert_true(entry->loc.len > 0);
    ++*(size_t *)ctx;
    return CERR_OK;
}

static void sitemap_stops_at_its_limits(void **state)
{
    static const char entry[] = "<url><loc>http://h/</loc></url>";
    size_t nr = 0;
    struct sitemap_options options = {.on_entry = count, .ctx = &nr};
    struct sitemap *sitemap = sitemap_new(&options);

    (void)state;
    assert_int_equal(feed(sitemap, "<urlset>", 8), CERR_OK);
    feed_repeated(sitemap, entry, (size_t)8 << 20);
    assert_int_equal(nr, SITEMAP_URLS_MAX);
    assert_true(sitemap_is_over(sitemap));
    assert_true(sitemap_is_cut(sitemap));
    assert_int_equal(sitemap_finish(sitemap), CERR_OK);
    assert_int_equal(nr, SITEMAP_URLS_MAX);
    sitemap_free(sitemap);

    /* exactly as many as the limit is not too many */
    nr = 0;
    options.max_urls = 2;
    sitemap = sitemap_new(&options);
    assert_int_equal(feed(sitemap, "<urlset>", 8), CERR_OK);
    assert_int_equal(feed(sitemap, entry, sizeof(entry) - 1), CERR_OK);
    assert_int_equal(feed(sitemap, entry, sizeof(entry) - 1), CERR_OK);
    assert_int_equal(sitemap_finish(sitemap), CERR_OK);
    assert_false(sitemap_is_cut(sitemap));
    assert_int_equal(nr, 2);
    sitemap_free(sitemap);

    nr = 0;
    options.max_bytes = 8 + sizeof(entry) - 1;
    sitemap = sitemap_new(&options);
    assert_int_equal(feed(sitemap, "<urlset>", 8), CERR_OK);
    assert_int_equal(feed(sitemap, entry, sizeof(entry) - 1), CERR_OK);
    assert_false(sitemap_is_cut(sitemap));
    assert_int_equal(feed(sitemap, entry, sizeof(entry) - 1), CERR_OK);
    assert_true(sitemap_is_cut(sitemap));
    assert_int_equal(sitemap_finish(sitemap), CERR_OK);
    assert_int_equal(nr, 1);
    sitemap_free(sitemap);

    nr = 0;
    options = (struct sitemap_options){.on_entry = count, .ctx = &nr};
    sitemap = sitemap_new(&options);
    feed_repeated(sitemap, "<a>", SITEMAP_BYTES_MAX + 100000);
    assert_true(sitemap_is_over(sitemap)); /* <a> is no sitemap */
    sitemap_free(sitemap);
}

static void sitemap_ends_in_the_face_of_hostile_input(void **state)
{
    static const char *const openings[] = {
        "<urlset><url><loc>",  "<urlset>",          "<urlset><url a=\"",
        "<urlset><!--",        "<urlset><![CDATA[", "<!DOCTYPE [",
        "<urlset><url><loc>&", "http://h/"};
    static const char *const units[] = {
        "x",      "<url>", "&lol9;", "<a b='", "<!--",
        "<![CDA", "]]",    "&#x41;", "[\"",    "<entry a=b "};

    (void)state;
    for (size_t i = 0; i < NR(openings); i++) {
        for (size_t j = 0; j < NR(units); j++) {
            size_t nr = 0;
            struct sitemap_options options = {.on_entry = count, .ctx = &nr};
            struct sitemap *sitemap = sitemap_new(&options);

            assert_int_equal(feed(sitemap, openings[i], strlen(openings[i])),
                             CERR_OK);
            feed_repeated(sitemap, units[j], 1000000);
            assert_int_equal(sitemap_finish(sitemap), CERR_OK);
            assert_true(nr <= 1);
            sitemap_free(sitemap);
        }
    }
}

/* A URL over the limit is dropped, the next one is not. */
static void sitemap_drops_what_does_not_fit(void **state)
{
    static const size_t lens[] = {SITEMAP_LOC_BYTES, SITEMAP_LOC_BYTES + 1};

    (void)state;
    for (size_t i = 0; i < NR(lens); i++) {
        char *loc = malloc(lens[i] + 1);
        struct buf text, seen, expected;

        assert_non_null(loc);
        memset(loc, 'x', lens[i]);
        loc[lens[i]] = '\0';
        buf_init(&text, SEEN_BYTES);
        buf_init(&seen, SEEN_BYTES);
        buf_init(&expected, SEEN_BYTES);
        assert_int_equal(
            buf_addf(&text,
                     "<urlset><url><loc>%s</loc><lastmod>%065d</lastmod></url>"
                     "<url><loc>h</loc><lastmod>%064d</lastmod></url>",
                     loc, 0, 0),
            CERR_OK);
        if (lens[i] <= SITEMAP_LOC_BYTES)
            assert_int_equal(buf_addf(&expected, "%s;", loc), CERR_OK);
        assert_int_equal(buf_addf(&expected, "h@%064d; urlset", 0), CERR_OK);
        read_split((char *)text.data, text.len, 100, &seen);
        assert_int_equal(seen.len, expected.len + 1);
        assert_memory_equal(seen.data, expected.data, expected.len);
        buf_release(&text);
        buf_release(&seen);
        buf_release(&expected);
        free(loc);
    }
}

static enum err refuse(void *ctx, const struct sitemap_entry *entry)
{
    (void)ctx;
    (void)entry;
    return CERR_FULL;
}

static void sitemap_stops_when_an_entry_is_refused(void **state)
{
    struct sitemap_options options = {.on_entry = refuse};
    struct sitemap *sitemap = sitemap_new(&options);

    (void)state;
    assert_int_equal(feed(sitemap, "http://h/\nhttp://h/2\n", 21), CERR_FULL);
    assert_true(sitemap_is_over(sitemap));
    assert_int_equal(feed(sitemap, "x", 1), CERR_FULL);
    assert_int_equal(sitemap_finish(sitemap), CERR_FULL);
    sitemap_free(sitemap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sitemap_reads_xml_sitemaps),
        cmocka_unit_test(sitemap_resolves_references_and_nothing_else),
        cmocka_unit_test(sitemap_takes_unicode_white_space_off_a_url),
        cmocka_unit_test(sitemap_saves_what_it_can_of_broken_xml),
        cmocka_unit_test(sitemap_is_read_in_the_encoding_that_it_names),
        cmocka_unit_test(sitemap_reads_feeds),
        cmocka_unit_test(sitemap_reads_text_lists),
        cmocka_unit_test(sitemap_refuses_other_documents),
        cmocka_unit_test(sitemap_stops_at_its_limits),
        cmocka_unit_test(sitemap_ends_in_the_face_of_hostile_input),
        cmocka_unit_test(sitemap_drops_what_does_not_fit),
        cmocka_unit_test(sitemap_stops_when_an_entry_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
