/*
 * pool: a fixed set of worker processes that run tasks; the parent's side.
 *
 * Bytes go in, bytes come out; what they mean is the caller's business. A
 * worker runs functions named by the caller, one at a time, or its own event
 * loop with many tasks in flight (worker.h). The pool starts no thread and
 * installs no signal handler: its state moves only inside the calls below, on
 * the caller's stack. Workers come from a spawner process that is forked first
 * thing in pool_open(), so open it before threads, libcurl or SQLite. A second
 * one waits for the first to be killed: that is as if each worker had been.
 *
 * A task ends exactly once, with a result: done, failed by its function, too
 * late, canceled, or lost with its worker. Every call is legal inside a
 * callback. A pool belongs to the process that opened it: calls from another
 * one answer CERR_PERM. It is not safe for use by two threads at once.
 *
 * A callback must return. After an exception of C++ or a longjmp(3) out of one
 * the pool counts as inside that call for good, and pool_free() frees nothing.
 */
#ifndef POOL_POOL_H
#define POOL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/pool_options.h"
#include "pool/pool_task.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pool;

/*
 * Starts the spawner and all workers; all or nothing.
 * Returns CERR_INVALID (negative or too many workers, both or neither of
 * functions and worker_main), CERR_LIMIT (see pool_small_limit), CERR_NOMEM,
 * CERR_IO.
 */
enum err pool_open(struct pool **pool,
                   const struct pool_options *options) CERR_CHECK;

/* Whether a limit of the system is too small for a pool with these options;
 * `text` gets its name, what it is and what is needed. */
bool pool_small_limit(const struct pool_options *options, char *text,
                      size_t cap);

/*
 * Queues a task. `id` (may be NULL) gets its number, never 0.
 * Returns CERR_AGAIN (a bound is reached: on_writable follows), CERR_TOO_BIG
 * (argument over max_task_bytes), CERR_INVALID (no such function, a negative
 * time limit), CERR_STATE (after close), CERR_CLOSED (no worker is left and
 * none may be started), CERR_PERM, CERR_NOMEM.
 */
enum err pool_submit(struct pool *pool, const struct pool_task *task,
                     uint64_t *id) CERR_CHECK;

/*
 * The same, but where pool_submit() says CERR_AGAIN it waits for room in the
 * queue, at most `timeout_ms` (< 0: no limit; 0: one pool_dispatch()). Blocks,
 * and runs callbacks of other tasks meanwhile. Legal inside a callback, but
 * then they nest on the stack: a callback that only hands work on had better
 * call pool_submit() and leave what is refused to on_writable.
 * Returns CERR_TIMEOUT (no room came, the task was not accepted); CERR_CLOSED,
 * also when the last worker is given up while it waits; CERR_STATE, also when a
 * callback ends the pool meanwhile; else as pool_submit().
 */
enum err pool_submit_wait(struct pool *pool, const struct pool_task *task,
                          int64_t timeout_ms, uint64_t *id) CERR_CHECK;

/* Sends what is queued to workers with room; pool_dispatch() does it too. */
void pool_flush(struct pool *pool);

/* Tells the pool that this process did not run for so long, and maybe no worker
 * did: no limit of tasks and workers counts that time. */
void pool_was_away(struct pool *pool, int64_t away_ms);

/* A descriptor that polls readable when pool_dispatch() has work. */
int pool_fd(const struct pool *pool);
/* Most time until pool_dispatch() should run without that; -1: no limit. */
int64_t pool_wait_ms(const struct pool *pool, int64_t now_ms);
/* Reads replies, sees deaths and deadlines, runs callbacks, sends tasks.
 * Never blocks. `nr_done` (may be NULL) gets the number of callbacks run. */
enum err pool_dispatch(struct pool *pool, size_t *nr_done) CERR_CHECK;

/* How many tasks could be sent now without waiting in the parent. */
size_t pool_room(const struct pool *pool);
/* Tasks neither done nor reported. */
size_t pool_pending(const struct pool *pool);

/* Ends a task by its number, as pool_cancel. CERR_NOT_FOUND. */
enum err pool_cancel_task(struct pool *pool, uint64_t id) CERR_CHECK;

/* No new tasks; the accepted ones run. Workers leave when there are none. */
enum err pool_close(struct pool *pool) CERR_CHECK;
/* Waits until every task is done and every worker has left; one that was told
 * to and does not is killed after 10 s. CERR_STATE before close or terminate,
 * CERR_TIMEOUT. */
enum err pool_join(struct pool *pool, int64_t timeout_ms) CERR_CHECK;
/* Every pending task ends as POOL_CANCELED (callbacks run); workers are told
 * to stop, killed after `grace_ms`. CERR_INVALID (it is negative). */
enum err pool_terminate(struct pool *pool, int64_t grace_ms) CERR_CHECK;
/* Terminates what is left and frees everything; NULL is fine. Legal inside a
 * callback: the pool goes when the outermost call returns. */
void pool_free(struct pool *pool);

#ifdef __cplusplus
}
#endif

#endif
