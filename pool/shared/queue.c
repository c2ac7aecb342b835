/*
 * Items that are copied in and out; the design is in queue_internal.h.
 */
#include "pool/shared/queue.h"

#include <assert.h>

#include "pool/shared/queue_internal.h"
#include "pool/shared/sync_member.h"

/* With the mutex held and room in the bounds. The item counts from the store of
 * its body on; a producer that dies before has put nothing. */
static void put_item(struct queue *queue, const void *data, size_t len)
{
    uint32_t i = queue_slot_take(queue);
    struct slot *slot = &queue->slots[i];
    uint64_t body = sync_body_new(&queue->blocks, data, len);

    assert(body != 0); /* there are blocks for all bounds at once */
    slot->order = queue->next_order++;
    slot->attempt = 0;
    sync_commit(&slot->owner, 0);
    sync_commit(&slot->body, body);
    queue_line_add(queue, i, queue->waiting.last);
}

/* Copies the item while it holds the mutex: for a short one that costs less
 * than to reserve and to commit. */
static enum err put_short(struct queue *queue, const void *data, size_t len,
                          int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint32_t nr_wake = 0;
    enum err err;

    queue_lock(queue);
    err = queue_await_room(queue, len, deadline_ms);
    if (err == CERR_OK) {
        put_item(queue, data, len);
        nr_wake = sync_gate_open(&queue->not_empty, 1);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_wake);
    return err;
}

/* Copies the item without the mutex, into a reserved slot that nobody sees; so
 * others put and get meanwhile. CERR_LIMIT: this thread cannot reserve, as too
 * many are alive that may. */
static enum err put_long(struct queue *queue, const void *data, size_t len,
                         int64_t timeout_ms)
{
    struct queue_place place;
    enum err err = queue_reserve_room(queue, len, &place, timeout_ms), rc;

    if (err != CERR_OK)
        return err;
    sync_body_write(&queue->blocks, sync_load(&queue->slots[place.slot].body),
                    data);
    err = queue_commit(queue, &place);
    if (err == CERR_CLOSED) { /* by another process, during the copy */
        rc = queue_cancel(queue, &place);
        assert(rc == CERR_OK);
        (void)rc;
    }
    return err;
}

enum err queue_put(struct queue *queue, const void *data, size_t len,
                   int64_t timeout_ms)
{
    enum err err = CERR_LIMIT;

    if (len > queue->bounds.max_bytes || len > SYNC_BODY_MAX ||
        (queue->bounds.max_item_bytes && len > queue->bounds.max_item_bytes))
        return CERR_TOO_BIG;
    if (len > QUEUE_APART_BYTES)
        err = put_long(queue, data, len, timeout_ms);
    return err == CERR_LIMIT ? put_short(queue, data, len, timeout_ms) : err;
}

/*
 * Takes the first item, which is there; the mutex is held. A short one is
 * copied at once. A long one becomes a lease of the caller, who copies it
 * without the mutex (`is_left`).
 */
static enum err take_item(struct queue *queue, void *data, size_t cap,
                          struct queue_item *item, bool *is_left)
{
    enum err err =
        queue_look_at_first(queue, cap, queue->bounds.joinable, item);
    uint64_t owner = 0;

    *is_left = false;
    if (err == CERR_OK &&
        (queue->bounds.joinable || item->len > QUEUE_APART_BYTES))
        err = sync_member_self(&owner);
    /* A plain queue does without the lease: then the copy holds the mutex. */
    if (err == CERR_LIMIT && !queue->bounds.joinable)
        err = CERR_OK;
    if (err != CERR_OK)
        return err;
    *is_left = owner && item->len > QUEUE_APART_BYTES;
    if (!*is_left)
        sync_body_read(&queue->blocks,
                       sync_load(&queue->slots[item->slot].body), data);
    if (owner) {
        queue_lease_first(queue, owner);
    } else {
        queue_line_remove(queue, item->slot);
        queue_slot_free(queue, item->slot);
    }
    return CERR_OK;
}

/* Copies a long item that the caller was lent. In a plain queue the lease ends
 * with the copy; a caller who dies within it gives the item back. */
static enum err copy_leased(struct queue *queue, const struct queue_item *item,
                            void *data)
{
    sync_body_read(&queue->blocks, sync_load(&queue->slots[item->slot].body),
                   data);
    return queue->bounds.joinable ? CERR_OK : queue_task_done(queue, item);
}

enum err queue_get(struct queue *queue, void *data, size_t cap,
                   struct queue_item *item, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint32_t nr_not_full = 0, nr_not_empty = 0;
    struct queue_item ignored;
    bool is_left = false;
    enum err err;

    if (!item)
        item = &ignored;
    queue_lock(queue);
    queue_look_at_one_lease(queue);
    err = queue_await_item(queue, deadline_ms);
    if (err == CERR_OK) {
        err = take_item(queue, data, cap, item, &is_left);
        /* A refused item is for somebody else to take. */
        if (err)
            nr_not_empty = sync_gate_open(&queue->not_empty, 1);
        else if (queue->bounds.joinable || !is_left)
            /* All wake: the first may need more bytes than this item freed,
             * another one less. */
            nr_not_full = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_not_empty);
    sync_gate_wake(&queue->not_full, nr_not_full);
    return is_left ? copy_leased(queue, item, data) : err;
}

enum err queue_task_done(struct queue *queue, const struct queue_item *item)
{
    uint32_t nr_done = 0, nr_closed = 0, nr_not_full = 0;
    enum err err = CERR_NOT_LENT;

    queue_lock(queue);
    if (queue_is_leased_as(queue, item)) {
        /* Nothing but the free slot remains of it: whoever dies from here on
         * does not bring it back. */
        queue_unhold(queue, item->slot);
        queue_slot_free(queue, item->slot);
        /* What a plain queue lends takes room there, see has_room(). */
        if (!queue->bounds.joinable)
            nr_not_full = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
        if (queue->waiting.nr + queue->leased.nr == 0) {
            nr_done = sync_gate_open(&queue->all_done, SYNC_GATE_ALL);
            /* Getters of a closed queue wait for what may come back. */
            if (queue->closed)
                nr_closed = sync_gate_open(&queue->not_empty, SYNC_GATE_ALL);
        }
        err = CERR_OK;
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->all_done, nr_done);
    sync_gate_wake(&queue->not_full, nr_not_full);
    sync_gate_wake(&queue->not_empty, nr_closed);
    return err;
}

enum err queue_join(struct queue *queue, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    enum err err = CERR_OK;

    if (!queue->bounds.joinable)
        return CERR_STATE;
    queue_lock(queue);
    while (err == CERR_OK && queue->waiting.nr + queue->leased.nr > 0)
        err = queue_wait_a_slice(queue, &queue->all_done, deadline_ms);
    sync_mutex_unlock(&queue->mutex);
    return err;
}

void queue_close(struct queue *queue)
{
    queue_lock(queue);
    queue->closed = true;
    sync_gate_flood(&queue->not_empty);
    sync_gate_flood(&queue->not_full);
    sync_mutex_unlock(&queue->mutex);
}

void queue_get_stats(struct queue *queue, struct queue_stats *stats)
{
    queue_lock(queue);
    *stats = (struct queue_stats){
        .nr_waiting = queue->waiting.nr,
        .nr_leased = queue->leased.nr,
        .bytes = queue->bytes.waiting,
        .nr_put = queue->next_order - 1,
        .nr_returned = queue->counts.nr_returned,
        .nr_dropped = queue->counts.nr_dropped,
        .nr_repairs = queue->counts.nr_repairs,
        .closed = queue->closed,
    };
    sync_mutex_unlock(&queue->mutex);
}

/* Without the mutex: the number is one word, and its writers hold the mutex. */
size_t queue_size(const struct queue *queue)
{
    return atomic_load_explicit(&queue->waiting.nr, memory_order_relaxed);
}
