/*
 * The supervisor of the workers: reads what the spawner says of them, plans
 * their restarts, gives up those that die again and again, and sends the
 * watchdog round. It is the only one that decides what follows a death.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

#include "pool/pool_internal.h"

/* A spawner that owes a message is woken after the first time, in case somebody
 * has stopped it, and killed after the second. */
#define SPAWNER_LOOK_MS  1000
#define SPAWNER_MAX_MS   5000
/* Pause before the first restart in a row, and the longest one. */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS   5000

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- restarts ---- */

/* Gives the pool up: no worker is left and none will come. Every task that
 * waits is lost, and its result tells of the death of the last worker. */
static void give_up_pool(struct pool *pool, const struct slot *last)
{
    pool->end.is_dead = true;
    task_doom_queue(pool, POOL_LOST, &last->death);
}

/* Gives one slot up. The pool goes on with the others, marked as degraded. */
static void give_up_slot(struct slot *slot)
{
    struct pool *pool = slot->pool;

    slot_give_up(slot);
    pool->stats.degraded = true;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].state != SLOT_GIVEN_UP)
            return;
    }
    give_up_pool(pool, slot);
}

/* How long to wait after so many failures in a row: twice as long each time. */
static int64_t backoff_ms(int nr_failures)
{
    int64_t ms = BACKOFF_FIRST_MS;

    for (int i = 1; i < nr_failures && ms < BACKOFF_MAX_MS; i++)
        ms *= 2;
    return min_ms(ms, BACKOFF_MAX_MS);
}

/* Counts a worker that died without ending one task. As with the supervisors of
 * Erlang, that may happen a number of times within a window of time; after that
 * a restart is not worth trying. */
static void count_failure(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    struct slot_restarts *restarts = &slot->restarts;

    if (restarts->nr_failures == 0 ||
        pool->now_ms - restarts->window_ms > pool->options.restart_window_ms) {
        restarts->nr_failures = 0;
        restarts->window_ms = pool->now_ms;
    }
    if (++restarts->nr_failures > pool->options.max_restarts)
        give_up_slot(slot);
    else
        slot_back_off(slot, pool->now_ms + backoff_ms(restarts->nr_failures));
}

/* Decides what follows the death of a worker, or a start that failed. */
static void plan_restart(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    const struct slot_death *death = &slot->death;

    slot->stop_cause = slot->kill_cause = SLOT_NO_CAUSE;
    if (pool->end.is_dead) {
        slot_give_up(slot);
    } else if (pool_is_done(pool)) {
        slot_rest(slot);
    } else if (death->signal_nr == 0 && death->exit_code == WORKER_EXIT_FATAL) {
        give_up_slot(slot);
    } else if (!death->is_failure || slot->flight.nr_done > 0) {
        slot->restarts.nr_failures = 0;
        slot_ask(slot);
    } else {
        count_failure(slot);
    }
}

/* ---- the spawner ---- */

enum err supervisor_adopt_spawner(struct pool *pool)
{
    struct epoll_event event = {
        .events = EPOLLIN,
        .data.u32 = POOL_EVENT_SPAWNER,
    };

    if (pool->spawner.fd < 0)
        return CERR_CLOSED;
    if (epoll_ctl(pool->epoll_fd, EPOLL_CTL_ADD, pool->spawner.fd, &event) != 0)
        return err_from_errno(errno);
    return CERR_OK;
}

/* What the end of a spawner means for one slot: its worker dies too. */
static void survive_spawner(struct slot *slot)
{
    const int killed = SIGKILL; /* as a wait status */
    bool is_dead = slot->pool->end.is_dead;

    /* run_once(), called in a callback of a slot before this one, may have
     * asked the new spawner already */
    if (slot->spawner_nr == slot->pool->stats.nr_spawner_deaths)
        return;
    switch (slot->state) {
    case SLOT_OPEN:
    case SLOT_STOPPING:
    case SLOT_KILLED:
        slot_kill(slot, SLOT_SPAWNER_GONE);
        slot_reap(slot, slot->generation, killed);
        plan_restart(slot);
        break;
    case SLOT_ASKED:
        if (is_dead)
            slot_give_up(slot);
        else
            slot_ask(slot);
        break;
    case SLOT_NONE:
    case SLOT_DEAD:
    case SLOT_BACKOFF:
        if (is_dead)
            slot_give_up(slot);
        break;
    case SLOT_REAPING: /* whoever reaps it plans what follows */
    case SLOT_GIVEN_UP:
        break;
    }
}

/*
 * The spawner is gone and has taken its workers along. The spare one, which is
 * as old and as clean, makes new ones; after that there is none.
 */
static void replace_spawner(struct pool *pool)
{
    epoll_ctl(pool->epoll_fd, EPOLL_CTL_DEL, pool->spawner.fd, NULL);
    spawner_close(&pool->spawner);
    pool->spawner = pool->spare;
    pool->spare = (struct spawner){.fd = -1, .pidfd = -1};
    pool->stats.nr_spawner_deaths++;
    pool->end.is_dead = supervisor_adopt_spawner(pool) != CERR_OK;
    for (int i = 0; i < pool->options.nr_workers; i++)
        survive_spawner(&pool->slots[i]);
    if (pool->end.is_dead) {
        pool->stats.degraded = true;
        give_up_pool(pool, &pool->slots[0]);
    }
}

/* Acts on one message of the spawner. It takes over the descriptors. */
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
        slot_fail_start(slot);
        plan_restart(slot);
        break;
    case SPAWNER_EXITED:
        slot_reap(slot, message->generation, message->status);
        if (slot->state == SLOT_DEAD)
            plan_restart(slot);
        break;
    }
}

size_t supervisor_read_spawner(struct pool *pool)
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
        /* callbacks for what one worker lost come before the next message */
        nr += task_finish_doomed(pool);
    }
}

/*
 * Checks that the spawner still answers. It owes a message about a worker that
 * it was asked for, and about one that is dead; if none comes, it is stopped or
 * hangs.
 */
static void check_spawner(const struct slot *slot)
{
    const struct pool *pool = slot->pool;
    struct pollfd dead = {.fd = slot->pidfd, .events = POLLIN};
    int64_t silent_ms = pool->now_ms - slot->state_ms;

    if (silent_ms < SPAWNER_LOOK_MS ||
        (slot->state != SLOT_ASKED && poll(&dead, 1, 0) != 1))
        return;
    if (silent_ms < SPAWNER_MAX_MS)
        spawner_continue(&pool->spawner);
    else
        spawner_kill(&pool->spawner);
}

/* ---- what is due ---- */

/* Does what is due for one slot in its state. */
static void check_slot(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    switch (slot->state) {
    case SLOT_DEAD:
        plan_restart(slot);
        break;
    case SLOT_BACKOFF:
        if (pool_is_done(pool))
            slot_rest(slot);
        else if (pool->now_ms >= slot->restarts.due_ms)
            slot_ask(slot);
        break;
    case SLOT_ASKED:
    case SLOT_KILLED:
        check_spawner(slot);
        break;
    case SLOT_OPEN:
    case SLOT_STOPPING:
        watchdog_check(slot);
        break;
    case SLOT_NONE:
    case SLOT_REAPING:
    case SLOT_GIVEN_UP:
        break;
    }
}

void supervisor_run(struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++)
        check_slot(&pool->slots[i]);
    /* tasks that were submitted or came back since then are lost too */
    if (pool->end.is_dead)
        give_up_pool(pool, &pool->slots[0]);
}

void supervisor_stop_at_end(struct pool *pool)
{
    if (!pool_is_done(pool))
        return;
    for (int i = 0; i < pool->options.nr_workers; i++)
        slot_stop(&pool->slots[i], SLOT_CLOSED);
}

/* When check_slot() is due for this slot; INT64_MAX: never. */
static int64_t next_of_slot(const struct slot *slot)
{
    switch (slot->state) {
    case SLOT_DEAD: /* it died while the pool opened */
        return 0;
    case SLOT_BACKOFF:
        return slot->restarts.due_ms;
    case SLOT_ASKED:
    case SLOT_KILLED:
        return slot->pool->now_ms + SPAWNER_LOOK_MS;
    case SLOT_OPEN:
    case SLOT_STOPPING:
        return watchdog_next_ms(slot);
    case SLOT_NONE:
    case SLOT_REAPING:
    case SLOT_GIVEN_UP:
        break;
    }
    return INT64_MAX;
}

int64_t supervisor_next_ms(const struct pool *pool)
{
    int64_t next_ms = INT64_MAX;

    for (int i = 0; i < pool->options.nr_workers; i++)
        next_ms = min_ms(next_ms, next_of_slot(&pool->slots[i]));
    /* a task that could not be sent for want of a descriptor is tried again */
    if (pool->queue.list.first)
        next_ms = min_ms(next_ms, pool->now_ms + POOL_LOOK_MAX_MS);
    return next_ms;
}
