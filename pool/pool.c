/*
 * The pool's public calls, but for open (open.c) and handles (async_result.c).
 */
#include "pool/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

/* ---- turns ---- */

void pool_enter(struct pool *pool)
{
    pool->depth++;
}

static void terminate_all(struct pool *pool, int64_t grace_ms);

void pool_leave(struct pool *pool)
{
    if (pool->depth == 1 && pool->is_free_asked) {
        /* with callbacks, so still inside */
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
    nr = pool_run_once(pool, 0);
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
    int64_t next_ms;

    if (pool->has_more || pool->doomed.first || pool->nr_unflushed > 0)
        return 0;
    next_ms = supervisor_next_ms(pool);
    if (next_ms == INT64_MAX)
        return -1;
    return next_ms > now_ms ? next_ms - now_ms : 0;
}

/* ---- submit ---- */

static bool has_queue_room(const struct pool *pool, size_t len)
{
    return pool->queue.nr < pool->options.max_queued_tasks &&
           (pool->queue.nr == 0 ||
            pool->queued_bytes + len <= pool->options.max_queued_bytes);
}

enum err pool_submit(struct pool *pool, const struct pool_task *from,
                     uint64_t *id)
{
    struct task *task;
    enum err err;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (pool->is_closed)
        return CERR_STATE;
    if (pool->is_dead)
        return CERR_CLOSED;
    if ((pool->options.functions &&
         from->function >= pool->options.nr_functions) ||
        from->soft_timeout_ms < 0 || from->hard_timeout_ms < 0)
        return CERR_INVALID;
    if (from->len > pool->options.max_task_bytes)
        return CERR_TOO_BIG;
    if (!has_queue_room(pool, from->len))
        pool_flush(pool);
    if (!has_queue_room(pool, from->len)) {
        pool->wants_writable = true;
        return CERR_AGAIN;
    }
    err = task_new(pool, from, &task);
    if (err != CERR_OK)
        return err;
    task_enqueue(pool, task);
    pool->stats.nr_submitted++;
    if (id)
        *id = task->id;
    if (++pool->nr_unflushed >= POOL_BATCH_TASKS)
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

size_t pool_room(const struct pool *pool)
{
    size_t room = 0;

    for (int i = 0; i < pool->options.nr_workers; i++)
        room += slot_room(&pool->slots[i]);
    return room > pool->queue.nr ? room - pool->queue.nr : 0;
}

size_t pool_pending(const struct pool *pool)
{
    return pool->nr_pending;
}

/* ---- the end ---- */

enum err pool_close(struct pool *pool)
{
    if (!pool_is_owner(pool))
        return CERR_PERM;
    pool->is_closed = true;
    pool->now_ms = clock_mono_ms();
    supervisor_stop_at_end(pool);
    return CERR_OK;
}

static bool all_have_left(const struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].pidfd >= 0 || pool->slots[i].is_asked)
            return false;
    }
    return pool->nr_pending == 0;
}

enum err pool_join(struct pool *pool, int64_t timeout_ms)
{
    int64_t deadline_ms =
        timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
    enum err err = CERR_OK;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (!pool->is_closed)
        return CERR_STATE;
    pool_enter(pool);
    pool_run_once(pool, 0);
    while (!all_have_left(pool)) {
        if (deadline_ms != INT64_MAX && clock_mono_ms() >= deadline_ms) {
            err = CERR_TIMEOUT;
            break;
        }
        pool_run_once(pool, deadline_ms);
    }
    pool_leave(pool);
    return err;
}

/* Dooms every task and tells the workers; runs no callback. */
static void terminate_all(struct pool *pool, int64_t grace_ms)
{
    pool->now_ms = clock_mono_ms();
    pool->is_closed = true;
    pool->is_terminated = true;
    pool->kill_ms = pool->now_ms + grace_ms;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot_is_open(slot))
            slot_recall(slot, 0);
        while (slot->flight.first) {
            struct task *task = slot->flight.first;

            slot_notify(slot, task);
            slot_remove(slot, task);
            task->attempts++;
            task_doom(pool, task, POOL_CANCELED, NULL);
        }
        if (slot->channel)
            atomic_store(&slot->channel->control->stop_id, CHANNEL_STOP_ALL);
        slot_stop(slot);
        if (grace_ms == 0)
            slot_kill(slot);
    }
    while (pool->queue.first) {
        struct task *task = pool->queue.first;

        task_dequeue(pool, task);
        task_doom(pool, task, POOL_CANCELED, NULL);
    }
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
    pool->is_free_asked = true;
    if (pool->depth > 0) {
        terminate_all(pool, 0);
        return;
    }
    pool_enter(pool);
    pool_leave(pool);
}

/* ---- looking ---- */

void pool_get_stats(const struct pool *pool, struct pool_stats *stats)
{
    *stats = pool->stats;
    stats->nr_workers = 0;
    for (int i = 0; i < pool->options.nr_workers; i++)
        stats->nr_workers += pool->slots[i].channel != NULL;
    stats->nr_queued = pool->queue.nr;
    stats->queued_bytes = pool->queued_bytes;
}

static enum pool_worker_state worker_state(const struct slot *slot)
{
    if (!slot->channel)
        return slot->is_asked ? POOL_WORKER_STARTING : POOL_WORKER_DEAD;
    if (slot->is_stopping || slot->is_killed)
        return POOL_WORKER_STOPPING;
    if (!atomic_load(&slot->channel->control->is_ready))
        return POOL_WORKER_STARTING;
    return slot->flight.nr ? POOL_WORKER_BUSY : POOL_WORKER_IDLE;
}

enum err pool_worker_info(const struct pool *pool, int worker,
                          struct pool_worker_info *info)
{
    const struct slot *slot;

    if (worker < 0 || worker >= pool->options.nr_workers)
        return CERR_INVALID;
    slot = &pool->slots[worker];
    *info = (struct pool_worker_info){
        .pid = slot->pid,
        .state = worker_state(slot),
        .generation = slot->generation,
        .in_flight = slot->flight.nr,
        .nr_done = slot->nr_done,
        .since_ms = slot->since_ms,
    };
    return CERR_OK;
}

enum err pool_kill_worker(struct pool *pool, int worker, int signal_nr)
{
    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (worker < 0 || worker >= pool->options.nr_workers)
        return CERR_INVALID;
    if (!pool->slots[worker].channel)
        return CERR_NOT_FOUND;
    if (pidfd_send_signal(pool->slots[worker].pidfd, signal_nr, NULL, 0) != 0)
        return err_from_errno(errno);
    return CERR_OK;
}
