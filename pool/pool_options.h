/*
 * pool_options: how a pool is to be; every 0 is a default.
 *
 * Plain data for pool_open(), which copies it; what it points to is borrowed
 * for the life of the pool. The functions in it run in the workers, but for
 * those that say otherwise.
 */
#ifndef POOL_POOL_OPTIONS_H
#define POOL_POOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pool/pool_task.h"
#include "pool/worker.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pool;

#define POOL_WORKERS_MAX 256
#define POOL_BATCH_TASKS 32 /* after so many the other side is woken */

struct pool_options {
    int nr_workers; /* 0: one for each core; at most POOL_WORKERS_MAX */

    /* The ordinary pool: functions, named by their place in this array. */
    const pool_task_fn *functions;
    size_t nr_functions;
    /* Or the worker's own event loop; then `functions` must be NULL. Returns
     * when worker_take() says that no more will come; its value is the exit
     * status (WORKER_EXIT_FATAL: do not start this one again). */
    int (*worker_main)(struct worker *worker, void *ctx);

    /* Run once in each worker, replacements too; nonzero counts as a crash
     * before the first task. May be NULL. */
    int (*worker_init)(struct worker *worker, void *ctx);
    /* Run in a worker that stops cleanly. May be NULL. */
    void (*worker_exit)(struct worker *worker, void *ctx);
    void *ctx; /* for the three above; borrowed, seen as it was at open */

    /* Three descriptors above 2, which become 0, 1 and 2 of each worker; NULL:
     * workers have those of the host. Borrowed: they are the host's to close,
     * and stay open until pool_free(). */
    const int *worker_stdio;

    int tasks_per_worker;    /* in flight in one worker, at most 16,384; 0: 128
                                for functions (those not started go to a worker
                                that is idle), 32 for an own event loop */
    size_t arena_bytes;      /* shared memory of each worker; 0: 16 MiB */
    size_t max_task_bytes;   /* of one task's argument; 0: 1 MiB */
    size_t max_queued_tasks; /* waiting in the parent; 0: 65,536 */
    size_t max_queued_bytes; /* argument bytes waiting; 0: 64 MiB */

    int max_attempts;        /* starts of a retryable task; 0: 2 */
    int64_t soft_timeout_ms; /* default per task, 0: none */
    int64_t hard_timeout_ms; /* default per task, 0: none */
    int64_t silence_ms;      /* own event loop: most time between two signs of
                                life (worker_alive); 0: no limit */
    uint64_t max_tasks_per_worker; /* then the worker is replaced; 0: never */
    size_t max_worker_rss_bytes;   /* then the worker is replaced; 0: never */
    int max_restarts;              /* of a worker that ended no task, within
                                      restart_window_ms; 0: 5. Then it is given up */
    int64_t restart_window_ms;     /* 0: 10,000 */

    /* Called when a refused pool_submit() would be accepted again. */
    void (*on_writable)(void *user, struct pool *pool);
    /* Called when a worker died or was replaced: before its replacement is
     * started, and before the callbacks of what it lost. May be NULL. */
    void (*on_worker_death)(void *user, int worker, pid_t pid, int signal_nr,
                            int exit_code);
    void *user; /* for the two above */
};

#ifdef __cplusplus
}
#endif

#endif
