/*
 * The watchdog: looks at one live worker and kills, stops or notifies it when
 * that is due: for deadlines of its tasks, silence, memory, or a long farewell.
 *
 * A task's time runs from its start, and the parent learns of that start by
 * looking: so a task with a deadline is looked at a few times within it. What
 * is late by that is late by at most POOL_LOOK_MAX_MS, and never early.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool/pool_internal.h"

#define RSS_LOOK_MS 500   /* between two looks at a worker's memory */
#define LEAVE_MS    10000 /* a worker without tasks may take so long to leave */

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- deadlines ---- */

/*
 * Whether the worker should have started this task, the first in its flight,
 * and has not: then it is stopped or hangs in its worker_init. It gets as much
 * time as the task itself would have. The task has not begun, so another worker
 * can have it.
 */
static bool is_stuck(struct slot *slot, const struct task *task)
{
    struct slot_clocks *clocks = &slot->clocks;
    int64_t now_ms = slot->pool->now_ms;

    if (clocks->head_id != task->id) {
        clocks->head_id = task->id;
        clocks->head_ms = now_ms;
    }
    return task->hard_ms && now_ms - clocks->head_ms >= task->hard_ms;
}

/* Looks at a task that the worker has not begun; returns when to look again. */
static int64_t check_waiting_task(struct slot *slot, struct task *task)
{
    int64_t after_ms = task_look_after_ms(task);

    if (task == slot->flight.tasks.first && is_stuck(slot, task))
        slot_kill(slot, SLOT_STUCK);
    return after_ms == INT64_MAX ? INT64_MAX : slot->pool->now_ms + after_ms;
}

/* Looks at a task that runs: notifies the worker after the soft deadline, sets
 * `is_late` after the hard one. Returns when to look again. */
static int64_t check_running_task(struct slot *slot, struct task *task,
                                  bool *is_late)
{
    int64_t now_ms = slot->pool->now_ms;
    int64_t next_ms = INT64_MAX;

    if (task->start_ms == 0)
        task->start_ms = now_ms;
    if (task->hard_ms) {
        next_ms = task->start_ms + task->hard_ms;
        if (now_ms >= next_ms) {
            *is_late = true;
            if (task->wish == TASK_WANTED)
                task->wish = TASK_LATE;
        }
    }
    if (!task->is_notified && task->soft_ms) {
        int64_t soft_ms = task->start_ms + task->soft_ms;

        if (now_ms >= soft_ms)
            slot_notify(slot, task);
        else
            next_ms = min_ms(next_ms, soft_ms);
    }
    if (task->wish == TASK_CANCELED && !task->is_notified)
        slot_notify(slot, task);
    /* the notice could not be sent, because the socket was full */
    if (!task->is_notified &&
        (task->wish == TASK_CANCELED || now_ms >= next_ms))
        next_ms = now_ms + 1;
    return next_ms;
}

/* Looks at all tasks of a worker if that is due. */
static void check_deadlines(struct slot *slot)
{
    struct slot_clocks *clocks = &slot->clocks;
    int64_t next_ms = INT64_MAX;
    bool is_late = false;
    uint32_t taken;

    if (clocks->deadline_ms == 0 || slot->pool->now_ms < clocks->deadline_ms)
        return;
    if (channel_read_taken(slot->channel, &taken) != CERR_OK)
        return; /* seen and punished by the next reply or task */
    clocks->deadline_ms = 0;
    for (struct task *task = slot->flight.tasks.first; task;
         task = task->next) {
        bool was_started = (int32_t)(taken - task->position) > 0;

        next_ms = min_ms(next_ms, was_started
                                      ? check_running_task(slot, task, &is_late)
                                      : check_waiting_task(slot, task));
    }
    if (is_late)
        slot_kill(slot, SLOT_HARD_DEADLINE);
    else if (next_ms != INT64_MAX)
        clocks->deadline_ms = next_ms;
}

/* ---- silence and memory ---- */

static bool has_silence_limit(const struct pool *pool)
{
    return pool->options.silence_ms != 0 && pool->options.worker_main;
}

/* Kills a worker that gives no sign of life. One with an event loop of its own
 * counts the rounds of that loop (worker_alive()); while it has tasks, the
 * counter must move now and then. */
static void check_silence(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    struct slot_clocks *clocks = &slot->clocks;
    uint64_t alive;

    if (!has_silence_limit(pool))
        return;
    alive = atomic_load(&slot->channel->control->alive);
    if (slot->flight.tasks.nr == 0 || alive != clocks->alive_seen) {
        clocks->alive_seen = alive;
        clocks->alive_ms = pool->now_ms;
    } else if (pool->now_ms - clocks->alive_ms > pool->options.silence_ms) {
        slot_kill(slot, SLOT_SILENT);
    }
}

/*
 * Reads the resident bytes of a process without those of files and shared
 * memory, such as its arena: fields 2 and 3 of proc(5) statm. 0 if unknown.
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

/* Whether some worker was told to leave for its size and is not replaced yet.
 */
static bool any_is_recycled(const struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++) {
        if (pool->slots[i].stop_cause == SLOT_RECYCLED)
            return true;
    }
    return false;
}

/* Tells a worker that has grown too large to leave. Only one does so at a time,
 * and none before it has ended a task: so there is progress even if the limit
 * is too small for any worker. */
static void check_rss(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (pool->options.max_worker_rss_bytes == 0 || slot->state != SLOT_OPEN ||
        slot->flight.nr_done == 0 || pool->now_ms < slot->clocks.rss_ms)
        return;
    slot->clocks.rss_ms = pool->now_ms + RSS_LOOK_MS;
    if (any_is_recycled(pool) ||
        read_rss(slot->pid) <= pool->options.max_worker_rss_bytes)
        return;
    slot_recall(slot, 0);
    slot_stop(slot, SLOT_RECYCLED);
}

/* ---- leaving ---- */

/* Kills a worker that stays after it was told to leave. */
static void check_stay(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (slot->state == SLOT_STOPPING && slot->flight.tasks.nr == 0 &&
        pool->now_ms >= slot->state_ms + LEAVE_MS)
        slot_kill(slot, SLOT_OVERSTAYED);
    if (pool->end.phase == PHASE_TERMINATED &&
        pool->now_ms >= pool->end.kill_ms)
        slot_kill(slot, SLOT_TERMINATED);
}

void watchdog_check(struct slot *slot)
{
    const struct pool *pool = slot->pool;

    if (pool_is_done(pool))
        slot_stop(slot, SLOT_CLOSED);
    check_deadlines(slot);
    check_silence(slot);
    check_rss(slot);
    check_stay(slot);
    if (slot->clocks.look_ms && pool->now_ms >= slot->clocks.look_ms)
        slot->clocks.look_ms = 0;
}

void watchdog_forgive(struct slot *slot, int64_t away_ms)
{
    struct slot_clocks *clocks = &slot->clocks;

    slot->state_ms += away_ms;
    clocks->head_ms += away_ms;
    clocks->alive_ms += away_ms;
    if (clocks->deadline_ms)
        clocks->deadline_ms += away_ms;
    for (struct task *task = slot->flight.tasks.first; task; task = task->next)
        if (task->start_ms)
            task->start_ms += away_ms;
}

int64_t watchdog_next_ms(const struct slot *slot)
{
    const struct pool *pool = slot->pool;
    const struct slot_clocks *clocks = &slot->clocks;
    bool has_tasks = slot->flight.tasks.nr > 0;
    int64_t next_ms = INT64_MAX;

    if (clocks->look_ms && has_tasks)
        next_ms = min_ms(next_ms, clocks->look_ms);
    if (clocks->deadline_ms)
        next_ms = min_ms(next_ms, clocks->deadline_ms);
    if (has_silence_limit(pool) && has_tasks)
        next_ms =
            min_ms(next_ms, pool->now_ms + pool->options.silence_ms / 4 + 1);
    if (pool->options.max_worker_rss_bytes)
        next_ms = min_ms(next_ms, clocks->rss_ms);
    if (slot->state == SLOT_STOPPING)
        next_ms = min_ms(next_ms, has_tasks ? pool->now_ms + POOL_LOOK_MAX_MS
                                            : slot->state_ms + LEAVE_MS);
    if (pool->end.phase == PHASE_TERMINATED)
        next_ms = min_ms(next_ms, pool->end.kill_ms);
    return next_ms;
}
