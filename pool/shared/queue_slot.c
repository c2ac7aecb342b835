/*
 * The slots of a queue: their lists, their repair, what the dead held, waiting.
 *
 * Slots name each other by index, not by pointer: half the bytes, and any index
 * that a killed process left half changed is made anew by the repair.
 */
#include <assert.h>
#include <stdlib.h>

#include "pool/shared/queue_internal.h"
#include "pool/shared/sync_member.h"

/* A list's length has one writer, the holder of the mutex; it is atomic for
 * queue_size(), which reads without the mutex. */
static void list_count(struct slot_list *list, uint32_t more, uint32_t fewer)
{
    uint32_t nr = atomic_load_explicit(&list->nr, memory_order_relaxed);

    atomic_store_explicit(&list->nr, nr + more - fewer, memory_order_relaxed);
}

void queue_list_push(struct queue *queue, struct slot_list *list, uint32_t i,
                     uint32_t behind)
{
    struct slot *slots = queue->slots;
    uint32_t next = behind == QUEUE_NONE ? list->first : slots[behind].next;

    slots[i].prev = behind;
    slots[i].next = next;
    if (behind == QUEUE_NONE)
        list->first = i;
    else
        slots[behind].next = i;
    if (next == QUEUE_NONE)
        list->last = i;
    else
        slots[next].prev = i;
    list_count(list, 1, 0);
}

void queue_list_remove(struct queue *queue, struct slot_list *list, uint32_t i)
{
    struct slot *slots = queue->slots;

    if (slots[i].prev == QUEUE_NONE)
        list->first = slots[i].next;
    else
        slots[slots[i].prev].next = slots[i].next;
    if (slots[i].next == QUEUE_NONE)
        list->last = slots[i].prev;
    else
        slots[slots[i].next].prev = slots[i].prev;
    list_count(list, 0, 1);
}

static void list_reset(struct slot_list *list)
{
    *list = (struct slot_list){QUEUE_NONE, QUEUE_NONE, 0};
}

size_t queue_slot_len(const struct slot *slot)
{
    return sync_body_len(sync_load(&slot->body));
}

void queue_line_add(struct queue *queue, uint32_t i, uint32_t behind)
{
    queue_list_push(queue, &queue->waiting, i, behind);
    queue->bytes.waiting += queue_slot_len(&queue->slots[i]);
}

void queue_line_remove(struct queue *queue, uint32_t i)
{
    queue_list_remove(queue, &queue->waiting, i);
    queue->bytes.waiting -= queue_slot_len(&queue->slots[i]);
}

/* Puts a slot on the stack of unused ones. */
static void slot_shelve(struct queue *queue, uint32_t i)
{
    queue->slots[i].next = queue->first_unused;
    queue->first_unused = i;
}

uint32_t queue_slot_take(struct queue *queue)
{
    uint32_t i = queue->first_unused;

    assert(i != QUEUE_NONE);
    queue->first_unused = queue->slots[i].next;
    return i;
}

void queue_slot_free(struct queue *queue, uint32_t i)
{
    uint64_t body = sync_load(&queue->slots[i].body);

    /* First the slot is free, then its blocks: a death between the two leaves
     * blocks that the repair finds unused. */
    sync_commit(&queue->slots[i].body, 0);
    sync_body_free(&queue->blocks, body);
    slot_shelve(queue, i);
}

/* Puts a slot into the list of those that somebody holds. Its order tells which
 * list: a reserved slot has none, a leased one has. */
static void hold(struct queue *queue, uint32_t i)
{
    const struct slot *slot = &queue->slots[i];

    if (slot->order == 0) {
        queue_list_push(queue, &queue->reserved, i, QUEUE_NONE);
        queue->bytes.reserved += queue_slot_len(slot);
    } else {
        queue_list_push(queue, &queue->leased, i, QUEUE_NONE);
        queue->bytes.leased += queue_slot_len(slot);
    }
}

void queue_unhold(struct queue *queue, uint32_t i)
{
    const struct slot *slot = &queue->slots[i];

    if (slot->order == 0) {
        queue_list_remove(queue, &queue->reserved, i);
        queue->bytes.reserved -= queue_slot_len(slot);
    } else {
        queue_list_remove(queue, &queue->leased, i);
        queue->bytes.leased -= queue_slot_len(slot);
    }
}

/* Compares two slots by the number of their put, for qsort_r(3), which sorts
 * their indices. */
static int compare_order(const void *left, const void *right, void *ctx)
{
    const struct slot *slots = ctx;
    uint64_t a = slots[*(const uint32_t *)left].order;
    uint64_t b = slots[*(const uint32_t *)right].order;

    return (a > b) - (a < b);
}

void queue_rebuild(struct queue *queue)
{
    size_t nr = 0;

    list_reset(&queue->waiting);
    list_reset(&queue->leased);
    list_reset(&queue->reserved);
    queue->first_unused = QUEUE_NONE;
    queue->bytes.waiting = queue->bytes.leased = queue->bytes.reserved = 0;
    sync_blocks_mark_start(&queue->blocks);
    for (uint32_t i = (uint32_t)queue->nr_slots; i-- > 0;) {
        struct slot *slot = &queue->slots[i];

        if (sync_load(&slot->body) == 0) {
            slot_shelve(queue, i);
            continue;
        }
        sync_body_mark(&queue->blocks, sync_load(&slot->body));
        /* The dead holder may have given an order and not counted it. */
        if (queue->next_order <= slot->order)
            queue->next_order = slot->order + 1;
        if (sync_load(&slot->owner) == 0) {
            queue->scratch[nr++] = i;
        } else {
            hold(queue, i);
        }
    }
    sync_blocks_mark_end(&queue->blocks);
    /* The slots were found in the order of their index; the line must be in
     * that of the puts. */
    qsort_r(queue->scratch, nr, sizeof(queue->scratch[0]), compare_order,
            queue->slots);
    for (size_t k = 0; k < nr; k++)
        queue_line_add(queue, queue->scratch[k], queue->waiting.last);
}

void queue_lock(struct queue *queue)
{
    enum err err = sync_mutex_lock(&queue->mutex);

    /* No callback runs under this mutex. */
    assert(err != CERR_STATE);
    if (err != CERR_OWNERDEAD)
        return;
    queue_rebuild(queue);
    queue->counts.nr_repairs++;
    sync_mutex_repaired(&queue->mutex);
    /* The dead holder may have owed a wake to anybody: all look for
     * themselves. */
    sync_gate_flood(&queue->not_empty);
    sync_gate_flood(&queue->not_full);
    sync_gate_flood(&queue->all_done);
}

/* Brings a lent item back to its place in line, which is near the front, or
 * gives it up after too many attempts. */
static void give_back(struct queue *queue, uint32_t i)
{
    struct slot *slot = &queue->slots[i];
    uint32_t behind = QUEUE_NONE, next = queue->waiting.first;

    queue_unhold(queue, i);
    if (slot->attempt >= queue->bounds.max_attempts) {
        queue->counts.nr_dropped++;
        queue_slot_free(queue, i);
        return;
    }
    /* Few items in line were put before it: they came back too. */
    while (next != QUEUE_NONE && queue->slots[next].order < slot->order) {
        behind = next;
        next = queue->slots[next].next;
    }
    sync_commit(&slot->owner, 0);
    queue_line_add(queue, i, behind);
    queue->counts.nr_returned++;
}

/* Looks at all leases and reservations. What a dead thread was lent goes back
 * into the line, what it had reserved is freed. True when there was any. */
static bool reclaim(struct queue *queue)
{
    uint32_t next, i = queue->leased.first;
    bool any = false;

    for (; i != QUEUE_NONE; i = next) {
        next = queue->slots[i].next; /* before the slot changes its list */
        if (!sync_member_alive(sync_load(&queue->slots[i].owner))) {
            give_back(queue, i);
            any = true;
        }
    }
    for (i = queue->reserved.first; i != QUEUE_NONE; i = next) {
        next = queue->slots[i].next;
        if (!sync_member_alive(sync_load(&queue->slots[i].owner))) {
            queue_unhold(queue, i);
            queue_slot_free(queue, i);
            any = true;
        }
    }
    if (any) {
        sync_gate_flood(&queue->not_empty);
        sync_gate_flood(&queue->not_full);
        sync_gate_flood(&queue->all_done);
    }
    return any;
}

/* Looks a few microseconds before a sleep: who only looks needs no system call
 * to be woken. True when the gate was opened meanwhile. */
static bool look_a_little(struct queue *queue, const struct sync_gate *gate)
{
    uint32_t sequence =
        atomic_load_explicit(&gate->sequence, memory_order_relaxed);
    bool was_opened = false;

    sync_mutex_unlock(&queue->mutex);
    for (int i = 0; i < SYNC_TRIES && !was_opened; i++) {
        sync_pause();
        was_opened = atomic_load_explicit(&gate->sequence,
                                          memory_order_relaxed) != sequence;
    }
    queue_lock(queue);
    return was_opened || atomic_load_explicit(&gate->sequence,
                                              memory_order_relaxed) != sequence;
}

enum err queue_wait_a_slice(struct queue *queue, struct sync_gate *gate,
                            int64_t deadline_ms)
{
    int64_t slice_ms = sync_slice_ms(deadline_ms);
    uint32_t sequence;
    bool woken;

    /* The dead may hold just the item or the room that this caller waits for.
     */
    if (slice_ms == 0) {
        if (reclaim(queue))
            return CERR_OK;
        return deadline_ms == 0 ? CERR_AGAIN : CERR_TIMEOUT;
    }
    if (look_a_little(queue, gate))
        return CERR_OK;
    sequence = sync_gate_enter(gate);
    sync_mutex_unlock(&queue->mutex);
    woken = sync_gate_sleep(gate, sequence, slice_ms);
    queue_lock(queue);
    sync_gate_leave(gate, woken);
    /* Nobody woke this caller: the slice is over, or the waker died. */
    if (!woken)
        reclaim(queue);
    return CERR_OK;
}

/* Whether the bounds let one more item in. What is reserved counts, and so does
 * what a plain queue has lent: its blocks are in use until task_done. */
static bool has_room(const struct queue *queue, size_t len)
{
    size_t nr = queue->waiting.nr + queue->reserved.nr;
    size_t bytes = queue->bytes.waiting + queue->bytes.reserved;

    if (!queue->bounds.joinable) {
        nr += queue->leased.nr;
        bytes += queue->bytes.leased;
    }
    return nr < queue->bounds.max_items &&
           bytes + len <= queue->bounds.max_bytes;
}

enum err queue_await_room(struct queue *queue, size_t len, int64_t deadline_ms)
{
    enum err err = CERR_OK;

    while (err == CERR_OK && !queue->closed && !has_room(queue, len))
        err = queue_wait_a_slice(queue, &queue->not_full, deadline_ms);
    return err == CERR_OK && queue->closed ? CERR_CLOSED : err;
}

/* Says whether anything may still come into an empty line. CERR_CLOSED: no; in
 * a closed queue only leases can come back, and a caller that holds a lease
 * must not wait for its own. */
static enum err judge_empty(const struct queue *queue)
{
    uint64_t self = sync_member_known();

    if (!queue->closed)
        return CERR_OK;
    if (queue->leased.nr == 0)
        return CERR_CLOSED;
    for (uint32_t i = queue->leased.first; i != QUEUE_NONE;
         i = queue->slots[i].next)
        if (sync_load(&queue->slots[i].owner) == self)
            return CERR_CLOSED;
    return CERR_OK;
}

enum err queue_await_item(struct queue *queue, int64_t deadline_ms)
{
    enum err err = CERR_OK;

    while (err == CERR_OK && queue->waiting.nr == 0) {
        err = judge_empty(queue);
        if (err == CERR_OK)
            err = queue_wait_a_slice(queue, &queue->not_empty, deadline_ms);
    }
    return err;
}

void queue_lease_first(struct queue *queue, uint64_t owner)
{
    uint32_t i = queue->waiting.first;
    struct slot *slot = &queue->slots[i];

    queue_line_remove(queue, i);
    slot->attempt++; /* before the store that makes it a lease */
    sync_commit(&slot->owner, owner);
    hold(queue, i);
}

enum err queue_look_at_first(const struct queue *queue, size_t cap,
                             bool is_lent, struct queue_item *item)
{
    uint32_t i = queue->waiting.first;
    const struct slot *slot = &queue->slots[i];

    item->len = queue_slot_len(slot);
    item->slot = i;
    item->id = slot->order;
    item->attempt = (int)slot->attempt + 1;
    /* The item is described even if it does not fit, so that the caller learns
     * how long it is. */
    if (item->len > cap)
        return CERR_TOO_BIG;
    if (is_lent && queue->bounds.joinable &&
        (queue->leased.nr >= queue->bounds.max_leases ||
         queue->bytes.leased + item->len > queue->bounds.max_bytes))
        return CERR_LIMIT;
    return CERR_OK;
}

void queue_look_at_one_lease(struct queue *queue)
{
    uint32_t i = queue->leased.last;

    while (i != QUEUE_NONE &&
           !sync_member_alive(sync_load(&queue->slots[i].owner))) {
        give_back(queue, i);
        i = queue->leased.last;
    }
    /* A lease whose holder lives goes to the head of the list, so that the next
     * get looks at another one. */
    if (i != QUEUE_NONE) {
        queue_list_remove(queue, &queue->leased, i);
        queue_list_push(queue, &queue->leased, i, QUEUE_NONE);
    }
}

/* The attempt tells a lease from an earlier one of the same item, the order an
 * item from an earlier one in the same slot. */
bool queue_is_leased_as(const struct queue *queue,
                        const struct queue_item *item)
{
    const struct slot *slot;

    if (item->slot >= queue->nr_slots)
        return false;
    slot = &queue->slots[item->slot];
    return sync_load(&slot->body) != 0 && sync_load(&slot->owner) != 0 &&
           slot->order == item->id && slot->order != 0 &&
           slot->attempt == (uint32_t)item->attempt;
}
