/*
 * map and imap: the guarantees P8 to P11, and D6.
 */
#include "tests/unit/pool/pool_fixture.h"

#include "pool/map.h"

#define NR_ITEMS 1000

static struct pool_item *int_items(int *values, size_t nr)
{
    struct pool_item *items = calloc(nr + 1, sizeof(*items));

    assert_non_null(items);
    for (size_t i = 0; i < nr; i++) {
        values[i] = (int)i;
        items[i] = (struct pool_item){&values[i], sizeof(int)};
    }
    return items;
}

static int value_of(const struct pool_result *result)
{
    int value = -1;

    assert_int_equal(result->status, POOL_OK);
    assert_int_equal(result->len, sizeof(value));
    memcpy(&value, result->data, sizeof(value));
    return value;
}

static void map_p8_keeps_the_order_whatever_the_chunk(void **state)
{
    static const size_t chunks[] = {0, 1, 2, 7, 100, NR_ITEMS, 5000};
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 3,
        .max_queued_tasks = 50, /* so that map has to wait for room */
    });
    static int values[NR_ITEMS];
    struct pool_item *items = int_items(values, NR_ITEMS);

    (void)state;
    for (size_t row = 0; row < sizeof(chunks) / sizeof(chunks[0]); row++) {
        struct pool_map map = {
            .function = RUN_ECHO,
            .items = items,
            .nr_items = NR_ITEMS,
            .chunk_items = chunks[row],
        };
        struct pool_results *results;

        assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_OK);
        assert_int_equal(pool_results_nr(results), NR_ITEMS);
        assert_null(pool_results_first_error(results));
        for (size_t i = 0; i < NR_ITEMS; i++)
            assert_int_equal(value_of(pool_results_get(results, i)), i);
        pool_results_free(results);
    }
    free(items);
    close_and_free(pool);
}

/* Ceil(len / 4n) neighbours go to the same worker. */
static void map_p8_sends_a_chunk_to_one_worker(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 2});
    static int values[78];
    struct pool_item *items = int_items(values, 78);
    struct pool_map map = {
        .function = RUN_ECHO,
        .items = items,
        .nr_items = 78, /* ceil(78 / 8) = 10 */
    };
    struct pool_results *results;
    size_t nr_apart = 0;

    (void)state;
    assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_OK);
    for (size_t i = 1; i < 78; i++)
        nr_apart += i % 10 != 0 && pool_results_get(results, i)->worker !=
                                       pool_results_get(results, i - 1)->worker;
    /* an idle worker may take over the second half of what waits */
    assert_true(nr_apart <= 8);
    pool_results_free(results);
    free(items);
    close_and_free(pool);
}

/* All end, also after a failure; the first in order is the one shown. */
static void map_p8_waits_for_all_after_a_failure(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    static int values[100];
    struct pool_item *items = int_items(values, 100);
    struct pool_map map = {
        .function = RUN_FAIL, /* fails with its value; 0 is no failure */
        .items = items,
        .nr_items = 100,
    };
    struct pool_results *results;

    (void)state;
    for (int i = 0; i < 100; i++)
        values[i] = i == 30 || i == 60 ? i : 0;
    assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_OK);
    assert_int_equal(pool_results_first_error(results)->code, 30);
    assert_int_equal(pool_results_get(results, 60)->code, 60);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(pool_results_get(results, i)->status,
                         values[i] ? POOL_FAILED : POOL_OK);
    pool_results_free(results);
    free(items);
    close_and_free(pool);
}

static void map_p8_may_fail_fast(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    int die = DIE_EXIT_3;
    struct pool_item items[500] = {{&die, sizeof(die)}};
    struct pool_map map = {
        .function = RUN_DIE,
        .items = items,
        .nr_items = 500,
        .is_fail_fast = true,
    };
    struct pool_results *results;
    size_t nr_canceled = 0;

    (void)state;
    for (size_t i = 1; i < 500; i++)
        items[i] = items[0];
    assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_OK);
    assert_int_equal(pool_results_get(results, 0)->status, POOL_LOST);
    for (size_t i = 0; i < 500; i++)
        nr_canceled += pool_results_get(results, i)->status == POOL_CANCELED;
    assert_true(nr_canceled >= 495);
    pool_results_free(results);
    close_and_free(pool);
}

static void map_p11_of_nothing_is_nothing(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_map map = {.function = RUN_ECHO};
    struct pool_results *results;

    (void)state;
    assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_OK);
    assert_int_equal(pool_results_nr(results), 0);
    assert_null(pool_results_first_error(results));
    pool_results_free(results);
    close_and_free(pool);
}

static void map_times_out_and_cancels(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_item items[50] = {{NULL, 0}};
    struct pool_map map = {
        .function = RUN_UNTIL_STOP,
        .items = items,
        .nr_items = 50,
    };
    struct pool_results *results;

    (void)state;
    assert_int_equal(pool_map(pool, &map, 30, &results), CERR_TIMEOUT);
    assert_null(results);
    close_and_free(pool); /* would wait for ever if they still ran */
}

struct source {
    int next, nr;
    enum err end; /* what it says after `nr` items */
    int nr_calls;
};

static enum err read_source(void *user, struct pool_item *item)
{
    static int value;
    struct source *source = user;

    source->nr_calls++;
    if (source->next == source->nr)
        return source->end;
    value = source->next++;
    *item = (struct pool_item){&value, sizeof(value)};
    return CERR_OK;
}

static struct pool_imap *open_imap(struct pool *pool, struct source *source,
                                   size_t window, bool is_unordered)
{
    struct pool_imap_options options = {
        .function = RUN_ECHO,
        .source = read_source,
        .user = source,
        .window = window,
        .is_unordered = is_unordered,
    };
    struct pool_imap *imap;

    assert_int_equal(pool_imap_open(pool, &options, &imap), CERR_OK);
    return imap;
}

/* Lazy, ordered, never more than the window ahead. */
static void imap_p9_d6_is_lazy_and_ordered(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct source source = {.nr = 2000, .end = CERR_NOT_FOUND};
    struct pool_imap *imap = open_imap(pool, &source, 10, false);
    const struct pool_result *result;

    (void)state;
    assert_int_equal(source.nr_calls, 0);
    for (int i = 0; i < 2000; i++) {
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
        assert_int_equal(value_of(result), i);
        assert_true(source.next <= i + 10);
    }
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_NOT_FOUND);
    assert_null(result);
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_NOT_FOUND);
    assert_int_equal(source.nr_calls, 2001); /* its end is asked for once */
    pool_imap_free(imap);
    close_and_free(pool);
}

static void imap_p9_unordered_gives_each_once(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 3, .max_queued_tasks = 5, /* smaller than the window */
    });
    struct source source = {.nr = 3000, .end = CERR_NOT_FOUND};
    struct pool_imap *imap = open_imap(pool, &source, 0, true);
    static unsigned char nr_seen[3000];
    const struct pool_result *result;

    (void)state;
    memset(nr_seen, 0, sizeof(nr_seen));
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
        nr_seen[value_of(result)]++;
    }
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_NOT_FOUND);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(nr_seen[i], 1);
    pool_imap_free(imap);
    close_and_free(pool);
}

/* One that is stuck does not hold the others back. */
static void imap_p9_unordered_gives_what_is_done(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct source source = {.nr = 20, .end = CERR_NOT_FOUND};
    struct pool_imap *imap = open_imap(pool, &source, 0, true);
    struct pool_task stuck = {.function = RUN_FOREVER};
    const struct pool_result *result;

    (void)state;
    submit(pool, &stuck);
    for (int i = 0; i < 20; i++)
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
    pool_imap_free(imap);
    pool_free(pool);
}

static void imap_p10_shows_an_error_of_its_source_in_its_place(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});

    (void)state;
    for (int unordered = 0; unordered < 2; unordered++) {
        struct source source = {.nr = 5, .end = CERR_IO};
        struct pool_imap *imap = open_imap(pool, &source, 0, unordered == 1);
        struct pool_task task = {.function = RUN_NOP};
        const struct pool_result *result;
        struct pool_async *handle;

        for (int i = 0; i < 5; i++)
            assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_IO);
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result),
                         CERR_NOT_FOUND);
        pool_imap_free(imap);
        assert_int_equal(apply(pool, &task, &handle)->status, POOL_OK);
        pool_async_free(handle);
    }
    close_and_free(pool);
}

static void imap_p11_of_nothing_ends_at_once(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct source source = {.end = CERR_NOT_FOUND};
    struct pool_imap *imap = open_imap(pool, &source, 0, false);
    const struct pool_result *result;

    (void)state;
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_NOT_FOUND);
    pool_imap_free(imap);
    close_and_free(pool);
}

static void imap_times_out_and_loses_nothing(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct pool_task stuck = {.function = RUN_UNTIL_STOP};
    struct source source = {.nr = 3, .end = CERR_NOT_FOUND};
    struct pool_imap *imap = open_imap(pool, &source, 0, false);
    const struct pool_result *result;
    uint64_t id;

    (void)state;
    assert_int_equal(pool_submit(pool, &stuck, &id), CERR_OK);
    assert_int_equal(pool_imap_next(imap, 20, &result), CERR_TIMEOUT);
    assert_int_equal(pool_cancel_task(pool, id), CERR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
        assert_int_equal(value_of(result), i);
    }
    pool_imap_free(imap);
    close_and_free(pool);
}

static void imap_may_be_freed_half_way(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});

    (void)state;
    for (int unordered = 0; unordered < 2; unordered++) {
        struct source source = {.nr = 1000000, .end = CERR_NOT_FOUND};
        struct pool_imap *imap = open_imap(pool, &source, 0, unordered == 1);
        const struct pool_result *result;

        for (int i = 0; i < 100; i++)
            assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_OK);
        pool_imap_free(imap);
    }
    close_and_free(pool);
}

static void maps_refuse_a_closed_pool_and_a_missing_source(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_item item = {"x", 1};
    struct pool_map map = {
        .function = RUN_ECHO,
        .items = &item,
        .nr_items = 1,
    };
    struct source source = {.nr = 3, .end = CERR_NOT_FOUND};
    struct pool_imap_options nothing = {.function = RUN_ECHO};
    struct pool_imap *imap = open_imap(pool, &source, 0, false), *none;
    struct pool_results *results;
    const struct pool_result *result;

    (void)state;
    assert_int_equal(pool_imap_open(pool, &nothing, &none), CERR_INVALID);
    assert_null(none);
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_map(pool, &map, WAIT_MS, &results), CERR_STATE);
    assert_null(results);
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_STATE);
    assert_int_equal(pool_imap_next(imap, WAIT_MS, &result), CERR_NOT_FOUND);
    pool_imap_free(imap);
    pool_imap_free(NULL);
    pool_results_free(NULL);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(map_p8_keeps_the_order_whatever_the_chunk),
        cmocka_unit_test(map_p8_sends_a_chunk_to_one_worker),
        cmocka_unit_test(map_p8_waits_for_all_after_a_failure),
        cmocka_unit_test(map_p8_may_fail_fast),
        cmocka_unit_test(map_p11_of_nothing_is_nothing),
        cmocka_unit_test(map_times_out_and_cancels),
        cmocka_unit_test(imap_p9_d6_is_lazy_and_ordered),
        cmocka_unit_test(imap_p9_unordered_gives_each_once),
        cmocka_unit_test(imap_p9_unordered_gives_what_is_done),
        cmocka_unit_test(imap_p10_shows_an_error_of_its_source_in_its_place),
        cmocka_unit_test(imap_p11_of_nothing_ends_at_once),
        cmocka_unit_test(imap_times_out_and_loses_nothing),
        cmocka_unit_test(imap_may_be_freed_half_way),
        cmocka_unit_test(maps_refuse_a_closed_pool_and_a_missing_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
