/* What hosts ask of the frontier: robots.txt, and being down. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/page/job.h"
#include "frontier_web.h"

static int setup(void **state)
{
    if (web_setup(state))
        return -1;
    struct web *web = *state;
    web->options.any_host.ignore_robots = false;
    return 0;
}

/* ---- robots.txt ---- */

static bool is_robots(const char *url)
{
    const char *end = strrchr(url, '/');

    return end && strcmp(end, "/robots.txt") == 0;
}

/* The test's text is the robots.txt of every host. */
static void rules_answer(struct web *web, const char *url,
                         struct web_answer *answer)
{
    if (is_robots(url))
        web_body(answer, web->ctx);
}

static void frontier_obeys_robots_txt(void **state)
{
    static char rules[] = "User-agent: *\nDisallow: /no\nAllow: /no/but\n";
    struct web *web = *state;

    web->answer = rules_answer;
    web->ctx = rules;
    web_open(web);
    web_add_list(web, "http://a.test/yes\nhttp://a.test/no/x?y\n"
                      "http://a.test/no/but\nhttp://b.test:8080/no\n");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_visit(web, "http://a.test/yes")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://a.test/no/but")->outcome,
                     OUTCOME_OK);
    const struct web_visit *visit = web_visit(web, "http://a.test/no/x?y");
    assert_int_equal(visit->outcome, OUTCOME_SKIPPED);
    assert_int_equal(visit->error, ERROR_ROBOTS);
    assert_string_equal(visit->detail, "Disallow: /no");
    assert_int_equal(visit->tries, 0);
    assert_int_equal(web_nr_fetches(web, "http://a.test/no/x?y"), 0);
    assert_int_equal(web_nr_fetches(web, "http://a.test/robots.txt"), 1);
    assert_int_equal(web_nr_fetches(web, "http://b.test:8080/robots.txt"), 1);
}

static void frontier_asks_for_robots_txt_first_and_as_such(void **state)
{
    static char rules[] = "";
    struct web *web = *state;

    web->answer = rules_answer;
    web->ctx = rules;
    web_open(web);
    web_add_many(web, "a.test", 10);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(is_robots(web->fetches[0].url));
    assert_int_equal(web->fetches[0].flags,
                     JOB_ROBOTS | JOB_PRIVATE_OK | JOB_LISTED_AUTH);
    assert_true(web->fetches[1].started_ms >= 10);
    assert_int_equal(web->nr_fetches, 11);
    assert_int_equal(web->nr_visits, 10);
}

static void robots_status(struct web *web, const char *url,
                          struct web_answer *answer)
{
    if (is_robots(url))
        web_status(answer, *(int *)web->ctx);
}

static void
frontier_takes_the_status_of_robots_txt_as_rfc_9309_says(void **state)
{
    static const struct {
        int status;
        enum error error;
    } rows[] = {
        {200, ERROR_NONE},
        {403, ERROR_NONE},
        {404, ERROR_NONE},
        {410, ERROR_NONE},
        {429, ERROR_ROBOTS_UNREACHABLE},
        {500, ERROR_ROBOTS_UNREACHABLE},
        {503, ERROR_ROBOTS_UNREACHABLE},
    };
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int status = rows[i].status;
        web->answer = robots_status;
        web->ctx = &status;
        web_open(web);
        web_add_list(web, "http://a.test/");
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web_visit(web, "http://a.test/")->error,
                         rows[i].error);
        assert_int_equal(web_visit(web, "http://a.test/")->outcome,
                         rows[i].error ? OUTCOME_SKIPPED : OUTCOME_OK);
        assert_int_equal(web_nr_fetches(web, "http://a.test/robots.txt"),
                         rows[i].error ? 3 : 1);
        web_teardown(state);
        setup(state);
        web = *state;
    }
}

static void fail_all(struct web *web, const char *url,
                     struct web_answer *answer)
{
    (void)url;
    web_fail(answer, *(enum error *)web->ctx);
    answer->page.detail = (struct bytes){"the reason", 10};
}

static void frontier_tells_why_a_host_cannot_be_reached(void **state)
{
    static const enum error errors[] = {
        ERROR_DNS,
        ERROR_DNS_TIMEOUT,
        ERROR_CONNECT,
        ERROR_CONNECT_TIMEOUT,
        ERROR_TLS,
        ERROR_TIMEOUT,
        ERROR_BLOCKED_ADDRESS,
    };
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        enum error error = errors[i];
        web->answer = fail_all;
        web->ctx = &error;
        web_open(web);
        web_add_many(web, "a.test", 3);
        frontier_list_ended(web->frontier);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web->nr_visits, 3);
        for (size_t k = 0; k < web->nr_visits; k++) {
            assert_int_equal(web->visits[k].error, error);
            assert_int_equal(web->visits[k].outcome, OUTCOME_ERROR);
            assert_string_equal(web->visits[k].detail, "the reason");
        }
        web_teardown(state);
        setup(state);
        web = *state;
    }
}

static void no_name_server(struct web *web, const char *url,
                           struct web_answer *answer)
{
    (void)web;
    (void)url;
    web_fail(answer, ERROR_DNS);
    answer->page.flags |= PAGE_MAY_PASS;
}

static void
frontier_asks_robots_txt_again_where_no_name_server_knew(void **state)
{
    struct web *web = *state;

    web->answer = no_name_server;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://a.test/robots.txt"), 3);
    assert_int_equal(web->nr_visits, 3);
    for (size_t i = 0; i < web->nr_visits; i++) {
        assert_int_equal(web->visits[i].error, ERROR_DNS);
        assert_true(web->visits[i].may_pass);
    }
}

static void frontier_gives_each_dead_name_its_row(void **state)
{
    struct web *web = *state;
    enum error error = ERROR_DNS;

    web->answer = fail_all;
    web->ctx = &error;
    web_open(web);
    web_add_list(web, "https://a.test\nhttps://b.test\nhttps://c.test\n"
                      "https://d.test/\nhttp://e.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 5);
    assert_int_equal(web->nr_fetches, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(web->visits[i].error, ERROR_DNS);
    assert_true(web->now_ms < 1000);
}

static void moved_robots(struct web *web, const char *url,
                         struct web_answer *answer)
{
    (void)web;
    if (strcmp(url, "http://a.test/robots.txt") == 0)
        web_redirect(answer, 301, "http://b.test/rules");
    else if (strcmp(url, "http://b.test/rules") == 0)
        web_body(answer, "User-agent: *\nDisallow: /no");
}

static void frontier_follows_the_redirect_of_robots_txt(void **state)
{
    struct web *web = *state;

    web->answer = moved_robots;
    web_open(web);
    web_add_list(web, "http://a.test/no\nhttp://a.test/yes");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_visit(web, "http://a.test/no")->error, ERROR_ROBOTS);
    assert_int_equal(web_visit(web, "http://a.test/yes")->outcome, OUTCOME_OK);
    assert_int_equal(web->fetches[1].flags, JOB_ROBOTS);
    assert_int_equal(web->nr_fetches, 3);
}

static void endless_robots(struct web *web, const char *url,
                           struct web_answer *answer)
{
    static char to[64];

    if (is_robots(url) || strstr(url, "/r")) {
        snprintf(to, sizeof(to), "http://a.test/r%d", web->nr_asked);
        web_redirect(answer, 302, to);
    }
}

static void frontier_follows_five_redirects_of_robots_txt(void **state)
{
    struct web *web = *state;

    web->answer = endless_robots;
    web_open(web);
    web_add_list(web, "http://a.test/x");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 1 + 5 + 1);
    assert_int_equal(web_visit(web, "http://a.test/x")->outcome, OUTCOME_OK);
}

static void to_forbidden_host(struct web *web, const char *url,
                              struct web_answer *answer)
{
    (void)web;
    if (strcmp(url, "http://a.test/") == 0)
        web_redirect(answer, 302, "http://b.test/no");
    else if (strcmp(url, "http://b.test/robots.txt") == 0)
        web_body(answer, "User-agent: crawl\nDisallow: /");
}

static void frontier_obeys_the_rules_of_each_hop(void **state)
{
    struct web *web = *state;

    web->answer = to_forbidden_host;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://b.test/no"), 0);
    const struct web_visit *visit = web_visit(web, "http://a.test/");
    assert_int_equal(visit->error, ERROR_ROBOTS);
    assert_int_equal(visit->outcome, OUTCOME_SKIPPED);
    assert_int_equal(visit->nr_hops, 1);
}

static void frontier_keeps_the_crawl_delay(void **state)
{
    static char rules[] = "User-agent: *\nCrawl-delay: 2\n";
    struct web *web = *state;

    web->answer = rules_answer;
    web->ctx = rules;
    web_open(web);
    web_add_many(web, "a.test", 4);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 1; i < web->nr_fetches; i++)
        assert_true(web->fetches[i].started_ms -
                        web->fetches[i - 1].started_ms >=
                    2000);
    assert_int_equal(web->fetches[4].started_ms, 8000);
}

static void frontier_caps_the_crawl_delay(void **state)
{
    static char rules[] = "User-agent: *\nCrawl-delay: 1000000000\n";
    struct web *web = *state;

    web->answer = rules_answer;
    web->ctx = rules;
    web->options.any_host.limits.max_wait_ms = 30000;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->fetches[3].started_ms, 90000);
}

static void frontier_remembers_rules_over_a_restart(void **state)
{
    static char rules[] = "User-agent: *\nDisallow: /7\nCrawl-delay: 5\n";
    struct web *web = *state;

    web->answer = rules_answer;
    web->ctx = rules;
    web->options.max_urls = 2;
    web_open(web);
    web_add_many(web, "a.test", 8);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    web_close(web, "limit");

    int64_t last_ms = web->fetches[web->nr_fetches - 1].started_ms;
    size_t nr = web->nr_fetches;
    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_nr_fetches(web, "http://a.test/robots.txt"), 1);
    assert_true(web->fetches[nr].started_ms - last_ms >= 5000);
    assert_int_equal(web_visit(web, "http://a.test/7")->error, ERROR_ROBOTS);
}

/* ---- down ---- */

static void down_but_robots(struct web *web, const char *url,
                            struct web_answer *answer)
{
    (void)web;
    if (!is_robots(url)) {
        web_fail(answer, ERROR_CONNECT_TIMEOUT);
        answer->latency_ms = 30000;
    }
}

/* Its name is lost behind robots.txt. */
static void lost_but_robots(struct web *web, const char *url,
                            struct web_answer *answer)
{
    if (!is_robots(url))
        no_name_server(web, url, answer);
}

static void frontier_calls_nothing_final_of_a_host_that_is_down(void **state)
{
    struct web *web = *state;
    size_t nr_cut = 0; /* by the host, with tries left */

    web->answer = lost_but_robots;
    web_open(web);
    web_add_many(web, "a.test", 50);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 50);
    for (size_t i = 0; i < web->nr_visits; i++) {
        const struct web_visit *visit = &web->visits[i];

        assert_int_equal(visit->error,
                         visit->tries ? ERROR_DNS : ERROR_HOST_DOWN);
        assert_true(visit->may_pass);
        nr_cut += visit->tries > 0 && visit->tries < 3;
    }
    assert_true(nr_cut > 0);
}

static void frontier_does_not_pay_a_timeout_for_each_url(void **state)
{
    struct web *web = *state;
    size_t nr_down = 0;

    web->answer = down_but_robots;
    web_open(web);
    web_add_many(web, "a.test", 2000);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 2000);
    assert_true(web->nr_fetches < 20);
    assert_true(web->now_ms < 200000);
    for (size_t i = 0; i < web->nr_visits; i++) {
        nr_down += web->visits[i].error == ERROR_HOST_DOWN;
        assert_int_equal(web->visits[i].error, web->visits[i].tries
                                                   ? ERROR_CONNECT_TIMEOUT
                                                   : ERROR_HOST_DOWN);
    }
    assert_true(nr_down > 1980);
}

static void down_for_a_while(struct web *web, const char *url,
                             struct web_answer *answer)
{
    if (!is_robots(url) && web->now_ms < 3000)
        web_fail(answer, ERROR_CONNECT);
}

static void frontier_goes_on_when_the_probe_is_answered(void **state)
{
    struct web *web = *state;

    web->answer = down_for_a_while;
    web->options.any_host.retries = 5;
    web_open(web);
    web_add_many(web, "a.test", 100);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 100);
    for (size_t i = 0; i < web->nr_visits; i++)
        assert_int_equal(web->visits[i].outcome, OUTCOME_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, web_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_obeys_robots_txt),
        TEST(frontier_asks_for_robots_txt_first_and_as_such),
        TEST(frontier_takes_the_status_of_robots_txt_as_rfc_9309_says),
        TEST(frontier_tells_why_a_host_cannot_be_reached),
        TEST(frontier_asks_robots_txt_again_where_no_name_server_knew),
        TEST(frontier_gives_each_dead_name_its_row),
        TEST(frontier_follows_the_redirect_of_robots_txt),
        TEST(frontier_follows_five_redirects_of_robots_txt),
        TEST(frontier_obeys_the_rules_of_each_hop),
        TEST(frontier_keeps_the_crawl_delay),
        TEST(frontier_caps_the_crawl_delay),
        TEST(frontier_remembers_rules_over_a_restart),
        TEST(frontier_calls_nothing_final_of_a_host_that_is_down),
        TEST(frontier_does_not_pay_a_timeout_for_each_url),
        TEST(frontier_goes_on_when_the_probe_is_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
