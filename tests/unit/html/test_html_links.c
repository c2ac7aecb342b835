#include "crawler/html/html_links.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct html *html;
    struct html_links *links;
    struct buf out;
    struct buf text;
};

static int set_up(void **state)
{
    static struct fixture fixture;

    fixture.html = html_new();
    fixture.links = html_links_new();
    buf_init(&fixture.out, 1 << 20);
    buf_init(&fixture.text, 1 << 20);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    html_free(fixture->html);
    html_links_free(fixture->links);
    buf_release(&fixture->out);
    buf_release(&fixture->text);
    return 0;
}

static void resolve(struct fixture *fixture, const char *page,
                    enum charset charset)
{
    static const char page_url[] = "http://example.com/dir/page.html?q=1";
    struct html_options options = {.want_links = true, .want_link_texts = true};
    static struct url url;
    struct bytes rest;
    struct page_link link;
    bool bad = false;
    uint32_t nr;

    assert_int_equal(url_parse(&url, page_url, strlen(page_url), NULL), URL_OK);
    html_start(fixture->html, &options);
    assert_int_equal(html_feed(fixture->html, page, strlen(page)), CERR_OK);
    assert_int_equal(html_finish(fixture->html), CERR_OK);
    html_links_start(fixture->links, &url, html_get_facts(fixture->html),
                     charset);
    buf_reset(&fixture->out);
    buf_reset(&fixture->text);
    assert_int_equal(
        html_links_append(fixture->links, fixture->html, &fixture->out, &nr),
        CERR_OK);
    rest = (struct bytes){fixture->out.data, fixture->out.len};
    while (page_next_link(&rest, &link, &bad)) {
        assert_int_equal(
            buf_addf(&fixture->text, "%.*s(%.*s)%u ", (int)link.url.len,
                     (const char *)link.url.data, (int)link.text.len,
                     (const char *)link.text.data, (unsigned)link.rel),
            CERR_OK);
        nr--;
    }
    assert_false(bad);
    assert_int_equal(nr, 0);
    assert_int_equal(buf_add_byte(&fixture->text, 0), CERR_OK);
}

static void html_links_are_canonical_and_each_once(void **state)
{
    static const char *const rows[][2] = {
        {"", ""},
        {"<a href=x>1</a><a href=./x>2</a><a "
         "href='HTTP://EXAMPLE.com:80/dir/x'>",
         "http://example.com/dir/x(1)0 "},
        {"<a href=x#1>1</a><a href=x#2>2</a><a href=#3>",
         "http://example.com/dir/x(1)0 "
         "http://example.com/dir/page.html?q=1()0 "},
        {"<a href=mailto:x><a href='javascript:x()'><a href='http://'>"
         "<a href=ftp://x/>",
         ""},
        {"<a href=x rel=nofollow>1</a><a href=x>",
         "http://example.com/dir/x(1)0 "},
        {"<a href=x rel=nofollow>1</a><a href=./x rel='ugc nofollow'>",
         "http://example.com/dir/x(1)1 "},
        {"<svg><a href=x></svg><area href=y><iframe src=z>",
         "http://example.com/dir/y()0 http://example.com/dir/z()0 "},
        {"<a href='http://u:p@h/'>", "http://h/()0 "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;

        resolve(fixture, rows[i][0], CHARSET_UTF_8);
        assert_string_equal((char *)fixture->text.data, rows[i][1]);
    }
}

static void html_links_resolve_against_the_base_of_the_page(void **state)
{
    static const char *const rows[][2] = {
        {"<a href=x><base href=/b/>", "http://example.com/b/x()0 "},
        {"<base><base href=/b/><base href=/c/><a href=x>",
         "http://example.com/b/x()0 "},
        {"<base href=''><a href=x>", "http://example.com/dir/x()0 "},
        {"<base href='http://['><a href=x>", "http://example.com/dir/x()0 "},
        {"<base href='DATA:text/html,x'><a href=x>",
         "http://example.com/dir/x()0 "},
        {"<base href='javascript:x'><a href=x>",
         "http://example.com/dir/x()0 "},
        {"<base href='ftp://h/'><a href=x><a href=http://h/y>",
         "http://h/y()0 "},
        {"<template><base href=/b/></template><a href=x>",
         "http://example.com/dir/x()0 "},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture *fixture = *state;

        resolve(fixture, rows[i][0], CHARSET_UTF_8);
        assert_string_equal((char *)fixture->text.data, rows[i][1]);
    }
}

static void html_links_encode_queries_as_the_page(void **state)
{
    struct fixture *fixture = *state;

    resolve(fixture, "<a href='\xc3\xa9?\xc3\xa9'>", CHARSET_WINDOWS_1252);
    assert_string_equal((char *)fixture->text.data,
                        "http://example.com/dir/%C3%A9?%E9()0 ");
    resolve(fixture, "<a href='?\xe4\xba\xac'>", CHARSET_GB18030);
    assert_string_equal((char *)fixture->text.data,
                        "http://example.com/dir/page.html?%BE%A9()0 ");
    resolve(fixture, "<a href='?\xc3\xa9'>", CHARSET_UTF_8);
    assert_string_equal((char *)fixture->text.data,
                        "http://example.com/dir/page.html?%C3%A9()0 ");
}

static void html_links_are_all_there_on_a_large_page(void **state)
{
    struct fixture *fixture = *state;
    struct html_options options = {.want_links = true, .want_link_texts = true};
    static struct url url;
    uint32_t nr;

    assert_int_equal(url_parse(&url, "http://h/", 9, NULL), URL_OK);
    html_start(fixture->html, &options);
    for (int i = 0; i < 20000; i++) {
        char link[64];
        int len =
            snprintf(link, sizeof(link), "<a href=%d><a href=./%d>", i, i);

        assert_int_equal(html_feed(fixture->html, link, (size_t)len), CERR_OK);
    }
    assert_int_equal(html_finish(fixture->html), CERR_OK);
    for (int round = 0; round < 2; round++) {
        html_links_start(fixture->links, &url, html_get_facts(fixture->html),
                         CHARSET_UTF_8);
        buf_reset(&fixture->out);
        assert_int_equal(html_links_append(fixture->links, fixture->html,
                                           &fixture->out, &nr),
                         CERR_OK);
        assert_int_equal(nr, 20000);
    }
}

#define with_fixture(test)                                                     \
    cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fixture(html_links_are_canonical_and_each_once),
        with_fixture(html_links_resolve_against_the_base_of_the_page),
        with_fixture(html_links_encode_queries_as_the_page),
        with_fixture(html_links_are_all_there_on_a_large_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
