/*
 * How pools and workers end: the guarantees P12 to P16 and P19.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void pool_p12_close_runs_what_was_accepted(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);

    (void)state;
    submit_many(pool, &task, 1000);
    assert_int_equal(pool_join(pool, 0), CERR_STATE);
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_STATE);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    assert_int_equal(tally.by_status[POOL_OK], 1000);
    assert_int_equal(stats_of(pool).nr_workers, 0);
    assert_int_equal(pool_join(pool, 0), CERR_OK);
    pool_free(pool);
}

/* Nobody has to call the pool for that. */
static void pool_p12_close_lets_idle_workers_leave(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 2});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    pid_t pids[] = {info_of(pool, 0).pid, info_of(pool, 1).pid};
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    (void)state;
    submit_many(pool, &task, 10);
    while (pool_pending(pool) > 0)
        turn(pool);
    assert_int_equal(pool_close(pool), CERR_OK);
    for (int i = 0; i < 2; i++)
        while (kill(pids[i], 0) == 0)
            assert_true(clock_mono_ms() < end_ms);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    assert_int_equal(stats_of(pool).nr_protocol_errors, 0);
    pool_free(pool);
}

static void pool_p13_terminate_ends_ten_thousand_sleeping_tasks(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 4});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_FOREVER, &tally);

    (void)state;
    submit_many(pool, &task, 10000);
    turn(pool);
    assert_int_equal(pool_terminate(pool, 10), CERR_OK);
    assert_int_equal(tally.by_status[POOL_CANCELED], 10000);
    assert_int_equal(pool_pending(pool), 0);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_STATE);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    pool_free(pool);
}

/* A task that listens ends in the grace, and its worker cleanly. */
static void pool_p13_terminate_tells_running_tasks_to_stop(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct pool_task task = {.function = RUN_UNTIL_STOP};
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    (void)state;
    submit(pool, &task);
    pool_flush(pool);
    while (info_of(pool, 0).state != POOL_WORKER_BUSY)
        assert_true(clock_mono_ms() < end_ms);
    assert_int_equal(pool_terminate(pool, WAIT_MS), CERR_OK);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    assert_int_equal(stats_of(pool).nr_protocol_errors, 0);
    pool_free(pool);
}

static void pool_p14_free_terminates_and_leaves_nothing_behind(void **state)
{
    size_t nr_fds = count_fds(), nr_channels = count_channels();
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 4});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_FOREVER, &tally);
    pid_t pids[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        pids[i] = info_of(pool, i).pid;
    submit_many(pool, &task, 100);
    turn(pool);
    pool_free(pool);
    assert_int_equal(tally.by_status[POOL_CANCELED], 100);
    for (int i = 0; i < 4; i++)
        assert_int_equal(kill(pids[i], 0), -1);
    assert_int_equal(count_fds(), nr_fds);
    assert_int_equal(count_channels(), nr_channels);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void pool_p15_replaces_workers_after_their_tasks(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .max_tasks_per_worker = 10,
        .max_restarts = 1, /* a planned replacement is no failure */
    });
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_PID, &tally);

    (void)state;
    submit_many(pool, &task, 500);
    turn_until(pool, &tally.nr, 500);
    assert_int_equal(tally.by_status[POOL_OK], 500);
    assert_true(info_of(pool, 0).generation + info_of(pool, 1).generation >=
                50);
    assert_int_equal(stats_of(pool).nr_retried, 0);
    assert_false(stats_of(pool).degraded);
    close_and_free(pool);
}

/* The first generations end one after another. */
static void pool_p15_staggers_replacements(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 4,
        .max_tasks_per_worker = 160,
        .tasks_per_worker = 1,
    });
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);

    (void)state;
    /* each worker gets as many; the last leaves after 130, the first at 160 */
    for (size_t i = 0; i < 540; i++) {
        task.affinity = i % 4 + 1;
        submit(pool, &task);
        if (i % 4 == 3)
            turn_until(pool, &tally.nr, i + 1);
    }
    while (info_of(pool, 3).generation == 1)
        turn(pool);
    assert_int_equal(info_of(pool, 0).generation, 1);
    assert_int_equal(tally.by_status[POOL_OK], 540);
    close_and_free(pool);
}

static int init_worker(struct worker *worker, void *ctx)
{
    FILE *file = fopen(ctx, "ae");

    (void)worker;
    if (!file)
        return 1;
    fputs("init\n", file);
    fclose(file);
    return 0;
}

static void exit_worker(struct worker *worker, void *ctx)
{
    FILE *file = fopen(ctx, "ae");

    (void)worker;
    if (!file)
        return;
    fputs("exit\n", file);
    fclose(file);
}

static void count_hooks(const char *path, int *nr_init, int *nr_exit)
{
    FILE *file = fopen(path, "re");
    char line[16];

    *nr_init = *nr_exit = 0;
    while (file && fgets(line, sizeof(line), file)) {
        *nr_init += strcmp(line, "init\n") == 0;
        *nr_exit += strcmp(line, "exit\n") == 0;
    }
    if (file)
        fclose(file);
}

static void pool_p16_p19_runs_hooks_in_every_worker(void **state)
{
    char path[] = "/tmp/pool-test-XXXXXX";
    int fd = mkstemp(path);
    struct pool *pool = open_pool((struct pool_options){
        .worker_init = init_worker,
        .worker_exit = exit_worker,
        .ctx = path,
    });
    int how = DIE_KILL;
    struct pool_task task = int_task(RUN_DIE_ONCE, &how);
    struct pool_async *handle;
    int nr_init, nr_exit;

    (void)state;
    task.retryable = true;
    assert_int_equal(apply(pool, &task, &handle)->status, POOL_OK);
    pool_async_free(handle);
    wait_for_idle(pool);
    close_and_free(pool);
    count_hooks(path, &nr_init, &nr_exit);
    assert_int_equal(nr_init, 3); /* two, and a replacement */
    assert_int_equal(nr_exit, 2); /* not in the one that was killed */
    unlink(path);
    close(fd);
}

/* Looks at its own standard streams, before the first task. */
static int compare_streams(struct worker *worker, void *ctx)
{
    const int *expected = ctx;

    (void)worker;
    for (int i = 0; i < 3; i++) {
        struct stat named, own;

        if (fstat(expected[i], &named) == 0 || fstat(i, &own))
            return 1; /* the host's own descriptor is here as well, or none */
        if (!S_ISFIFO(own.st_mode))
            return 1;
    }
    return 0;
}

static void pool_workers_have_the_streams_that_the_host_names(void **state)
{
    int pipes[3][2], streams[3];
    struct pool *pool;
    struct pool_async *handle;
    struct pool_task task = {.function = RUN_PID};

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
        streams[i] = fcntl(pipes[i][1], F_DUPFD_CLOEXEC, 20);
    }
    pool = open_pool((struct pool_options){
        .worker_stdio = streams,
        .worker_init = compare_streams,
        .ctx = streams,
    });
    assert_int_equal(apply(pool, &task, &handle)->status, POOL_OK);
    pool_async_free(handle);
    close_and_free(pool);
    for (int i = 0; i < 3; i++) {
        close(pipes[i][0]);
        close(pipes[i][1]);
        close(streams[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_p12_close_runs_what_was_accepted),
        cmocka_unit_test(pool_p12_close_lets_idle_workers_leave),
        cmocka_unit_test(pool_p13_terminate_ends_ten_thousand_sleeping_tasks),
        cmocka_unit_test(pool_p13_terminate_tells_running_tasks_to_stop),
        cmocka_unit_test(pool_p14_free_terminates_and_leaves_nothing_behind),
        cmocka_unit_test(pool_p15_replaces_workers_after_their_tasks),
        cmocka_unit_test(pool_p15_staggers_replacements),
        cmocka_unit_test(pool_p16_p19_runs_hooks_in_every_worker),
        cmocka_unit_test(pool_workers_have_the_streams_that_the_host_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
