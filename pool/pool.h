/*
 * pool: a fixed set of worker processes that run tasks; the parent's side.
 *
 * Bytes go in, bytes come out; what they mean is the caller's business. A
 * worker runs functions named by the caller, one at a time, or its own event
 * loop with many tasks in flight (worker.h). The pool starts no thread and
 * installs no signal handler: its state moves only inside the calls below, on
 * the caller's stack. Workers come from a nursery process that is forked first
 * thing in pool_open(), so open it before threads, libcurl or SQLite.
 *
 * A task ends exactly once, with a result: done, failed by its function, too
 * late, canceled, or lost with its worker. Every call is legal inside a
 * callback. A pool belongs to the process that opened it: calls from another
 * one answer ERR_PERM. It is not safe for use by two threads at once.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "pool/worker.h"

struct pool;
struct pool_handle; /* one submitted task whose result somebody will get */

enum pool_status {
    POOL_OK,       /* the function returned 0, or the worker replied */
    POOL_FAILED,   /* the function returned another value: `code` */
    POOL_TIMEOUT,  /* past its hard deadline; the worker was killed */
    POOL_CANCELED, /* canceled, or the pool was terminated */
    POOL_LOST,     /* its worker died: `signal_nr` or `exit_code` */
};

/*
 * How one task ended. All of it is borrowed: valid during the callback. `data`
 * up to POOL_INLINE_BYTES is a private copy; what is larger, and `extra`, lies
 * in memory that the worker can still write: do not check it and read again.
 */
struct pool_result {
    uint64_t task_id;
    enum pool_status status;
    int code;         /* POOL_FAILED: what the function returned */
    int signal_nr;    /* POOL_LOST: the signal that killed, or 0 */
    int exit_code;    /* POOL_LOST: the exit status if there was no signal */
    int attempts;     /* starts so far, at least 1 once it has started */
    int worker;       /* slot that ran it last, -1 if none did */
    const void *data; /* what the worker replied, `len` bytes */
    size_t len;
    const void *extra; /* second part of a reply (worker_reply_parts) */
    size_t extra_len;
    const char *message; /* for people, "" if there is none */
};

/* Called in the parent, exactly once a task, before pool_get() returns. */
typedef void (*pool_reply_fn)(void *user, const struct pool_result *result);

/* A function that workers run. Returns 0 or the code of its failure. */
typedef int (*pool_task_fn)(struct worker_call *call);

#define POOL_WORKERS_MAX   256
#define POOL_BATCH_TASKS   32   /* after so many the other side is woken */
#define POOL_INLINE_BYTES  4096 /* larger results go through the arena */
#define POOL_MESSAGE_BYTES 1024 /* of a result's message, at most */

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

/*
 * Starts the nursery and all workers; all or nothing.
 * Returns ERR_INVALID (negative or too many workers, both or neither of
 * functions and worker_main), ERR_LIMIT (RLIMIT_NPROC or RLIMIT_NOFILE too
 * small), ERR_NOMEM, ERR_IO.
 */
enum err pool_open(struct pool **pool,
                   const struct pool_options *options) ERR_CHECK;

struct pool_task {
    unsigned function; /* place in options.functions */
    const void *data;  /* argument, copied */
    size_t len;
    uint64_t affinity; /* tasks with the same key stay with one worker while
                          that has room; 0: any worker */
    bool retryable;    /* may start again when its worker died */
    int64_t soft_timeout_ms; /* 0: the pool's; from its start */
    int64_t hard_timeout_ms; /* 0: the pool's */
    pool_reply_fn on_done;   /* may be NULL */
    pool_reply_fn on_error;  /* called in place of on_done when the status is
                                not POOL_OK; NULL: on_done gets both */
    void *user;              /* for both */
};

/*
 * Queues a task. `id` (may be NULL) gets its number, never 0.
 * Returns ERR_AGAIN (a bound is reached: on_writable follows), ERR_TOO_BIG
 * (argument over max_task_bytes), ERR_STATE (after close), ERR_CLOSED (no
 * worker is left and none may be started), ERR_PERM, ERR_NOMEM.
 */
enum err pool_submit(struct pool *pool, const struct pool_task *task,
                     uint64_t *id) ERR_CHECK;

/* Sends what is queued to workers with room; pool_dispatch() does it too. */
void pool_flush(struct pool *pool);

/* A descriptor that polls readable when pool_dispatch() has work. */
int pool_fd(const struct pool *pool);
/* Most time until pool_dispatch() should run without that; -1: no limit. */
int64_t pool_wait_ms(const struct pool *pool, int64_t now_ms);
/* Reads replies, sees deaths and deadlines, runs callbacks, sends tasks.
 * Never blocks. `nr_done` (may be NULL) gets the number of callbacks run. */
enum err pool_dispatch(struct pool *pool, size_t *nr_done) ERR_CHECK;

/* How many tasks could be sent now without waiting in the parent. */
size_t pool_room(const struct pool *pool);
/* Tasks neither done nor reported. */
size_t pool_pending(const struct pool *pool);

/* Python's apply and apply_async. `timeout_ms` < 0: no limit. pool_apply()
 * gives the handle on ERR_OK, then it is ready, and on ERR_TIMEOUT if the task
 * was accepted; else it is NULL. */
enum err pool_apply(struct pool *pool, const struct pool_task *task,
                    int64_t timeout_ms, struct pool_handle **handle) ERR_CHECK;
enum err pool_apply_async(struct pool *pool, const struct pool_task *task,
                          struct pool_handle **handle) ERR_CHECK;
/* Waits for the end and lends the result, which lives as long as the handle.
 * ERR_TIMEOUT cancels nothing. */
enum err pool_get(struct pool_handle *handle, int64_t timeout_ms,
                  const struct pool_result **result) ERR_CHECK;
bool pool_ready(const struct pool_handle *handle);
/* ERR_STATE while it is not ready. */
enum err pool_successful(const struct pool_handle *handle,
                         bool *successful) ERR_CHECK;
/* Unstarted: canceled at once, its callback runs now. Started: its worker is
 * told (soft), and the result says POOL_CANCELED unless it was done first. */
enum err pool_cancel(struct pool_handle *handle) ERR_CHECK;
/* NULL is fine; the task itself goes on. */
void pool_handle_free(struct pool_handle *handle);

/* Ends a task by its number, as pool_cancel. ERR_NOT_FOUND. */
enum err pool_cancel_task(struct pool *pool, uint64_t id) ERR_CHECK;

/* No new tasks; the accepted ones run. */
enum err pool_close(struct pool *pool) ERR_CHECK;
/* Waits until every task is done and every worker has left; one that was told
 * to and does not is killed after 10 s. ERR_STATE before close or terminate,
 * ERR_TIMEOUT. */
enum err pool_join(struct pool *pool, int64_t timeout_ms) ERR_CHECK;
/* Every pending task ends as POOL_CANCELED (callbacks run); workers are told
 * to stop, killed after `grace_ms`. */
enum err pool_terminate(struct pool *pool, int64_t grace_ms) ERR_CHECK;
/* Terminates what is left and frees everything; NULL is fine. Legal inside a
 * callback: the pool goes when the outermost call returns. */
void pool_free(struct pool *pool);

enum pool_worker_state {
    POOL_WORKER_STARTING,
    POOL_WORKER_IDLE,
    POOL_WORKER_BUSY,
    POOL_WORKER_STOPPING,
    POOL_WORKER_DEAD, /* waiting for its back-off, or given up */
};

/* One line of the scoreboard. */
struct pool_worker_info {
    pid_t pid;
    enum pool_worker_state state;
    uint32_t generation; /* counts replacements in this slot */
    size_t in_flight;    /* tasks it holds */
    uint64_t nr_done;    /* by this generation */
    int64_t since_ms;    /* monotonic: when the oldest task it holds started,
                            or when it became idle */
};

struct pool_stats {
    int nr_workers; /* alive */
    bool degraded;  /* over the restart intensity: fewer than asked for */
    uint64_t nr_submitted, nr_ok, nr_failed, nr_timeout, nr_canceled, nr_lost;
    uint64_t nr_retried, nr_deaths, nr_protocol_errors;
    size_t nr_queued; /* waiting in the parent */
    size_t queued_bytes;
};

void pool_get_stats(const struct pool *pool, struct pool_stats *stats);
/* ERR_INVALID when there is no such slot. */
enum err pool_worker_info(const struct pool *pool, int worker,
                          struct pool_worker_info *info) ERR_CHECK;
/* Sends a signal to a worker through its pidfd; for tests and operators. */
enum err pool_kill_worker(struct pool *pool, int worker,
                          int signal_nr) ERR_CHECK;

#endif
