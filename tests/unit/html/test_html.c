#include "crawler/html/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static int set_up(void **state)
{
    *state = html_new();
    return 0;
}

static int tear_down(void **state)
{
    html_free(*state);
    return 0;
}

#define with_html(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void assert_bytes(struct bytes got, const char *expected)
{
    if (got.len != strlen(expected) || memcmp(got.data, expected, got.len) != 0)
        fail_msg("got \"%.*s\", not \"%s\"", (int)got.len,
                 (const char *)got.data, expected);
}

static const struct html_facts *read(struct html *html, const char *page,
                                     bool want_links)
{
    struct html_options options = {.want_links = want_links,
                                   .want_link_texts = want_links,
                                   .agent = "CrawlBot"};

    html_start(html, &options);
    assert_int_equal(html_feed(html, page, strlen(page)), CERR_OK);
    assert_int_equal(html_finish(html), CERR_OK);
    return html_get_facts(html);
}

static void html_gathers_the_fields_of_a_page(void **state)
{
    const struct html_facts *facts =
        read(*state,
             "<!doctype html><html lang=' de-CH '><head><title> A &amp;\n\n "
             "B\t</title>"
             "<title>second</title><base href=/b/><base href=/no/>"
             "<meta name=Description content=\" what   it\n is \">"
             "<link rel='alternate CANONICAL' href='c?a&amp;b'>"
             "<meta name=robots content='NoIndex, x:y ,noarchive'>"
             "<meta http-equiv=Refresh content='3; URL=\"next\"'>"
             "<body><h1>Big <em>and</em> <b>fat</b></h1><h1>no</h1>",
             true);

    assert_bytes(facts->title, "A & B");
    assert_bytes(facts->lang, "de-CH");
    assert_true(facts->has_base);
    assert_bytes(facts->base, "/b/");
    assert_bytes(facts->description, "what it is");
    assert_bytes(facts->canonical, "c?a&b");
    assert_bytes(facts->refresh, "next");
    assert_bytes(facts->h1, "Big and fat");
    assert_int_equal(facts->robots, PAGE_NOINDEX | PAGE_NOARCHIVE);
    assert_false(facts->links_cut);
}

static void html_has_empty_fields_for_an_empty_page(void **state)
{
    const struct html_facts *facts = read(*state, "", true);

    assert_bytes(facts->title, "");
    assert_bytes(facts->canonical, "");
    assert_bytes(facts->h1, "");
    assert_false(facts->has_base);
    assert_int_equal(facts->robots, 0);
    assert_int_equal(html_nr_links(*state), 0);
}

/* Links, written "kind:href(text)rel" one behind another. */
static void assert_links(struct html *html, const char *page,
                         const char *expected)
{
    static const char *const kinds[] = {"a", "area", "frame"};
    struct buf got;

    read(html, page, true);
    buf_init(&got, 1 << 16);
    for (size_t i = 0; i < html_nr_links(html); i++) {
        struct html_link link = html_get_link(html, i);

        assert_int_equal(
            buf_addf(&got, "%s%s:%.*s(%.*s)", link.is_svg ? "svg " : "",
                     kinds[link.kind], (int)link.href.len,
                     (const char *)link.href.data, (int)link.text.len,
                     (const char *)link.text.data),
            CERR_OK);
        if (link.rel)
            assert_int_equal(buf_addf(&got, "%u", (unsigned)link.rel), CERR_OK);
        assert_int_equal(buf_addf(&got, " "), CERR_OK);
    }
    assert_bytes((struct bytes){got.data ? (char *)got.data : "", got.len},
                 expected);
    buf_release(&got);
}

static void html_gathers_links_with_their_text(void **state)
{
    static const char *const rows[][2] = {
        {"<a href=1>one <b> two</b>\n</a>x<a href=2>", "a:1(one two) a:2() "},
        {"<a href=1>x<a href=2>y</a>z", "a:1(x) a:2(y) "},
        {"<a>x</a><a name=y>z<area href=3>", "area:3() "},
        {"<a href=1>&lt;&#x41;<!-- no -->B<br>C</a>", "a:1(<ABC) "},
        {"<a href=1 rel='NoFollow ugc x sponsored'>x</a>", "a:1(x)7 "},
        {"<a href=1 rel=nofollows>x</a>", "a:1(x) "},
        {"<iframe src=1><a href=2></iframe><iframe src=''>", "frame:1() "},
        {"<frame src=1><frameset><frame src=2>", "frame:2() "},
        {"<a href=1>a<iframe src=2></iframe>b</a>", "a:1(ab) frame:2() "},
        {"<a href=1>x<script>y</script><style>z</style></a>", "a:1(x) "},
        {"<a href=1>x\xff\xc3</a>", "a:1(x\xef\xbf\xbd\xef\xbf\xbd) "},
        {"<noscript><a href=1>x</a></noscript>", "a:1(x) "},
        {"<template><a href=1><template></template><a href=2></template>"
         "<a href=3>",
         "a:3() "},
        {"<textarea><a href=1></textarea><title><a href=2></title>"
         "<noembed><a href=3></noembed><noframes><a href=4></noframes>"
         "<xmp><a href=5></xmp><style><a href=6></style><!--<a href=7>-->"
         "<a href=8><plaintext><a href=9>",
         "a:8(<a href=9>) "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_links(*state, rows[i][0], rows[i][1]);
}

static void html_tells_foreign_content_from_html(void **state)
{
    static const char *const rows[][2] = {
        {"<svg><a href=1><path></a></svg><a href=2>", "svg a:1() a:2() "},
        {"<svg><a xlink:href=1></a></svg>", "svg a:1() "},
        {"<svg><style><a href=1></style></svg>", "svg a:1() "},
        {"<svg><title><a href=1></title></svg><a href=2>", "a:1() a:2() "},
        {"<svg><foreignObject><a href=1></foreignObject><a href=2>",
         "a:1() svg a:2() "},
        {"<svg><desc></svg><a href=1>", "a:1() "},
        {"<svg><p><a href=1>", "a:1() "},
        {"<svg><g></p><a href=1>", "a:1() "},
        {"<svg><font><a href=1>", "svg a:1() "},
        {"<svg><font color=red><a href=1>", "a:1() "},
        {"<svg/><a href=1>", "a:1() "},
        {"<svg><g/><a href=1/></g></svg><a href=2>", "svg a:1/() a:2() "},
        {"<svg><![CDATA[</svg><a href=1>]]></svg><a href=2>", "a:2() "},
        {"<![CDATA[<a href=1>]]><a href=2>", "a:2() "},
        {"<svg><desc><b></b><![CDATA[x><a href=1>]]>", "a:1(]]>) "},
        {"<math><mi><a href=1></mi><a href=2></math><a href=3>",
         "a:1() a:3() "},
        {"<math><annotation-xml><svg><a href=1>", "svg a:1() "},
        {"<math><annotation-xml encoding='Text/HTML'><a href=1>", "a:1() "},
        {"<math><mi><mglyph><a href=1>", ""},
        {"<svg><foreignObject><div></svg><a href=1>", "a:1() "},
        {"<svg><a><foreignObject><b></a><a href=1>", "a:1() "},
        {"<a href=0><svg><path></a><a href=1>", "a:0() a:1() "},
        {"<div><svg><path></div><a href=1>", "a:1() "},
        {"<svg><path></unknown></body><a href=1>", "svg a:1() "},
        {"<svg><SVG><g></svg></svg><a href=1>", "a:1() "},
        {"<svg><template><a href=1></template></svg>", "svg a:1() "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_links(*state, rows[i][0], rows[i][1]);
}

static void html_takes_the_title_of_the_page_only(void **state)
{
    static const char *const rows[][2] = {
        {"<svg><title>no</title></svg><title>yes</title>", "yes"},
        {"<template><title>no</title></template><title>yes", "yes"},
        {"<title> </title><title>yes</title>", "yes"},
        {"<body><p>text<title>yes</title>", "yes"},
        {"<title>a<b>c</title>", "a<b>c"},
        {"<title/>yes</title>", "yes"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_bytes(read(*state, rows[i][0], true)->title, rows[i][1]);
}

/* The same fields, and nothing read of the body. */
static void html_ends_with_the_head_where_no_links_are_wanted(void **state)
{
    static const char *const heads[] = {
        "<html><head><title>t</title><link rel=canonical href=c></head>",
        "<title>t</title><script><p></script><style><p></style>"
        "<noscript><meta></noscript><template><p></template>"
        "<link rel=canonical href=c>",
        "junk</p><title>t</title><base><basefont><bgsound>"
        "<link rel=canonical href=c></head>",
    };
    static const char *const bodies[] = {"<body>", "<p>",        "<unknown>",
                                         "<svg>",  "<frameset>", "<a href=x>",
                                         "<h1>"};

    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        for (size_t j = 0; j < sizeof(bodies) / sizeof(bodies[0]); j++) {
            char page[1000];
            const struct html_facts *facts;

            snprintf(page, sizeof(page),
                     "%s%s<title>no</title><meta "
                     "name=robots content=none>",
                     heads[i], bodies[j]);
            facts = read(*state, page, false);
            assert_true(html_is_done(*state));
            assert_bytes(facts->title, "t");
            assert_bytes(facts->canonical, "c");
            assert_int_equal(facts->robots, 0);
            assert_int_equal(html_nr_links(*state), 0);
        }
        read(*state, heads[i], false);
        assert_false(html_is_done(*state));
    }
}

static void html_obeys_robots_under_both_names(void **state)
{
    static const struct {
        const char *content;
        uint8_t flags;
    } rows[] = {
        {"none", PAGE_NOINDEX | PAGE_NOFOLLOW},
        {"NOFOLLOW", PAGE_NOFOLLOW},
        {"noindex nofollow,noarchive",
         PAGE_NOINDEX | PAGE_NOFOLLOW | PAGE_NOARCHIVE},
        {"index,follow,all,nofollowing", 0},
        {"", 0},
    };
    char page[200];

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(
            html_robots_flags(rows[i].content, strlen(rows[i].content)),
            rows[i].flags);
        snprintf(page, sizeof(page),
                 "<meta name=crawlbot content='%s'>"
                 "<meta name=otherbot content=none><meta name=robots>",
                 rows[i].content);
        assert_int_equal(read(*state, page, false)->robots, rows[i].flags);
    }
}

static void html_finds_the_url_of_a_refresh(void **state)
{
    static const char *const rows[][2] = {
        {"0;url=x", "x"},   {" 5 ; URL = x ", "x "},
        {"5,x", "x"},       {"5 x", "x"},
        {".5;x", "x"},      {"1.2.3;url='x y'z", "x y"},
        {"0;url=\"x", "x"}, {"0;'x'", "x"},
        {"0;urx", "urx"},   {"0;url x", "url x"},
        {"0;u", "u"},       {"0; ;x", ";x"},
        {"5", NULL},        {"5;", NULL},
        {"5; ", NULL},      {"x", NULL},
        {"", NULL},         {"5x;url=y", NULL},
        {"-1;url=x", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct bytes url;
        bool has = html_refresh_url(rows[i][0], strlen(rows[i][0]), &url);

        assert_int_equal(has, rows[i][1] != NULL);
        if (has)
            assert_bytes(url, rows[i][1]);
    }
}

static void html_takes_http_equiv_for_a_keyword(void **state)
{
    static const char *const others[] = {" refresh", "refresh ", "refresh,",
                                         "refreshed", ""};
    char page[100];

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(page, sizeof(page), "<meta http-equiv='%s' content='0;url=x'>",
                 others[i]);
        assert_bytes(read(*state, page, false)->refresh, "");
    }
    assert_bytes(
        read(*state, "<meta http-equiv=rEFRESh content='0;url=x'>", false)
            ->refresh,
        "x");
}

static void html_cuts_texts_at_a_character(void **state)
{
    struct buf page;
    const struct html_facts *facts;

    buf_init(&page, 1 << 20);
    assert_int_equal(buf_add_str(&page, "<title>x"), CERR_OK);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(buf_add_str(&page, "\xc3\xa9"), CERR_OK);
    assert_int_equal(buf_add_str(&page, "</title><a href=1>"), CERR_OK);
    for (int i = 0; i < 300; i++)
        assert_int_equal(buf_add_str(&page, "\xe2\x82\xac"), CERR_OK);
    assert_int_equal(buf_add_byte(&page, 0), CERR_OK);
    facts = read(*state, (char *)page.data, true);
    assert_int_equal(facts->title.len, PAGE_TEXT_BYTES - 1);
    assert_int_equal(html_get_link(*state, 0).text.len,
                     PAGE_LINK_TEXT_BYTES / 3 * 3);
    buf_release(&page);
}

static void html_keeps_no_more_links_than_its_limits(void **state)
{
    struct html *html = *state;
    struct html_options options = {.want_links = true, .want_link_texts = true};
    static char href[60000];

    html_start(html, &options);
    for (size_t i = 0; i < PAGE_LINKS_MAX + 5; i++)
        assert_int_equal(html_feed(html, "<a href=x>", 10), CERR_OK);
    assert_int_equal(html_finish(html), CERR_OK);
    assert_int_equal(html_nr_links(html), PAGE_LINKS_MAX);
    assert_true(html_get_facts(html)->links_cut);

    memset(href, 'x', sizeof(href));
    html_start(html, &options);
    for (size_t i = 0; i < HTML_LINK_BYTES_MAX / sizeof(href) + 5; i++) {
        assert_int_equal(html_feed(html, "<a href=", 8), CERR_OK);
        assert_int_equal(html_feed(html, href, sizeof(href)), CERR_OK);
        assert_int_equal(html_feed(html, ">", 1), CERR_OK);
    }
    assert_int_equal(html_finish(html), CERR_OK);
    assert_int_equal(html_nr_links(html), HTML_LINK_BYTES_MAX / sizeof(href));
    assert_true(html_get_facts(html)->links_cut);
    assert_false(read(html, "<a href=x>", true)->links_cut);
}

/* Open tags beyond counting, and attributes that never end. */
static void html_takes_hostile_pages_in_its_stride(void **state)
{
    struct html *html = *state;
    struct html_options options = {.want_links = true, .want_link_texts = true};
    static const char *const parts[] = {"<svg>",
                                        "<template>",
                                        "<math><mi>",
                                        "<a href='",
                                        "<title>",
                                        "&#",
                                        "<svg><foreignObject><p>",
                                        "<![CDATA[",
                                        "</",
                                        "<!--",
                                        "<script><!--"};

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        html_start(html, &options);
        for (int j = 0; j < 100000; j++)
            assert_int_equal(html_feed(html, parts[i], strlen(parts[i])),
                             CERR_OK);
        assert_int_equal(html_finish(html), CERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_html(html_gathers_the_fields_of_a_page),
        with_html(html_has_empty_fields_for_an_empty_page),
        with_html(html_gathers_links_with_their_text),
        with_html(html_tells_foreign_content_from_html),
        with_html(html_takes_the_title_of_the_page_only),
        with_html(html_ends_with_the_head_where_no_links_are_wanted),
        with_html(html_obeys_robots_under_both_names),
        with_html(html_finds_the_url_of_a_refresh),
        with_html(html_takes_http_equiv_for_a_keyword),
        with_html(html_cuts_texts_at_a_character),
        with_html(html_keeps_no_more_links_than_its_limits),
        with_html(html_takes_hostile_pages_in_its_stride),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
