/* --depth means the number of hops of a shortest way, whatever the order of
 * answers: random graphs beside a search of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frontier_web.h"

#define NR_PAGES  400
#define NR_LINKS  3 /* of a page, and one to the next: long ways are many */
#define NR_GRAPHS 12
#define NOT_FOUND 1000000

static bool is(const char *url, const char *other)
{
    return strcmp(url, other) == 0;
}

struct graph {
    uint64_t random;
    int links[NR_PAGES][NR_LINKS + 1];
    int redirects_to[NR_PAGES]; /* -1: it is a page */
    int depth[NR_PAGES];        /* by our own search */
};

static int below(struct graph *graph, int limit)
{
    graph->random =
        graph->random * UINT64_C(6364136223846793005) + UINT64_C(1442695041);
    return (int)((graph->random >> 33) % (uint64_t)limit);
}

static void make_graph(struct graph *graph, uint64_t seed)
{
    *graph = (struct graph){.random = seed};
    for (int i = 0; i < NR_PAGES; i++) {
        graph->redirects_to[i] =
            i > 0 && below(graph, 10) == 0 ? below(graph, NR_PAGES) : -1;
        graph->links[i][0] = (i + 1) % NR_PAGES;
        for (int k = 1; k <= NR_LINKS; k++) /* mostly near: the way is long */
            graph->links[i][k] = below(graph, 20)
                                     ? (i + below(graph, 12)) % NR_PAGES
                                     : below(graph, NR_PAGES);
    }
}

/* Relaxed until nothing changes: a link is a hop, a redirect is none. */
static void search(struct graph *graph, int limit)
{
    bool changed = true;

    for (int i = 0; i < NR_PAGES; i++)
        graph->depth[i] = i == 0 ? 0 : NOT_FOUND;
    while (changed) {
        changed = false;
        for (int i = 0; i < NR_PAGES; i++) {
            bool moved = graph->redirects_to[i] >= 0;
            int depth = graph->depth[i] + (moved ? 0 : 1);
            for (int k = 0; k <= (moved ? 0 : NR_LINKS); k++) {
                int to = moved ? graph->redirects_to[i] : graph->links[i][k];
                if (depth <= limit && depth < graph->depth[to]) {
                    graph->depth[to] = depth;
                    changed = true;
                }
            }
        }
    }
}

static const char *url_of(int page)
{
    static char urls[NR_PAGES][32];

    snprintf(urls[page], sizeof(urls[page]), "http://a.test/%d", page);
    return urls[page];
}

static void graph_answers(struct web *web, const char *url,
                          struct web_answer *answer)
{
    struct graph *graph = web->ctx;
    int page = atoi(strrchr(url, '/') + 1);

    answer->latency_ms = below(graph, 20) ? below(graph, 200) : 3000;
    if (graph->redirects_to[page] >= 0) {
        web_redirect(answer, 302, url_of(graph->redirects_to[page]));
        return;
    }
    for (int k = 0; k <= NR_LINKS; k++)
        web_link(answer, url_of(graph->links[page][k]), 0);
}

static void check_depths(struct web *web, const struct graph *graph)
{
    int nr_found = 0;

    for (size_t i = 0; i < web->nr_visits; i++) {
        int page = atoi(strrchr(web->visits[i].url, '/') + 1);
        if (web->visits[i].depth != graph->depth[page])
            fail_msg("%s has depth %d, a shortest way has %d",
                     web->visits[i].url, web->visits[i].depth,
                     graph->depth[page]);
    }
    for (int i = 0; i < NR_PAGES; i++)
        nr_found += graph->depth[i] < NOT_FOUND;
    assert_int_equal(web->nr_visits, nr_found);
}

static void frontier_finds_each_page_by_a_shortest_way(void **state)
{
    struct web *web = *state;

    for (uint64_t seed = 1; seed <= NR_GRAPHS; seed++) {
        struct graph graph;

        make_graph(&graph, seed);
        web->options.depth = 4 + (int)seed;
        search(&graph, web->options.depth);
        web->options.concurrency = seed % 3 ? 64 : 2;
        web->answer = graph_answers;
        web->ctx = &graph;
        web_open(web);
        web_add_list(web, url_of(0));
        assert_int_equal(web_run(web), FRONTIER_DONE);
        check_depths(web, &graph);
        web_teardown(state);
        web_setup(state);
        web = *state;
    }
}

static void frontier_keeps_its_levels_over_a_restart(void **state)
{
    struct web *web = *state;
    struct graph graph;

    make_graph(&graph, 77);
    web->options.depth = 12;
    search(&graph, web->options.depth);
    web->answer = graph_answers;
    web->ctx = &graph;
    web_open(web);
    web_add_list(web, url_of(0));
    for (web->stop_at_ms = 1000;; web->stop_at_ms += 1000) {
        enum frontier_end end = web_run(web);
        if (end == FRONTIER_DONE)
            break;
        assert_int_equal(end, FRONTIER_LIMIT);
        web_close(web, "interrupted");
        web_open(web);
        frontier_list_ended(web->frontier);
    }
    check_depths(web, &graph);
    assert_true(web->stop_at_ms > 3000);
}

/* ---- what holds nobody up ---- */

static void answer_slowly_first(struct web *web, const char *url,
                                struct web_answer *answer)
{
    if (strcmp(url, "http://a.test/") == 0) {
        web_link(answer, "http://a.test/flaky", 0);
        web_link(answer, "http://a.test/good", 0);
    } else if (strcmp(url, "http://a.test/good") == 0) {
        web_link(answer, "http://a.test/next", 0);
    } else if (strcmp(url, "http://a.test/flaky") == 0) {
        web_status(answer, web->now_ms < 50000 ? 500 : 200);
    }
}

static int64_t started_ms(const struct web *web, const char *url)
{
    for (size_t i = 0; i < web->nr_fetches; i++)
        if (strcmp(web->fetches[i].url, url) == 0)
            return web->fetches[i].started_ms;
    fail_msg("%s was never asked for", url);
    return 0;
}

static void frontier_goes_on_while_a_page_waits_for_its_retry(void **state)
{
    struct web *web = *state;

    web->options.depth = 5;
    web->options.any_host.retries = 9;
    web->options.retry_delay_ms = 20000;
    web->answer = answer_slowly_first;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(started_ms(web, "http://a.test/next") < 1000);
    assert_int_equal(web_visit(web, "http://a.test/flaky")->status, 200);
    assert_true(web->now_ms > 50000);
}

static void lead_to_slow(struct web *web, const char *url,
                         struct web_answer *answer)
{
    (void)web;
    if (strcmp(url, "http://a.test/away") == 0)
        web_redirect(answer, 302, "http://slow.test/");
    else if (strcmp(url, "http://a.test/") == 0)
        web_link(answer, "http://a.test/next", 0);
    else if (strcmp(url, "http://slow.test/") == 0)
        answer->latency_ms = 20000;
}

static void
frontier_goes_on_while_a_redirect_waits_for_another_host(void **state)
{
    struct web *web = *state;

    web->options.depth = 5;
    web->answer = lead_to_slow;
    web_open(web);
    web_add_list(web, "http://a.test/\nhttp://a.test/away");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(started_ms(web, "http://a.test/next") < 1000);
    assert_true(web->now_ms >= 20000);
}

/* A link leads to /x in two steps, and a redirect that comes late in one. By
 * then the host has been read past the place that this gives it. */
static void late_redirect(struct web *web, const char *url,
                          struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://a.test/")) {
        web_link(answer, "http://a.test/p", 0);
        web_link(answer, "http://a.test/r1", 0);
        web_link(answer, "http://b.test/y", 0);
    } else if (is(url, "http://a.test/p")) {
        web_link(answer, "http://a.test/x", 0);
    } else if (is(url, "http://a.test/r1")) {
        web_redirect(answer, 302, "http://a.test/r2");
    } else if (is(url, "http://a.test/r2")) {
        web_redirect(answer, 302, "http://a.test/r3");
    } else if (is(url, "http://a.test/r3")) {
        answer->latency_ms = 5000;
    } else if (is(url, "http://b.test/y")) {
        answer->latency_ms = 4000;
        web_redirect(answer, 302, "http://a.test/x");
    }
}

static void
frontier_asks_what_comes_nearer_after_its_place_was_read(void **state)
{
    struct web *web = *state;

    web->options.depth = 2;
    web->options.scope.scope = SCOPE_ANY;
    web->options.any_host.limits.delay_ms = 300;
    web->answer = late_redirect;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web_visit(web, "http://a.test/x")->outcome, OUTCOME_OK);
}

/* b.test has to wait longer than a host may in memory, and has a link to do. A
 * redirect leads there meanwhile, whose URL is no part of its level. */
static void redirect_to_a_wait(struct web *web, const char *url,
                               struct web_answer *answer)
{
    (void)web;
    if (is(url, "http://c.test/")) {
        web_link(answer, "http://b.test/l0", 0);
        web_link(answer, "http://b.test/l1", 0);
    } else if (is(url, "http://b.test/l0")) {
        web_status(answer, 429);
        answer->page.retry_after = (struct bytes){"12", 2};
    } else if (is(url, "http://a.test/")) {
        answer->latency_ms = 500;
        web_redirect(answer, 302, "http://b.test/x");
    }
}

static void frontier_asks_a_waiting_host_that_a_redirect_led_to(void **state)
{
    struct web *web = *state;

    web->options.depth = 1;
    web->options.scope.scope = SCOPE_ANY;
    web->options.any_host.retries = 0;
    web->options.any_host.limits.per_host = 1;
    web->answer = redirect_to_a_wait;
    web_open(web);
    web_add_list(web, "http://c.test/\nhttp://a.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_string_equal(web_visit(web, "http://a.test/")->final_url,
                        "http://b.test/x");
    assert_int_equal(web_visit(web, "http://b.test/l1")->outcome, OUTCOME_OK);
}

/* ---- limits that count what is on its way ---- */

static void query_answers(struct web *web, const char *url,
                          struct web_answer *answer)
{
    char to[64];

    (void)web;
    (void)url;
    for (int i = 0; i < 300; i++) {
        snprintf(to, sizeof(to), "http://a.test/%s?q=%d", i % 3 ? "x" : "y", i);
        web_link(answer, to, 0);
        snprintf(to, sizeof(to), "http://a.test/page/%d", i);
        web_link(answer, to, 0);
    }
}

static void frontier_follows_just_so_many_queries_of_a_path(void **state)
{
    static const int limits[] = {1, 7, 50, 99};
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        web->options.depth = 1;
        web->options.traps.query_variants = limits[i];
        web->answer = query_answers;
        web_open(web);
        web_add_list(web, "http://a.test/");
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web->nr_fetches, 1 + 300 + 2 * limits[i]);
        size_t nr_refused = 300 - 2 * (size_t)limits[i];
        size_t nr_rows = nr_refused < 200 ? nr_refused : 200;
        assert_int_equal(web->nr_visits, web->nr_fetches + nr_rows);
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
        TEST(frontier_finds_each_page_by_a_shortest_way),
        TEST(frontier_keeps_its_levels_over_a_restart),
        TEST(frontier_goes_on_while_a_page_waits_for_its_retry),
        TEST(frontier_goes_on_while_a_redirect_waits_for_another_host),
        TEST(frontier_asks_what_comes_nearer_after_its_place_was_read),
        TEST(frontier_asks_a_waiting_host_that_a_redirect_led_to),
        TEST(frontier_follows_just_so_many_queries_of_a_path),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
