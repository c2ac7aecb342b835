/*
 * queue_internal: what the queue's own files share.
 *
 * DESIGN. The slots are the truth, everything else is an index.
 *
 *            put
 *   free ──────────────► waiting ──get, borrow──► leased ──task_done──► free
 *     │ ▲                 ▲  ▲                      │
 *     │ └─owner died──┐   │  └──────taker died──────┘
 *     └─reserve──► reserved ──commit      (plain queue: get goes to free)
 *
 * A slot's state follows from three words, each changed by one store: `body`
 * (0: free), `owner` (0: waiting) and `order` (0: reserved). The lists, the
 * counters and the free blocks can be rebuilt from the slots, and are, by
 * whoever takes the mutex after its holder was killed. `order`, the number of
 * the put, sorts the line and brings an item that comes back to its old place.
 *
 * A caller who would otherwise wait or give up looks for what dead threads
 * held: before it says no, and each SYNC_SLICE_MS. So that a busy queue, where
 * nobody waits, finds the leases of the dead too, each get looks at one of
 * them.
 *
 * A long item is copied without the mutex: reserved meanwhile, or leased.
 *
 *   queue.c        put, get, task_done, join, close
 *   queue_place.c  items in place: reserve, commit, cancel, borrow
 *   queue_slot.c   lists, repair, what the dead held, waiting
 *   queue_open.c   options, layout
 */
#ifndef POOL_SHARED_QUEUE_INTERNAL_H
#define POOL_SHARED_QUEUE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "pool/shared/queue.h"
#include "pool/shared/sync_block.h"
#include "pool/shared/sync_futex.h"
#include "pool/shared/sync_region.h"

#define QUEUE_NONE        UINT32_MAX
#define QUEUE_APART_BYTES 2048 /* longer items are copied without the mutex */

struct slot {
    _Alignas(SYNC_LINE_BYTES) _Atomic uint64_t body;
    _Atomic uint64_t owner; /* sync_member that holds it */
    uint64_t order;         /* 0: reserved */
    uint32_t attempt;    /* takes so far; reserved: which reservation it is */
    uint32_t prev, next; /* in the list of its state */
};

struct slot_list {
    uint32_t first, last;
    _Atomic uint32_t nr; /* changed under the mutex, read by queue_size() */
};

/* These are the bytes of the items in each list. */
struct queue_bytes {
    size_t waiting, leased, reserved;
};

/* These counts become what queue_stats says about the dead. */
struct queue_counts {
    uint64_t nr_returned, nr_dropped, nr_repairs;
};

/* The bounds are those of queue_options, with the defaults filled in. */
struct queue_bounds {
    size_t max_items, max_bytes, max_leases;
    size_t max_item_bytes; /* 0: items lie in chains of blocks */
    uint32_t max_attempts;
    bool joinable;
};

/* What each call changes fills two cache lines: those that go from core to core
 * are most of what a call costs. */
struct queue {
    pthread_mutex_t mutex; /* of everything up to `closed` */
    struct slot_list waiting, leased, reserved;
    uint32_t first_unused; /* a stack by `next` */
    struct queue_bytes bytes;
    uint64_t next_order;       /* of the next put; 0 is never given */
    uint32_t next_reservation; /* goes into `attempt`, see struct slot */
    struct sync_blocks blocks; /* what changes comes first in it */
    struct queue_counts counts;
    bool closed;

    struct sync_gate not_empty, not_full, all_done;

    /* What follows never changes once the queue is open. */
    struct queue_bounds bounds;
    size_t region_bytes;
    size_t nr_slots; /* max_items and max_leases */
    struct slot *slots;
    uint32_t *scratch; /* nr_slots numbers, for the repair */
};

/* The caller of any of these holds the mutex. */

/* Put a slot into a list behind the slot `behind` (QUEUE_NONE: at the head), or
 * take it out. */
void queue_list_push(struct queue *queue, struct slot_list *list, uint32_t i,
                     uint32_t behind);
void queue_list_remove(struct queue *queue, struct slot_list *list, uint32_t i);
/* Returns the bytes of the item in the slot. */
size_t queue_slot_len(const struct slot *slot);
/* Put a slot into the line behind another one, or take it out. */
void queue_line_add(struct queue *queue, uint32_t i, uint32_t behind);
void queue_line_remove(struct queue *queue, uint32_t i);
/* Takes an unused slot. There is one for each item that the bounds let in. */
uint32_t queue_slot_take(struct queue *queue);
/* Frees a slot that is in no list any more. */
void queue_slot_free(struct queue *queue, uint32_t i);
/* Ends the state of being leased or reserved; the slot is in no list then. */
void queue_unhold(struct queue *queue, uint32_t i);

/* Derives everything else from the slots; see DESIGN. */
void queue_rebuild(struct queue *queue);
/* Takes the mutex, and repairs what a dead holder left. */
void queue_lock(struct queue *queue);

/* Looks at one lease, or at more while their takers are dead. */
void queue_look_at_one_lease(struct queue *queue);
/*
 * Waits for at most one slice, with the mutex held before and after. CERR_OK:
 * look again. Otherwise the time is over, and what dead threads held was taken
 * back before that was said.
 */
enum err queue_wait_a_slice(struct queue *queue, struct sync_gate *gate,
                            int64_t deadline_ms) CERR_CHECK;
/* Waits until one more item of `len` bytes may come. CERR_CLOSED too. */
enum err queue_await_room(struct queue *queue, size_t len,
                          int64_t deadline_ms) CERR_CHECK;
/* queue_reserve() for a queue of either kind. CERR_LIMIT: no member. */
enum err queue_reserve_room(struct queue *queue, size_t len,
                            struct queue_place *place,
                            int64_t timeout_ms) CERR_CHECK;
/* Waits until the line has an item. */
enum err queue_await_item(struct queue *queue, int64_t deadline_ms) CERR_CHECK;
/* The first item in line becomes the lease of `owner`. */
void queue_lease_first(struct queue *queue, uint64_t owner);
/* Describes the first item in line; says why it may not be taken by somebody
 * with room for `cap` bytes. CERR_TOO_BIG, CERR_LIMIT. */
enum err queue_look_at_first(const struct queue *queue, size_t cap,
                             bool is_lent, struct queue_item *item) CERR_CHECK;
/* Tells whether an item is lent just as described. */
bool queue_is_leased_as(const struct queue *queue,
                        const struct queue_item *item);

#endif
