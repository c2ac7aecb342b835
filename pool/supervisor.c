/*
 * All that needs the time: deadlines, silence, recycling by memory, leaving,
 * restarts.
 *
 * A task's time runs from its start, and the parent learns of that start by
 * looking: so a task with a deadline is looked at a few times within it. What
 * is late by that is late by at most LOOK_MAX_MS, and never early.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/pool_internal.h"

#define LOOK_MAX_MS      50
#define RSS_LOOK_MS      500
#define SPAWNER_LOOK_MS  1000 /* for its word, then it is woken */
#define SPAWNER_MAX_MS   5000 /* then it is killed */
#define BACKOFF_FIRST_MS 50
#define BACKOFF_MAX_MS   5000

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long until a task that may have just started is looked at. */
static int64_t look_after_ms(const struct task *task)
{
    int64_t ms = task->soft_ms ? task->soft_ms : task->hard_ms;

    if (task->hard_ms && task->hard_ms < ms)
        ms = task->hard_ms;
    ms /= 4;
    return ms < 1 ? 1 : min_ms(ms, LOOK_MAX_MS);
}

void supervisor_note_task(struct slot *slot, const struct task *task)
{
    int64_t at = slot->pool->now_ms + look_after_ms(task);

    if (slot->deadline_ms == 0 || at < slot->deadline_ms)
        slot->deadline_ms = at;
}

/*
 * A worker that has nothing before this task and still does not start it is
 * stopped or hangs in its init. The task is as good as new after the kill.
 */
static bool is_stuck(struct slot *slot, const struct task *task)
{
    int64_t now_ms = slot->pool->now_ms;

    if (slot->head_id != task->id) {
        slot->head_id = task->id;
        slot->head_ms = now_ms;
    }
    return task->hard_ms && now_ms - slot->head_ms >= task->hard_ms;
}

/* What check_task() does with one that the worker has not begun. */
static int64_t check_waiting_task(struct slot *slot, struct task *task)
{
    if (task == slot->flight.first && is_stuck(slot, task)) {
        slot->is_stuck = true;
        slot_kill(slot);
    }
    return task->soft_ms || task->hard_ms
               ? slot->pool->now_ms + look_after_ms(task)
               : INT64_MAX;
}

/* Acts on what is late; returns when to look at this task again. */
static int64_t check_task(struct slot *slot, struct task *task,
                          bool was_started)
{
    int64_t now_ms = slot->pool->now_ms;
    int64_t next_ms = INT64_MAX;

    if (!was_started)
        return check_waiting_task(slot, task);
    if (task->start_ms == 0)
        task->start_ms = now_ms;
    if (task->hard_ms) {
        next_ms = task->start_ms + task->hard_ms;
        if (now_ms >= next_ms)
            task->is_late = slot->is_late = true;
    }
    if (!task->is_notified && task->soft_ms) {
        int64_t soft_ms = task->start_ms + task->soft_ms;

        if (now_ms >= soft_ms)
            slot_notify(slot, task);
        else
            next_ms = min_ms(next_ms, soft_ms);
    }
    if (task->is_canceled && !task->is_notified)
        slot_notify(slot, task);
    if (!task->is_notified && (task->is_canceled || now_ms >= next_ms))
        next_ms = now_ms + 1;
    return next_ms;
}

static void check_deadlines(struct slot *slot)
{
    int64_t next_ms = INT64_MAX;
    uint32_t taken;

    if (slot->deadline_ms == 0 || slot->pool->now_ms < slot->deadline_ms)
        return;
    if (channel_read_taken(slot->channel, &taken) != CERR_OK)
        return; /* seen and punished by the next reply or task */
    slot->deadline_ms = 0;
    for (struct task *task = slot->flight.first; task; task = task->next) {
        bool was_started = (int32_t)(taken - task->position) > 0;

        next_ms = min_ms(next_ms, check_task(slot, task, was_started));
    }
    if (slot->is_late)
        slot_kill(slot);
    else if (next_ms != INT64_MAX)
        slot->deadline_ms = next_ms;
}

/* A worker with its own loop must show a turn of it now and then. */
static void check_silence(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    uint64_t alive;

    if (pool->options.silence_ms == 0 || !pool->options.worker_main)
        return;
    alive = atomic_load(&slot->channel->control->alive);
    if (slot->flight.nr == 0 || alive != slot->alive_seen) {
        slot->alive_seen = alive;
        slot->alive_ms = pool->now_ms;
    } else if (pool->now_ms - slot->alive_ms > pool->options.silence_ms) {
        slot_kill(slot);
    }
}

/*
 * Resident bytes of a process without those of files and shared memory, such
 * as its arena: fields 2 and 3 of proc(5) statm. 0 if unknown.
 */
static size_t read_rss(pid_t pid)
{
    char path[32], line[128] = "";
    unsigned long pages[3];
    char *at = line;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (!fgets(line, sizeof(line), file))
        line[0] = '\0';
    fclose(file);
    for (int i = 0; i < 3; i++)
        pages[i] = strtoul(at, &at, 10);
    return pages[1] > pages[2]
               ? (pages[1] - pages[2]) * (size_t)sysconf(_SC_PAGESIZE)
               : 0;
}

/* Only one worker at a time leaves for its size, and none before it has ended
 * a task: where the limit is too small there is still progress. */
static void check_rss(struct slot *slot)
{
    struct pool *pool = slot->pool;

    if (pool->options.max_worker_rss_bytes == 0 || !slot_is_open(slot) ||
        slot->nr_done == 0 || pool->now_ms < slot->rss_ms)
        return;
    slot->rss_ms = pool->now_ms + RSS_LOOK_MS;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].is_recycled)
            return;
    }
    if (read_rss(slot->pid) <= pool->options.max_worker_rss_bytes)
        return;
    slot_recall(slot, 0);
    slot->is_recycled = true;
    slot_stop(slot);
}

/*
 * A spawner that says nothing of a worker that it was asked for, or of one
 * that is dead, is stopped or hangs.
 */
static void check_spawner(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    struct pollfd dead = {.fd = slot->pidfd, .events = POLLIN};
    int64_t silent_ms = pool->now_ms - slot->spawner_ms;

    if (slot->spawner_ms == 0 || silent_ms < SPAWNER_LOOK_MS ||
        (!slot->is_asked && poll(&dead, 1, 0) != 1))
        return;
    if (silent_ms < SPAWNER_MAX_MS)
        spawner_continue(&pool->spawner);
    else
        spawner_kill(&pool->spawner);
}

static bool is_at_end(const struct pool *pool)
{
    return pool->is_closed && pool->nr_pending == 0;
}

/* Kills a worker that had to be gone by now. */
static void check_stay(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (slot->leave_ms && slot->flight.nr == 0 &&
        pool->now_ms >= slot->leave_ms)
        slot_kill(slot);
    if (pool->is_terminated && pool->now_ms >= pool->kill_ms)
        slot_kill(slot);
}

static void check_slot(struct slot *slot)
{
    struct pool *pool = slot->pool;

    if (slot->restart_ms && is_at_end(pool))
        slot->restart_ms = 0;
    if (slot->restart_ms && pool->now_ms >= slot->restart_ms)
        slot_ask(slot);
    check_spawner(slot);
    if (!slot->channel || slot->is_reaped || slot->is_killed)
        return;
    if (is_at_end(pool))
        slot_stop(slot);
    check_deadlines(slot);
    check_silence(slot);
    check_rss(slot);
    check_stay(slot);
    if (slot->look_ms && pool->now_ms >= slot->look_ms)
        slot->look_ms = 0;
}

void supervisor_stop_at_end(struct pool *pool)
{
    if (!is_at_end(pool))
        return;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot->channel && !slot->is_reaped && !slot->is_killed)
            slot_stop(slot);
    }
}

void supervisor_run(struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++)
        check_slot(&pool->slots[i]);
}

static int64_t next_of_slot(const struct slot *slot)
{
    const struct pool *pool = slot->pool;
    int64_t next_ms = slot->restart_ms ? slot->restart_ms : INT64_MAX;

    if (slot->spawner_ms)
        next_ms = min_ms(next_ms, pool->now_ms + SPAWNER_LOOK_MS);
    if (!slot->channel || slot->is_killed)
        return next_ms;
    if (slot->look_ms && slot->flight.nr > 0)
        next_ms = min_ms(next_ms, slot->look_ms);
    if (slot->deadline_ms)
        next_ms = min_ms(next_ms, slot->deadline_ms);
    if (pool->options.silence_ms && pool->options.worker_main &&
        slot->flight.nr > 0)
        next_ms =
            min_ms(next_ms, pool->now_ms + pool->options.silence_ms / 4 + 1);
    if (pool->options.max_worker_rss_bytes)
        next_ms = min_ms(next_ms, slot->rss_ms);
    if (slot->leave_ms)
        next_ms = min_ms(next_ms, slot->flight.nr ? pool->now_ms + LOOK_MAX_MS
                                                  : slot->leave_ms);
    if (pool->is_terminated)
        next_ms = min_ms(next_ms, pool->kill_ms);
    return next_ms;
}

int64_t supervisor_next_ms(const struct pool *pool)
{
    int64_t next_ms = INT64_MAX;

    for (int i = 0; i < pool->options.nr_workers; i++)
        next_ms = min_ms(next_ms, next_of_slot(&pool->slots[i]));
    /* what cannot be sent for want of a descriptor is tried again */
    if (pool->queue.first)
        next_ms = min_ms(next_ms, pool->now_ms + LOOK_MAX_MS);
    return next_ms;
}

void supervisor_give_up(struct pool *pool, const struct slot *last)
{
    pool->is_dead = true;
    while (pool->queue.first) {
        struct task *task = pool->queue.first;

        task_dequeue(pool, task);
        task_doom(pool, task, POOL_LOST, last);
    }
}

static void give_up_slot(struct slot *slot)
{
    struct pool *pool = slot->pool;

    slot->is_given_up = true;
    pool->stats.degraded = true;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (!pool->slots[i].is_given_up)
            return;
    }
    supervisor_give_up(pool, slot);
}

/*
 * Restart intensity, as in Erlang's supervisors: a worker that dies again and
 * again without ending one task is not started for ever.
 */
void supervisor_plan_restart(struct slot *slot, bool is_failure)
{
    const struct pool *pool = slot->pool;
    int64_t wait_ms = BACKOFF_FIRST_MS;

    slot->is_recycled = false;
    slot->restart_ms = 0;
    if (pool->is_dead || is_at_end(pool))
        return;
    if (slot->last_signal == 0 && slot->last_exit == WORKER_EXIT_FATAL) {
        give_up_slot(slot);
        return;
    }
    if (!is_failure || slot->nr_done > 0) {
        slot->nr_failures = 0;
        slot_ask(slot);
        return;
    }
    if (slot->nr_failures == 0 ||
        pool->now_ms - slot->window_ms > pool->options.restart_window_ms) {
        slot->nr_failures = 0;
        slot->window_ms = pool->now_ms;
    }
    if (++slot->nr_failures > pool->options.max_restarts) {
        give_up_slot(slot);
        return;
    }
    for (int i = 1; i < slot->nr_failures && wait_ms < BACKOFF_MAX_MS; i++)
        wait_ms *= 2;
    slot->restart_ms = pool->now_ms + min_ms(wait_ms, BACKOFF_MAX_MS);
}
