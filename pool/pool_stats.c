/*
 * The calls of pool_stats.h: what the pool counted, how its workers are, and
 * signals for single workers.
 */
#include "pool/pool_stats.h"

#include <errno.h>
#include <sys/pidfd.h>

#include "pool/pool_internal.h"

void pool_get_stats(const struct pool *pool, struct pool_stats *stats)
{
    *stats = pool->stats;
    stats->nr_workers = 0;
    /* these three are counted now, all others when something happens */
    for (int i = 0; i < pool->options.nr_workers; i++)
        stats->nr_workers += pool->slots[i].channel != NULL;
    stats->nr_queued = pool->queue.list.nr;
    stats->queued_bytes = pool->queue.bytes;
}

/* The state as a user sees it: a worker whose worker_init still runs has tasks
 * already, but counts as starting. */
static enum pool_worker_state worker_state(const struct slot *slot)
{
    switch (slot->state) {
    case SLOT_ASKED:
        return POOL_WORKER_STARTING;
    case SLOT_OPEN:
        if (!atomic_load(&slot->channel->control->is_ready))
            return POOL_WORKER_STARTING;
        return slot->flight.tasks.nr ? POOL_WORKER_BUSY : POOL_WORKER_IDLE;
    case SLOT_STOPPING:
    case SLOT_KILLED:
    case SLOT_REAPING:
        return slot->channel ? POOL_WORKER_STOPPING : POOL_WORKER_DEAD;
    case SLOT_NONE:
    case SLOT_DEAD:
    case SLOT_BACKOFF:
    case SLOT_GIVEN_UP:
        break;
    }
    return POOL_WORKER_DEAD;
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
        .in_flight = slot->flight.tasks.nr,
        .nr_done = slot->flight.nr_done,
        .since_ms = slot->clocks.since_ms,
    };
    return CERR_OK;
}

enum err pool_kill_worker(struct pool *pool, int worker, int signal_nr)
{
    const struct slot *slot;

    if (!pool_is_owner(pool))
        return CERR_PERM;
    if (worker < 0 || worker >= pool->options.nr_workers)
        return CERR_INVALID;
    slot = &pool->slots[worker];
    if (!slot->channel)
        return CERR_NOT_FOUND;
    if (pidfd_send_signal(slot->pidfd, signal_nr, NULL, 0) != 0)
        return err_from_errno(errno);
    return CERR_OK;
}
