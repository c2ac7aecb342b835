/*
 * The default parse callback: which host and which URL each link leads to, and
 * what becomes of a page's texts.
 * Storage is played here.
 */
#include "crawler/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/hash.h"
#include "storage/results.h"

#define LINKS_MAX 32

static const struct hash_key hash_key = {1, 2};

static struct {
    struct url_key keys[LINKS_MAX];
    size_t nr;
    char kind[16];           /* of the first */
    struct page_record page; /* its views are gone after the call */
} stored;

const struct hash_key *storage_hash_key(const struct storage *storage)
{
    (void)storage;
    return &hash_key;
}

enum err storage_put_page(struct storage *storage,
                          const struct page_record *page)
{
    (void)storage;
    stored.nr = page->nr_links;
    stored.page = *page;
    if (page->nr_links)
        snprintf(stored.kind, sizeof(stored.kind), "%.*s",
                 (int)page->links[0].kind.len,
                 (const char *)page->links[0].kind.data);
    for (size_t i = 0; i < page->nr_links; i++)
        stored.keys[i] = page->links[i].key;
    return CERR_OK;
}

static int64_t hash(const char *text)
{
    return (int64_t)hash_sip(&hash_key, text, strlen(text));
}

static void put_link(struct buf *links, const char *url)
{
    struct page_link link = {.kind = LINK_A};

    link.url = (struct bytes){url, strlen(url)};
    link.text = (struct bytes){"", 0};
    assert_int_equal(page_append_link(links, &link), CERR_OK);
}

static void put_page(struct buf *links, uint32_t nr_links)
{
    struct parse_options options = {.store_links = true};
    struct visit visit = {.outcome = OUTCOME_OK};
    struct page page;

    visit.url = (struct bytes){"http://a/", 9};
    page_init(&page);
    page.links = (struct bytes){links->data, links->len};
    page.nr_links = nr_links;
    visit.page = &page;
    assert_int_equal(parse_visit(&options, NULL, &visit), CERR_OK);
}

static void a_link_is_stored_under_the_key_of_its_host(void **state)
{
    /* in the order of one page: what was seen before must not matter */
    static const struct {
        const char *url, *host; /* NULL: no URL of ours */
    } cases[] = {
        {"http://a/1", "http://a:80"},
        {"http://a/2", "http://a:80"},
        {"http://ab/3", "http://ab:80"},
        {"http://a/4", "http://a:80"},
        {"http://a:8080/5", "http://a:8080"},
        {"http://a/6", "http://a:80"},
        {"https://a/7", "https://a:443"},
        {"https://a/8", "https://a:443"},
        {"http://a/?u=http://b", "http://a:80"},
        {"http://a", "http://a:80"},
        {"http:a/9", "http://a:80"},
        {"http:/b/10", "http://b:80"},
        {"http://A/11", "http://a:80"},
        {"ftp://a/12", NULL},
        {"http://a/13", "http://a:80"},
        {"http://b@a/14", "http://a:80"},
        {"http://b@a/15", "http://a:80"},
        {"http://b/16", "http://b:80"},
        {"http://b%2Fa/17", NULL},
        {"http://b//17", "http://b:80"},
        {"http://127.0.0.1/18", "http://127.0.0.1:80"},
        {"http://0x7f.1/19", "http://127.0.0.1:80"},
        {"http://127.0.0.1/20", "http://127.0.0.1:80"},
        {"http://[::1]/21", "http://[::1]:80"},
        {"http://[::1]:81/22", "http://[::1]:81"},
    };
    const size_t nr = sizeof(cases) / sizeof(cases[0]);
    struct buf links;

    (void)state;
    buf_init(&links, 65536);
    for (size_t i = 0; i < nr; i++)
        put_link(&links, cases[i].url);
    put_page(&links, (uint32_t)nr);
    assert_int_equal(stored.nr, nr);
    for (size_t i = 0; i < nr; i++) {
        bool is_ours = cases[i].host != NULL;

        if (stored.keys[i].host_id != (is_ours ? hash(cases[i].host) : 0) ||
            stored.keys[i].url_hash != (is_ours ? hash(cases[i].url) : 0))
            fail_msg("%s: not stored under %s", cases[i].url,
                     is_ours ? cases[i].host : "zeros");
    }
    buf_release(&links);
}

static void canonical_and_refresh_are_links_of_their_kind(void **state)
{
    static const struct {
        const char *canonical, *refresh;
        size_t nr;
    } cases[] = {
        {"", "", 0},
        {"http://a/c", "", 1},
        {"", "http://a/r", 1},
        {"http://a/c", "http://b/r", 2},
        {"http://a/", "http://a/", 0}, /* the page itself */
    };
    struct parse_options options = {.store_links = true};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *first =
            cases[i].canonical[0] ? cases[i].canonical : cases[i].refresh;
        struct visit visit = {.outcome = OUTCOME_OK};
        struct page page;

        page_init(&page);
        visit.url = visit.final_url = (struct bytes){"http://a/", 9};
        page.canonical =
            (struct bytes){cases[i].canonical, strlen(cases[i].canonical)};
        page.refresh =
            (struct bytes){cases[i].refresh, strlen(cases[i].refresh)};
        visit.page = &page;
        assert_int_equal(parse_visit(&options, NULL, &visit), CERR_OK);
        assert_int_equal(stored.nr, cases[i].nr);
        if (!stored.nr)
            continue;
        assert_string_equal(stored.kind,
                            cases[i].canonical[0] ? "canonical" : "refresh");
        assert_int_equal(stored.keys[0].url_hash, hash(first));
    }
}

static void links_that_were_cut_short_end_the_list(void **state)
{
    struct buf links;

    (void)state;
    buf_init(&links, 65536);
    for (int i = 0; i < 3; i++)
        put_link(&links, "http://a/1");
    links.len--;
    put_page(&links, 3);
    assert_int_equal(stored.nr, 2);
    buf_release(&links);
}

static void texts_of_a_page_are_stored_under_their_names(void **state)
{
    struct visit visit = {.outcome = OUTCOME_OK};
    struct page page;

    (void)state;
    page_init(&page);
#define FILL(name, cap, kind, where) page.name = (struct bytes){#name, 1};
    PAGE_TEXTS(FILL)
    visit.page = &page;
    visit.url = (struct bytes){"http://a/", 9};
    assert_int_equal(parse_visit(NULL, NULL, &visit), CERR_OK);
#define IS_STORED(name) assert_ptr_equal(stored.page.name.data, page.name.data);
#define IS_HERE(name)
#define CHECK(name, cap, kind, where) IS_##where(name)
    PAGE_TEXTS(CHECK)
}

static void a_url_that_was_never_asked_for_has_no_numbers(void **state)
{
    static const struct page_record none = {PAGE_RECORD_NONE};
    struct visit visit = {.outcome = OUTCOME_SKIPPED, .worker = -1};

    (void)state;
    visit.url = (struct bytes){"http://a/", 9};
    assert_int_equal(parse_visit(NULL, NULL, &visit), CERR_OK);
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];

        if (column->kind == COLUMN_INT64 && column->none)
            assert_memory_equal(page_field(&stored.page, column),
                                page_field(&none, column), sizeof(int64_t));
    }
    assert_int_equal(stored.page.worker, -1);
}

static void parse_says_why_a_body_is_not_whole(void **state)
{
    static const struct {
        int status;
        enum error error;
        uint32_t flags;
        const char *word;
    } rows[] = {
        {200, ERROR_NONE, 0, ""},
        {200, ERROR_NONE, PAGE_BODY_CUT, "length"},
        {200, ERROR_TOO_LARGE, PAGE_BODY_CUT, "length"},
        {200, ERROR_STALLED, PAGE_BODY_CUT, "time"},
        {200, ERROR_TIMEOUT, PAGE_BODY_CUT, "time"},
        {0, ERROR_TIMEOUT, 0, ""},
        {200, ERROR_TRUNCATED, PAGE_BODY_CUT, "disconnect"},
        {200, ERROR_TRUNCATED_ENCODING, PAGE_BODY_CUT, "disconnect"},
        {404, ERROR_NONE, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct visit visit = {.outcome = OUTCOME_OK};
        struct page page;

        page_init(&page);
        page.status = (uint16_t)rows[i].status;
        page.error = rows[i].error;
        page.flags = rows[i].flags;
        visit.url = (struct bytes){"http://a/", 9};
        visit.page = &page;
        assert_int_equal(parse_visit(NULL, NULL, &visit), CERR_OK);
        assert_int_equal(stored.page.truncated.len, strlen(rows[i].word));
        assert_memory_equal(stored.page.truncated.data, rows[i].word,
                            strlen(rows[i].word));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_is_stored_under_the_key_of_its_host),
        cmocka_unit_test(canonical_and_refresh_are_links_of_their_kind),
        cmocka_unit_test(links_that_were_cut_short_end_the_list),
        cmocka_unit_test(texts_of_a_page_are_stored_under_their_names),
        cmocka_unit_test(a_url_that_was_never_asked_for_has_no_numbers),
        cmocka_unit_test(parse_says_why_a_body_is_not_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
