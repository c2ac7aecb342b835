/*
 * What Python's Pool guarantees, one test each: tasks, results, bounds. P1 to
 * P20 number the list of guarantees; the ends of pools and workers (P12 to
 * P16, P19) are in test_pool_life.c, map (P8 to P11) in test_map.c.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void pool_p1_starts_all_workers_and_reuses_them(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 3});
    struct pool_task task = {.function = RUN_PID};
    pid_t pids[3];

    (void)state;
    assert_int_equal(stats_of(pool).nr_workers, 3);
    for (int i = 0; i < 3; i++)
        pids[i] = info_of(pool, i).pid;
    for (int i = 0; i < 50; i++) {
        struct pool_async *handle;
        const struct pool_result *result = apply(pool, &task, &handle);
        pid_t pid;

        memcpy(&pid, result->data, sizeof(pid));
        assert_true(pid == pids[0] || pid == pids[1] || pid == pids[2]);
        assert_int_equal(pid, pids[result->worker]);
        pool_async_free(handle);
    }
    close_and_free(pool);
}

static void pool_p1_takes_one_worker_per_core_by_default(void **state)
{
    struct pool_options options = {
        .functions = run_functions,
        .nr_functions = RUN_NR,
    };
    struct pool *pool;

    (void)state;
    assert_int_equal(pool_open(&pool, &options), CERR_OK);
    assert_int_equal(stats_of(pool).nr_workers, sysconf(_SC_NPROCESSORS_ONLN));
    pool_free(pool);
}

/* The descriptors run out half way through. */
static void pool_p2_open_starts_all_or_nothing(void **state)
{
    struct pool_options options = {
        .nr_workers = 40,
        .functions = run_functions,
        .nr_functions = RUN_NR,
    };
    size_t nr_fds = count_fds(), nr_channels = count_channels();
    struct rlimit before, small;
    struct pool *pool = (struct pool *)&options;
    int taken[64];

    (void)state;
    for (int i = 0; i < 64; i++)
        taken[i] = dup(0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    small = before;
    small.rlim_cur = 140; /* looks enough, but for what is open already */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    assert_int_equal(pool_open(&pool, &options), CERR_LIMIT);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_null(pool);
    for (int i = 0; i < 64; i++)
        close(taken[i]);
    assert_int_equal(count_fds(), nr_fds);
    assert_int_equal(count_channels(), nr_channels);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

static void pool_p3_apply_runs_others_while_it_waits(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct tally tally = {0};
    struct pool_task before = tally_task(RUN_NOP, &tally);
    struct pool_task task = {.function = RUN_ECHO, .data = "abc", .len = 3};
    struct pool_async *handle;
    const struct pool_result *result;

    (void)state;
    submit(pool, &before);
    submit(pool, &before);
    result = apply(pool, &task, &handle);
    assert_int_equal(result->status, POOL_OK);
    assert_int_equal(result->attempts, 1);
    assert_int_equal(result->len, 3);
    assert_memory_equal(result->data, "abc", 3);
    assert_int_equal(tally.nr, 2);
    pool_async_free(handle);
    close_and_free(pool);
}

static void pool_p4_get_times_out_and_cancels_nothing(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    char path[] = "/tmp/pool-test-XXXXXX";
    struct pool_task task = {
        .function = RUN_WAIT_FOR_FILE,
        .data = path,
        .len = sizeof(path),
    };
    struct pool_async *handle;
    const struct pool_result *result;
    bool successful;
    int fd = mkstemp(path);

    (void)state;
    unlink(path);
    assert_int_equal(pool_apply_async(pool, &task, &handle), CERR_OK);
    assert_int_equal(pool_get(handle, 20, &result), CERR_TIMEOUT);
    assert_null(result);
    assert_false(pool_ready(handle));
    assert_int_equal(pool_successful(handle, &successful), CERR_STATE);
    close(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    assert_int_equal(pool_get(handle, WAIT_MS, &result), CERR_OK);
    assert_true(pool_ready(handle));
    assert_int_equal(pool_successful(handle, &successful), CERR_OK);
    assert_true(successful);
    pool_async_free(handle);
    unlink(path);
    close(fd);
    close_and_free(pool);
}

struct order {
    struct pool_async *handle;
    int nr_done, nr_error;
    bool was_ready;
    pid_t pid;
};

static void on_done(void *user, const struct pool_result *result)
{
    struct order *order = user;

    (void)result;
    order->nr_done++;
    order->pid = getpid();
    order->was_ready = pool_ready(order->handle);
}

static void on_error(void *user, const struct pool_result *result)
{
    struct order *order = user;

    assert_int_equal(result->status, POOL_FAILED);
    order->nr_error++;
}

static void pool_p5_calls_back_once_here_before_get_returns(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct order good = {0}, bad = {0};
    int code = 5;
    struct pool_task task = {
        .function = RUN_NOP,
        .on_done = on_done,
        .on_error = on_error,
        .user = &good,
    };
    const struct pool_result *result;

    (void)state;
    assert_int_equal(pool_apply_async(pool, &task, &good.handle), CERR_OK);
    assert_int_equal(good.nr_done, 0);
    assert_int_equal(pool_get(good.handle, WAIT_MS, &result), CERR_OK);
    assert_int_equal(good.nr_done, 1);
    assert_int_equal(good.nr_error, 0);
    assert_int_equal(good.pid, getpid());
    assert_true(good.was_ready);
    task.function = RUN_FAIL;
    task.data = &code;
    task.len = sizeof(code);
    task.user = &bad;
    assert_int_equal(pool_apply_async(pool, &task, &bad.handle), CERR_OK);
    assert_int_equal(pool_get(bad.handle, WAIT_MS, &result), CERR_OK);
    assert_int_equal(bad.nr_done, 0);
    assert_int_equal(bad.nr_error, 1);
    pool_async_free(good.handle);
    pool_async_free(bad.handle);
    close_and_free(pool);
}

static void pool_p6_d7_reports_a_failure_with_code_and_message(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    int code = -42;
    struct pool_task task = int_task(RUN_FAIL, &code);
    struct pool_async *handle;
    const struct pool_result *result = apply(pool, &task, &handle);
    bool successful;

    (void)state;
    assert_int_equal(result->status, POOL_FAILED);
    assert_int_equal(result->code, -42);
    assert_string_equal(result->message, "it failed");
    assert_int_equal(pool_successful(handle, &successful), CERR_OK);
    assert_false(successful);
    pool_async_free(handle);
    close_and_free(pool);
}

static void pool_p7_refuses_what_is_too_large_and_loses_no_worker(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .arena_bytes = 1 << 20,
        .max_task_bytes = 100000,
    });
    size_t too_big = (1 << 20) + 1;
    static char argument[100001];
    struct pool_task task = {
        .function = RUN_ECHO,
        .data = argument,
        .len = sizeof(argument),
    };
    struct pool_async *handle;
    const struct pool_result *result;

    (void)state;
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_TOO_BIG);
    task = (struct pool_task){
        .function = RUN_BIG,
        .data = &too_big,
        .len = sizeof(too_big),
    };
    result = apply(pool, &task, &handle);
    assert_int_equal(result->status, POOL_FAILED);
    pool_async_free(handle);
    assert_int_equal(stats_of(pool).nr_deaths, 0);
    close_and_free(pool);
}

/* Every way a payload can travel, at its edges, forth and back. */
static void pool_carries_payloads_of_every_size(void **state)
{
    static const size_t sizes[] = {
        0,     1,     32,    33,    40,     41,     4095,    4096,   4097,
        32768, 32769, 65536, 99999, 131072, 131073, 1000000, 1048576};
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    unsigned char *data = malloc(1048576);

    (void)state;
    for (size_t i = 0; i < 1048576; i++)
        data[i] = (unsigned char)(i * 7 + i / 253);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct pool_task task = {
                .function = RUN_ECHO,
                .data = data,
                .len = sizes[i],
            };
            struct pool_async *handle;
            const struct pool_result *result = apply(pool, &task, &handle);

            assert_int_equal(result->status, POOL_OK);
            assert_int_equal(result->len, sizes[i]);
            if (sizes[i])
                assert_memory_equal(result->data, data, sizes[i]);
            pool_async_free(handle);
        }
    }
    assert_int_equal(stats_of(pool).nr_deaths, 0);
    free(data);
    close_and_free(pool);
}

/* A function that needs room waits until the results before it are read. */
static void pool_functions_wait_for_room_in_the_arena(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .arena_bytes = 1 << 20,
    });
    struct tally tally = {0};
    size_t len = 700000;
    struct pool_task task = {
        .function = RUN_BIG,
        .data = &len,
        .len = sizeof(len),
        .on_done = on_tally,
        .user = &tally,
    };

    (void)state;
    submit_many(pool, &task, 20);
    turn_until(pool, &tally.nr, 20);
    assert_int_equal(tally.by_status[POOL_OK], 20);
    close_and_free(pool);
}

/* A task's memory goes with its end; AddressSanitizer sees the rest. */
static void pool_p17_keeps_nothing_of_ended_tasks(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .max_queued_tasks = 64,
    });
    struct tally tally = {0};
    static char argument[3000];
    struct pool_task task = {
        .function = RUN_NOP,
        .on_done = on_tally,
        .user = &tally,
        .data = argument,
        .len = sizeof(argument),
    };

    (void)state;
    for (int i = 0; i < 20000; i++) {
        while (pool_submit(pool, &task, NULL) == CERR_AGAIN)
            turn(pool);
    }
    turn_until(pool, &tally.nr, 20000);
    assert_int_equal(pool_pending(pool), 0);
    assert_int_equal(stats_of(pool).queued_bytes, 0);
    assert_int_equal(stats_of(pool).nr_submitted, 20000);
    assert_int_equal(stats_of(pool).nr_ok, 20000);
    close_and_free(pool);
}

static void on_writable(void *user, struct pool *pool)
{
    (void)pool;
    ++*(int *)user;
}

static void pool_p18_bounds_its_queue_and_says_when_there_is_room(void **state)
{
    int nr_calls = 0;
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .tasks_per_worker = 1,
        .max_queued_tasks = 4,
        .on_writable = on_writable,
        .user = &nr_calls,
    });
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    size_t nr = 0;

    (void)state;
    while (pool_submit(pool, &task, NULL) == CERR_OK)
        nr++;
    assert_int_equal(nr, 5); /* four wait, one is with the worker */
    assert_int_equal(nr_calls, 0);
    assert_int_equal(pool_room(pool), 0);
    turn_until(pool, &tally.nr, 3);
    assert_int_equal(nr_calls, 1);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_OK);
    turn_until(pool, &tally.nr, nr + 1);
    assert_int_equal(nr_calls, 1); /* nothing was refused since */
    close_and_free(pool);
}

/* The bytes that wait are bounded too. */
static void pool_p18_bounds_the_bytes_in_its_queue(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .tasks_per_worker = 1,
        .max_queued_bytes = 1000,
    });
    static char argument[400];
    struct tally tally = {0};
    struct pool_task task = {
        .function = RUN_ECHO,
        .data = argument,
        .len = sizeof(argument),
        .on_done = on_tally,
        .user = &tally,
    };
    size_t nr = 0;

    (void)state;
    while (pool_submit(pool, &task, NULL) == CERR_OK)
        nr++;
    assert_int_equal(nr, 3); /* one in the worker, two wait */
    assert_int_equal(stats_of(pool).queued_bytes, 800);
    turn_until(pool, &tally.nr, nr);
    close_and_free(pool);
}

/* First come, first served, when there is one worker. */
static void on_order(void *user, const struct pool_result *result)
{
    int *expected = user;
    int value;

    memcpy(&value, result->data, sizeof(value));
    assert_int_equal(value, *expected);
    ++*expected;
}

static void pool_p18_with_one_worker_keeps_the_order(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    int expected = 0;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct pool_task task = int_task(RUN_ECHO, &i);

        task.on_done = on_order;
        task.user = &expected;
        submit(pool, &task);
    }
    close_and_free(pool);
    assert_int_equal(expected, 2000);
}

static void pool_p20_belongs_to_the_process_that_opened_it(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_task task = {.function = RUN_NOP};
    struct pool_async *handle;
    const struct pool_result *result;
    int status;
    pid_t pid;

    (void)state;
    assert_int_equal(pool_apply_async(pool, &task, &handle), CERR_OK);
    pid = fork();
    if (pid == 0) {
        bool is_refused = pool_submit(pool, &task, NULL) == CERR_PERM &&
                          pool_dispatch(pool, NULL) == CERR_PERM &&
                          pool_close(pool) == CERR_PERM &&
                          pool_join(pool, 0) == CERR_PERM &&
                          pool_terminate(pool, 0) == CERR_PERM &&
                          pool_kill_worker(pool, 0, SIGKILL) == CERR_PERM &&
                          pool_cancel_task(pool, 1) == CERR_PERM &&
                          pool_get(handle, 0, &result) == CERR_PERM;

        pool_free(pool); /* must not end the workers of another process */
        _exit(is_refused ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(pool_get(handle, WAIT_MS, &result), CERR_OK);
    assert_int_equal(result->status, POOL_OK);
    pool_async_free(handle);
    close_and_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_p1_starts_all_workers_and_reuses_them),
        cmocka_unit_test(pool_p1_takes_one_worker_per_core_by_default),
        cmocka_unit_test(pool_p2_open_starts_all_or_nothing),
        cmocka_unit_test(pool_p3_apply_runs_others_while_it_waits),
        cmocka_unit_test(pool_p4_get_times_out_and_cancels_nothing),
        cmocka_unit_test(pool_p5_calls_back_once_here_before_get_returns),
        cmocka_unit_test(pool_p6_d7_reports_a_failure_with_code_and_message),
        cmocka_unit_test(pool_p7_refuses_what_is_too_large_and_loses_no_worker),
        cmocka_unit_test(pool_carries_payloads_of_every_size),
        cmocka_unit_test(pool_functions_wait_for_room_in_the_arena),
        cmocka_unit_test(pool_p17_keeps_nothing_of_ended_tasks),
        cmocka_unit_test(pool_p18_bounds_its_queue_and_says_when_there_is_room),
        cmocka_unit_test(pool_p18_bounds_the_bytes_in_its_queue),
        cmocka_unit_test(pool_p18_with_one_worker_keeps_the_order),
        cmocka_unit_test(pool_p20_belongs_to_the_process_that_opened_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
