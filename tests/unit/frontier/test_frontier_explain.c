/* Each rule of the frontier, asked about one URL at a time. */
#include "crawler/frontier/frontier_explain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/frontier/url_key.h"

struct question {
    const char *url, *from; /* from NULL: a line of the list */
    const char *robots;     /* text of a 200; NULL: not asked yet */
    int depth, nr_found;
    bool is_known;
};

static void read_url(struct url *url, const char *text)
{
    static struct url room;

    assert_int_equal(line_read(url, &room, (struct bytes){text, strlen(text)}),
                     ERROR_NONE);
}

static struct explanation ask(const struct frontier_options *options,
                              const struct question *question)
{
    static struct url url, from;
    char message[SCOPE_MESSAGE_BYTES], found[64];
    struct explanation answer;
    struct explain *explain;
    struct explain_facts facts = {
        .from = question->from ? &from : NULL,
        .depth = question->depth,
        .is_known = question->is_known,
        .robots_status = question->robots ? 200 : 0,
    };

    read_url(&url, question->url);
    if (question->from)
        read_url(&from, question->from);
    if (question->robots)
        facts.robots =
            (struct bytes){question->robots, strlen(question->robots)};
    assert_int_equal(explain_new(&explain, options, &url, message), CERR_OK);
    for (int i = 0; i < question->nr_found; i++) {
        int len = snprintf(found, sizeof(found), "http://a.test/%d", i);
        explain_count_page(explain, (struct bytes){found, (size_t)len});
    }
    assert_int_equal(frontier_explain(explain, &facts, &answer), CERR_OK);
    explain_free(explain);
    return answer;
}

static void explain_names_the_first_rule_that_refuses(void **state)
{
    const struct frontier_options options = {.depth = 2,
                                             .traps = {.pages_per_host = 10}};
    const struct {
        struct question question;
        enum error error;
    } rows[] = {
        {{"http://a.test/x", "http://a.test/", "", 1}, ERROR_NONE},
        {{"http://a.test/x", "http://a.test/", "", 3}, ERROR_SCOPE},
        {{"http://b.test/x", "http://a.test/", "", 1}, ERROR_SCOPE},
        {{"http://b.test/x", NULL, "", 1}, ERROR_NONE},
        {{"http://a.test/x", "http://a.test/", "", 1, 10}, ERROR_TRAP},
        {{"http://a.test/x", "http://a.test/", "", 1, 10, true}, ERROR_NONE},
        {{"http://a.test/x", NULL, "", 1, 10}, ERROR_NONE},
        {{"http://a.test/x", "http://a.test/", "User-agent: *\nDisallow: /x",
          1},
         ERROR_ROBOTS},
        {{"http://b.test/x", "http://a.test/", "User-agent: *\nDisallow: /x",
          1},
         ERROR_SCOPE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct explanation answer = ask(&options, &rows[i].question);
        if (answer.error != rows[i].error)
            fail_msg("row %zu: %s", i, error_code(answer.error));
    }
}

static void explain_says_which_rule_decides_of_several(void **state)
{
    static const struct {
        bool page_nofollow, link_nofollow, listed;
        const char *url, *landed;
        int depth;
        enum explain_rule decides;
    } rows[] = {
        {false, false, false, "http://a.test/x", NULL, 1, EXPLAIN_NOTHING},
        {true, false, false, "http://a.test/x", NULL, 3, EXPLAIN_DEPTH},
        {true, false, false, "http://b.test/x", NULL, 1, EXPLAIN_NOFOLLOW},
        {false, true, false, "http://a.test/x", NULL, 1, EXPLAIN_NOFOLLOW},
        {false, false, false, "http://b.test/x", NULL, 1, EXPLAIN_SCOPE},
        /* where a line landed its scope is, within its domain */
        {false, false, false, "http://www.a.test/x", "http://www.a.test/", 1,
         EXPLAIN_NOTHING},
        {false, false, false, "http://a.test/x", "http://www.a.test/", 1,
         EXPLAIN_NOTHING},
        {false, false, false, "http://b.test/x", "http://b.test/", 1,
         EXPLAIN_SCOPE},
        {false, false, true, "http://b.test/x", "http://b.test/", 1,
         EXPLAIN_NOTHING},
    };
    const struct frontier_options options = {.depth = 2};
    static struct url url, from, landed;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char message[SCOPE_MESSAGE_BYTES];
        struct explanation answer;
        struct explain *explain;
        struct explain_facts facts = {
            .from = &from,
            .landed = rows[i].landed ? &landed : NULL,
            .landed_is_listed = rows[i].listed,
            .page_says_nofollow = rows[i].page_nofollow,
            .link_says_nofollow = rows[i].link_nofollow,
            .depth = rows[i].depth,
        };

        read_url(&url, rows[i].url);
        read_url(&from, "http://a.test/");
        if (rows[i].landed)
            read_url(&landed, rows[i].landed);
        assert_int_equal(explain_new(&explain, &options, &url, message),
                         CERR_OK);
        assert_int_equal(frontier_explain(explain, &facts, &answer), CERR_OK);
        if (answer.decides != rows[i].decides)
            fail_msg("row %zu: %d", i, (int)answer.decides);
        explain_free(explain);
    }
}

static void explain_waits_for_a_robots_txt_that_was_never_asked(void **state)
{
    struct frontier_options options = {0};
    const struct question question = {.url = "http://a.test/x"};

    (void)state;
    struct explanation answer = ask(&options, &question);
    assert_true(answer.waits_for_robots);
    assert_int_equal(answer.error, ERROR_NONE);
    options.any_host.ignore_robots = true;
    assert_false(ask(&options, &question).waits_for_robots);
}

static void explain_tells_the_delay_that_the_clock_would_keep(void **state)
{
    struct frontier_options options = {.any_host.limits.delay_ms = 500};
    const struct question question = {
        .url = "http://a.test/x", .robots = "User-agent: *\nCrawl-delay: 30"};

    (void)state;
    struct explanation answer = ask(&options, &question);
    assert_int_equal(answer.delay_ms, 30000);
    assert_true(answer.is_delay_of_robots_txt);
    options.any_host.limits.max_wait_ms = 2000;
    assert_int_equal(ask(&options, &question).delay_ms, 2000);
    options.any_host.limits.delay_ms = 5000;
    answer = ask(&options, &question);
    assert_int_equal(answer.delay_ms, 5000);
    assert_false(answer.is_delay_of_robots_txt);
}

static void explain_refuses_patterns_that_do_not_compile(void **state)
{
    static const char *const patterns[] = {"("};
    const struct frontier_options options = {
        .scope = {.exclude = patterns, .nr_exclude = 1}};
    char message[SCOPE_MESSAGE_BYTES];
    struct explain *explain;
    struct url url;

    (void)state;
    read_url(&url, "http://a.test/");
    assert_int_equal(explain_new(&explain, &options, &url, message),
                     CERR_INVALID);
    assert_non_null(strstr(message, "exclude"));
    assert_null(explain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explain_names_the_first_rule_that_refuses),
        cmocka_unit_test(explain_says_which_rule_decides_of_several),
        cmocka_unit_test(explain_waits_for_a_robots_txt_that_was_never_asked),
        cmocka_unit_test(explain_tells_the_delay_that_the_clock_would_keep),
        cmocka_unit_test(explain_refuses_patterns_that_do_not_compile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
