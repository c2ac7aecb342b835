/* What does not end at the first answer: redirects, retries, crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/page/job.h"
#include "frontier_web.h"

/* ---- redirects ---- */

static void redirect_answers(struct web *web, const char *url,
                             struct web_answer *answer)
{
    (void)web;
    if (strcmp(url, "http://a.test/start") == 0)
        web_redirect(answer, 301, "http://b.test/next");
    else if (strcmp(url, "http://b.test/next") == 0)
        web_redirect(answer, 302, "http://a.test/end");
    else if (strcmp(url, "http://a.test/loop") == 0)
        web_redirect(answer, 302, "http://a.test/loop2");
    else if (strcmp(url, "http://a.test/loop2") == 0)
        web_redirect(answer, 302, "http://a.test/loop");
    else if (strcmp(url, "http://a.test/bad") == 0)
        web_redirect(answer, 302, "http://");
    else if (strcmp(url, "http://a.test/file") == 0)
        web_redirect(answer, 302, "file:///etc/passwd");
    else if (strcmp(url, "http://a.test/port") == 0)
        web_redirect(answer, 302, "http://b.test:25/");
}

static void frontier_follows_redirects_of_listed_urls(void **state)
{
    struct web *web = *state;

    web->answer = redirect_answers;
    web_open(web);
    web_add_list(web, "http://a.test/start");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    const struct web_visit *visit = web_visit(web, "http://a.test/start");
    assert_int_equal(visit->outcome, OUTCOME_OK);
    assert_int_equal(visit->status, 200);
    assert_int_equal(visit->nr_hops, 2);
    assert_int_equal(visit->tries, 1);
    assert_string_equal(visit->final_url, "http://a.test/end");
    assert_int_equal(web->nr_visits, 1);
}

static void frontier_keeps_the_address_guard_for_hosts_not_listed(void **state)
{
    struct web *web = *state;

    web->answer = redirect_answers;
    web_open(web);
    web_add_list(web, "http://a.test/start");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 3);
    uint32_t own = JOB_PRIVATE_OK | JOB_LISTED_AUTH;
    assert_int_equal(web->fetches[0].flags & own, own);
    assert_int_equal(web->fetches[1].flags & own, 0);
    assert_int_equal(web->fetches[2].flags & own, own);
}

/* Whoever owns a public name decides where it leads, listed or not. */
static void
frontier_trusts_no_listed_name_of_others_with_addresses(void **state)
{
    static const struct {
        const char *url;
        uint32_t flag;
    } rows[] = {
        {"http://a.test/", JOB_PRIVATE_OK},
        {"http://wiki/", JOB_PRIVATE_OK},
        {"http://10.0.0.5/", JOB_PRIVATE_OK},
        {"http://[fd00::1]/", JOB_PRIVATE_OK},
        {"http://example.org/", 0},
        {"http://10.0.0.5.example.org:8080/", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct web *web = *state;

        web_open(web);
        web_add_list(web, rows[i].url);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        if ((web->fetches[0].flags & JOB_PRIVATE_OK) != rows[i].flag)
            fail_msg("%s", rows[i].url);
        web_teardown(state);
        web_setup(state);
    }
}

static void frontier_knows_a_listed_host_behind_a_redirect(void **state)
{
    struct web *web = *state;

    web->answer = redirect_answers;
    web_open(web);
    web_add_list(web, "http://a.test/start\nhttp://b.test/other");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < web->nr_fetches; i++)
        if (strcmp(web->fetches[i].url, "http://b.test/next") == 0)
            assert_int_equal(web->fetches[i].flags &
                                 (JOB_PRIVATE_OK | JOB_LISTED_AUTH),
                             JOB_PRIVATE_OK);
    assert_int_equal(web_nr_fetches(web, "http://b.test/next"), 1);
}

/* The guard refuses each host that is asked without JOB_PRIVATE_OK. */
static void private_wiki(struct web *web, const char *url,
                         struct web_answer *answer)
{
    if (!(web->fetches[web->nr_fetches].flags & JOB_PRIVATE_OK))
        web_fail(answer, ERROR_BLOCKED_ADDRESS);
    else if (strcmp(url, "http://wiki/") == 0)
        web_redirect(answer, 301, "https://wiki/");
    else if (strcmp(url, "http://wiki/port") == 0)
        web_redirect(answer, 301, "http://wiki:8080/");
    else if (strcmp(url, "http://wiki/away") == 0)
        web_redirect(answer, 301, "https://other/");
}

static void
frontier_takes_a_listed_private_host_as_listed_where_it_leads(void **state)
{
    struct web *web = *state;

    web->answer = private_wiki;
    web_open(web);
    web_add_list(web, "http://wiki/\nhttp://wiki/port\nhttp://wiki/away");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    const struct web_visit *visit = web_visit(web, "http://wiki/");
    assert_int_equal(visit->outcome, OUTCOME_OK);
    assert_int_equal(visit->tries, 1);
    assert_int_equal(web_visit(web, "http://wiki/port")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://wiki/away")->error,
                     ERROR_BLOCKED_ADDRESS);
}

static void frontier_names_what_is_wrong_with_a_redirect(void **state)
{
    static const struct {
        const char *url;
        enum error error;
    } rows[] = {
        {"http://a.test/loop", ERROR_REDIRECT_LOOP},
        {"http://a.test/bad", ERROR_BAD_REDIRECT},
        {"http://a.test/file", ERROR_BLOCKED_SCHEME},
        {"http://a.test/port", ERROR_BAD_PORT},
    };
    struct web *web = *state;

    web->answer = redirect_answers;
    web_open(web);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(
            frontier_add_line(web->frontier,
                              (struct bytes){rows[i].url, strlen(rows[i].url)},
                              (int64_t)i + 1, 0),
            CERR_OK);
    assert_int_equal(frontier_flush_lines(web->frontier, 0), CERR_OK);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct web_visit *visit = web_visit(web, rows[i].url);
        assert_int_equal(visit->outcome, OUTCOME_ERROR);
        assert_int_equal(visit->error, rows[i].error);
    }
}

/* /wall sends to itself with a cookie once; /give, which sets none, back to the
 * wall that sent there with one; /ever never stops to give cookies. */
static void cookie_walls(struct web *web, const char *url,
                         struct web_answer *answer)
{
    size_t nr = web_nr_fetches(web, url);

    if (strcmp(url, "http://a.test/wall") == 0 && nr == 0)
        web_redirect(answer, 302, "http://a.test/wall");
    else if (strcmp(url, "http://a.test/far") == 0 && nr == 0)
        web_redirect(answer, 302, "http://a.test/give");
    else if (strcmp(url, "http://a.test/ever") == 0)
        web_redirect(answer, 302, "http://a.test/ever");
    answer->page.flags |= PAGE_SETS_COOKIE;
    if (strcmp(url, "http://a.test/give") == 0) {
        web_redirect(answer, 302, "http://a.test/far");
        answer->page.flags = 0;
    }
}

static void frontier_asks_again_where_a_redirect_gave_a_cookie(void **state)
{
    struct web *web = *state;

    web->answer = cookie_walls;
    web_open(web);
    web_add_list(web,
                 "http://a.test/wall\nhttp://a.test/far\nhttp://a.test/ever");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_visit(web, "http://a.test/wall")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://a.test/wall")->nr_hops, 1);
    assert_int_equal(web_visit(web, "http://a.test/far")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://a.test/far")->nr_hops, 2);
    assert_int_equal(web_visit(web, "http://a.test/ever")->error,
                     ERROR_REDIRECT_LIMIT);
    assert_int_equal(web_nr_fetches(web, "http://a.test/ever"), 11);
}

static void endless_redirects(struct web *web, const char *url,
                              struct web_answer *answer)
{
    static char to[64];

    (void)web;
    snprintf(to, sizeof(to), "http://a.test/%d", atoi(url + 14) + 1);
    web_redirect(answer, 302, to);
}

static void frontier_ends_a_long_chain(void **state)
{
    struct web *web = *state;

    web->answer = endless_redirects;
    web_open(web);
    web_add_list(web, "http://a.test/0");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 11);
    assert_int_equal(web->visits[0].error, ERROR_REDIRECT_LIMIT);
    assert_int_equal(web->visits[0].nr_hops, 10);
}

static void frontier_follows_no_redirect_when_told(void **state)
{
    struct web *web = *state;

    web->answer = redirect_answers;
    web->options.max_redirects = 0;
    web_open(web);
    web_add_list(web, "http://a.test/start");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->visits[0].outcome, OUTCOME_REDIRECT);
    assert_int_equal(web->visits[0].error, ERROR_NONE);
    assert_int_equal(web->nr_fetches, 1);
}

/* ---- retries ---- */

static void answer_by_path(struct web *web, const char *url,
                           struct web_answer *answer)
{
    int *nr_left = web->ctx;

    (void)url;
    if (nr_left && (*nr_left)-- > 0)
        web_fail(answer, ERROR_CONNECT_CLOSED);
}

static void frontier_tries_a_passing_failure_again(void **state)
{
    struct web *web = *state;
    int nr_left = 2;

    web->answer = answer_by_path;
    web->ctx = &nr_left;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->visits[0].outcome, OUTCOME_OK);
    assert_int_equal(web->visits[0].tries, 3);
    assert_int_equal(web->nr_fetches, 3);
    assert_true(web->fetches[1].started_ms >= 500);
    assert_true(web->fetches[2].started_ms >=
                web->fetches[1].started_ms + 1000);
}

static void frontier_gives_up_after_its_retries(void **state)
{
    struct web *web = *state;
    int nr_left = 1000;

    web->answer = answer_by_path;
    web->ctx = &nr_left;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->visits[0].error, ERROR_CONNECT_CLOSED);
    assert_int_equal(web->visits[0].tries, 3);
}

/* A name that is gone, or that no name server could tell of. */
static void nameless(struct web *web, const char *url,
                     struct web_answer *answer)
{
    (void)web;
    web_fail(answer, ERROR_DNS);
    if (strstr(url, "unsure"))
        answer->page.flags |= PAGE_MAY_PASS;
}

static void frontier_asks_again_where_no_name_server_knew(void **state)
{
    struct web *web = *state;

    web->answer = nameless;
    web_open(web);
    web_add_list(web, "http://gone.test/\nhttp://unsure.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < 2; i++) {
        bool unsure = strstr(web->visits[i].url, "unsure") != NULL;

        assert_int_equal(web->visits[i].error, ERROR_DNS);
        assert_int_equal(web->visits[i].may_pass, unsure);
        assert_int_equal(web->visits[i].tries, unsure ? 3 : 1);
    }
}

/* Fails as a request does over which the lid of a laptop was closed. */
static void asleep(struct web *web, const char *url, struct web_answer *answer)
{
    int *nr_left = web->ctx;

    (void)url;
    if ((*nr_left)-- <= 0)
        return;
    web_fail(answer, ERROR_TIMEOUT);
    answer->page.flags |= PAGE_WAS_AWAY;
}

static void frontier_counts_no_try_that_failed_while_we_were_away(void **state)
{
    struct web *web = *state;
    int nr_left = 20;

    web->answer = asleep;
    web->ctx = &nr_left;
    web->options.any_host.retries = 0;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->visits[0].outcome, OUTCOME_OK);
    assert_int_equal(web->visits[0].tries, 1);
    assert_int_equal(web->nr_fetches, 21);
}

static void frontier_does_not_retry_when_told(void **state)
{
    struct web *web = *state;
    int nr_left = 1000;

    web->answer = answer_by_path;
    web->ctx = &nr_left;
    web->options.any_host.retries = 0;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 1);
}

static void answer_status(struct web *web, const char *url,
                          struct web_answer *answer)
{
    (void)web;
    web_status(answer, atoi(strrchr(url, '/') + 1));
}

static void frontier_retries_statuses_that_may_pass(void **state)
{
    static const struct {
        int status, nr_fetches;
    } rows[] = {{200, 1}, {404, 1}, {410, 1}, {403, 1}, {408, 3},
                {429, 3}, {500, 3}, {502, 3}, {503, 3}};
    struct web *web = *state;
    char url[64];

    web->answer = answer_status;
    web_open(web);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int len = snprintf(url, sizeof(url), "http://h%zu.test/%d", i,
                           rows[i].status);
        assert_int_equal(frontier_add_line(web->frontier,
                                           (struct bytes){url, (size_t)len},
                                           (int64_t)i + 1, 0),
                         CERR_OK);
    }
    assert_int_equal(frontier_flush_lines(web->frontier, 0), CERR_OK);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        snprintf(url, sizeof(url), "http://h%zu.test/%d", i, rows[i].status);
        assert_int_equal(web_nr_fetches(web, url), rows[i].nr_fetches);
        assert_int_equal(web_visit(web, url)->status, rows[i].status);
        assert_int_equal(web_visit(web, url)->outcome,
                         rows[i].status < 300 ? OUTCOME_OK
                                              : OUTCOME_HTTP_ERROR);
    }
}

/* ---- crashes ---- */

/* A worker dies at times and takes along whatever it held. */
static void killer_answers(struct web *web, const char *url,
                           struct web_answer *answer)
{
    int *nr_crashes = web->ctx;

    if (strstr(url, "/killer")) {
        web_fail(answer, ERROR_WORKER_CRASH);
        (*nr_crashes)++;
    }
}

static void frontier_gives_up_a_url_that_kills_its_workers(void **state)
{
    struct web *web = *state;
    int nr_crashes = 0;

    web->answer = killer_answers;
    web->ctx = &nr_crashes;
    web_open(web);
    web_add_many(web, "a.test", 40);
    web_add_list(web, "http://b.test/killer");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 41);
    assert_int_equal(web_visit(web, "http://b.test/killer")->error,
                     ERROR_POISON);
    assert_int_equal(nr_crashes, 3);
    for (size_t i = 0; i < web->nr_fetches; i++)
        if (strstr(web->fetches[i].url, "killer") && i > 10)
            assert_int_equal(web->fetches[i].nr_in_flight, 0);
}

static void many_crashes(struct web *web, const char *url,
                         struct web_answer *answer)
{
    (void)url;
    if (web->nr_asked < 60)
        web_fail(answer, ERROR_WORKER_CRASH);
}

static void frontier_poisons_no_innocent(void **state)
{
    struct web *web = *state;

    web->answer = many_crashes;
    web_open(web);
    web_add_many(web, "a.test", 15);
    web_add_many(web, "b.test", 15);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 30);
    for (size_t i = 0; i < web->nr_visits; i++)
        assert_int_equal(web->visits[i].outcome, OUTCOME_OK);
}

/* Killed from outside, as by the kernel when memory is short. */
static void killed_answers(struct web *web, const char *url,
                           struct web_answer *answer)
{
    int *nr_left = web->ctx;

    if (strstr(url, "/killed") && (*nr_left)-- > 0) {
        web_fail(answer, ERROR_WORKER_CRASH);
        answer->page.flags |= PAGE_KILLED;
    }
}

static void frontier_is_slow_to_blame_a_url_for_kills(void **state)
{
    static const struct {
        int nr_kills;
        enum error error;
    } rows[] = {{1, ERROR_NONE}, {4, ERROR_NONE}, {100, ERROR_POISON}};
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int nr_left = rows[i].nr_kills;
        web->answer = killed_answers;
        web->ctx = &nr_left;
        web_open(web);
        web_add_many(web, "a.test", 10);
        web_add_list(web, "http://b.test/killed");
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web_visit(web, "http://b.test/killed")->error,
                         rows[i].error);
        assert_true(web_nr_fetches(web, "http://b.test/killed") <= 5);
        web_teardown(state);
        web_setup(state);
        web = *state;
    }
}

/* ---- everything at once ---- */

#define NR_SEEDS 30

struct chaos {
    uint64_t random;
    int next_id;
};

static uint32_t chaos_random(struct chaos *chaos, uint32_t below)
{
    chaos->random = chaos->random * UINT64_C(6364136223846793005) + 1442695041;
    return (uint32_t)(chaos->random >> 33) % below;
}

static void chaos_answers(struct web *web, const char *url,
                          struct web_answer *answer)
{
    static const int statuses[] = {200, 200, 200, 404, 429, 500, 503, 204};
    static char targets[64][64];
    struct chaos *chaos = web->ctx;
    char *target = targets[web->nr_asked % 64];
    uint32_t dice = chaos_random(chaos, 100);

    answer->latency_ms = chaos_random(chaos, 400);
    if (dice < 5) {
        answer->put_back = true;
    } else if (dice < 10) {
        web_fail(answer, ERROR_WORKER_CRASH);
    } else if (dice < 18) {
        web_fail(answer, (enum error)(ERROR_DNS + chaos_random(chaos, 8)));
    } else if (dice < 21) {
        web_fail(answer, ERROR_CANCELED);
    } else if (dice < 36) {
        snprintf(target, sizeof(targets[0]), "http://h%u.test/r%u",
                 chaos_random(chaos, 40), chaos_random(chaos, 300));
        web_redirect(answer, 302, target);
    } else {
        web_status(answer, statuses[chaos_random(chaos, 8)]);
    }
    if (strstr(url, "robots.txt"))
        web_body(answer, "User-agent: *\nDisallow: /3\nCrawl-delay: 0.05");
    if (web->options.depth > 0 && answer->page.outcome == OUTCOME_OK)
        for (int i = 0; i < 3; i++) {
            snprintf(target, sizeof(targets[0]), "http://h%u.test/l%u",
                     chaos_random(chaos, 40), chaos_random(chaos, 200));
            web_link(answer, target, 0);
        }
}

static void check_chaos(const struct web *web, int nr_listed)
{
    struct storage_counts counts;
    struct frontier_stats stats;
    int nr = 0;

    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(storage_count(web->storage, &counts), CERR_OK);
    assert_int_equal(counts.nr_urls, counts.nr_ended);
    assert_int_equal(counts.nr_ended, web->nr_visits);
    assert_int_equal(stats.nr_queued, 0);
    assert_int_equal(stats.nr_in_flight, 0);
    assert_int_equal(stats.nr_retries_waiting, 0);

    for (size_t i = 0; i < web->nr_visits; i++) {
        nr += web->visits[i].line > 0;
        assert_true(web->visits[i].nr_hops <= 10);
        for (size_t k = 0; k < i; k++)
            if (strcmp(web->visits[i].url, web->visits[k].url) == 0)
                fail_msg("%s ended twice", web->visits[i].url);
    }
    assert_int_equal(nr, nr_listed);
}

static bool same_host(const char *url, const char *other)
{
    size_t len = strlen("http://") + strcspn(url + strlen("http://"), "/");

    return strncmp(url, other, len + 1) == 0;
}

/* Pages, redirects, robots.txt and retries: all by the host's clock. */
static void check_spacing(const struct web *web)
{
    for (size_t i = 1; i < web->nr_fetches; i++)
        for (size_t k = i; k-- > 0;)
            if (same_host(web->fetches[i].url, web->fetches[k].url)) {
                assert_true(web->fetches[i].started_ms -
                                web->fetches[k].started_ms >=
                            web->options.any_host.limits.delay_ms);
                break;
            }
}

static void frontier_ends_each_url_once_whatever_happens(void **state)
{
    struct web *web = *state;
    char host[32];

    for (uint32_t seed = 1; seed <= NR_SEEDS; seed++) {
        struct chaos chaos = {.random = seed};
        web->answer = chaos_answers;
        web->ctx = &chaos;
        web->options.any_host.ignore_robots = seed % 2;
        web->options.depth = seed % 3 == 0 ? 2 : 0;
        web->options.scope.scope = SCOPE_ANY;
        web->options.concurrency = seed % 5 == 0 ? 3 : 64;
        web->options.any_host.limits.delay_ms = seed % 7 == 0 ? 20 : 0;
        web->options.max_urls = seed % 6 == 1 ? 50 : 0;
        web_open(web);
        for (int i = 0; i < 25; i++) {
            snprintf(host, sizeof(host), "h%d.test", i);
            web_add_many(web, host, i == 0 ? 60 : 4);
        }
        frontier_list_ended(web->frontier);
        if (seed % 6 == 1) {
            assert_int_equal(web_run(web), FRONTIER_LIMIT);
            web_close(web, "limit");
            web->options.max_urls = 0;
            web_open(web);
            frontier_list_ended(web->frontier);
        }
        if (seed % 4 == 0) { /* killed, and again */
            web->stop_at_ms = 500;
            web_run(web);
            web_kill(web);
            web->stop_at_ms = 0;
            web_open(web);
            frontier_list_ended(web->frontier);
        }
        assert_int_equal(web_run(web), FRONTIER_DONE);
        check_chaos(web, 60 + 24 * 4);
        check_spacing(web);
        web_teardown(state);
        web_setup(state);
        web = *state;
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_setup, web_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_follows_redirects_of_listed_urls),
        TEST(frontier_keeps_the_address_guard_for_hosts_not_listed),
        TEST(frontier_trusts_no_listed_name_of_others_with_addresses),
        TEST(frontier_knows_a_listed_host_behind_a_redirect),
        TEST(frontier_takes_a_listed_private_host_as_listed_where_it_leads),
        TEST(frontier_names_what_is_wrong_with_a_redirect),
        TEST(frontier_asks_again_where_a_redirect_gave_a_cookie),
        TEST(frontier_ends_a_long_chain),
        TEST(frontier_follows_no_redirect_when_told),
        TEST(frontier_tries_a_passing_failure_again),
        TEST(frontier_gives_up_after_its_retries),
        TEST(frontier_asks_again_where_no_name_server_knew),
        TEST(frontier_does_not_retry_when_told),
        TEST(frontier_counts_no_try_that_failed_while_we_were_away),
        TEST(frontier_retries_statuses_that_may_pass),
        TEST(frontier_gives_up_a_url_that_kills_its_workers),
        TEST(frontier_poisons_no_innocent),
        TEST(frontier_is_slow_to_blame_a_url_for_kills),
        TEST(frontier_ends_each_url_once_whatever_happens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
