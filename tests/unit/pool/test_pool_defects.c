/*
 * The defects that other pools are known for, one test each that would show
 * them. D1 to D23 number the list of them; D3 to D5 are in test_pool_reentry.c.
 */
#include "tests/unit/pool/pool_fixture.h"

#include <fcntl.h>

/* Whatever way a busy worker dies, its task ends and the others run. */
static void pool_d1_d8_reports_every_kind_of_death(void **state)
{
    static const struct {
        const char *name;
        int how, signal_nr, exit_code;
    } rows[] = {
        {"segmentation fault", DIE_SEGV, SIGSEGV, 0},
        {"abort", DIE_ABORT, SIGABRT, 0},
        {"kill", DIE_KILL, SIGKILL, 0},
        {"exit 0", DIE_EXIT_0, 0, 0},
        {"exit 3", DIE_EXIT_3, 0, 3},
    };
    struct pool *pool = open_pool((struct pool_options){.max_restarts = 1000});
    struct pool_task echo = {.function = RUN_ECHO, .data = "x", .len = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pool_task task = int_task(RUN_DIE, &rows[i].how);
        struct pool_async *handle;
        const struct pool_result *result;

        print_message("%s\n", rows[i].name);
        for (int attempts = 1; attempts <= 2; attempts++) {
            task.retryable = attempts == 2;
            result = apply(pool, &task, &handle);
            assert_int_equal(result->status, POOL_LOST);
            assert_int_equal(result->signal_nr, rows[i].signal_nr);
            assert_int_equal(result->exit_code, rows[i].exit_code);
            assert_int_equal(result->attempts, attempts);
            pool_async_free(handle);
        }
        assert_int_equal(apply(pool, &echo, &handle)->status, POOL_OK);
        pool_async_free(handle);
    }
    assert_int_equal(stats_of(pool).nr_lost, 10);
    assert_int_equal(stats_of(pool).nr_retried, 5);
    close_and_free(pool);
}

/* The tasks behind a fatal one, sent but not started, are not harmed. */
static void pool_d1_loses_only_the_task_that_ran(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct tally before = {0}, fatal = {0}, after = {0};
    int how = DIE_SEGV;
    struct pool_task task = tally_task(RUN_NOP, &before);

    (void)state;
    submit_many(pool, &task, 20);
    task = int_task(RUN_DIE, &how);
    task.on_done = on_tally;
    task.user = &fatal;
    submit(pool, &task);
    task = (struct pool_task){
        .function = RUN_ATTEMPT,
        .on_done = on_tally,
        .user = &after,
    };
    submit_many(pool, &task, 20);
    turn_until(pool, &after.nr, 20);
    assert_int_equal(before.by_status[POOL_OK], 20);
    assert_int_equal(fatal.by_status[POOL_LOST], 1);
    assert_int_equal(after.by_status[POOL_OK], 20);
    assert_int_equal(after.last.attempts, 1); /* the return was no start */
    close_and_free(pool);
}

static void pool_d1_retries_what_may_be_retried(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    int how = DIE_KILL, attempt;
    struct pool_task task = int_task(RUN_DIE_ONCE, &how);
    struct pool_async *handle;
    const struct pool_result *result;

    (void)state;
    task.retryable = true;
    result = apply(pool, &task, &handle);
    assert_int_equal(result->status, POOL_OK);
    assert_int_equal(result->attempts, 2);
    memcpy(&attempt, result->data, sizeof(attempt));
    assert_int_equal(attempt, 2);
    pool_async_free(handle);
    close_and_free(pool);
}

/* Killing idle workers takes nothing with them. */
static void pool_d2_survives_the_death_of_idle_workers(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.max_restarts = 100});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);

    (void)state;
    for (size_t round = 1; round <= 6; round++) {
        wait_for_idle(pool);
        for (int i = 0; i < 2; i++)
            assert_int_equal(pool_kill_worker(pool, i, SIGKILL), CERR_OK);
        submit_many(pool, &task, 4);
        turn_until(pool, &tally.nr, 4 * round);
        while (stats_of(pool).nr_deaths < 2 * round)
            turn(pool);
    }
    assert_int_equal(tally.by_status[POOL_OK], 24);
    close_and_free(pool);
}

static int fail_init(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
    return 4;
}

static void on_death(void *user, int worker, pid_t pid, int signal_nr,
                     int exit_code)
{
    (void)worker;
    assert_true(pid > 0);
    assert_int_equal(signal_nr, 0);
    assert_int_equal(exit_code, 4);
    ++*(size_t *)user;
}

/* It ends by itself, and all that waits is reported. */
static void pool_d9_gives_up_when_init_always_fails(void **state)
{
    size_t nr_deaths = 0;
    struct pool *pool = open_pool((struct pool_options){
        .worker_init = fail_init,
        .max_restarts = 3,
        .on_worker_death = on_death,
        .user = &nr_deaths,
    });
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);

    (void)state;
    submit_many(pool, &task, 10);
    turn_until(pool, &tally.nr, 10);
    assert_int_equal(tally.by_status[POOL_LOST], 10);
    assert_int_equal(tally.last.exit_code, 4);
    assert_int_equal(tally.last.attempts, 0);
    assert_int_equal(nr_deaths, 2 * 4);
    assert_true(stats_of(pool).degraded);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_CLOSED);
    close_and_free(pool);
}

/* Hard deadlines end the late task alone. */
static void pool_d10_kills_what_is_late_and_nothing_else(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1, .max_restarts = 1, /* a deadline is no crash */
    });
    struct tally late = {0}, after = {0};
    struct pool_task task = {
        .function = RUN_FOREVER,
        .hard_timeout_ms = 300, /* a start takes less on a busy machine too */
        .on_done = on_tally,
        .user = &late,
    };

    (void)state;
    submit_many(pool, &task, 3);
    task = (struct pool_task){
        .function = RUN_NOP,
        .on_done = on_tally,
        .user = &after,
    };
    submit_many(pool, &task, 3);
    turn_until(pool, &after.nr, 3);
    assert_int_equal(late.by_status[POOL_TIMEOUT], 3);
    assert_int_equal(late.last.attempts, 1);
    assert_int_equal(after.by_status[POOL_OK], 3);
    assert_int_equal(after.last.attempts, 1);
    assert_false(stats_of(pool).degraded);
    close_and_free(pool);
}

/* Even one that is stopped. */
static void pool_d10_kills_a_stopped_worker_at_its_deadline(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .hard_timeout_ms = 30,
    });
    int how = DIE_STOP;
    struct pool_task task = int_task(RUN_DIE, &how);
    struct pool_async *handle;

    (void)state;
    task.retryable = true;
    assert_int_equal(apply(pool, &task, &handle)->status, POOL_TIMEOUT);
    pool_async_free(handle);
    close_and_free(pool);
}

/* No deadline counts the time of which the host says that nobody ran. */
static void pool_kills_nobody_for_the_time_that_it_was_away(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .hard_timeout_ms = 30,
    });
    struct tally tally = {0};
    int rest_ms = 300;
    struct pool_task task = int_task(RUN_REST, &rest_ms);

    (void)state;
    task.on_done = on_tally;
    task.user = &tally;
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_OK);
    while (tally.nr == 0) {
        pool_was_away(pool, WAIT_MS);
        usleep(1000);
        assert_int_equal(pool_dispatch(pool, NULL), CERR_OK);
    }
    assert_int_equal(tally.last.status, POOL_OK);
    close_and_free(pool);
}

static void pool_d10_asks_before_it_kills(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .soft_timeout_ms = 20,
        .hard_timeout_ms = WAIT_MS,
    });
    struct pool_task task = {.function = RUN_UNTIL_STOP};
    struct pool_async *handle;
    const struct pool_result *result = apply(pool, &task, &handle);

    (void)state;
    assert_int_equal(result->status, POOL_FAILED);
    assert_int_equal(result->code, 7);
    pool_async_free(handle);
    close_and_free(pool);
}

/* A cancel reaches a queued task, a sent one, and a running one. */
static void pool_d10_cancels_at_every_stage(void **state)
{
    struct pool *pool;
    struct pool_task task = {.function = RUN_UNTIL_STOP};
    struct pool_async *handles[3];
    const struct pool_result *result;

    (void)state;
    share_nr_started();
    pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .tasks_per_worker = 2,
    });
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_apply_async(pool, &task, &handles[i]), CERR_OK);
    assert_int_equal(pool_get(handles[0], 1, &result), CERR_TIMEOUT);
    wait_for_starts(1);
    for (int i = 2; i > 0; i--) {
        assert_int_equal(pool_cancel(handles[i]), CERR_OK);
        assert_true(pool_ready(handles[i])); /* at once */
        assert_int_equal(pool_get(handles[i], 0, &result), CERR_OK);
        assert_int_equal(result->status, POOL_CANCELED);
        assert_int_equal(result->attempts, 0);
    }
    assert_int_equal(pool_cancel(handles[0]), CERR_OK);
    assert_int_equal(pool_get(handles[0], WAIT_MS, &result), CERR_OK);
    assert_int_equal(result->status, POOL_CANCELED);
    assert_int_equal(result->code, 7);
    assert_int_equal(result->attempts, 1);
    for (int i = 0; i < 3; i++)
        pool_async_free(handles[i]);
    close_and_free(pool);
}

/* Join has a limit. */
static void pool_d10_join_times_out(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_task task = {.function = RUN_FOREVER};

    (void)state;
    submit(pool, &task);
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_join(pool, 30), CERR_TIMEOUT);
    assert_int_equal(pool_pending(pool), 1);
    pool_free(pool);
}

/* Replacement under load with a full queue. */
static void pool_d15_recycles_under_a_full_queue(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .max_tasks_per_worker = 1,
        .max_queued_tasks = 8,
    });
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);

    (void)state;
    for (int i = 0; i < 100; i++) {
        while (pool_submit(pool, &task, NULL) == CERR_AGAIN)
            turn(pool);
    }
    turn_until(pool, &tally.nr, 100);
    assert_int_equal(tally.by_status[POOL_OK], 100);
    close_and_free(pool);
}

static int eat_memory(struct worker_call *call)
{
    static char *eaten;
    size_t len = (size_t)40 << 20;

    (void)call;
    eaten = realloc(eaten, len);
    if (!eaten)
        return 1;
    memset(eaten, 1, len);
    return 0;
}

/* What this process holds in memory, and a fresh worker with it. */
static size_t own_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128], *at = line;

    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    strtoul(at, &at, 10); /* the first field is its whole address space */
    return strtoul(at, &at, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

/* A worker that has grown is replaced between two tasks. */
static void pool_d15_replaces_workers_that_grow(void **state)
{
    static const pool_task_fn functions[] = {eat_memory};
    struct pool_options options = {
        .nr_workers = 1,
        .functions = functions,
        .nr_functions = 1,
    };
    struct pool *pool;
    struct tally tally = {0};
    struct pool_task task = {.on_done = on_tally, .user = &tally};

    (void)state;
    options.max_worker_rss_bytes = own_bytes() + ((size_t)16 << 20);
    assert_int_equal(pool_open(&pool, &options), CERR_OK);
    submit(pool, &task);
    turn_until(pool, &tally.nr, 1);
    while (info_of(pool, 0).generation == 1)
        turn(pool);
    assert_int_equal(tally.by_status[POOL_OK], 1);
    close_and_free(pool);
}

/* An interrupt of the whole process group is the parent's to judge. */
static void pool_d20_workers_ignore_an_interrupt(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_task task = {.function = RUN_PID};
    struct pool_async *handle;
    pid_t pids[2];

    (void)state;
    wait_for_idle(pool);
    for (int i = 0; i < 2; i++) {
        pids[i] = info_of(pool, i).pid;
        assert_int_equal(pool_kill_worker(pool, i, SIGINT), CERR_OK);
    }
    for (int i = 0; i < 10; i++) {
        assert_int_equal(apply(pool, &task, &handle)->status, POOL_OK);
        pool_async_free(handle);
    }
    for (int i = 0; i < 2; i++)
        assert_int_equal(info_of(pool, i).pid, pids[i]);
    close_and_free(pool);
}

/* Replies written right before a death are never taken for lost. */
static int reply_and_die(struct worker *worker, void *ctx)
{
    struct worker_task task;

    (void)ctx;
    for (;;) {
        struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
        enum worker_take what = worker_take(worker, &task);

        if (what == WORKER_STOP || what == WORKER_GONE)
            return 0;
        if (what == WORKER_EMPTY && worker_flush(worker) == CERR_OK)
            poll(&ready, 1, -1);
        else if (worker_reply_parts(
                     worker, &(struct worker_reply){.task_id = task.id,
                                                    .data = "done",
                                                    .len = 4}) != CERR_OK ||
                 task.id % 7 == 0)
            raise(SIGKILL); /* nothing was flushed */
    }
}

static void pool_d22_counts_what_a_dead_worker_had_done(void **state)
{
    struct pool *pool = open_pool((struct pool_options){
        .worker_main = reply_and_die,
        .max_restarts = 100000,
    });
    struct tally tally = {0};
    struct pool_task task = {.on_done = on_tally, .user = &tally};

    (void)state;
    submit_many(pool, &task, 300);
    turn_until(pool, &tally.nr, 300);
    assert_int_equal(tally.by_status[POOL_OK], 300);
    assert_true(stats_of(pool).nr_deaths > 0);
    close_and_free(pool);
}

/* More than one turn reads, and the worker is dead before the first. */
static int reply_all_and_die(struct worker *worker, void *ctx)
{
    struct pollfd ready = {.fd = worker_fd(worker), .events = POLLIN};
    struct worker_task task;

    for (size_t nr = 0; nr < *(const size_t *)ctx;) {
        if (worker_take(worker, &task) != WORKER_TASK)
            poll(&ready, 1, -1);
        else if (worker_reply_parts(worker, &(struct worker_reply){
                                                .task_id = task.id}) == CERR_OK)
            nr++;
    }
    return 3;
}

static void pool_d22_reads_all_of_a_dead_worker(void **state)
{
    size_t nr_tasks = 3000;
    struct pool *pool = open_pool((struct pool_options){
        .nr_workers = 1,
        .worker_main = reply_all_and_die,
        .ctx = &nr_tasks,
        .tasks_per_worker = 3000,
    });
    struct tally tally = {0};
    struct pool_task task = {.on_done = on_tally, .user = &tally};
    pid_t pid = info_of(pool, 0).pid;

    (void)state;
    for (size_t i = 0; i < nr_tasks; i++)
        submit(pool, &task);
    pool_flush(pool);
    wait_gone(pid);
    turn_until(pool, &tally.nr, nr_tasks);
    assert_int_equal(tally.by_status[POOL_OK], nr_tasks);
    pool_free(pool);
}

static int count_open_fds(struct worker_call *call)
{
    int nr = 0;

    for (int fd = 0; fd < 1024; fd++)
        nr += fcntl(fd, F_GETFD) >= 0;
    return worker_return(call, &nr, sizeof(nr)) == CERR_OK ? 0 : 1;
}

/* No descriptor of the parent reaches a worker. */
static void pool_d23_workers_hold_no_foreign_descriptor(void **state)
{
    static const pool_task_fn functions[] = {count_open_fds};
    struct pool_options options = {
        .nr_workers = 3,
        .functions = functions,
        .nr_functions = 1,
    };
    struct pool *pool;
    struct pool_task task = {.function = 0};
    int extra[10], nr;

    (void)state;
    for (int i = 0; i < 10; i++)
        extra[i] = dup(0);
    assert_int_equal(pool_open(&pool, &options), CERR_OK);
    for (int i = 0; i < 10; i++) {
        struct pool_async *handle;

        memcpy(&nr, apply(pool, &task, &handle)->data, sizeof(nr));
        assert_int_equal(nr, 4); /* 0, 1, 2 and the socket */
        pool_async_free(handle);
    }
    for (int i = 0; i < 10; i++)
        close(extra[i]);
    close_and_free(pool);
}

/* A long task behind short ones neither hides their results nor keeps those
 * behind it from an idle worker. */
static void pool_does_not_wait_behind_a_long_task(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally tally = {0}, never = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    struct pool_task longest = tally_task(RUN_FOREVER, &never);

    (void)state;
    submit_many(pool, &task, 50);
    submit(pool, &longest);
    submit_many(pool, &task, 50);
    turn_until(pool, &tally.nr, 100);
    assert_int_equal(never.nr, 0);
    pool_free(pool);
    assert_int_equal(never.by_status[POOL_CANCELED], 1);
}

/* The same with one worker: nobody rings while the long task runs. */
static void pool_sees_results_before_a_long_task(void **state)
{
    struct pool *pool = open_pool((struct pool_options){.nr_workers = 1});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_NOP, &tally);
    struct pool_task longest = {.function = RUN_FOREVER};
    int rest_ms = 20;
    struct pool_task rest = int_task(RUN_REST, &rest_ms);

    (void)state;
    wait_for_idle(pool);
    for (int round = 0; round < 2; round++) {
        submit_many(pool, &task, 5);
        submit(pool, round == 0 ? &rest : &longest);
    }
    turn_until(pool, &tally.nr, 10);
    assert_int_equal(pool_pending(pool), 1);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_d1_d8_reports_every_kind_of_death),
        cmocka_unit_test(pool_d1_loses_only_the_task_that_ran),
        cmocka_unit_test(pool_d1_retries_what_may_be_retried),
        cmocka_unit_test(pool_d2_survives_the_death_of_idle_workers),
        cmocka_unit_test(pool_d9_gives_up_when_init_always_fails),
        cmocka_unit_test(pool_d10_kills_what_is_late_and_nothing_else),
        cmocka_unit_test(pool_d10_kills_a_stopped_worker_at_its_deadline),
        cmocka_unit_test(pool_d10_asks_before_it_kills),
        cmocka_unit_test(pool_kills_nobody_for_the_time_that_it_was_away),
        cmocka_unit_test(pool_d10_cancels_at_every_stage),
        cmocka_unit_test(pool_d10_join_times_out),
        cmocka_unit_test(pool_d15_recycles_under_a_full_queue),
        cmocka_unit_test(pool_d15_replaces_workers_that_grow),
        cmocka_unit_test(pool_d20_workers_ignore_an_interrupt),
        cmocka_unit_test(pool_d22_counts_what_a_dead_worker_had_done),
        cmocka_unit_test(pool_d22_reads_all_of_a_dead_worker),
        cmocka_unit_test(pool_d23_workers_hold_no_foreign_descriptor),
        cmocka_unit_test(pool_does_not_wait_behind_a_long_task),
        cmocka_unit_test(pool_sees_results_before_a_long_task),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
