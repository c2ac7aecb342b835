/*
 * The public calls of pool.h, but for pool_open() (open.c) and those that wait
 * for one task (async_result.c).
 *
 * A call first asks whether this process owns the pool. One that may run
 * callbacks stands between pool_enter() and pool_leave(): a callback may call
 * pool_free(), and then the pool must live until the outermost call returns.
 */
#include "pool/pool.h"

#include "pool/pool_internal.h"

/* ---- calls ---- */

bool pool_is_owner(const struct pool *pool)
{
    return *pool->owner_mark != 0;
}

/* Dooms every task and tells the workers to leave. Runs no callback: that is
 * left to task_finish_doomed(). Without a grace the workers are killed at once.
 */
static void terminate_all(struct pool *pool, int64_t grace_ms)
{
    pool->now_ms = clock_mono_ms();
    pool->end.phase = PHASE_TERMINATED;
    pool->end.kill_ms = pool->now_ms + grace_ms;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        slot_cancel_all(slot);
        slot_stop(slot, SLOT_CLOSED);
        if (grace_ms == 0)
            slot_kill(slot, SLOT_TERMINATED);
    }
    task_doom_queue(pool, POOL_CANCELED, NULL);
}

void pool_enter(struct pool *pool)
{
    pool->depth++;
}

void pool_leave(struct pool *pool)
{
    if (pool->depth == 1 && pool->end.is_free_asked) {
        /* `depth` stays 1 meanwhile, because callbacks may call the pool */
        terminate_all(pool, 0);
        task_finish_doomed(pool);
        pool_destroy(pool);
        return;
    }
    pool->depth--;
}

enum err pool_dispatch(struct pool *pool, size_t *nr_done)
{
    size_t nr;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    pool_enter(pool);
    nr = run_once(pool, 0);
    if (nr_done)
        *nr_done = nr;
    pool_leave(pool);
    return CERR_OK;
}

int pool_fd(const struct pool *pool)
{
    return pool->epoll_fd;
}

int64_t pool_wait_ms(const struct pool *pool, int64_t now_ms)
{
    int64_t next_ms = run_once_next_ms(pool);

    if (next_ms == INT64_MAX)
        return -1;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* ---- submit and cancel ---- */

/* Whether the queue has room for an argument of `len` bytes. An empty queue
 * takes one of any size, or a large one could never be sent. */
static bool has_queue_room(const struct pool *pool, size_t len)
{
    const struct task_queue *queue = &pool->queue;

    return queue->list.nr < pool->options.max_queued_tasks &&
           (queue->list.nr == 0 ||
            queue->bytes + len <= pool->options.max_queued_bytes);
}

enum err pool_submit(struct pool *pool, const struct pool_task *from,
                     uint64_t *id)
{
    struct task *task;
    enum err err;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (pool->end.phase != PHASE_RUNNING)
        return CERR_STATE;
    if (pool->end.is_dead)
        return CERR_CLOSED;
    if ((pool->options.functions &&
         from->function >= pool->options.nr_functions) ||
        from->soft_timeout_ms < 0 || from->hard_timeout_ms < 0)
        return CERR_INVALID;
    if (from->len > pool->options.max_task_bytes)
        return CERR_TOO_BIG;
    /* workers may have made room since the pool last looked */
    if (!has_queue_room(pool, from->len))
        pool_flush(pool);
    if (!has_queue_room(pool, from->len)) {
        pool->queue.wants_writable = true;
        return CERR_AGAIN;
    }
    err = task_new(pool, from, &task);
    if (err != CERR_OK)
        return err;
    task_enqueue(pool, task);
    pool->stats.nr_submitted++;
    if (id)
        *id = task->id;
    /* One look at all slots and one bell for each worker serve a whole batch of
     * tasks, so that a single submit is cheap. */
    if (++pool->queue.nr_unflushed >= POOL_BATCH_TASKS)
        pool_flush(pool);
    return CERR_OK;
}

void pool_flush(struct pool *pool)
{
    if (!pool_is_owner(pool))
        return;
    pool->now_ms = clock_mono_ms();
    route_queue(pool);
}

void pool_was_away(struct pool *pool, int64_t away_ms)
{
    if (!pool_is_owner(pool) || away_ms <= 0)
        return;
    for (int i = 0; i < pool->options.nr_workers; i++)
        watchdog_forgive(&pool->slots[i], away_ms);
}

size_t pool_room(const struct pool *pool)
{
    size_t room = 0;

    for (int i = 0; i < pool->options.nr_workers; i++)
        room += slot_room(&pool->slots[i]);
    return room > pool->queue.list.nr ? room - pool->queue.list.nr : 0;
}

size_t pool_pending(const struct pool *pool)
{
    return pool->tasks.nr_pending;
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
    if (task->state == TASK_IN_FLIGHT)
        slot_cancel(&pool->slots[task->slot], id);
    /* the task may have ended meanwhile, or be back in the queue */
    task = task_find(pool, id);
    if (task && task->state == TASK_QUEUED) {
        task_dequeue(pool, task);
        task_doom(pool, task, POOL_CANCELED, NULL);
    }
    task_finish_doomed(pool);
    /* slot_cancel() has taken back all that had not started there */
    route_queue(pool);
    pool_leave(pool);
    return CERR_OK;
}

/* ---- the end ---- */

enum err pool_close(struct pool *pool)
{
    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (pool->end.phase == PHASE_RUNNING)
        pool->end.phase = PHASE_CLOSED;
    pool->now_ms = clock_mono_ms();
    /* if tasks are pending, run_once() does that at the end of the last one */
    supervisor_stop_at_end(pool);
    return CERR_OK;
}

/* Whether no process is left, none is about to come, and every task has ended.
 */
static bool all_have_left(const struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->pidfd >= 0 || slot->state == SLOT_ASKED)
            return false;
    }
    return pool->tasks.nr_pending == 0;
}

enum err pool_join(struct pool *pool, int64_t timeout_ms)
{
    int64_t deadline_ms = pool_deadline_ms(timeout_ms);
    enum err err = CERR_OK;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (pool->end.phase == PHASE_RUNNING)
        return CERR_STATE;
    pool_enter(pool);
    run_once(pool, 0); /* once in any case, even if the time is up */
    while (!all_have_left(pool)) {
        if (pool_is_past(deadline_ms)) {
            err = CERR_TIMEOUT;
            break;
        }
        run_once(pool, deadline_ms);
    }
    pool_leave(pool);
    return err;
}

enum err pool_terminate(struct pool *pool, int64_t grace_ms)
{
    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (grace_ms < 0)
        return CERR_INVALID;
    pool_enter(pool);
    terminate_all(pool, grace_ms);
    task_finish_doomed(pool);
    pool_leave(pool);
    return CERR_OK;
}

void pool_free(struct pool *pool)
{
    if (!pool || !pool_is_owner(pool))
        return;
    pool->end.is_free_asked = true;
    if (pool->depth > 0) { /* inside a callback: pool_leave() does the rest */
        terminate_all(pool, 0);
        return;
    }
    pool_enter(pool);
    pool_leave(pool);
}
