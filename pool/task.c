/*
 * Tasks: their table, their queue, their end.
 */
#include <stdlib.h>
#include <string.h>

#include "pool/pool_internal.h"

#define TABLE_FIRST 64u
#define NO_INDEX    UINT32_MAX

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

void task_list_prepend(struct task_list *list, struct task *task)
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

/* The first of a list that has one. */
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

static enum err grow_table(struct pool *pool)
{
    uint32_t cap = pool->cap_table ? pool->cap_table * 2 : TABLE_FIRST;
    struct task_entry *table;

    if (cap < pool->cap_table)
        return CERR_NOMEM;
    table = realloc(pool->table, cap * sizeof(*table));
    if (!table)
        return CERR_NOMEM;
    for (uint32_t i = pool->cap_table; i < cap; i++)
        table[i] = (struct task_entry){.next_free = i + 1};
    table[cap - 1].next_free = NO_INDEX;
    pool->first_free = pool->cap_table;
    pool->table = table;
    pool->cap_table = cap;
    return CERR_OK;
}

static uint32_t clamp_ms(int64_t own_ms, int64_t default_ms)
{
    int64_t ms = own_ms ? own_ms : default_ms;

    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

enum err task_new(struct pool *pool, const struct pool_task *from,
                  struct task **out)
{
    struct task_entry *entry;
    struct task *task;
    uint32_t index;

    if (pool->first_free == NO_INDEX && grow_table(pool) != CERR_OK)
        return CERR_NOMEM;
    task = malloc(sizeof(*task) + from->len);
    if (!task)
        return CERR_NOMEM;
    index = pool->first_free;
    entry = &pool->table[index];
    pool->first_free = entry->next_free;
    entry->task = task;
    entry->use++;
    *task = (struct task){
        .id = (uint64_t)entry->use << 32 | (index + 1),
        .on_done = from->on_done,
        .on_error = from->on_error,
        .user = from->user,
        .affinity = from->affinity,
        .soft_ms =
            clamp_ms(from->soft_timeout_ms, pool->options.soft_timeout_ms),
        .hard_ms =
            clamp_ms(from->hard_timeout_ms, pool->options.hard_timeout_ms),
        .len = (uint32_t)from->len,
        .function = from->function,
        .slot = -1,
        .retryable = from->retryable,
    };
    if (from->len)
        memcpy(task->data, from->data, from->len);
    pool->nr_pending++;
    *out = task;
    return CERR_OK;
}

struct task *task_find(const struct pool *pool, uint64_t id)
{
    uint32_t index = (uint32_t)id - 1;

    if (index >= pool->cap_table || !pool->table[index].task ||
        pool->table[index].task->id != id)
        return NULL;
    return pool->table[index].task;
}

void task_enqueue(struct pool *pool, struct task *task)
{
    task_list_append(&pool->queue, task);
    pool->queued_bytes += task->len;
}

void task_requeue(struct pool *pool, struct task *task)
{
    task_list_prepend(&pool->queue, task);
    pool->queued_bytes += task->len;
}

void task_dequeue(struct pool *pool, struct task *task)
{
    task_list_remove(&pool->queue, task);
    pool->queued_bytes -= task->len;
}

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
    uint32_t index = (uint32_t)task->id - 1;
    struct task_entry *entry = &pool->table[index];
    pool_reply_fn reply = task->on_done;

    result->task_id = task->id;
    result->attempts = task->attempts;
    result->worker = task->slot;
    if (!result->message)
        result->message = "";
    count_end(&pool->stats, result->status);
    pool->nr_pending--;
    entry->task = NULL;
    entry->next_free = pool->first_free;
    pool->first_free = index;
    if (task->handle)
        handle_complete(task->handle, result);
    if (result->status != POOL_OK && task->on_error)
        reply = task->on_error;
    if (reply)
        reply(task->user, result);
    free(task);
}

void task_doom(struct pool *pool, struct task *task, enum pool_status status,
               const struct slot *dead)
{
    task->is_doomed = true;
    task->end_status = (uint8_t)status;
    if (dead && status == POOL_LOST) {
        task->end_signal = (uint8_t)dead->last_signal;
        task->end_exit = (uint8_t)dead->last_exit;
    }
    task_list_append(&pool->doomed, task);
}

size_t task_finish_doomed(struct pool *pool)
{
    size_t nr = 0;

    while (pool->doomed.first) {
        struct task *task = task_list_pop(&pool->doomed);
        struct pool_result result = {
            .status = (enum pool_status)task->end_status,
            .signal_nr = task->end_signal,
            .exit_code = task->end_exit,
        };

        task_finish(pool, task, &result);
        nr++;
    }
    return nr;
}
