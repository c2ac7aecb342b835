/*
 * Which worker gets which task.
 *
 * The worker with the fewest tasks gets the next, in runs when many wait, so
 * that a run shares one look at all slots. A task with an affinity key goes
 * where its key went last, while there is room. The keys are remembered in a
 * set-associative table that forgets the least recently used.
 */
#include <stdlib.h>

#include "pool/pool_internal.h"

/* The table of keys: 4 entries in each of 4,096 sets, so 16,384 keys. */
#define AFFINITY_SETS 4096u
#define AFFINITY_WAYS 4u

/* The slot with the fewest tasks that has room; NULL: none has. */
static struct slot *find_least_loaded(struct pool *pool)
{
    struct slot *best = NULL;

    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        if (slot_room(slot) > 0 &&
            (!best || slot->flight.tasks.nr < best->flight.tasks.nr))
            best = slot;
    }
    return best;
}

/* The entry of a key, or the one to be replaced by it; NULL: no memory. */
static struct affinity_entry *find_affinity(struct affinity_table *table,
                                            uint64_t key)
{
    struct affinity_entry *set, *oldest;

    if (!table->entries)
        table->entries =
            calloc((size_t)AFFINITY_SETS * AFFINITY_WAYS, sizeof(*oldest));
    if (!table->entries)
        return NULL;
    /* the keys may be small numbers: spread them (Fibonacci hashing) */
    set = &table->entries[(key * 0x9e3779b97f4a7c15u >> 52) % AFFINITY_SETS *
                          AFFINITY_WAYS];
    oldest = set;
    for (unsigned i = 0; i < AFFINITY_WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].stamp < oldest->stamp)
            oldest = &set[i];
    }
    return oldest;
}

/* Where the key's tasks went last, if there is room; the slot chosen instead
 * has the key from now on. NULL: no slot has room. */
static struct slot *find_by_affinity(struct pool *pool, uint64_t key)
{
    struct affinity_entry *entry = find_affinity(&pool->affinity, key);
    struct slot *slot = NULL;

    if (!entry)
        return find_least_loaded(pool);
    if (entry->key == key)
        slot = &pool->slots[entry->slot];
    if (!slot || slot_room(slot) == 0)
        slot = find_least_loaded(pool);
    if (slot)
        *entry = (struct affinity_entry){
            .key = key,
            .stamp = ++pool->affinity.last_stamp,
            .slot = slot->index,
        };
    return slot;
}

/* Lets all workers see what this pass has sent. */
static void publish_all(struct pool *pool)
{
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];

        slot->flight.is_full = false;
        if (slot->channel && slot->channel->tail != slot->channel->published)
            slot_publish(slot);
    }
}

/* Recycling by number of tasks. The limit of the first generations differs by
 * up to a quarter, so that not all workers leave at once. */
static void stop_if_spent(struct slot *slot)
{
    const struct pool *pool = slot->pool;
    uint64_t limit = pool->options.max_tasks_per_worker;

    if (limit == 0)
        return;
    if (slot->generation == 1)
        limit -= limit * (uint64_t)slot->index /
                 (4 * (uint64_t)pool->options.nr_workers);
    if (slot->flight.nr_sent < limit)
        return;
    slot_publish(slot);
    slot_stop(slot, SLOT_RECYCLED);
}

void route_queue(struct pool *pool)
{
    size_t run = 0;
    struct slot *slot = NULL;

    pool->queue.nr_unflushed = 0;
    if (!pool->queue.list.first)
        return;
    while (pool->queue.list.first) {
        struct task *task = pool->queue.list.first;

        if (task->affinity) {
            slot = find_by_affinity(pool, task->affinity);
            run = 0;
        } else if (run == 0 || slot_room(slot) == 0) {
            run = pool->queue.list.nr / (size_t)pool->options.nr_workers;
            run = run > POOL_BATCH_TASKS ? POOL_BATCH_TASKS : run;
            slot = find_least_loaded(pool);
        }
        if (!slot)
            break;
        task_dequeue(pool, task);
        if (slot_send(slot, task) != CERR_OK) { /* another slot may do */
            slot->flight.is_full = true;
            task_requeue(pool, task);
            continue;
        }
        stop_if_spent(slot);
        if (run > 0 && --run == 0)
            slot_publish(slot);
    }
    publish_all(pool);
}

/* The slot with the most unstarted tasks, `nr` of them; NULL: none has any. */
static struct slot *find_most_unstarted(struct pool *pool, uint32_t *nr)
{
    struct slot *best = NULL;

    *nr = 0;
    for (int i = 0; i < pool->options.nr_workers; i++) {
        struct slot *slot = &pool->slots[i];
        uint32_t taken, waiting;

        if (!slot_is_readable(slot) || slot->flight.tasks.nr < 2 ||
            channel_read_taken(slot->channel, &taken) != CERR_OK)
            continue;
        waiting = slot->channel->published - taken;
        if (waiting > *nr) {
            best = slot;
            *nr = waiting;
        }
    }
    return best;
}

/* Only the ordinary pool is balanced: a worker with a loop of its own starts
 * all its tasks at once. */
void route_balance(struct pool *pool)
{
    struct slot *idle = find_least_loaded(pool);
    struct slot *busy;
    uint32_t nr_waiting;

    if (!pool->options.functions || pool->queue.list.first || !idle ||
        idle->flight.tasks.nr > 0)
        return;
    busy = find_most_unstarted(pool, &nr_waiting);
    if (!busy)
        return;
    /* half of the tasks stay, because the busy worker goes on meanwhile */
    slot_recall(busy, nr_waiting / 2);
    route_queue(pool);
}
