/*
 * worker: the worker's side of the pool.
 *
 * Two kinds of code use it. A function (pool_task_fn) gets a struct
 * worker_call: its argument, a place for its result. An own event loop
 * (pool_options.worker_main) takes tasks as they come, keeps many in flight
 * and replies in any order; the function worker is itself written this way.
 *
 * A worker has no descriptor of the parent but 0, 1 and 2, its socket, and its
 * arena: one long-lived piece of shared memory in which large replies are
 * written in place. It dies with the parent. One thread at a time.
 *
 * Code that ends the process in place of returning loses its task (POOL_LOST).
 * So does an exception of C++ that it does not catch: std::terminate() is
 * called. exit(3) also runs what the parent gave to atexit(3) before; _exit(2)
 * does not.
 */
#ifndef POOL_WORKER_H
#define POOL_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct worker;

#define WORKER_EXIT_FATAL 2 /* exit status: do not start me again */

/* Arguments as a worker reads them, and results as the parent reads them, are
 * aligned to this: a struct of integers, pointers and doubles may be read in
 * place, once its length was checked. What needs more (long double, vectors)
 * is to be copied out. */
#define POOL_ALIGN_BYTES   8
/* Room for a result, where it is written. */
#define WORKER_ALIGN_BYTES 64

/* ---- functions ---- */

struct worker_call {
    struct worker *worker;
    void *ctx; /* pool_options.ctx */
    uint64_t task_id;
    int attempt;      /* 1 for the first start */
    const void *data; /* argument, borrowed; aligned to POOL_ALIGN_BYTES */
    size_t len;
};

/* Copies a result; the last call counts. CERR_TOO_BIG above the arena. */
enum err worker_return(struct worker_call *call, const void *data,
                       size_t len) CERR_CHECK;
/* Room for a result of `len` bytes, written in place: uninitialised, aligned to
 * WORKER_ALIGN_BYTES; NULL if it is larger than the arena. Replaces an earlier
 * result. */
void *worker_return_space(struct worker_call *call, size_t len);
/* Sets a text for people that goes with the result; cut at POOL_MESSAGE_BYTES.
 */
void worker_message(struct worker_call *call, const char *text);
/* Whether the function should return soon: its task is past the soft deadline,
 * or was canceled. */
bool worker_should_stop(const struct worker_call *call);

/* ---- own event loop ---- */

struct worker_task {
    uint64_t id;
    unsigned function;
    int attempt;
    const void *data; /* borrowed until the next worker_take(); aligned to
                         POOL_ALIGN_BYTES */
    size_t len;
};

enum worker_take {
    WORKER_TASK,   /* `task` is filled; it counts as started */
    WORKER_EMPTY,  /* nothing now: poll worker_fd() */
    WORKER_CANCEL, /* `task->id` is past its soft deadline, or not wanted any
                      more: reply soon, anything */
    WORKER_STOP,   /* no more will come: finish what is in flight and return;
                      cancels may still come */
    WORKER_GONE,   /* the parent is gone: return at once */
};

/* Slot of this worker, 0 to nr_workers - 1. */
int worker_slot(const struct worker *worker);
/* The descriptor to watch for reading. */
int worker_fd(const struct worker *worker);
/* The next thing the parent wants; never blocks. Reads many at once, so call
 * it until WORKER_EMPTY before polling. */
enum worker_take worker_take(struct worker *worker, struct worker_task *task);

/*
 * Space for a reply in the arena: uninitialised, aligned to WORKER_ALIGN_BYTES.
 * NULL while
 * the arena is full: flush, keep the task, and try again when worker_fd() was
 * readable. A size above worker_space_max() never succeeds.
 */
void *worker_space(struct worker *worker, size_t len);
size_t worker_space_max(const struct worker *worker);
/* Gives space back that will not be sent. */
void worker_space_drop(struct worker *worker, void *space);

struct worker_reply {
    uint64_t task_id;
    int code;         /* 0: it went well */
    const void *data; /* copied; more than POOL_INLINE_BYTES of it go through
                         the arena */
    size_t len;
    void *space; /* NULL, or from worker_space(): lent to the parent, and comes
                    back by itself */
    size_t space_len;
};
/*
 * Ends a task. The reply is in shared memory at once, and counts even if the
 * worker dies now; the parent is woken at worker_flush(), or after
 * POOL_BATCH_TASKS replies.
 * Returns CERR_INVALID (no such task in flight, no such space), CERR_TOO_BIG,
 * CERR_AGAIN (the arena is full, when `data` is large), CERR_CLOSED. On any
 * error nothing was sent and `space` is still the caller's.
 */
enum err worker_reply_parts(struct worker *worker,
                            const struct worker_reply *reply) CERR_CHECK;
/* Wakes the parent for the replies so far, if it sleeps. Never blocks: there
 * is room for every reply that may be given. CERR_CLOSED. */
enum err worker_flush(struct worker *worker) CERR_CHECK;
/* Number of replies since the last flush. */
size_t worker_unsent(const struct worker *worker);

/* Gives a sign of life (pool_options.silence_ms). Call it once in each round of
 * the loop. */
void worker_alive(struct worker *worker);

#ifdef __cplusplus
}
#endif

#endif
