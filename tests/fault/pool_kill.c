/*
 * Workers, the spawner and the parent are killed at random points. Every task
 * ends exactly once, and nothing is left behind: no process, no descriptor, no
 * memory. CRAWL_KILLS sets the number of kills (300).
 */
#include "tests/unit/pool/pool_fixture.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define NR_WORKERS 3

/* Uses up all memory it may have, then dies of it. */
static int run_out_of_memory(struct worker_call *call)
{
    struct rlimit limit;

    (void)call;
    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = (rlim_t)64 << 20;
    setrlimit(RLIMIT_AS, &limit);
    for (;;) {
        char *piece = malloc(1 << 20);

        if (!piece)
            abort();
        memset(piece, 1, 1 << 20);
    }
}

static int run_short(struct worker_call *call)
{
    usleep((useconds_t)(call->task_id % 300));
    return run_echo(call);
}

enum { FAULT_ECHO, FAULT_BIG, FAULT_SHORT, FAULT_DIE, FAULT_MEMORY, FAULT_NR };

static const pool_task_fn fault_functions[FAULT_NR] = {
    [FAULT_ECHO] = run_echo,
    [FAULT_BIG] = run_big,
    [FAULT_SHORT] = run_short,
    [FAULT_DIE] = run_die,
    [FAULT_MEMORY] = run_out_of_memory,
};

struct run {
    struct pool *pool;
    uint32_t seed;
    unsigned char *nr_ends; /* for each task */
    size_t nr_submitted, nr_ended, nr_wrong;
    size_t by_status[POOL_LOST + 1];
};

static uint32_t next_random(struct run *run, uint32_t below)
{
    run->seed = run->seed * 1664525 + 1013904223;
    return (run->seed >> 8) % below;
}

struct ticket {
    struct run *run;
    size_t number;
    size_t len; /* of the result, if all goes well */
};

static void on_ticket(void *user, const struct pool_result *result)
{
    struct ticket *ticket = user;
    struct run *run = ticket->run;

    run->nr_ends[ticket->number]++;
    run->nr_ended++;
    run->by_status[result->status]++;
    if (result->status == POOL_OK && result->len != ticket->len)
        run->nr_wrong++;
    free(ticket);
}

/* One task of a random kind; now and then one that kills its worker. */
static bool submit_one(struct run *run)
{
    static unsigned char argument[200000];
    struct ticket *ticket = malloc(sizeof(*ticket));
    int how = (int)next_random(run, 6); /* DIE_SEGV to DIE_STOP */
    size_t len = next_random(run, 100000);
    uint32_t kind = next_random(run, 100);
    struct pool_task task = {
        .retryable = next_random(run, 2) == 0,
        .affinity = next_random(run, 4),
        .on_done = on_ticket,
        .user = ticket,
    };

    *ticket = (struct ticket){run, run->nr_submitted, 0};
    if (kind < 2) {
        task.function = FAULT_DIE;
        task.data = &how;
        task.len = sizeof(how);
    } else if (kind == 2) {
        task.function = FAULT_MEMORY;
    } else if (kind < 20) {
        task.function = FAULT_BIG;
        task.data = &len;
        task.len = sizeof(len);
        ticket->len = len;
    } else {
        task.function = kind < 40 ? FAULT_SHORT : FAULT_ECHO;
        task.data = argument;
        task.len = ticket->len = next_random(run, kind < 25 ? 200000 : 600);
    }
    if (pool_submit(run->pool, &task, NULL) != CERR_OK) {
        free(ticket);
        return false;
    }
    run->nr_submitted++;
    return true;
}

static void kill_one(struct run *run)
{
    static const int signals[] = {SIGKILL, SIGKILL, SIGSEGV,
                                  SIGABRT, SIGSTOP, SIGTERM};
    int worker = (int)next_random(run, NR_WORKERS);
    int signal_nr = signals[next_random(run, 6)];
    enum pool_worker_state state = info_of(run->pool, worker).state;
    enum err err;

    /* most while they are idle or busy, on a slow machine too; some before */
    if (state != POOL_WORKER_IDLE && state != POOL_WORKER_BUSY &&
        next_random(run, 16) != 0)
        return;
    err = pool_kill_worker(run->pool, worker, signal_nr);
    (void)err;
}

static size_t nr_kills_wanted(void)
{
    const char *text = getenv("CRAWL_KILLS");

    return text ? strtoul(text, NULL, 10) : 300;
}

static void no_task_is_lost_to_random_kills(void **state)
{
    size_t nr_kills = nr_kills_wanted();
    size_t max_tasks = nr_kills * 1000;
    size_t nr_fds = count_fds(), nr_channels = count_channels();
    uint64_t nr_deaths;
    struct run run = {.seed = 20260101};
    struct pool_options options = {
        .nr_workers = NR_WORKERS,
        .functions = fault_functions,
        .nr_functions = FAULT_NR,
        .arena_bytes = (size_t)1 << 20,
        .hard_timeout_ms = 100,
        .max_queued_tasks = 200,
        .max_restarts = 1 << 30,
        .restart_window_ms = 1,
        .max_tasks_per_worker = 500,
    };

    (void)state;
    run.nr_ends = calloc(max_tasks, 1);
    assert_int_equal(pool_open(&run.pool, &options), CERR_OK);
    while (stats_of(run.pool).nr_deaths < nr_kills &&
           run.nr_submitted < max_tasks - 100) {
        uint32_t nr_tasks = next_random(&run, 3) ? next_random(&run, 80) : 0;
        uint32_t nr_turns = next_random(&run, 4);

        while (nr_tasks-- > 0 && submit_one(&run))
            continue;
        for (uint32_t k = 0; k < nr_turns; k++)
            assert_int_equal(pool_dispatch(run.pool, NULL), CERR_OK);
        usleep(next_random(&run, 500)); /* somewhere in their work */
        kill_one(&run);
        assert_int_equal(run.nr_submitted,
                         run.nr_ended + pool_pending(run.pool));
    }
    nr_deaths = stats_of(run.pool).nr_deaths;
    turn_until(run.pool, &run.nr_ended, run.nr_submitted);
    for (size_t i = 0; i < run.nr_submitted; i++)
        assert_int_equal(run.nr_ends[i], 1);
    assert_int_equal(run.nr_wrong, 0);
    assert_int_equal(stats_of(run.pool).nr_protocol_errors, 0);
    print_message("%zu tasks: %zu ok, %zu failed, %zu late, %zu lost; "
                  "%lu deaths, %lu retries\n",
                  run.nr_submitted, run.by_status[POOL_OK],
                  run.by_status[POOL_FAILED], run.by_status[POOL_TIMEOUT],
                  run.by_status[POOL_LOST],
                  (unsigned long)stats_of(run.pool).nr_deaths,
                  (unsigned long)stats_of(run.pool).nr_retried);
    assert_true(nr_deaths >= nr_kills);
    pool_free(run.pool);
    free(run.nr_ends);
    assert_int_equal(count_fds(), nr_fds);
    assert_int_equal(count_channels(), nr_channels);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static pid_t parent_of(pid_t pid)
{
    char path[32], line[256] = "";
    const char *at;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    fclose(file);
    at = strrchr(line, ')'); /* pid (name) state ppid: proc(5) */
    assert_non_null(at);
    return (pid_t)strtol(at + 4, NULL, 10);
}

static pid_t spawner_of(struct pool *pool)
{
    wait_for_idle(pool);
    return parent_of(info_of(pool, 0).pid);
}

/* The spare one makes new workers; what ran is judged as after any kill. */
static void death_of_the_spawner_is_survived_once(void **state)
{
    size_t nr_fds = count_fds(), nr_channels = count_channels();
    struct pool *pool;
    struct tally lost = {0}, done = {0}, stuck = {0};
    struct pool_task task = tally_task(RUN_UNTIL_STOP, &lost);

    (void)state;
    share_nr_started();
    pool = open_pool((struct pool_options){0});
    submit(pool, &task);
    submit(pool, &task);
    pool_flush(pool);
    wait_for_starts(2);
    task.function = RUN_ECHO;
    task.user = &done;
    submit_many(pool, &task, 1000);
    turn(pool);
    assert_int_equal(kill(parent_of(info_of(pool, 0).pid), SIGKILL), 0);
    turn_until(pool, &done.nr, 1000);
    assert_int_equal(done.by_status[POOL_OK], 1000);
    assert_int_equal(lost.by_status[POOL_LOST], 2); /* not retryable */
    assert_int_equal(lost.last.signal_nr, SIGKILL);
    assert_int_equal(stats_of(pool).nr_spawner_deaths, 1);
    assert_false(stats_of(pool).degraded);

    task.function = RUN_FOREVER;
    task.retryable = true;
    task.user = &stuck;
    submit_many(pool, &task, 1000);
    turn(pool);
    assert_int_equal(kill(parent_of(info_of(pool, 0).pid), SIGKILL), 0);
    turn_until(pool, &stuck.nr, 1000);
    assert_int_equal(stuck.by_status[POOL_LOST], 1000);
    assert_int_equal(pool_submit(pool, &task, NULL), CERR_CLOSED);
    assert_int_equal(stats_of(pool).nr_workers, 0);
    assert_true(stats_of(pool).degraded);
    close_and_free(pool);
    assert_int_equal(count_fds(), nr_fds);
    assert_int_equal(count_channels(), nr_channels);
}

/* While it is stopped no death is reported and no worker made. */
static void stopped_spawner_is_woken(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_ECHO, &tally);

    (void)state;
    assert_int_equal(kill(spawner_of(pool), SIGSTOP), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pool_kill_worker(pool, i, SIGKILL), CERR_OK);
    submit_many(pool, &task, 10);
    turn_until(pool, &tally.nr, 10);
    assert_int_equal(tally.by_status[POOL_OK], 10);
    assert_int_equal(stats_of(pool).nr_spawner_deaths, 0);
    assert_int_equal(kill(spawner_of(pool), SIGSTOP), 0);
    close_and_free(pool);
}

/* A trace holds it as no SIGCONT can end; it is killed and replaced. */
static void hanging_spawner_is_replaced(void **state)
{
    struct pool *pool = open_pool((struct pool_options){0});
    pid_t spawner = spawner_of(pool);
    struct tally tally = {0};
    struct pool_task task = tally_task(RUN_ECHO, &tally);

    (void)state;
    if (ptrace(PTRACE_SEIZE, spawner, NULL, NULL) != 0)
        skip();
    assert_int_equal(ptrace(PTRACE_INTERRUPT, spawner, NULL, NULL), 0);
    assert_int_equal(waitpid(spawner, NULL, 0), spawner);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pool_kill_worker(pool, i, SIGKILL), CERR_OK);
    submit_many(pool, &task, 10);
    turn_until(pool, &tally.nr, 10);
    assert_int_equal(tally.by_status[POOL_OK], 10);
    assert_int_equal(stats_of(pool).nr_spawner_deaths, 1);
    close_and_free(pool);
}

/* A parent with a pool, one worker busy and one idle; never returns. */
static void be_parent(bool is_polite)
{
    struct pool *pool = open_pool((struct pool_options){0});
    struct pool_task task = {.function = RUN_FOREVER};

    submit(pool, &task);
    turn(pool);
    if (is_polite)
        _exit(0);
    raise(SIGKILL);
}

/* All of its processes end too; they become children of this one. */
static void d23_death_of_the_parent_leaves_no_process(void **state)
{
    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    for (int i = 0; i < 10; i++) {
        int64_t end_ms = clock_mono_ms() + WAIT_MS;
        int nr_reaped = 0;
        pid_t pid = fork();

        if (pid == 0)
            be_parent(i % 2 == 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        while (waitpid(-1, NULL, WNOHANG) >= 0) {
            assert_true(clock_mono_ms() < end_ms);
            usleep(1000);
            nr_reaped++;
        }
        assert_true(nr_reaped >= 1); /* it had left something to reap */
    }
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_task_is_lost_to_random_kills),
        cmocka_unit_test(death_of_the_spawner_is_survived_once),
        cmocka_unit_test(stopped_spawner_is_woken),
        cmocka_unit_test(hanging_spawner_is_replaced),
        cmocka_unit_test(d23_death_of_the_parent_leaves_no_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
