/*
 * Every request for memory that reading a page makes, refused: either it says
 * CERR_NOMEM, or all of the page is there.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/html/html.h"
#include "crawler/html/html_links.h"
#include "tests/support/cmocka_all.h"

#define REQUESTS_MAX 200

static const char page[] =
    "<html lang=en><title>A &amp; b</title><meta name=description content='"
    "what&amp;so'><meta http-equiv=refresh content='1;url=/r'>"
    "<link rel=canonical href=/c?x=&lt;><h1>Big</h1>"
    "<a href=/one?a=&amp;b>first &lt;</a><a href=two>second</a>";

static int nr_requests, refused; /* which of them, from 1; 0: none */

/* The linker puts these two in the place of one (--wrap). */
void *__real_realloc(void *old, size_t len);
void *__wrap_realloc(void *old, size_t len);

void *__wrap_realloc(void *old, size_t len)
{
    return ++nr_requests == refused ? NULL : __real_realloc(old, len);
}

static void put(char *out, size_t cap, struct bytes text)
{
    size_t used = strlen(out);

    snprintf(out + used, cap - used, "%.*s|", (int)text.len,
             (const char *)text.data);
}

/* What a reading gave, in one line. */
static enum err read_page(char *out, size_t cap)
{
    const struct html_options options = {.want_links = true,
                                         .want_link_texts = true};
    struct html *html = html_new();
    const struct html_facts *facts = html_get_facts(html);
    enum err err = CERR_OK;

    nr_requests = 0;
    out[0] = '\0';
    html_start(html, &options);
    for (size_t i = 0; i < strlen(page) && !err; i += 7)
        err = html_feed(html, page + i,
                        strlen(page) - i < 7 ? strlen(page) - i : 7);
    if (!err)
        err = html_finish(html);
    if (!err) {
        put(out, cap, facts->title);
        put(out, cap, facts->description);
        put(out, cap, facts->lang);
        put(out, cap, facts->h1);
        put(out, cap, facts->canonical);
        put(out, cap, facts->refresh);
        for (size_t i = 0; i < html_nr_links(html); i++) {
            struct html_link link = html_get_link(html, i);

            put(out, cap, link.href);
            put(out, cap, link.text);
        }
    }
    html_free(html);
    return err;
}

static void html_loses_nothing_without_saying_so(void **state)
{
    char whole[500], got[500];
    int nr_refused = 0;

    (void)state;
    refused = 0;
    assert_int_equal(read_page(whole, sizeof(whole)), CERR_OK);
    assert_string_equal(whole, "A & b|what&so|en|Big|/c?x=<|/r|/one?a=&b|"
                               "first <|two|second|");
    for (refused = 1; refused < REQUESTS_MAX; refused++) {
        enum err err = read_page(got, sizeof(got));

        if (nr_requests < refused)
            break;
        nr_refused++;
        if (err != CERR_OK)
            assert_int_equal(err, CERR_NOMEM);
        else
            assert_string_equal(got, whole);
    }
    assert_in_range(nr_refused, 5, REQUESTS_MAX - 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_loses_nothing_without_saying_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
