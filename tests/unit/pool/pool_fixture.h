/*
 * What the tests of the pool share: the functions that its workers run, and
 * short ways to open, submit and wait. Every wait has a generous limit that
 * only a hang reaches.
 */
#ifndef TESTS_POOL_FIXTURE_H
#define TESTS_POOL_FIXTURE_H

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "pool/pool.h"
#include "pool/pool_async.h"
#include "pool/pool_stats.h"

#define WAIT_MS 60000 /* only a hang lasts that long */

enum {
    RUN_ECHO,     /* its argument */
    RUN_NOP,      /* nothing */
    RUN_FAIL,     /* fails with the int given, message "it failed" */
    RUN_BIG,      /* so many bytes (size_t), each the low byte of the number */
    RUN_REST,     /* nothing, for so many ms (int) */
    RUN_PID,      /* the pid that runs it */
    RUN_ATTEMPT,  /* the number of this start */
    RUN_DIE,      /* ends the process as the int says: see die_as() */
    RUN_DIE_ONCE, /* the same, but only at the first start */
    RUN_UNTIL_STOP,    /* works until it is told to stop, then returns 7 */
    RUN_FOREVER,       /* does not listen */
    RUN_WAIT_FOR_FILE, /* works until the file named exists */
    RUN_NR
};

enum { DIE_SEGV, DIE_ABORT, DIE_KILL, DIE_EXIT_0, DIE_EXIT_3, DIE_STOP };

static void die_as(int how)
{
    /* as it would be without a sanitizer in between */
    signal(SIGSEGV, SIG_DFL);
    signal(SIGABRT, SIG_DFL);
    switch (how) {
    case DIE_SEGV:
        raise(SIGSEGV);
        break;
    case DIE_ABORT:
        raise(SIGABRT);
        break;
    case DIE_KILL:
        raise(SIGKILL);
        break;
    case DIE_EXIT_0:
        _exit(0);
    case DIE_EXIT_3:
        _exit(3);
    case DIE_STOP:
        raise(SIGSTOP);
        break;
    default:
        break;
    }
}

static int run_echo(struct worker_call *call)
{
    return worker_return(call, call->data, call->len) == CERR_OK ? 0 : 1;
}

static int run_nop(struct worker_call *call)
{
    (void)call;
    return 0;
}

static int int_argument(const struct worker_call *call)
{
    int value = 0;

    if (call->len == sizeof(value))
        memcpy(&value, call->data, sizeof(value));
    return value;
}

static int run_fail(struct worker_call *call)
{
    worker_message(call, "it failed");
    return int_argument(call);
}

static int run_big(struct worker_call *call)
{
    size_t len;
    void *space;

    memcpy(&len, call->data, sizeof(len));
    space = worker_return_space(call, len);
    if (!space)
        return 1;
    memset(space, (int)(len & 0xff), len);
    return 0;
}

static int run_rest(struct worker_call *call)
{
    usleep((useconds_t)int_argument(call) * 1000);
    return 0;
}

static int run_pid(struct worker_call *call)
{
    pid_t pid = getpid();

    return worker_return(call, &pid, sizeof(pid)) == CERR_OK ? 0 : 1;
}

static int run_attempt(struct worker_call *call)
{
    return worker_return(call, &call->attempt, sizeof(int)) == CERR_OK ? 0 : 1;
}

static int run_die(struct worker_call *call)
{
    die_as(int_argument(call));
    return 0;
}

static int run_die_once(struct worker_call *call)
{
    if (call->attempt == 1)
        die_as(int_argument(call));
    return run_attempt(call);
}

/* Shared with the workers of pools opened later. */
static _Atomic int *nr_started;

static inline void share_nr_started(void)
{
    nr_started = mmap(NULL, sizeof(*nr_started), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(nr_started != MAP_FAILED);
}

static inline void wait_for_starts(int nr)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    while (atomic_load(nr_started) < nr) {
        assert_true(clock_mono_ms() < end_ms);
        usleep(500);
    }
}

static int run_until_stop(struct worker_call *call)
{
    if (nr_started)
        atomic_fetch_add(nr_started, 1);
    while (!worker_should_stop(call))
        usleep(500);
    return 7;
}

static int run_forever(struct worker_call *call)
{
    while (call->len == 0) /* always: it is given none */
        pause();
    return 0;
}

static int run_wait_for_file(struct worker_call *call)
{
    while (access(call->data, F_OK) != 0)
        usleep(500);
    return 0;
}

static const pool_task_fn run_functions[RUN_NR] = {
    [RUN_ECHO] = run_echo,         [RUN_NOP] = run_nop,
    [RUN_FAIL] = run_fail,         [RUN_BIG] = run_big,
    [RUN_REST] = run_rest,         [RUN_PID] = run_pid,
    [RUN_ATTEMPT] = run_attempt,   [RUN_DIE] = run_die,
    [RUN_DIE_ONCE] = run_die_once, [RUN_UNTIL_STOP] = run_until_stop,
    [RUN_FOREVER] = run_forever,   [RUN_WAIT_FOR_FILE] = run_wait_for_file,
};

/* A pool with these functions; options that are 0 get small defaults. */
static inline struct pool *open_pool(struct pool_options options)
{
    struct pool *pool;

    if (!options.worker_main) {
        options.functions = run_functions;
        options.nr_functions = RUN_NR;
    }
    if (options.nr_workers == 0)
        options.nr_workers = 2;
    if (options.arena_bytes == 0)
        options.arena_bytes = (size_t)4 << 20;
    assert_int_equal(pool_open(&pool, &options), CERR_OK);
    return pool;
}

/* How many tasks ended in which way. */
struct tally {
    size_t nr;
    size_t by_status[POOL_LOST + 1];
    struct pool_result last;
};

static inline void on_tally(void *user, const struct pool_result *result)
{
    struct tally *tally = user;

    tally->nr++;
    tally->by_status[result->status]++;
    tally->last = *result;
}

static inline struct pool_task int_task(unsigned function, const int *value)
{
    return (struct pool_task){
        .function = function,
        .data = value,
        .len = value ? sizeof(*value) : 0,
    };
}

/* A task without argument that is counted in `tally`. */
static inline struct pool_task tally_task(unsigned function,
                                          struct tally *tally)
{
    return (struct pool_task){
        .function = function, .on_done = on_tally, .user = tally};
}

static inline void submit(struct pool *pool, const struct pool_task *task)
{
    assert_int_equal(pool_submit(pool, task, NULL), CERR_OK);
}

static inline void submit_many(struct pool *pool, const struct pool_task *task,
                               int nr)
{
    for (int i = 0; i < nr; i++)
        submit(pool, task);
}

/* One turn of a host's loop; it may rely on pool_fd() and pool_wait_ms(). */
static inline void turn(struct pool *pool)
{
    struct pollfd ready = {.fd = pool_fd(pool), .events = POLLIN};
    int64_t wait_ms = pool_wait_ms(pool, clock_mono_ms());

    if (wait_ms < 0) /* then something must come by itself */
        assert_int_equal(poll(&ready, 1, WAIT_MS / 4), 1);
    else
        poll(&ready, 1, (int)wait_ms);
    assert_int_equal(pool_dispatch(pool, NULL), CERR_OK);
}

/* Turns until the number is reached. */
static inline void turn_until(struct pool *pool, const size_t *nr, size_t goal)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    while (*nr < goal) {
        assert_true(clock_mono_ms() < end_ms);
        turn(pool);
    }
}

/* Runs one task and returns its result, which lives as long as *handle. */
static inline const struct pool_result *apply(struct pool *pool,
                                              const struct pool_task *task,
                                              struct pool_async **handle)
{
    const struct pool_result *result;

    assert_int_equal(pool_apply(pool, task, WAIT_MS, handle), CERR_OK);
    assert_int_equal(pool_get(*handle, 0, &result), CERR_OK);
    return result;
}

static inline void close_and_free(struct pool *pool)
{
    assert_int_equal(pool_close(pool), CERR_OK);
    assert_int_equal(pool_join(pool, WAIT_MS), CERR_OK);
    pool_free(pool);
}

static inline struct pool_stats stats_of(const struct pool *pool)
{
    struct pool_stats stats;

    pool_get_stats(pool, &stats);
    return stats;
}

static inline struct pool_worker_info info_of(const struct pool *pool,
                                              int worker)
{
    struct pool_worker_info info;

    assert_int_equal(pool_worker_info(pool, worker, &info), CERR_OK);
    return info;
}

/* Turns until every worker is there and has nothing to do. */
static inline void wait_for_idle(struct pool *pool)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;
    struct pool_worker_info info;

    for (int i = 0; pool_worker_info(pool, i, &info) == CERR_OK; i++) {
        while (info_of(pool, i).state != POOL_WORKER_IDLE) {
            assert_true(clock_mono_ms() < end_ms);
            usleep(500); /* a worker that gets ready wakes nobody */
            assert_int_equal(pool_dispatch(pool, NULL), CERR_OK);
        }
    }
}

/* Entries of a folder of /proc. */
static inline size_t count_entries(const char *path)
{
    DIR *dir = opendir(path);
    size_t nr = 0;

    assert_non_null(dir);
    while (readdir(dir))
        nr++;
    closedir(dir);
    return nr;
}

static inline size_t count_fds(void)
{
    return count_entries("/proc/self/fd");
}

/* Lines of /proc/self/maps: what is mapped. */
static inline size_t count_channels(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    char line[512];
    size_t nr = 0;

    assert_non_null(file);
    while (fgets(line, sizeof(line), file))
        nr += strstr(line, "pool-channel") != NULL;
    fclose(file);
    return nr;
}

/* Waits until a process is gone for good (no zombie, reaped by anybody). */
static inline void wait_gone(pid_t pid)
{
    int64_t end_ms = clock_mono_ms() + WAIT_MS;

    while (kill(pid, 0) == 0) {
        assert_true(clock_mono_ms() < end_ms);
        usleep(1000);
    }
}

#endif
