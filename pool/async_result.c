/*
 * The calls of pool_async.h, for tasks whose result somebody waits for, and
 * pool_submit_wait().
 *
 * An async result is made by an ordinary callback of an ordinary task. The
 * callback copies the result, which it may only borrow, and then calls the
 * user's own callback. The struct lives until its task has ended, even if the
 * user frees it before, because that callback will still come.
 */
#include "pool/pool_async.h"

#include <stdlib.h>
#include <string.h>

#include "pool/pool_internal.h"

struct pool_async {
    struct pool *pool; /* borrowed; NULL once the result is there */
    uint64_t task_id;
    struct task_callbacks callbacks; /* the user's own */
    bool is_ready;                   /* the task has ended */
    bool is_dropped; /* the user freed it before: the callback will do it */
    struct pool_result result; /* valid once is_ready */
    unsigned char *copy;       /* owned; the bytes that `result` points to */
};

/* Copies a result. Data, extra part and message lie one behind the other in
 * `copy`, and the first two are aligned as they were. If there is no memory,
 * the task counts as failed: its caller waits and must be told something. */
static void copy_result(struct pool_async *async,
                        const struct pool_result *result)
{
    size_t message_len = strlen(result->message) + 1;
    size_t data_room = (result->len + POOL_ALIGN_BYTES - 1) / POOL_ALIGN_BYTES *
                       POOL_ALIGN_BYTES;
    unsigned char *at;

    async->result = *result;
    async->copy = malloc(data_room + result->extra_len + message_len);
    if (!async->copy) {
        async->result.status = POOL_FAILED;
        async->result.code = CERR_NOMEM;
        async->result.data = async->result.extra = NULL;
        async->result.len = async->result.extra_len = 0;
        async->result.message = "no memory for the result";
        return;
    }
    at = async->copy;
    if (result->len)
        memcpy(at, result->data, result->len);
    async->result.data = at;
    at += data_room;
    if (result->extra_len)
        memcpy(at, result->extra, result->extra_len);
    async->result.extra = result->extra ? at : NULL;
    at += result->extra_len;
    memcpy(at, result->message, message_len);
    async->result.message = (const char *)at;
}

/* The callback of the task. The user's own callback comes last, because it may
 * free the async result and even the pool. */
static void on_task_end(void *user, const struct pool_result *result)
{
    struct pool_async *async = user;
    struct task_callbacks callbacks = async->callbacks;
    pool_reply_fn reply = callbacks.on_done;

    if (async->is_dropped) {
        free(async);
    } else {
        async->pool = NULL; /* which may be freed from now on */
        async->is_ready = true;
        copy_result(async, result);
    }
    if (result->status != POOL_OK && callbacks.on_error)
        reply = callbacks.on_error;
    if (reply)
        reply(callbacks.user, result);
}

enum err pool_apply_async(struct pool *pool, const struct pool_task *from,
                          struct pool_async **out)
{
    struct pool_async *async = calloc(1, sizeof(*async));
    struct pool_task task = *from;
    enum err err;

    *out = NULL;
    if (!async)
        return CERR_NOMEM;
    task.on_done = on_task_end;
    task.on_error = NULL;
    task.user = async;
    async->callbacks =
        (struct task_callbacks){from->on_done, from->on_error, from->user};
    async->pool = pool;
    err = pool_submit(pool, &task, &async->task_id);
    if (err != CERR_OK) {
        free(async);
        return err;
    }
    *out = async;
    return CERR_OK;
}

enum err pool_apply(struct pool *pool, const struct pool_task *task,
                    int64_t timeout_ms, struct pool_async **async)
{
    int64_t deadline_ms = pool_deadline_ms(timeout_ms);
    enum err err = pool_apply_async(pool, task, async);

    if (err == CERR_AGAIN) { /* wait for room in the queue first */
        pool_enter(pool);
        while (err == CERR_AGAIN && !pool_is_past(deadline_ms)) {
            run_once(pool, deadline_ms);
            err = pool_apply_async(pool, task, async);
        }
        pool_leave(pool);
        err = err == CERR_AGAIN ? CERR_TIMEOUT : err;
    }
    if (err != CERR_OK)
        return err;
    /* The task is accepted. If no time is left, pool_get() still runs the pool
     * once. */
    return pool_get(
        *async, deadline_ms == INT64_MAX ? -1 : deadline_ms - clock_mono_ms(),
        &(const struct pool_result *){NULL});
}

enum err pool_get(struct pool_async *async, int64_t timeout_ms,
                  const struct pool_result **result)
{
    struct pool *pool = async->pool;

    *result = NULL;
    if (!async->is_ready) {
        int64_t deadline_ms = pool_deadline_ms(timeout_ms);

        if (!pool_is_owner(pool))
            return CERR_PERM;
        pool_enter(pool);
        pool_flush(pool); /* the task itself may wait for its batch to fill */
        do {
            run_once(pool, deadline_ms);
        } while (!async->is_ready && !pool_is_past(deadline_ms));
        pool_leave(pool);
    }
    if (!async->is_ready)
        return CERR_TIMEOUT;
    *result = &async->result;
    return CERR_OK;
}

bool pool_ready(const struct pool_async *async)
{
    return async->is_ready;
}

enum err pool_successful(const struct pool_async *async, bool *successful)
{
    if (!async->is_ready)
        return CERR_STATE;
    *successful = async->result.status == POOL_OK;
    return CERR_OK;
}

void pool_async_free(struct pool_async *async)
{
    if (!async)
        return;
    if (!async->is_ready) { /* its task still points to it */
        async->is_dropped = true;
        return;
    }
    free(async->copy);
    free(async);
}

enum err pool_cancel(struct pool_async *async)
{
    if (async->is_ready)
        return CERR_OK;
    return pool_cancel_task(async->pool, async->task_id);
}

/* ---- a submit that waits ---- */

/*
 * Runs the pool until the task is accepted, as a host would do in a loop of its
 * own. The wait always ends: a queue without room has tasks in it, so each pass
 * makes room or finds that a worker died. When no worker is left and none may
 * be started, pool_submit() answers CERR_CLOSED; when a callback ends or frees
 * the pool, it answers CERR_STATE.
 */
enum err pool_submit_wait(struct pool *pool, const struct pool_task *task,
                          int64_t timeout_ms, uint64_t *id)
{
    int64_t deadline_ms = pool_deadline_ms(timeout_ms);
    enum err err = pool_submit(pool, task, id);

    if (err != CERR_AGAIN)
        return err;
    pool_enter(pool);
    do {
        run_once(pool, deadline_ms);
        err = pool_submit(pool, task, id);
    } while (err == CERR_AGAIN && !pool_is_past(deadline_ms));
    pool_leave(pool);
    return err == CERR_AGAIN ? CERR_TIMEOUT : err;
}
