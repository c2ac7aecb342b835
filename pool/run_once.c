/*
 * One turn of the pool: what the system has to say, the replies, the dead,
 * what is due, the callbacks, the queue.
 */
#include <limits.h>
#include <signal.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

#define EVENTS_MAX  64
#define READ_ROUNDS 4 /* of one turn, while replies keep coming */

/*
 * The spawner is gone and has taken its workers along. The spare one, which is
 * as old and as clean, makes new ones; after that there is none.
 */
static void replace_spawner(struct pool *pool)
{
    const int killed = SIGKILL; /* as a wait status */

    epoll_ctl(pool->epoll_fd, EPOLL_CTL_DEL, pool->spawner.fd, NULL);
    spawner_close(&pool->spawner);
    pool->spawner = pool->spare;
    pool->spare = (struct spawner){.fd = -1, .pidfd = -1};
    pool->stats.nr_spawner_deaths++;
    pool->is_dead = pool_poll_spawner(pool) != CERR_OK;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];
        bool was_asked = slot->is_asked;

        slot->is_asked = false;
        slot->spawner_ms = 0;
        slot->is_given_up |= pool->is_dead;
        if (pool->is_dead)
            slot->restart_ms = 0;
        if (slot->channel && !slot->is_reaped) {
            slot_kill(slot);
            slot_reap(slot, killed);
        } else if (was_asked && !pool->is_dead) {
            slot_ask(slot);
        }
    }
    if (pool->is_dead) {
        pool->stats.degraded = true;
        supervisor_give_up(pool, &pool->slots[0]);
    }
}

static void handle_message(struct pool *pool,
                           const struct spawner_message *message,
                           struct spawner_fds *fds)
{
    struct slot *slot = &pool->slots[message->slot];
    enum err err;

    switch ((enum spawner_event)message->event) {
    case SPAWNER_STARTED:
        err = slot_start(slot, message->pid, fds);
        (void)err; /* then it is killed, and its end reported */
        break;
    case SPAWNER_FAILED:
        slot->is_asked = false;
        slot->spawner_ms = 0;
        slot->nr_done = 0;
        slot->last_signal = slot->last_exit = 0;
        supervisor_plan_restart(slot, true);
        break;
    case SPAWNER_EXITED:
        slot_reap(slot, message->status);
        break;
    }
}

/* What a worker lost is told before another can die in its place. */
static size_t read_spawner(struct pool *pool)
{
    size_t nr = 0;

    for (;;) {
        struct spawner_message message;
        struct spawner_fds fds;
        enum err err = spawner_receive(&pool->spawner, &message, &fds);

        if (err == CERR_AGAIN)
            return nr;
        if (err == CERR_LIMIT) { /* no descriptors for it: a failed start */
            message.event = SPAWNER_FAILED;
            err = CERR_OK;
        }
        if (err != CERR_OK) {
            replace_spawner(pool);
            return nr;
        }
        handle_message(pool, &message, &fds);
        nr += task_finish_doomed(pool);
    }
}

/* For epoll_wait(2): until the deadline or what is due before, -1: for ever. */
static int time_to_wait(const struct pool *pool, int64_t deadline_ms)
{
    int64_t now_ms = clock_mono_ms();
    int64_t wait_ms = pool_wait_ms(pool, now_ms);

    if (deadline_ms != INT64_MAX &&
        (wait_ms < 0 || deadline_ms - now_ms < wait_ms))
        wait_ms = deadline_ms > now_ms ? deadline_ms - now_ms : 0;
    return wait_ms > INT_MAX ? INT_MAX : (int)wait_ms;
}

static bool any_reply(void *ctx)
{
    const struct pool *pool = ctx;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->flight.nr > 0 && channel_has_reply(slot->channel))
            return true;
    }
    return false;
}

/* Where a worker with a task runs, on another core than this if there is one
 * such worker. */
static int32_t busy_core(const struct pool *pool)
{
    int32_t core = SPIN_NOT_NOW;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        const struct slot *slot = &pool->slots[i];

        if (slot->flight.nr > 0)
            core = atomic_load_explicit(&slot->channel->control->worker_core,
                                        memory_order_relaxed);
        if (slot->flight.nr > 0 && core != spin_core())
            break;
    }
    return core;
}

/* Looks for a reply before a sleep, see spin.h. True: there is one. */
static bool look_for_reply(struct pool *pool)
{
    bool is_there;

    if (!pool->options.functions || pool->nr_pending == 0 ||
        pool->nr_pending >= pool->nr_cores ||
        !spin_may_help(&pool->spin, busy_core(pool)))
        return false;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].flight.nr > 0)
            channel_disarm_parent(pool->slots[i].channel);
    }
    is_there = spin_until(&pool->spin, any_reply, pool);
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].flight.nr > 0 && slot_arm(&pool->slots[i]))
            is_there = true;
    }
    return is_there;
}

/* Collects what the system has to say. True: the spawner spoke. */
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

static size_t read_slots(struct pool *pool, size_t max)
{
    size_t nr = 0;

    for (int i = 0; i < pool->options.nr_workers && nr < max; i++) {
        struct slot *slot = &pool->slots[i];
        size_t nr_read;

        if (!slot->channel || slot->is_reaped)
            continue;
        nr_read = slot_read(slot, max - nr);
        nr += nr_read;
        if (nr_read > 0 && pool->options.functions)
            slot->look_ms = pool->now_ms + POOL_LOOK_MS;
        if (nr_read > 0)
            slot->since_ms = pool->now_ms;
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

        if (slot->channel && !slot->is_reaped && slot_arm(slot))
            has_more = true;
    }
    return has_more;
}

/* At three quarters, so that one call serves a good many tasks. */
static void notify_writable(struct pool *pool)
{
    if (!pool->wants_writable || pool->is_closed ||
        pool->queue.nr > pool->options.max_queued_tasks / 4 * 3 ||
        pool->queued_bytes > pool->options.max_queued_bytes / 4 * 3)
        return;
    pool->wants_writable = false;
    if (pool->options.on_writable)
        pool->options.on_writable(pool->options.user, pool);
}

size_t pool_run_once(struct pool *pool, int64_t deadline_ms)
{
    bool spawner_spoke = collect_events(pool, deadline_ms);
    size_t nr = 0;

    for (int round = 0; round < READ_ROUNDS; round++) {
        size_t nr_read = read_slots(pool, POOL_DISPATCH_REPLIES / READ_ROUNDS);

        nr += nr_read;
        if (spawner_spoke)
            nr += read_spawner(pool);
        spawner_spoke = false;
        supervisor_run(pool);
        if (pool->is_dead)
            supervisor_give_up(pool, &pool->slots[0]);
        nr += task_finish_doomed(pool);
        route_queue(pool);
        notify_writable(pool);
        route_queue(pool);
        route_balance(pool);
        pool->has_more = arm_slots(pool);
        if (!pool->has_more)
            break;
    }
    return nr;
}
