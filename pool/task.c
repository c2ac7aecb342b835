/*
 * Tasks: the table that finds them by id, the queue, and how they end.
 *
 * An id is never given out twice: it holds the index of the task's entry and
 * how often that entry was used, so the id of a task that has ended finds
 * nothing, even when another task has its entry. Free entries form a list.
 */
#include <stdlib.h>
#include <string.h>

#include "pool/pool_internal.h"

#define TABLE_FIRST 64u /* entries of the first table; it doubles */
#define NO_INDEX    UINT32_MAX

/* ---- lists ---- */

void task_list_append(struct task_list *list, struct task *task)
{
    task->next = NULL;
    task->prev = list->last;
    if (list->last)
        list->last->next = task;
    else
        list->first = task;
    list->last = task;
    list->nr++;
}

/* Puts a task before all others; only task_requeue() does that. */
static void task_list_prepend(struct task_list *list, struct task *task)
{
    task->prev = NULL;
    task->next = list->first;
    if (list->first)
        list->first->prev = task;
    else
        list->last = task;
    list->first = task;
    list->nr++;
}

void task_list_remove(struct task_list *list, struct task *task)
{
    if (task->prev)
        task->prev->next = task->next;
    else
        list->first = task->next;
    if (task->next)
        task->next->prev = task->prev;
    else
        list->last = task->prev;
    task->next = task->prev = NULL;
    list->nr--;
}

/* Removes and returns the first of a list that is not empty. */
static struct task *task_list_pop(struct task_list *list)
{
    struct task *task = list->first;

    list->first = task->next;
    if (list->first)
        list->first->prev = NULL;
    else
        list->last = NULL;
    task->next = NULL;
    list->nr--;
    return task;
}

/* ---- the table ---- */

/* Doubles a table that has no free entry. */
static enum err grow_table(struct task_table *table)
{
    uint32_t cap = table->cap ? table->cap * 2 : TABLE_FIRST;
    struct task_entry *entries;

    if (cap < table->cap) /* 2^31 tasks, and an index has 32 bits */
        return CERR_NOMEM;
    entries = realloc(table->entries, cap * sizeof(*entries));
    if (!entries)
        return CERR_NOMEM;
    for (uint32_t i = table->cap; i < cap; i++)
        entries[i] = (struct task_entry){.next_free = i + 1};
    entries[cap - 1].next_free = NO_INDEX;
    table->first_free = table->cap;
    table->entries = entries;
    table->cap = cap;
    return CERR_OK;
}

/* The task's own limit, or the pool's default if it has none. */
static uint32_t choose_limit_ms(int64_t own_ms, int64_t default_ms)
{
    int64_t ms = own_ms ? own_ms : default_ms;

    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

enum err task_new(struct pool *pool, const struct pool_task *from,
                  struct task **out)
{
    struct task_table *table = &pool->tasks;
    struct task_entry *entry;
    struct task *task;
    uint32_t index;

    if (table->first_free == NO_INDEX && grow_table(table) != CERR_OK)
        return CERR_NOMEM;
    /* one piece of memory for the task and its argument */
    task = malloc(sizeof(*task) + from->len);
    if (!task)
        return CERR_NOMEM;
    index = table->first_free;
    entry = &table->entries[index];
    table->first_free = entry->next_free;
    entry->task = task;
    entry->nr_uses++;
    *task = (struct task){
        .id = (uint64_t)entry->nr_uses << 32 | (index + 1),
        .callbacks = {from->on_done, from->on_error, from->user},
        .affinity = from->affinity,
        .soft_ms = choose_limit_ms(from->soft_timeout_ms,
                                   pool->options.soft_timeout_ms),
        .hard_ms = choose_limit_ms(from->hard_timeout_ms,
                                   pool->options.hard_timeout_ms),
        .len = (uint32_t)from->len,
        .function = from->function,
        .slot = -1,
        .retryable = from->retryable,
    };
    if (from->len)
        memcpy(task->data, from->data, from->len);
    table->nr_pending++;
    *out = task;
    return CERR_OK;
}

struct task *task_find(const struct pool *pool, uint64_t id)
{
    const struct task_table *table = &pool->tasks;
    uint32_t index = (uint32_t)id - 1; /* id 0 gives one beyond the table */

    if (index >= table->cap || !table->entries[index].task ||
        table->entries[index].task->id != id)
        return NULL;
    return table->entries[index].task;
}

/* Frees the entry of a task that ends; the task itself is the caller's. */
static void leave_table(struct task_table *table, const struct task *task)
{
    uint32_t index = (uint32_t)task->id - 1;
    struct task_entry *entry = &table->entries[index];

    entry->task = NULL;
    entry->next_free = table->first_free;
    table->first_free = index;
    table->nr_pending--;
}

int64_t task_look_after_ms(const struct task *task)
{
    int64_t ms = task->soft_ms ? task->soft_ms : task->hard_ms;

    if (ms == 0)
        return INT64_MAX;
    if (task->hard_ms && task->hard_ms < ms)
        ms = task->hard_ms;
    /* four looks within the deadline: it is missed by a quarter at most */
    ms /= 4;
    if (ms < 1)
        return 1;
    return ms < POOL_LOOK_MAX_MS ? ms : POOL_LOOK_MAX_MS;
}

/* ---- the queue ---- */

void task_enqueue(struct pool *pool, struct task *task)
{
    task_list_append(&pool->queue.list, task);
    pool->queue.bytes += task->len;
}

void task_requeue(struct pool *pool, struct task *task)
{
    task->state = TASK_QUEUED;
    task_list_prepend(&pool->queue.list, task);
    pool->queue.bytes += task->len;
}

void task_dequeue(struct pool *pool, struct task *task)
{
    task_list_remove(&pool->queue.list, task);
    pool->queue.bytes -= task->len;
}

/* ---- the end ---- */

/* Counts one task that has ended. */
static void count_end(struct pool_stats *stats, enum pool_status status)
{
    switch (status) {
    case POOL_OK:
        stats->nr_ok++;
        break;
    case POOL_FAILED:
        stats->nr_failed++;
        break;
    case POOL_TIMEOUT:
        stats->nr_timeout++;
        break;
    case POOL_CANCELED:
        stats->nr_canceled++;
        break;
    case POOL_LOST:
        stats->nr_lost++;
        break;
    }
}

void task_finish(struct pool *pool, struct task *task,
                 struct pool_result *result)
{
    const struct task_callbacks *callbacks = &task->callbacks;
    pool_reply_fn reply = callbacks->on_done;

    result->task_id = task->id;
    result->attempts = task->attempts;
    result->worker = task->slot;
    if (!result->message)
        result->message = "";
    count_end(&pool->stats, result->status);
    /* before the callback, which may submit and use the entry again */
    leave_table(&pool->tasks, task);
    if (result->status != POOL_OK && callbacks->on_error)
        reply = callbacks->on_error;
    if (reply)
        reply(callbacks->user, result);
    free(task);
}

void task_doom(struct pool *pool, struct task *task, enum pool_status status,
               const struct slot_death *death)
{
    task->state = TASK_DOOMED; /* nobody may cancel it any more */
    task->end.status = (uint8_t)status;
    if (death && status == POOL_LOST) {
        task->end.signal_nr = (uint8_t)death->signal_nr;
        task->end.exit_code = (uint8_t)death->exit_code;
    }
    task_list_append(&pool->tasks.doomed, task);
}

void task_doom_queue(struct pool *pool, enum pool_status status,
                     const struct slot_death *death)
{
    while (pool->queue.list.first) {
        struct task *task = pool->queue.list.first;

        task_dequeue(pool, task);
        task_doom(pool, task, status, death);
    }
}

size_t task_finish_doomed(struct pool *pool)
{
    size_t nr = 0;

    /* a callback may doom more tasks, or end some of these itself */
    while (pool->tasks.doomed.first) {
        struct task *task = task_list_pop(&pool->tasks.doomed);
        struct pool_result result = {
            .status = (enum pool_status)task->end.status,
            .signal_nr = task->end.signal_nr,
            .exit_code = task->end.exit_code,
        };

        task_finish(pool, task, &result);
        nr++;
    }
    return nr;
}
