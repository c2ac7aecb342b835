/*
 * DESIGN. The slots are the truth, everything else is an index.
 *
 *   free ──put──► waiting ──get──► leased ──task_done──► free
 *                    ▲                │
 *                    └──taker died────┘      (plain queue: get goes to free)
 *
 * A slot's state follows from two words, each changed by one store: `body` (0:
 * free) and `owner` (0: waiting). The three lists, the counters and the free
 * blocks can be rebuilt from the slots, and are, by whoever takes the mutex
 * after its holder was killed. `order`, the number of the put, sorts the line
 * and brings an item that comes back to its old place.
 *
 * Leases of the dead are looked for by those who would otherwise wait or give
 * up: before they say no, and each SYNC_SLICE_MS. So that a busy queue finds
 * them too, each get looks at one lease, in turn.
 */
#include "pool/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pool/sync_block.h"
#include "pool/sync_futex.h"
#include "pool/sync_member.h"
#include "pool/sync_region.h"

#define NONE            UINT32_MAX
#define BLOCK_BYTES_MIN 64
#define BLOCK_BYTES_MAX 4096

struct slot {
    _Alignas(SYNC_LINE_BYTES) _Atomic uint64_t body;
    _Atomic uint64_t owner; /* sync_member that holds it */
    uint64_t order;
    uint32_t attempt;    /* takes so far */
    uint32_t prev, next; /* in the list of its state */
};

struct slot_list {
    uint32_t first, last;
    size_t nr;
};

struct queue {
    size_t region_bytes;
    size_t max_items, max_bytes, max_leases, nr_slots;
    uint32_t max_attempts;
    bool joinable;
    struct slot *slots;
    uint32_t *scratch; /* nr_slots numbers, for the repair */

    pthread_mutex_t mutex;     /* of everything below but what is _Atomic */
    _Atomic size_t nr_waiting; /* waiting.nr, for queue_size() */
    struct slot_list waiting, leased, unused;
    size_t bytes, leased_bytes;
    uint64_t next_order;
    uint64_t nr_returned, nr_dropped, nr_repairs;
    bool closed;
    struct sync_blocks blocks;

    struct sync_gate not_empty, not_full, all_done;
};

static void list_push(struct queue *queue, struct slot_list *list, uint32_t i,
                      uint32_t behind)
{
    struct slot *slots = queue->slots;
    uint32_t next = behind == NONE ? list->first : slots[behind].next;

    slots[i].prev = behind;
    slots[i].next = next;
    if (behind == NONE)
        list->first = i;
    else
        slots[behind].next = i;
    if (next == NONE)
        list->last = i;
    else
        slots[next].prev = i;
    list->nr++;
}

static void list_remove(struct queue *queue, struct slot_list *list, uint32_t i)
{
    struct slot *slots = queue->slots;

    if (slots[i].prev == NONE)
        list->first = slots[i].next;
    else
        slots[slots[i].prev].next = slots[i].next;
    if (slots[i].next == NONE)
        list->last = slots[i].prev;
    else
        slots[slots[i].next].prev = slots[i].prev;
    list->nr--;
}

static void list_reset(struct slot_list *list)
{
    *list = (struct slot_list){NONE, NONE, 0};
}

static size_t slot_len(const struct slot *slot)
{
    return sync_body_len(sync_load(&slot->body));
}

static void line_add(struct queue *queue, uint32_t i, uint32_t behind)
{
    list_push(queue, &queue->waiting, i, behind);
    queue->bytes += slot_len(&queue->slots[i]);
    atomic_store_explicit(&queue->nr_waiting, queue->waiting.nr,
                          memory_order_relaxed);
}

static void line_remove(struct queue *queue, uint32_t i)
{
    list_remove(queue, &queue->waiting, i);
    queue->bytes -= slot_len(&queue->slots[i]);
    atomic_store_explicit(&queue->nr_waiting, queue->waiting.nr,
                          memory_order_relaxed);
}

/* The slot is in no list any more. */
static void slot_free(struct queue *queue, uint32_t i)
{
    uint64_t body = sync_load(&queue->slots[i].body);

    sync_commit(&queue->slots[i].body, 0);
    sync_body_free(&queue->blocks, body);
    list_push(queue, &queue->unused, i, NONE);
}

static int compare_order(const void *left, const void *right, void *ctx)
{
    const struct slot *slots = ctx;
    uint64_t a = slots[*(const uint32_t *)left].order;
    uint64_t b = slots[*(const uint32_t *)right].order;

    return (a > b) - (a < b);
}

/* Derives everything from the slots; see DESIGN. */
static void rebuild(struct queue *queue)
{
    size_t nr = 0;

    list_reset(&queue->waiting);
    list_reset(&queue->leased);
    list_reset(&queue->unused);
    queue->bytes = queue->leased_bytes = 0;
    sync_blocks_mark_start(&queue->blocks);
    for (uint32_t i = (uint32_t)queue->nr_slots; i-- > 0;) {
        struct slot *slot = &queue->slots[i];

        if (sync_load(&slot->body) == 0) {
            list_push(queue, &queue->unused, i, NONE);
            continue;
        }
        sync_body_mark(&queue->blocks, sync_load(&slot->body));
        if (queue->next_order <= slot->order)
            queue->next_order = slot->order + 1;
        if (sync_load(&slot->owner) == 0) {
            queue->scratch[nr++] = i;
        } else {
            list_push(queue, &queue->leased, i, NONE);
            queue->leased_bytes += slot_len(slot);
        }
    }
    sync_blocks_mark_end(&queue->blocks);
    qsort_r(queue->scratch, nr, sizeof(queue->scratch[0]), compare_order,
            queue->slots);
    for (size_t k = 0; k < nr; k++)
        line_add(queue, queue->scratch[k], queue->waiting.last);
    atomic_store_explicit(&queue->nr_waiting, nr, memory_order_relaxed);
}

static void queue_lock(struct queue *queue)
{
    enum err err = sync_mutex_lock(&queue->mutex);

    /* No callback runs under this mutex. */
    assert(err != ERR_STATE);
    if (err != ERR_OWNERDEAD)
        return;
    rebuild(queue);
    queue->nr_repairs++;
    sync_mutex_repaired(&queue->mutex);
    sync_gate_flood(&queue->not_empty);
    sync_gate_flood(&queue->not_full);
    sync_gate_flood(&queue->all_done);
}

/* Brings a lent item back to its place, or gives it up. */
static void give_back(struct queue *queue, uint32_t i)
{
    struct slot *slot = &queue->slots[i];
    uint32_t behind = NONE, next = queue->waiting.first;

    list_remove(queue, &queue->leased, i);
    queue->leased_bytes -= slot_len(slot);
    if (slot->attempt >= queue->max_attempts) {
        queue->nr_dropped++;
        slot_free(queue, i);
        return;
    }
    while (next != NONE && queue->slots[next].order < slot->order) {
        behind = next;
        next = queue->slots[next].next;
    }
    sync_commit(&slot->owner, 0);
    line_add(queue, i, behind);
    queue->nr_returned++;
}

/* True when something came back from the dead. */
static bool reclaim(struct queue *queue)
{
    uint32_t next, i = queue->leased.first;
    bool any = false;

    for (; i != NONE; i = next) {
        next = queue->slots[i].next;
        if (!sync_member_alive(sync_load(&queue->slots[i].owner))) {
            give_back(queue, i);
            any = true;
        }
    }
    if (any) {
        sync_gate_flood(&queue->not_empty);
        sync_gate_flood(&queue->all_done);
    }
    return any;
}

/*
 * One turn of waiting, with the mutex held before and after. ERR_OK: look
 * again. Otherwise the condition was still false after the dead were seen to.
 */
static enum err wait_turn(struct queue *queue, struct sync_gate *gate,
                          int64_t deadline_ms)
{
    int64_t slice_ms = sync_slice_ms(deadline_ms);
    uint32_t turn;
    bool woken;

    if (slice_ms == 0) {
        if (reclaim(queue))
            return ERR_OK;
        return deadline_ms == 0 ? ERR_AGAIN : ERR_TIMEOUT;
    }
    turn = sync_gate_enter(gate);
    sync_mutex_unlock(&queue->mutex);
    woken = sync_gate_sleep(gate, turn, slice_ms);
    queue_lock(queue);
    sync_gate_leave(gate, woken);
    if (!woken)
        reclaim(queue);
    return ERR_OK;
}

static bool has_room(const struct queue *queue, size_t len)
{
    return queue->waiting.nr < queue->max_items &&
           queue->bytes + len <= queue->max_bytes;
}

static void put_item(struct queue *queue, const void *data, size_t len)
{
    uint32_t i = queue->unused.first;
    struct slot *slot = &queue->slots[i];
    uint64_t body = sync_body_new(&queue->blocks, data, len);

    /* There are slots and blocks for all bounds at once. */
    assert(i != NONE && body != 0);
    list_remove(queue, &queue->unused, i);
    slot->order = queue->next_order++;
    slot->attempt = 0;
    sync_commit(&slot->owner, 0);
    sync_commit(&slot->body, body);
    line_add(queue, i, queue->waiting.last);
}

enum err queue_put(struct queue *queue, const void *data, size_t len,
                   int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    enum err err = ERR_OK;
    uint32_t nr_wake = 0;

    if (len > queue->max_bytes || len > SYNC_BODY_MAX)
        return ERR_TOO_BIG;
    queue_lock(queue);
    while (err == ERR_OK && !queue->closed && !has_room(queue, len))
        err = wait_turn(queue, &queue->not_full, deadline_ms);
    if (err == ERR_OK && queue->closed)
        err = ERR_CLOSED;
    if (err == ERR_OK) {
        put_item(queue, data, len);
        nr_wake = sync_gate_open(&queue->not_empty, 1);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_wake);
    return err;
}

/* Nothing in line now: may something still come? */
static enum err judge_empty(const struct queue *queue)
{
    uint64_t self = sync_member_known();

    if (!queue->closed)
        return ERR_OK;
    if (queue->leased.nr == 0)
        return ERR_CLOSED;
    for (uint32_t i = queue->leased.first; i != NONE; i = queue->slots[i].next)
        if (sync_load(&queue->slots[i].owner) == self)
            return ERR_CLOSED;
    return ERR_OK;
}

/* Waits until the line has an item. */
static enum err await_item(struct queue *queue, int64_t deadline_ms)
{
    enum err err = ERR_OK;

    while (err == ERR_OK && queue->waiting.nr == 0) {
        err = judge_empty(queue);
        if (err == ERR_OK)
            err = wait_turn(queue, &queue->not_empty, deadline_ms);
    }
    return err;
}

static void lease(struct queue *queue, uint32_t i, uint64_t owner)
{
    struct slot *slot = &queue->slots[i];

    slot->attempt++;
    sync_commit(&slot->owner, owner);
    list_push(queue, &queue->leased, i, NONE);
    queue->leased_bytes += slot_len(slot);
}

/* Looks at one lease, or at more while their takers are dead. */
static void look_at_one_lease(struct queue *queue)
{
    uint32_t i = queue->leased.last;

    while (i != NONE && !sync_member_alive(sync_load(&queue->slots[i].owner))) {
        give_back(queue, i);
        i = queue->leased.last;
    }
    if (i != NONE) {
        list_remove(queue, &queue->leased, i);
        list_push(queue, &queue->leased, i, NONE);
    }
}

/* Takes the first item, which is there; the mutex is held. */
static enum err take_item(struct queue *queue, void *data, size_t cap,
                          struct queue_item *item)
{
    uint32_t i = queue->waiting.first;
    struct slot *slot = &queue->slots[i];
    uint64_t owner = 0;
    enum err err;

    item->len = slot_len(slot);
    item->slot = i;
    item->id = slot->order;
    item->attempt = (int)slot->attempt + 1;
    if (item->len > cap)
        return ERR_TOO_BIG;
    if (queue->joinable) {
        if (queue->leased.nr >= queue->max_leases ||
            queue->leased_bytes + item->len > queue->max_bytes)
            return ERR_LIMIT;
        err = sync_member_self(&owner);
        if (err)
            return err;
    }
    sync_body_read(&queue->blocks, sync_load(&slot->body), data);
    line_remove(queue, i);
    if (queue->joinable)
        lease(queue, i, owner);
    else
        slot_free(queue, i);
    return ERR_OK;
}

enum err queue_get(struct queue *queue, void *data, size_t cap,
                   struct queue_item *item, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    uint32_t nr_not_full = 0, nr_not_empty = 0;
    struct queue_item ignored;
    enum err err;

    queue_lock(queue);
    look_at_one_lease(queue);
    err = await_item(queue, deadline_ms);
    if (err == ERR_OK) {
        err = take_item(queue, data, cap, item ? item : &ignored);
        /* A refused item is for somebody else to take. */
        if (err)
            nr_not_empty = sync_gate_open(&queue->not_empty, 1);
        else /* all: the first in line may need more bytes than this freed */
            nr_not_full = sync_gate_open(&queue->not_full, SYNC_GATE_ALL);
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->not_empty, nr_not_empty);
    sync_gate_wake(&queue->not_full, nr_not_full);
    return err;
}

static bool is_leased_as(const struct queue *queue,
                         const struct queue_item *item)
{
    const struct slot *slot;

    if (item->slot >= queue->nr_slots)
        return false;
    slot = &queue->slots[item->slot];
    return sync_load(&slot->body) != 0 && sync_load(&slot->owner) != 0 &&
           slot->order == item->id && slot->attempt == (uint32_t)item->attempt;
}

enum err queue_task_done(struct queue *queue, const struct queue_item *item)
{
    uint32_t nr_done = 0, nr_closed = 0;
    enum err err = ERR_INVALID;

    queue_lock(queue);
    if (is_leased_as(queue, item)) {
        struct slot *slot = &queue->slots[item->slot];

        list_remove(queue, &queue->leased, item->slot);
        queue->leased_bytes -= slot_len(slot);
        slot_free(queue, item->slot);
        if (queue->waiting.nr + queue->leased.nr == 0) {
            nr_done = sync_gate_open(&queue->all_done, SYNC_GATE_ALL);
            if (queue->closed)
                nr_closed = sync_gate_open(&queue->not_empty, SYNC_GATE_ALL);
        }
        err = ERR_OK;
    }
    sync_mutex_unlock(&queue->mutex);
    sync_gate_wake(&queue->all_done, nr_done);
    sync_gate_wake(&queue->not_empty, nr_closed);
    return err;
}

enum err queue_join(struct queue *queue, int64_t timeout_ms)
{
    int64_t deadline_ms = sync_deadline(timeout_ms);
    enum err err = ERR_OK;

    if (!queue->joinable)
        return ERR_STATE;
    queue_lock(queue);
    while (err == ERR_OK && queue->waiting.nr + queue->leased.nr > 0)
        err = wait_turn(queue, &queue->all_done, deadline_ms);
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
        .bytes = queue->bytes,
        .nr_put = queue->next_order - 1,
        .nr_returned = queue->nr_returned,
        .nr_dropped = queue->nr_dropped,
        .nr_repairs = queue->nr_repairs,
        .closed = queue->closed,
    };
    sync_mutex_unlock(&queue->mutex);
}

size_t queue_size(const struct queue *queue)
{
    return atomic_load_explicit(&queue->nr_waiting, memory_order_relaxed);
}

/* Fills in the defaults. ERR_INVALID. */
static enum err check_options(const struct queue_options *options,
                              struct queue *queue)
{
    static const struct queue_options none;

    if (!options)
        options = &none;
    if (options->max_items > QUEUE_ITEMS_MAX ||
        options->max_leases > QUEUE_ITEMS_MAX ||
        options->max_bytes > QUEUE_BYTES_MAX || options->max_attempts < 0)
        return ERR_INVALID;
    if (!options->joinable && (options->max_leases || options->max_attempts))
        return ERR_INVALID;
    queue->joinable = options->joinable;
    queue->max_items =
        options->max_items ? options->max_items : QUEUE_ITEMS_DEFAULT;
    queue->max_bytes =
        options->max_bytes ? options->max_bytes : QUEUE_BYTES_DEFAULT;
    queue->max_attempts = options->max_attempts
                              ? (uint32_t)options->max_attempts
                              : QUEUE_ATTEMPTS_DEFAULT;
    if (options->joinable)
        queue->max_leases =
            options->max_leases ? options->max_leases : QUEUE_LEASES_DEFAULT;
    return ERR_OK;
}

/* A block holds an average item of a queue that is full in both bounds. */
static size_t choose_block_bytes(const struct queue *queue)
{
    size_t bytes = BLOCK_BYTES_MIN;

    while (bytes < BLOCK_BYTES_MAX &&
           bytes < queue->max_bytes / queue->max_items)
        bytes *= 2;
    return bytes;
}

/* Room for all bounds at once: max_items and max_leases, each max_bytes. */
static size_t lay_out(struct queue *queue)
{
    size_t end = sizeof(*queue);
    struct sync_blocks *blocks = &queue->blocks;

    queue->nr_slots = queue->max_items + queue->max_leases;
    blocks->size = choose_block_bytes(queue);
    blocks->nr = (queue->joinable ? 2 : 1) *
                     sync_blocks_for(queue->max_bytes, blocks->size) +
                 queue->nr_slots;
    queue->slots = (struct slot *)sync_region_reserve(&end, queue->nr_slots,
                                                      sizeof(struct slot));
    queue->scratch = (uint32_t *)sync_region_reserve(&end, queue->nr_slots,
                                                     sizeof(uint32_t));
    sync_blocks_reserve(blocks, &end);
    return end;
}

enum err queue_open(struct queue **out, const struct queue_options *options)
{
    struct queue plan = {.next_order = 1};
    struct queue *queue = NULL;
    enum err err;

    *out = NULL;
    err = check_options(options, &plan);
    if (err)
        return err;
    err = sync_members_init();
    if (err)
        return err;
    plan.region_bytes = lay_out(&plan);
    queue = sync_region_map(plan.region_bytes);
    if (!queue)
        return ERR_NOMEM;
    memcpy(queue, &plan, sizeof(plan));
    queue->slots = (void *)((char *)queue + (size_t)plan.slots);
    queue->scratch = (void *)((char *)queue + (size_t)plan.scratch);
    err = sync_mutex_init(&queue->mutex, PTHREAD_MUTEX_ERRORCHECK);
    if (err) {
        sync_region_unmap(queue, plan.region_bytes);
        return err;
    }
    sync_blocks_init(&queue->blocks, queue);
    rebuild(queue);
    *out = queue;
    return ERR_OK;
}

void queue_free(struct queue *queue)
{
    if (queue)
        sync_region_unmap(queue, queue->region_bytes);
}
