/*
 * pool_async: tasks whose result somebody waits for, as Python's apply,
 * apply_async and their AsyncResult.
 *
 * A handle belongs to the process and the thread that use its pool. It may
 * outlive the pool, whose end completes it. While a call waits here, callbacks
 * of other tasks run on its stack.
 */
#ifndef POOL_POOL_ASYNC_H
#define POOL_POOL_ASYNC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pool_async; /* one submitted task whose result somebody will get */

/* Python's apply and apply_async. `timeout_ms` < 0: no limit. pool_apply()
 * gives the handle on CERR_OK, then it is ready, and on CERR_TIMEOUT if the
 * task was accepted; else it is NULL. Where the queue is full it waits for
 * room, and pool_apply_async() says CERR_AGAIN; other errors as pool_submit().
 */
enum err pool_apply(struct pool *pool, const struct pool_task *task,
                    int64_t timeout_ms, struct pool_async **async) CERR_CHECK;
enum err pool_apply_async(struct pool *pool, const struct pool_task *task,
                          struct pool_async **async) CERR_CHECK;
/* Waits for the end and lends the result, which lives as long as the handle, a
 * copy aligned as in the callback.
 * CERR_TIMEOUT cancels nothing. */
enum err pool_get(struct pool_async *async, int64_t timeout_ms,
                  const struct pool_result **result) CERR_CHECK;
bool pool_ready(const struct pool_async *async);
/* CERR_STATE while it is not ready. */
enum err pool_successful(const struct pool_async *async,
                         bool *successful) CERR_CHECK;
/* Unstarted: canceled at once, its callback runs now. Started: its worker is
 * told (soft), and the result says POOL_CANCELED unless it was done first. */
enum err pool_cancel(struct pool_async *async) CERR_CHECK;
/* NULL is fine; the task itself goes on. */
void pool_async_free(struct pool_async *async);

#ifdef __cplusplus
}
#endif

#endif
