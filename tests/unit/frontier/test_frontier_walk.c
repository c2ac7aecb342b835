/* Long lists, whose URLs are read by a walk: each is asked once, whatever
 * stops the walk, turns it back or makes its host wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frontier_web.h"

#define LONG_LIST 3000 /* lines in one batch: they are bulk */
#define BULK_LIST 1500

static void gather_lines(struct web *web, int from, int to)
{
    char line[64];

    for (int i = from; i <= to; i++) {
        int len = snprintf(line, sizeof(line), "http://a.test/%d", i);
        assert_int_equal(frontier_add_line(web->frontier,
                                           (struct bytes){line, (size_t)len}, i,
                                           web->now_ms),
                         CERR_OK);
    }
}

static void add_lines(struct web *web, int from, int to)
{
    gather_lines(web, from, to);
    assert_int_equal(frontier_flush_lines(web->frontier, web->now_ms), CERR_OK);
}

/* Every line up to `nr` was visited, and none twice. */
static void assert_all_visited(const struct web *web, int nr)
{
    char *seen = calloc((size_t)nr + 1, 1);

    assert_non_null(seen);
    assert_int_equal(web->nr_visits, nr);
    for (size_t i = 0; i < web->nr_visits; i++) {
        int64_t line = web->visits[i].line;
        assert_in_range(line, 1, nr);
        assert_int_equal(seen[line], 0);
        seen[line] = 1;
        assert_int_equal(web->visits[i].outcome, OUTCOME_OK);
    }
    free(seen);
}

static void frontier_goes_on_with_a_long_list_where_it_stopped(void **state)
{
    struct web *web = *state;

    web_open(web);
    add_lines(web, 1, LONG_LIST);
    frontier_list_ended(web->frontier);
    web->stop_at_ms = 1000;
    web_run(web);
    assert_in_range(web->nr_visits, 1, LONG_LIST - 1);
    web_close(web, "interrupted");

    web->stop_at_ms = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_all_visited(web, LONG_LIST);
}

/* A delay longer than a host may linger in memory: it goes back to storage
 * after each page, and its walk with it. */
static void frontier_walks_on_after_each_pause_of_a_slow_host(void **state)
{
    struct web *web = *state;

    web->options.any_host.limits.delay_ms = 60000;
    web_open(web);
    add_lines(web, 1, BULK_LIST);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_all_visited(web, BULK_LIST);
    for (size_t i = 1; i < web->nr_fetches; i++)
        assert_true(web->fetches[i].started_ms >=
                    web->fetches[i - 1].started_ms + 60000);
}

struct later {
    int at_visit; /* then more lines come */
    bool came;
};

static void more_lines(struct web *web, const char *url,
                       struct web_answer *answer)
{
    struct later *later = web->ctx;

    (void)url;
    (void)answer;
    if (later->came || (int)web->nr_visits < later->at_visit)
        return;
    later->came = true;
    add_lines(web, BULK_LIST + 1, 2 * BULK_LIST);
    frontier_list_ended(web->frontier);
}

static void frontier_comes_back_for_lines_behind_its_walk(void **state)
{
    struct later later = {.at_visit = BULK_LIST / 2};
    struct web *web = *state;

    web->answer = more_lines;
    web->ctx = &later;
    web_open(web);
    add_lines(web, 1, BULK_LIST);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_true(later.came);
    assert_all_visited(web, 2 * BULK_LIST);
}

/* A few lines are no long list: they follow through the index. */
static void frontier_takes_short_batches_behind_a_long_list(void **state)
{
    struct web *web = *state;

    web_open(web);
    for (int i = 0; i < 10; i++)
        add_lines(web, 1 + 10 * i, 10 * (i + 1));
    add_lines(web, 101, BULK_LIST);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_all_visited(web, BULK_LIST);
}

static int64_t nr_stored(const struct web *web)
{
    struct storage_counts counts;

    assert_int_equal(storage_count(web->storage, &counts), CERR_OK);
    return counts.nr_urls;
}

/* Workers are not kept waiting for lines that nobody needs yet. */
static void frontier_takes_more_lines_while_places_are_free(void **state)
{
    struct web *web = *state;
    struct frontier_fetch fetch;

    web->options.concurrency = 1;
    web_open(web);
    gather_lines(web, 1, BULK_LIST);
    frontier_push_lines(web->frontier);
    assert_true(frontier_wants_more(web->frontier));
    assert_int_equal(frontier_turn(web->frontier, web->now_ms), CERR_OK);
    assert_int_equal(nr_stored(web), 1024);
    assert_true(frontier_next(web->frontier, web->now_ms, &fetch));
    assert_false(frontier_wants_more(web->frontier));
    assert_int_equal(frontier_turn(web->frontier, web->now_ms), CERR_OK);
    assert_int_equal(nr_stored(web), 1024 + 64);
}

/* What was read and not started when the limit came lies where the walk has
 * been. */
static void frontier_goes_on_with_a_long_list_after_max_urls(void **state)
{
    struct web *web = *state;

    web->options.max_urls = 10;
    web_open(web);
    web_add_many(web, "a.test", BULK_LIST);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    assert_int_equal(web->nr_visits, 10);
    web_close(web, "limit");
    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, BULK_LIST);
    web_close(web, "done");
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_setup, web_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_goes_on_with_a_long_list_where_it_stopped),
        TEST(frontier_goes_on_with_a_long_list_after_max_urls),
        TEST(frontier_walks_on_after_each_pause_of_a_slow_host),
        TEST(frontier_comes_back_for_lines_behind_its_walk),
        TEST(frontier_takes_short_batches_behind_a_long_list),
        TEST(frontier_takes_more_lines_while_places_are_free),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
