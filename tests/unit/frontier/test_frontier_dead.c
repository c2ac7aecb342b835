/* A long list of a host that does not answer: its lines end without being
 * asked, as fast as they are loaded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/frontier/frontier_internal.h"
#include "frontier_fake_storage.h"

#define NR_BATCHES  8
#define BATCH_LINES 1500 /* bulk */
#define NR_LINES    (NR_BATCHES * BATCH_LINES)
#define WALL_MS     INT64_C(1790000000000)

struct dead {
    struct storage *storage;
    struct frontier *frontier;
    int64_t now_ms;
    int nr_visits, nr_asked;
};

static enum err end_visit(void *ctx, const struct visit *visit)
{
    struct dead *dead = ctx;

    assert_true(fake_storage_end(
        dead->storage, (struct url_key){visit->host_id, visit->url_hash}));
    assert_int_not_equal(visit->outcome, OUTCOME_OK);
    dead->nr_visits++;
    return CERR_OK;
}

/* One turn of the loop: nobody answers. */
static void turn(struct dead *dead)
{
    struct frontier_fetch fetch;
    struct page page;

    page_init(&page);
    page.outcome = OUTCOME_ERROR;
    page.error = ERROR_CONNECT;
    assert_int_equal(frontier_turn(dead->frontier, dead->now_ms), CERR_OK);
    while (frontier_next(dead->frontier, dead->now_ms, &fetch)) {
        dead->nr_asked++;
        assert_int_equal(
            frontier_answer(dead->frontier, fetch.id, 0, &page, dead->now_ms),
            CERR_OK);
    }
    dead->now_ms += 100;
}

static void load_batch(struct dead *dead, int batch)
{
    char line[64];

    for (int i = batch * BATCH_LINES; i < (batch + 1) * BATCH_LINES; i++) {
        int len = snprintf(line, sizeof(line), "http://a.test/%d", i);
        assert_int_equal(frontier_add_line(dead->frontier,
                                           (struct bytes){line, (size_t)len},
                                           i + 1, dead->now_ms),
                         CERR_OK);
    }
    frontier_push_lines(dead->frontier);
    while (frontier_lines_state(dead->frontier) == FRONTIER_LINES_PUSHED)
        turn(dead);
}

/* A batch is stored in steps. What a step brings lies between two places of the
 * key, and only there it is looked for. */
static void frontier_steps_over_few_that_have_ended(void **state)
{
    struct dead dead = {.storage = fake_storage_new(1, NR_LINES)};
    struct frontier_options options = {
        .concurrency = 10,
        .any_host.limits.per_host = 2,
        .any_host.ignore_robots = true,
        .any_host.limits.max_errors = 3,
        .wall_offset_ms = WALL_MS,
        .seed = 1,
        .on_visit = end_visit,
        .ctx = &dead,
    };
    char message[STORAGE_MESSAGE_BYTES];

    (void)state;
    assert_int_equal(
        frontier_open(&dead.frontier, &options, dead.storage, message),
        CERR_OK);
    for (int i = 0; i < NR_BATCHES; i++)
        load_batch(&dead, i);
    frontier_list_ended(dead.frontier);
    while (frontier_ended(dead.frontier) == FRONTIER_RUNNING)
        turn(&dead);
    assert_int_equal(dead.nr_visits, NR_LINES);
    assert_in_range(dead.nr_asked, 1, 100);
    assert_in_range(fake_storage_nr_passed(dead.storage), 0, 10 * NR_LINES);
    assert_int_equal(frontier_release(dead.frontier, dead.now_ms), CERR_OK);
    frontier_free(dead.frontier);
    fake_storage_free(dead.storage);
}

/* The place in the list moves on with what is in storage: see input.c. */
static void frontier_keeps_lines_that_storage_refused(void **state)
{
    const size_t refused_at[] = {0, 1, 499, 999};
    struct frontier_options options = {
        .concurrency = 10, .wall_offset_ms = WALL_MS, .on_visit = end_visit};
    char message[STORAGE_MESSAGE_BYTES], line[64];

    (void)state;
    for (size_t i = 0; i < sizeof(refused_at) / sizeof(*refused_at); i++) {
        struct storage *storage = fake_storage_new(1, 1000);
        struct frontier *frontier;

        assert_int_equal(frontier_open(&frontier, &options, storage, message),
                         CERR_OK);
        for (int k = 0; k < 1000; k++) {
            int len = snprintf(line, sizeof(line), "http://a.test/%d", k);
            assert_int_equal(
                frontier_add_line(frontier, (struct bytes){line, (size_t)len},
                                  k + 1, 0),
                CERR_OK);
        }
        fake_storage_refuse(storage, refused_at[i]);
        assert_int_equal(frontier_flush_lines(frontier, 0), CERR_NOMEM);
        assert_int_not_equal(frontier_lines_state(frontier),
                             FRONTIER_LINES_NONE);
        /* and at the end there may be memory again */
        assert_int_equal(frontier_release(frontier, 0), CERR_OK);
        assert_int_equal(frontier_lines_state(frontier), FRONTIER_LINES_NONE);
        assert_int_equal(fake_storage_nr_to_do(storage), 1000);
        frontier_free(frontier);
        fake_storage_free(storage);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frontier_steps_over_few_that_have_ended),
        cmocka_unit_test(frontier_keeps_lines_that_storage_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
