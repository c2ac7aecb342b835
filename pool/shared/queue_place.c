/*
 * Items in place: no byte is copied. The design is in queue_internal.h.
 *
 * A reserved slot has an owner and no order, so a repair knows it from a lease;
 * its number, in `attempt`, tells an old struct queue_place from the present
 * one.
 */
#include <assert.h>

#include "pool/shared/queue_internal.h"
#include "pool/shared/sync_member.h"

/* Reserves a slot; the caller holds the mutex, and the bounds have room. The
 * owner is stored before the body: a slot with a body and without an owner
 * would be an item in line. */
static void reserve_slot(struct queue *queue, uint64_t owner,
                         struct queue_place *place)
{
    uint32_t i = queue_slot_take(queue);
    struct slot *slot = &queue->slots[i];
    uint64_t body = sync_body_room(&queue->blocks, place->len);

    assert(body != 0); /* a block for each item that the bounds let in */
    slot->order = 0;
    slot->attempt = queue->next_reservation++;
    sync_commit(&slot->owner, owner);
    sync_commit(&slot->body, body);
    /* From here on it counts in the bounds. */
    queue_list_push(queue, &queue->reserved, i, QUEUE_NONE);
    queue->bytes.reserved += place->len;
    place->data = sync_body_head(&queue->blocks, body);
    place->slot = i;
    place->id = slot->attempt;
}

enum err queue_reserve_room(struct queue *queue, size_t len,
                            struct queue_place *place, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint64_t owner;
    enum err err = sync_member_self(&owner);

    *place = (struct queue_place){.len = len, .slot = QUEUE_NONE};
    if (err != CERR_OK)
        return err;
    queue_lock(queue);
    err = queue_await_room(queue, len, deadline_ms);
    if (err == CERR_OK)
        reserve_slot(queue, owner, place);
    sync_mutex_unlock(&queue->mutex);
    return err;
}

enum err queue_reserve(struct queue *queue, size_t len,
                       struct queue_place *place, int64_t timeout_ms)
{
    *place = (struct queue_place){.len = len, .slot = QUEUE_NONE};
    if (!queue->bounds.max_item_bytes)
        return CERR_STATE;
    if (len > queue->bounds.max_item_bytes || len > queue->bounds.max_bytes)
        return CERR_TOO_BIG;
    return queue_reserve_room(queue, len, place, timeout_ms);
}

/* Whether the calling thread reserved this very place, and still has it. */
static bool is_reserved_as(const struct queue *queue,
                           const struct queue_place *place)
{
    const struct slot *slot;

    if (place->slot >= queue->nr_slots)
        return false;
    slot = &queue->slots[place->slot];
    return sync_load(&slot->body) != 0 && slot->order == 0 &&
           sync_load(&slot->owner) == sync_member_known() &&
           slot->attempt == place->id;
}

/* Puts a reserved item in line. Once its order is stored it gets there even if
 * its producer dies: a slot with an order and a dead owner is a lease, which
 * goes back into the line. */
static void commit_slot(struct queue *queue, uint32_t i, size_t len)
{
    struct slot *slot = &queue->slots[i];

    queue_unhold(queue, i);
    slot->attempt = 0;
    sync_commit(&slot->body, sync_body_cut(sync_load(&slot->body), len));
    slot->order = queue->next_order++;
    sync_commit(&slot->owner, 0);
    queue_line_add(queue, i, queue->waiting.last);
}

enum err queue_commit(struct queue *queue, const struct queue_place *place)
{
    uint32_t nr_wake = 0, nr_not_full = 0;
    enum err err = CERR_OK;

    queue_lock(queue);
    if (!is_reserved_as(queue, place) ||
        place->len > queue_slot_len(&queue->slots[place->slot]))
        err = CERR_INVALID;
    else if (queue->closed)
        err = CERR_CLOSED;
    if (err == CERR_OK) {
        /* A shorter item than was reserved gives room back. */
        if (place->len < queue_slot_len(&queue->slots[place->slot]))
            nr_not_full = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
        commit_slot(queue, place->slot, place->len);
        nr_wake = sync_gate_open(&queue->not_empty, 1);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_wake);
    sync_gate_wake(&queue->not_full, nr_not_full);
    return err;
}

enum err queue_cancel(struct queue *queue, const struct queue_place *place)
{
    uint32_t nr_wake = 0;
    enum err err = CERR_INVALID;

    queue_lock(queue);
    if (is_reserved_as(queue, place)) {
        queue_unhold(queue, place->slot);
        queue_slot_free(queue, place->slot);
        nr_wake = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
        err = CERR_OK;
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_full, nr_wake);
    return err;
}

enum err queue_borrow(struct queue *queue, const void **data,
                      struct queue_item *item, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint32_t nr_not_full = 0, nr_not_empty = 0;
    uint64_t owner, body;
    enum err err;

    *data = NULL;
    if (!queue->bounds.max_item_bytes)
        return CERR_STATE;
    err = sync_member_self(&owner);
    if (err != CERR_OK)
        return err;
    queue_lock(queue);
    queue_look_at_one_lease(queue);
    err = queue_await_item(queue, deadline_ms);
    if (err == CERR_OK) {
        err = queue_look_at_first(queue, SIZE_MAX, true, item);
        if (err != CERR_OK) /* the refused item is for somebody else to take */
            nr_not_empty = sync_gate_open(&queue->not_empty, 1);
    }
    if (err == CERR_OK) {
        body = sync_load(&queue->slots[item->slot].body);
        *data = sync_body_head(&queue->blocks, body);
        queue_lease_first(queue, owner);
        /* A joinable queue counts what it lends in bounds of their own. */
        if (queue->bounds.joinable)
            nr_not_full = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_not_empty);
    sync_gate_wake(&queue->not_full, nr_not_full);
    return err;
}
