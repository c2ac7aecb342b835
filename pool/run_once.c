/*
 * One pass over all there is to do: waits for events, reads the replies, lets
 * the supervisor see to the workers, runs the callbacks of tasks that ended
 * without a reply, and sends what is queued.
 *
 * While replies keep coming the pass is repeated a few times, so that one call
 * from the host does a good deal of work. Before it returns, each worker is
 * asked for a bell at its next reply, which wakes the host.
 */
#include <limits.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

#define EVENTS_MAX  64
#define READ_ROUNDS 4 /* passes of one call, while replies keep coming */

int64_t run_once_next_ms(const struct pool *pool)
{
    if (pool->has_more || pool->tasks.doomed.first ||
        pool->queue.nr_unflushed > 0)
        return 0;
    return supervisor_next_ms(pool);
}

/* The timeout for epoll_wait(2), in ms: until the deadline, or until something
 * is due before it; -1 means for ever. */
static int time_to_wait(const struct pool *pool, int64_t deadline_ms)
{
    int64_t now_ms = clock_mono_ms();
    int64_t next_ms = run_once_next_ms(pool);

    if (deadline_ms < next_ms)
        next_ms = deadline_ms;
    if (next_ms == INT64_MAX)
        return -1;
    if (next_ms <= now_ms)
        return 0;
    return next_ms - now_ms > INT_MAX ? INT_MAX : (int)(next_ms - now_ms);
}

/* Whether a reply waits in any ring: a spin_until() condition. */
static bool any_reply(void *ctx)
{
    const struct pool *pool = ctx;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->flight.tasks.nr > 0 && channel_has_reply(slot->channel))
            return true;
    }
    return false;
}

/* The core on which a worker with a task runs. If there are several, it prefers
 * one that is not ours: only such a worker goes on while we spin. */
static int32_t busy_core(const struct pool *pool)
{
    int32_t core = SPIN_NOT_NOW;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->flight.tasks.nr > 0)
            core = atomic_load_explicit(&slot->channel->control->worker_core,
                                        memory_order_relaxed);
        if (slot->flight.tasks.nr > 0 && core != spin_core())
            break;
    }
    return core;
}

/* Looks for a reply for a moment before the sleep (spin.h); true when there is
 * one. Meanwhile workers need not ring. With as many tasks as cores there is no
 * core to spare for that. */
static bool look_for_reply(struct pool *pool)
{
    bool is_there;

    if (!pool->options.functions || pool->tasks.nr_pending == 0 ||
        pool->tasks.nr_pending >= pool->nr_cores ||
        !spin_may_help(&pool->spin, busy_core(pool)))
        return false;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].flight.tasks.nr > 0)
            channel_disarm_parent(pool->slots[i].channel);
    }
    is_there = spin_until(&pool->spin, any_reply, pool);
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].flight.tasks.nr > 0 &&
            channel_arm_parent(pool->slots[i].channel))
            is_there = true;
    }
    return is_there;
}

/* Waits for events and reads the sockets of workers; true when the spawner has
 * sent something. */
static bool collect_events(struct pool *pool, int64_t deadline_ms)
{
    struct epoll_event events[EVENTS_MAX];
    bool spawner_spoke = false;
    int wait_ms = deadline_ms > 0 && !look_for_reply(pool)
                      ? time_to_wait(pool, deadline_ms)
                      : 0;
    int nr = epoll_wait(pool->epoll_fd, events, EVENTS_MAX, wait_ms);

    pool->now_ms = clock_mono_ms();
    for (int i = 0; i < nr; i++) {
        if (events[i].data.u32 == POOL_EVENT_SPAWNER)
            spawner_spoke = true;
        else if (pool->slots[events[i].data.u32].channel)
            slot_read_socket(&pool->slots[events[i].data.u32]);
    }
    return spawner_spoke;
}

/* Reads up to `max` replies of all workers; returns how many. */
static size_t read_slots(struct pool *pool, size_t max)
{
    size_t nr = 0;

    for (int i = 0; i < pool->options.nr_workers && nr < max; i++) {
        struct slot *slot = &pool->slots[i];
        size_t nr_read;

        if (!slot_is_readable(slot))
            continue;
        nr_read = slot_read(slot, max - nr);
        nr += nr_read;
        if (nr_read > 0 && pool->options.functions)
            slot->clocks.look_ms = pool->now_ms + POOL_LOOK_MS;
        if (nr_read > 0)
            slot->clocks.since_ms = pool->now_ms;
    }
    return nr;
}

/* Asks every worker for a bell, an idle one too: it may get tasks before the
 * host sleeps. True: there are replies already. */
static bool arm_slots(struct pool *pool)
{
    bool has_more = false;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot_is_readable(slot) && channel_arm_parent(slot->channel))
            has_more = true;
    }
    return has_more;
}

/* Calls on_writable after a refusal, once the queue is down to three quarters
 * of its bounds: so one call makes room for a good many tasks. */
static void notify_writable(struct pool *pool)
{
    if (!pool->queue.wants_writable || pool->end.phase != PHASE_RUNNING ||
        pool->queue.list.nr > pool->options.max_queued_tasks / 4 * 3 ||
        pool->queue.bytes > pool->options.max_queued_bytes / 4 * 3)
        return;
    pool->queue.wants_writable = false;
    if (pool->options.on_writable)
        pool->options.on_writable(pool->options.user, pool);
}

size_t run_once(struct pool *pool, int64_t deadline_ms)
{
    bool spawner_spoke = collect_events(pool, deadline_ms);
    size_t nr = 0;

    for (int round = 0; round < READ_ROUNDS; round++) {
        nr += read_slots(pool, POOL_DISPATCH_REPLIES / READ_ROUNDS);
        /* after the replies, because what a dead worker had finished counts */
        if (spawner_spoke)
            nr += supervisor_read_spawner(pool);
        spawner_spoke = false;
        supervisor_run(pool);
        nr += task_finish_doomed(pool);
        route_queue(pool);
        notify_writable(pool);
        route_queue(pool); /* sends what on_writable submitted */
        route_balance(pool);
        pool->has_more = arm_slots(pool);
        if (!pool->has_more)
            break;
    }
    return nr;
}
