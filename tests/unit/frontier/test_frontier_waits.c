/* What hosts ask of the frontier: to wait, by 429, 503 and Retry-After. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frontier_web.h"

static int setup(void **state)
{
    if (web_setup(state))
        return -1;
    struct web *web = *state;
    web->options.any_host.ignore_robots = false;
    return 0;
}

static bool is_robots(const char *url)
{
    const char *end = strrchr(url, '/');

    return end && strcmp(end, "/robots.txt") == 0;
}

static void busy_once(struct web *web, const char *url,
                      struct web_answer *answer)
{
    if (!is_robots(url) && web->nr_asked == 2) {
        web_status(answer, 429);
        answer->page.retry_after = (struct bytes){web->ctx, strlen(web->ctx)};
    }
}

static void frontier_waits_as_retry_after_asks(void **state)
{
    struct web *web = *state;

    web->answer = busy_once;
    web->ctx = "20";
    web->options.any_host.limits.per_host = 1;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 5);
    assert_int_equal(web->fetches[2].started_ms, 20 + 20000);
    for (size_t i = 0; i < web->nr_visits; i++)
        assert_int_equal(web->visits[i].status, 200);
    struct frontier_stats stats;
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.waits.nr_429, 1);
    assert_int_equal(stats.waits.nr_503, 0);
    assert_int_equal(stats.waits.longest_wait_ms, 20000);
}

static void frontier_caps_retry_after(void **state)
{
    struct web *web = *state;

    web->answer = busy_once;
    web->ctx = "Fri, 31 Dec 2100 23:59:59 GMT";
    web->options.any_host.limits.per_host = 1;
    web->options.any_host.limits.max_retry_after_ms = 5000;
    web_open(web);
    web_add_many(web, "a.test", 2);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->fetches[2].started_ms, 20 + 5000);
}

static void spent_once(struct web *web, const char *url,
                       struct web_answer *answer)
{
    if (!is_robots(url) && web->nr_asked == 2) {
        answer->page.retry_after = (struct bytes){web->ctx, strlen(web->ctx)};
        answer->page.flags |= PAGE_QUOTA_SPENT;
    }
}

static void frontier_waits_for_a_new_quota_and_keeps_the_page(void **state)
{
    struct web *web = *state;

    web->answer = spent_once;
    web->ctx = "20";
    web->options.any_host.limits.per_host = 1;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 4);
    assert_int_equal(web->fetches[2].started_ms, 20 + 20000);
    for (size_t i = 0; i < web->nr_visits; i++)
        assert_int_equal(web->visits[i].status, 200);
}

static void frontier_caps_the_wait_for_a_new_quota(void **state)
{
    struct web *web = *state;

    web->answer = spent_once;
    web->ctx = "Fri, 31 Dec 2100 23:59:59 GMT";
    web->options.any_host.limits.per_host = 1;
    web->options.any_host.limits.max_retry_after_ms = 5000;
    web_open(web);
    web_add_many(web, "a.test", 2);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->fetches[2].started_ms, 20 + 5000);
}

static void frontier_keeps_a_long_wait_over_a_restart(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;

    web->answer = busy_once;
    web->ctx = "50";
    web->options.any_host.limits.per_host = 1;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    web->stop_at_ms = 2000;
    assert_int_equal(frontier_turn(web->frontier, 0), CERR_OK);
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    frontier_get_stats(web->frontier, &stats);
    web_close(web, "interrupted");

    size_t nr = web->nr_fetches;
    web->stop_at_ms = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(web->fetches[nr].started_ms >= 50000);
    assert_int_equal(web->nr_visits, 3);
}

/* a.test wants to be left alone; b.test leads there all the time. */
static void lead_to_busy(struct web *web, const char *url,
                         struct web_answer *answer)
{
    if (strncmp(url, "http://b.test/", 14) == 0 && !is_robots(url)) {
        web_redirect(answer, 302, "http://a.test/page");
        answer->latency_ms = 1000;
    }
    if (strcmp(url, "http://a.test/0") == 0 && web->now_ms < 1000) {
        web_status(answer, 429);
        answer->page.retry_after = (struct bytes){"25", 2};
    }
}

/* From the answer that asked for it on, nothing of a.test starts before. */
static void assert_left_alone(const struct web *web, int64_t until_ms)
{
    bool was_busy = false;

    for (size_t i = 0; i < web->nr_fetches; i++) {
        const struct web_fetch *fetch = &web->fetches[i];
        if (strncmp(fetch->url, "http://a.test/", 14) != 0)
            continue;
        assert_false(was_busy && fetch->started_ms < until_ms);
        was_busy |= strcmp(fetch->url, "http://a.test/0") == 0;
    }
    assert_true(was_busy);
}

static void frontier_redirects_to_no_host_that_waits_in_storage(void **state)
{
    struct web *web = *state;

    web->answer = lead_to_busy;
    web->options.any_host.retries = 0;
    web->options.any_host.limits.per_host = 1;
    web_open(web);
    web_add_many(web, "a.test", 1);
    web_add_many(web, "b.test", 5);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_left_alone(web, 25000);
    assert_int_equal(web_nr_fetches(web, "http://a.test/page"), 5);
}

static void frontier_keeps_a_wait_over_a_kill(void **state)
{
    struct web *web = *state;

    web->answer = lead_to_busy;
    web->options.any_host.limits.per_host = 1;
    web_open(web);
    web_add_many(web, "a.test", 3);
    frontier_list_ended(web->frontier);
    web->stop_at_ms = 2000;
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    assert_int_equal(storage_commit(web->storage), CERR_OK);
    web_kill(web);

    web->stop_at_ms = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_left_alone(web, 25000);
    assert_int_equal(web->nr_visits, 3);
}

static void always_busy(struct web *web, const char *url,
                        struct web_answer *answer)
{
    if (!is_robots(url) && strncmp(url, "http://a.test/", 14) == 0) {
        web_status(answer, 429);
        answer->page.retry_after = (struct bytes){web->ctx, strlen(web->ctx)};
    }
}

static void frontier_ends_a_host_that_only_asks_to_wait(void **state)
{
    struct web *web = *state;
    size_t nr_down = 0;

    web->answer = always_busy;
    web->ctx = "600";
    web_open(web);
    web_add_many(web, "a.test", 500);
    web_add_many(web, "b.test", 50);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 550);
    /* 5 waits of 10 minutes, one request after each, then nothing more */
    assert_in_range(web->now_ms, 5 * 600000, 5 * 600000 + 60000);
    assert_true(web->nr_fetches < 50 + 2 + 6 + 10);
    for (size_t i = 0; i < web->nr_visits; i++) {
        const struct web_visit *visit = &web->visits[i];
        nr_down += visit->error == ERROR_HOST_DOWN;
        if (visit->error == ERROR_HOST_DOWN)
            assert_string_equal(visit->detail, "HTTP 429 each time");
    }
    assert_in_range(nr_down, 490, 500);
}

static void frontier_waits_no_longer_than_the_cap_of_the_host(void **state)
{
    static const char *headers[] = {"X-Key: 1"};
    static const struct host_settings hosts[] = {
        {.pattern = "a.test",
         .delay_ms = -1,
         .max_crawl_delay_ms = -1,
         .max_retry_after_ms = 3000,
         .per_host = 1,
         .retries = 1,
         .ignore_robots = 1,
         .headers = {headers, 1}},
    };
    struct web *web = *state;

    web->answer = always_busy;
    web->ctx = "600";
    web->options.hosts = hosts;
    web->options.nr_hosts = 1;
    web_open(web);
    web_add_many(web, "a.test", 1);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 2); /* no robots.txt, one retry */
    assert_int_equal(web->fetches[1].started_ms, 10 + 3000);
    assert_int_equal(web->fetches[0].header_set, 1);
}

/* b.test looks at the figures while a.test waits. */
static void look_meanwhile(struct web *web, const char *url,
                           struct web_answer *answer)
{
    struct frontier_stats *stats = web->ctx;

    if (strncmp(url, "http://a.test/", 14) == 0 && !is_robots(url) &&
        web->now_ms < 200) {
        web_status(answer, 503);
        answer->page.retry_after = (struct bytes){"9", 1};
    }
    if (strncmp(url, "http://b.test/", 14) == 0 && web->now_ms < 9000)
        frontier_get_stats(web->frontier, stats);
}

static void frontier_shows_who_is_asked_to_wait(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats = {0};

    web->answer = look_meanwhile;
    web->ctx = &stats;
    web->options.any_host.limits.delay_ms = 100;
    web_open(web);
    web_add_many(web, "a.test", 3);
    web_add_many(web, "b.test", 5);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_string_equal(stats.throttled_host, "http://a.test:80");
    assert_int_equal(stats.throttled_status, 503);
    assert_in_range(stats.throttled_until_ms, 9000, 9300);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, web_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_waits_as_retry_after_asks),
        TEST(frontier_caps_retry_after),
        TEST(frontier_waits_for_a_new_quota_and_keeps_the_page),
        TEST(frontier_caps_the_wait_for_a_new_quota),
        TEST(frontier_keeps_a_long_wait_over_a_restart),
        TEST(frontier_redirects_to_no_host_that_waits_in_storage),
        TEST(frontier_keeps_a_wait_over_a_kill),
        TEST(frontier_ends_a_host_that_only_asks_to_wait),
        TEST(frontier_waits_no_longer_than_the_cap_of_the_host),
        TEST(frontier_shows_who_is_asked_to_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
