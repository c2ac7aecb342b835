/*
 * Every error that pool.h promises for calls that break its contract.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <sys/resource.h>

static int some_main(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
    return 0;
}

static void pool_open_refuses_bad_options(void **state)
{
    struct pool_options good = {
        .nr_workers = 1,
        .functions = run_functions,
        .nr_functions = RUN_NR,
    };
    struct pool_options rows[16];
    const char *names[16];
    size_t nr = 0;

    (void)state;
#define ROW(name, member, value)                                               \
    rows[nr] = good;                                                           \
    rows[nr].member = (value);                                                 \
    names[nr++] = (name)
    ROW("negative workers", nr_workers, -1);
    ROW("too many workers", nr_workers, POOL_WORKERS_MAX + 1);
    ROW("both kinds", worker_main, some_main);
    ROW("neither kind", functions, NULL);
    ROW("no functions", nr_functions, 0);
    ROW("negative tasks", tasks_per_worker, -1);
    ROW("too many tasks", tasks_per_worker, 16385);
    ROW("arena of 4 GiB", arena_bytes, (size_t)4 << 30);
    ROW("tasks of 4 GiB", max_task_bytes, (size_t)4 << 30);
    ROW("negative attempts", max_attempts, -1);
    ROW("too many attempts", max_attempts, 101);
    ROW("negative soft timeout", soft_timeout_ms, -1);
    ROW("negative hard timeout", hard_timeout_ms, -1);
    ROW("negative silence", silence_ms, -1);
    ROW("negative restarts", max_restarts, -1);
    ROW("negative window", restart_window_ms, -1);
#undef ROW
    for (size_t i = 0; i < nr; i++) {
        struct pool *pool = (struct pool *)&good;

        print_message("%s\n", names[i]);
        assert_int_equal(pool_open(&pool, &rows[i]), CERR_INVALID);
        assert_null(pool);
    }
}

/* Better now than half way, or later. */
static void pool_d21_open_refuses_more_than_the_limits_allow(void **state)
{
    static const struct {
        const char *name;
        int resource;
        rlim_t limit;
        const char *text;
    } rows[] = {
        {"descriptors", RLIMIT_NOFILE, 30,
         "RLIMIT_NOFILE is 30, 10 workers need 50 (ulimit -n)"},
        {"processes", RLIMIT_NPROC, 8,
         "RLIMIT_NPROC is 8, 10 workers need 13 (ulimit -u)"},
        {"shared memory", RLIMIT_FSIZE, 1 << 20,
         "RLIMIT_FSIZE is 1048576, 10 workers need 17371136 (bytes; ulimit -f "
         "counts KiB)"},
    };
    char text[100];
    struct pool_options options = {
        .nr_workers = 10,
        .functions = run_functions,
        .nr_functions = RUN_NR,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rlimit before, small;
        struct pool *pool;

        print_message("%s\n", rows[i].name);
        assert_int_equal(getrlimit(rows[i].resource, &before), 0);
        small = before;
        small.rlim_cur = rows[i].limit;
        assert_int_equal(setrlimit(rows[i].resource, &small), 0);
        assert_int_equal(pool_open(&pool, &options), CERR_LIMIT);
        assert_true(pool_small_limit(&options, text, sizeof(text)));
        assert_int_equal(setrlimit(rows[i].resource, &before), 0);
        assert_null(pool);
        assert_string_equal(text, rows[i].text);
    }
    assert_false(pool_small_limit(&options, text, sizeof(text)));
}

static void pool_submit_refuses_bad_tasks(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct pool_task unknown = {.function = RUN_NR};
    struct pool_task soft = {.function = RUN_NOP, .soft_timeout_ms = -1};
    struct pool_task hard = {.function = RUN_NOP, .hard_timeout_ms = -1};
    struct pool_task large = {.data = "", .len = ((size_t)1 << 20) + 1};
    struct pool_async *handle;
    uint64_t id = 77;

    (void)state;
    assert_int_equal(pool_submit(pool, &unknown, &id), CERR_INVALID);
    assert_int_equal(pool_submit(pool, &soft, &id), CERR_INVALID);
    assert_int_equal(pool_submit(pool, &hard, &id), CERR_INVALID);
    assert_int_equal(pool_submit(pool, &large, &id), CERR_TOO_BIG);
    assert_int_equal(pool_apply_async(pool, &unknown, &handle), CERR_INVALID);
    assert_null(handle);
    assert_int_equal(pool_apply(pool, &large, -1, &handle), CERR_TOO_BIG);
    assert_null(handle);
    assert_int_equal(id, 77);
    assert_int_equal(stats_of(pool).nr_submitted, 0);
    close_and_free(pool);
}

static void pool_calls_refuse_what_is_not_there(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 2});
    struct pool_worker_info info;

    (void)state;
    assert_int_equal(pool_worker_info(pool, -1, &info), CERR_INVALID);
    assert_int_equal(pool_worker_info(pool, 2, &info), CERR_INVALID);
    assert_int_equal(pool_kill_worker(pool, -1, SIGKILL), CERR_INVALID);
    assert_int_equal(pool_kill_worker(pool, 2, SIGKILL), CERR_INVALID);
    assert_int_equal(pool_kill_worker(pool, 0, 4711), CERR_INVALID);
    assert_int_equal(pool_cancel_task(pool, 0), CERR_NOT_FOUND);
    assert_int_equal(pool_cancel_task(pool, 1), CERR_NOT_FOUND);
    assert_int_equal(pool_cancel_task(pool, UINT64_MAX), CERR_NOT_FOUND);
    assert_int_equal(pool_terminate(pool, -1), CERR_INVALID);
    assert_int_equal(pool_join(pool, 0), CERR_STATE);
    close_and_free(pool);
    pool_free(NULL);
    pool_async_free(NULL);
}

static void pool_apply_waits_for_room_in_the_queue(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .tasks_per_worker = 1,
        .max_queued_tasks = 1,
    });
    struct pool_task stuck = {.function = RUN_UNTIL_STOP};
    struct pool_task task = {.function = RUN_NOP};
    struct pool_async *handle;
    uint64_t id;

    (void)state;
    assert_int_equal(pool_submit(pool, &stuck, &id), CERR_OK);
    submit(pool, &stuck);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_AGAIN);
    assert_int_equal(pool_apply(pool, &task, 20, &handle), CERR_TIMEOUT);
    assert_null(handle); /* it was never accepted */
    assert_int_equal(pool_cancel_task(pool, id), CERR_OK);
    assert_int_equal(pool_apply(pool, &task, 20, &handle), CERR_TIMEOUT);
    assert_non_null(handle); /* it waits behind the second one */
    pool_free(pool);
    assert_true(pool_ready(handle)); /* it outlives the pool */
    pool_async_free(handle);
}

static void async_results_outlive_the_pool(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct pool_task task = {.function = RUN_FOREVER};
    struct pool_async *handles[2], *dropped;
    const struct pool_result *result;

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_int_equal(pool_apply_async(pool, &task, &handles[i]), CERR_OK);
    assert_int_equal(pool_apply_async(pool, &task, &dropped), CERR_OK);
    pool_async_free(dropped); /* the task goes on without it */
    assert_int_equal(pool_pending(pool), 3);
    pool_free(pool);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pool_get(handles[i], 0, &result), CERR_OK);
        assert_int_equal(result->status, POOL_CANCELED);
        assert_int_equal(pool_cancel(handles[i]), CERR_OK);
        pool_async_free(handles[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_open_refuses_bad_options),
        cmocka_unit_test(pool_d21_open_refuses_more_than_the_limits_allow),
        cmocka_unit_test(pool_submit_refuses_bad_tasks),
        cmocka_unit_test(pool_calls_refuse_what_is_not_there),
        cmocka_unit_test(pool_apply_waits_for_room_in_the_queue),
        cmocka_unit_test(async_results_outlive_the_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
