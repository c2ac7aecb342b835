/*
 * Defects of other pools that ours must not have, those that no other test
 * shows: D3, D4, D11, D13, D16.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <pthread.h>

/* One worker is stopped, one does not listen, and both hold tasks. */
static void pool_d3_terminate_ends_whatever_the_workers_do(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_FOREVER, &tally);

    (void)state;
    submit_many(pool, &task, 100);
    turn(pool);
    assert_int_equal(pool_kill_worker(pool, 0, SIGSTOP), CERR_OK);
    assert_int_equal(pool_terminate(pool, 20), CERR_OK);
    assert_int_equal(tally.by_status[POOL_CANCELED], 100); /* at once */
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    assert_int_equal(stats_of(pool).nr_workers, 0);
    pool_free(pool);
}

static void on_failure(void *user, const struct pool_result *result)
{
    struct tally *tally = user;
    uint64_t id;

    /* what may fail inside a callback fails with a code and no more */
    assert_int_equal(result->status, POOL_FAILED);
    assert_int_equal(pool_submit((void *)tally->last.data,
                                 &(struct pool_task){.function = RUN_NR}, &id),
                     CERR_INVALID);
    assert_int_equal(pool_join((void *)tally->last.data, 0), CERR_STATE);
    tally->nr++;
}

/* Errors in tasks and in callbacks stop nothing. */
static void pool_d4_errors_inside_callbacks_stop_nothing(void **state)
{
    static const int code = 5;
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally bad = {.last.data = pool}, good = {0};
    struct pool_task fails = int_task(RUN_FAIL, &code);
    struct pool_task works = tally_task(RUN_NOP, &good);

    (void)state;
    fails.on_error = on_failure;
    fails.user = &bad;
    for (int i = 0; i < 100; i++) {
        submit(pool, &fails);
        submit(pool, &works);
    }
    turn_until(pool, &bad.nr, 100);
    turn_until(pool, &good.nr, 100);
    assert_int_equal(good.by_status[POOL_OK], 100);
    close_and_free(pool);
}

/* Far more than a pipe or the arena holds, and nobody reads it before join. */
static void pool_d11_join_before_the_results_are_read_ends(void **state)
{
    struct pool *pool =
        open_pool((struct pool_options){.arena_bytes = (size_t)1 << 20});
    size_t len = 300000;
    struct pool_task task = {
        .function = RUN_BIG, .data = &len, .len = sizeof(len)};
    struct pool_async *handles[50];

    (void)state;
    for (int i = 0; i < 50; i++)
        assert_int_equal(pool_apply_async(pool, &task, &handles[i]), CERR_OK);
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    for (int i = 0; i < 50; i++) {
        const struct pool_result *result;

        assert_int_equal(pool_get(handles[i], 0, &result), CERR_OK);
        assert_int_equal(result->status, POOL_OK);
        assert_int_equal(result->len, len);
        pool_async_free(handles[i]);
    }
    pool_free(pool);
}

static void *use_malloc(void *ended)
{
    while (!atomic_load((_Atomic int *)ended))
        free(malloc(1000));
    return NULL;
}

/* A fork here could copy a held lock of malloc; the spawner's cannot. */
static void pool_d13_replaces_workers_of_a_threaded_parent(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.max_restarts = 100});
    _Atomic int ended = 0;
    pthread_t threads[2];

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_malloc, &ended),
                         0);
    for (int i = 0; i < 20; i++) {
        size_t len = 100000;
        struct pool_task task = {.function = RUN_BIG,
                                 .data = &len,
                                 .len = sizeof(len),
                                 .retryable = true};
        struct pool_async *handle;

        wait_for_idle(pool);
        assert_int_equal(pool_kill_worker(pool, i % 2, SIGKILL), CERR_OK);
        assert_int_equal(apply(pool, &task, &handle)->status, POOL_OK);
        pool_async_free(handle);
    }
    atomic_store(&ended, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    close_and_free(pool);
}

/* Whether an address lies in memory shared with a worker. */
static bool is_in_channel(const void *data)
{
    FILE *file = fopen("/proc/self/maps", "re");
    char line[512];
    bool found = false;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file)) {
        char *end;
        uintptr_t from = strtoul(line, &end, 16);
        uintptr_t to = strtoul(end + 1, NULL, 16);

        if (strstr(line, "pool-channel") && (uintptr_t)data >= from &&
            (uintptr_t)data < to)
            found = true;
    }
    fclose(file);
    return found;
}

static void on_large(void *user, const struct pool_result *result)
{
    struct tally *tally = user;

    on_tally(tally, result);
    assert_true(is_in_channel(result->data) ==
                (result->len > POOL_INLINE_BYTES));
}

/* No copy on the way: the callback sees what the function wrote. */
static void pool_d16_lends_large_results_where_they_lie(void **state)
{
    static const size_t lens[] = {100, POOL_INLINE_BYTES, 20480, 1048576};
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally tally = {0};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct pool_task task = {.function = RUN_BIG,
                                 .data = &lens[i],
                                 .len = sizeof(lens[i]),
                                 .on_done = on_large,
                                 .user = &tally};

        submit(pool, &task);
    }
    turn_until(pool, &tally.nr, 4);
    assert_int_equal(tally.by_status[POOL_OK], 4);
    close_and_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_d3_terminate_ends_whatever_the_workers_do),
        cmocka_unit_test(pool_d4_errors_inside_callbacks_stop_nothing),
        cmocka_unit_test(pool_d11_join_before_the_results_are_read_ends),
        cmocka_unit_test(pool_d13_replaces_workers_of_a_threaded_parent),
        cmocka_unit_test(pool_d16_lends_large_results_where_they_lie),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
