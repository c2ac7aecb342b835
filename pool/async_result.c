/*
 * Handles: tasks whose result somebody waits for.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

struct pool_async {
    struct pool *pool; /* NULL once it is ready */
    uint64_t task_id;
    bool is_ready;
    struct pool_result result;
    unsigned char *copy; /* owned: what `result` points to */
};

void handle_complete(struct pool_async *handle,
                     const struct pool_result *result)
{
    size_t message_len = strlen(result->message) + 1;
    size_t data_room = (result->len + POOL_ALIGN_BYTES - 1) / POOL_ALIGN_BYTES *
                       POOL_ALIGN_BYTES;
    unsigned char *at;

    handle->pool = NULL;
    handle->is_ready = true;
    handle->result = *result;
    handle->copy = malloc(data_room + result->extra_len + message_len);
    if (!handle->copy) {
        handle->result.status = POOL_FAILED;
        handle->result.code = CERR_NOMEM;
        handle->result.data = handle->result.extra = NULL;
        handle->result.len = handle->result.extra_len = 0;
        handle->result.message = "no memory for the result";
        return;
    }
    at = handle->copy;
    if (result->len)
        memcpy(at, result->data, result->len);
    handle->result.data = at;
    at += data_room;
    if (result->extra_len)
        memcpy(at, result->extra, result->extra_len);
    handle->result.extra = result->extra ? at : NULL;
    at += result->extra_len;
    memcpy(at, result->message, message_len);
    handle->result.message = (const char *)at;
}

enum err pool_apply_async(struct pool *pool, const struct pool_task *task,
                          struct pool_async **out)
{
    struct pool_async *handle = calloc(1, sizeof(*handle));
    enum err err;

    *out = NULL;
    if (!handle)
        return CERR_NOMEM;
    err = pool_submit(pool, task, &handle->task_id);
    if (err != CERR_OK) {
        free(handle);
        return err;
    }
    handle->pool = pool;
    /* no callback has run since, so it is still there */
    task_find(pool, handle->task_id)->handle = handle;
    *out = handle;
    return CERR_OK;
}

static int64_t to_deadline(int64_t timeout_ms)
{
    return timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
}

static bool is_past(int64_t deadline_ms)
{
    return deadline_ms != INT64_MAX && clock_mono_ms() >= deadline_ms;
}

enum err pool_apply(struct pool *pool, const struct pool_task *task,
                    int64_t timeout_ms, struct pool_async **handle)
{
    int64_t deadline_ms = to_deadline(timeout_ms);
    enum err err = pool_apply_async(pool, task, handle);

    if (err == CERR_AGAIN) { /* wait for room in the queue first */
        pool_enter(pool);
        while (err == CERR_AGAIN && !is_past(deadline_ms)) {
            pool_run_once(pool, deadline_ms);
            err = pool_apply_async(pool, task, handle);
        }
        pool_leave(pool);
        err = err == CERR_AGAIN ? CERR_TIMEOUT : err;
    }
    if (err != CERR_OK)
        return err;
    return pool_get(
        *handle, deadline_ms == INT64_MAX ? -1 : deadline_ms - clock_mono_ms(),
        &(const struct pool_result *){NULL});
}

enum err pool_get(struct pool_async *handle, int64_t timeout_ms,
                  const struct pool_result **result)
{
    struct pool *pool = handle->pool;

    *result = NULL;
    if (!handle->is_ready) {
        int64_t deadline_ms = to_deadline(timeout_ms);

        if (!pool_is_owner(pool))
            return CERR_PERM;
        pool_enter(pool);
        pool_flush(pool);
        do {
            pool_run_once(pool, deadline_ms);
        } while (!handle->is_ready && !is_past(deadline_ms));
        pool_leave(pool);
    }
    if (!handle->is_ready)
        return CERR_TIMEOUT;
    *result = &handle->result;
    return CERR_OK;
}

bool pool_ready(const struct pool_async *handle)
{
    return handle->is_ready;
}

enum err pool_successful(const struct pool_async *handle, bool *successful)
{
    if (!handle->is_ready)
        return CERR_STATE;
    *successful = handle->result.status == POOL_OK;
    return CERR_OK;
}

void pool_async_free(struct pool_async *handle)
{
    if (!handle)
        return;
    if (!handle->is_ready)
        task_find(handle->pool, handle->task_id)->handle = NULL;
    free(handle->copy);
    free(handle);
}

enum err pool_cancel(struct pool_async *handle)
{
    if (handle->is_ready)
        return CERR_OK;
    return pool_cancel_task(handle->pool, handle->task_id);
}

/* Cancels a task that is in flight, unless its reply is here already. */
static void cancel_in_flight(struct pool *pool, struct task *task)
{
    struct slot *slot = &pool->slots[task->slot];
    uint64_t id = task->id;

    slot_read(slot, SIZE_MAX);
    task = task_find(pool, id);
    if (!task || !task->in_flight)
        return;
    slot = &pool->slots[task->slot];
    slot_recall(slot, 0);
    if (!task->in_flight)
        return;
    task->is_canceled = true;
    task->is_notified = false;
    slot_notify(slot, task);
}

enum err pool_cancel_task(struct pool *pool, uint64_t id)
{
    struct task *task;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    task = task_find(pool, id);
    if (!task)
        return CERR_NOT_FOUND;
    pool_enter(pool);
    if (task->in_flight)
        cancel_in_flight(pool, task);
    task = task_find(pool, id);
    if (task && !task->in_flight && !task->is_doomed) {
        task_dequeue(pool, task);
        task_doom(pool, task, POOL_CANCELED, NULL);
    }
    task_finish_doomed(pool);
    route_queue(pool);
    pool_leave(pool);
    return CERR_OK;
}

/* ---- a submit that waits ---- */

/*
 * A host's loop in one call. The wait ends: a queue without room has tasks in
 * it, and each turn either makes room, or finds that a worker died, or, when
 * none is left and none may be started, marks the pool so that pool_submit()
 * answers CERR_CLOSED. A callback that ends or frees the pool makes it answer
 * CERR_STATE.
 */
enum err pool_submit_wait(struct pool *pool, const struct pool_task *task,
                          int64_t timeout_ms, uint64_t *id)
{
    int64_t deadline_ms = to_deadline(timeout_ms);
    enum err err = pool_submit(pool, task, id);

    if (err != CERR_AGAIN)
        return err;
    pool_enter(pool);
    do {
        pool_run_once(pool, deadline_ms);
        err = pool_submit(pool, task, id);
    } while (err == CERR_AGAIN && !is_past(deadline_ms));
    pool_leave(pool);
    return err == CERR_AGAIN ? CERR_TIMEOUT : err;
}
