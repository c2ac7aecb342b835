/*
 * Opening a queue: its options and the layout of its memory.
 *
 * A queue is one mapping: the struct, then slots, the repair's numbers, and the
 * blocks that hold the items. Nothing grows later, so a put that the bounds let
 * in can never fail for want of memory.
 */
#include <string.h>

#include "pool/shared/queue_internal.h"
#include "pool/shared/sync_member.h"

#define BLOCK_BYTES_MIN 64
#define BLOCK_BYTES_MAX 4096

_Static_assert(QUEUE_ALIGN_BYTES == SYNC_LINE_BYTES,
               "blocks of whole cache lines keep the promise of queue.h");

/* Leases and attempts make sense only where something is lent: in a joinable
 * queue, and in one whose items may be borrowed. */
static bool options_are_valid(const struct queue_options *options)
{
    if (options->max_items > QUEUE_ITEMS_MAX ||
        options->max_leases > QUEUE_ITEMS_MAX ||
        options->max_bytes > QUEUE_BYTES_MAX || options->max_attempts < 0)
        return false;
    if (options->max_item_bytes > QUEUE_BYTES_DEFAULT)
        return false;
    return options->joinable ||
           (!options->max_leases &&
            (!options->max_attempts || options->max_item_bytes));
}

/* Fills in the defaults. CERR_INVALID. */
static enum err make_bounds(const struct queue_options *options,
                            struct queue_bounds *bounds)
{
    static const struct queue_options none;

    if (!options)
        options = &none;
    if (!options_are_valid(options))
        return CERR_INVALID;
    bounds->joinable = options->joinable;
    bounds->max_item_bytes = options->max_item_bytes;
    bounds->max_items =
        options->max_items ? options->max_items : QUEUE_ITEMS_DEFAULT;
    bounds->max_bytes =
        options->max_bytes ? options->max_bytes : QUEUE_BYTES_DEFAULT;
    bounds->max_attempts = options->max_attempts
                               ? (uint32_t)options->max_attempts
                               : QUEUE_ATTEMPTS_DEFAULT;
    if (options->joinable)
        bounds->max_leases =
            options->max_leases ? options->max_leases : QUEUE_LEASES_DEFAULT;
    return CERR_OK;
}

/* An item in place lies in one block, which is as long as the longest item and
 * whole cache lines; else a block holds an average item of a queue that is full
 * in both bounds. */
static size_t choose_block_bytes(const struct queue_bounds *bounds)
{
    size_t bytes = BLOCK_BYTES_MIN;

    if (bounds->max_item_bytes)
        return (bounds->max_item_bytes + SYNC_LINE_BYTES - 1) /
               SYNC_LINE_BYTES * SYNC_LINE_BYTES;
    while (bytes < BLOCK_BYTES_MAX &&
           bytes < bounds->max_bytes / bounds->max_items)
        bytes *= 2;
    return bytes;
}

/*
 * Room for all bounds at once: max_items and max_leases, each max_bytes. The
 * pointers are offsets until the memory is there. Returns the length of it all,
 * SIZE_MAX when no memory can be that large.
 */
static size_t lay_out(struct queue *queue)
{
    const struct queue_bounds *bounds = &queue->bounds;
    size_t end = sizeof(*queue);
    struct sync_blocks *blocks = &queue->blocks;

    queue->nr_slots = bounds->max_items + bounds->max_leases;
    blocks->size = choose_block_bytes(bounds);
    blocks->nr = queue->nr_slots;
    /* The last block of each item may be partly filled: one more for each. */
    if (!bounds->max_item_bytes)
        blocks->nr += (bounds->joinable ? 2 : 1) *
                      sync_blocks_for(bounds->max_bytes, blocks->size);
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
    err = make_bounds(options, &plan.bounds);
    if (err)
        return err;
    err = sync_members_init();
    if (err)
        return err;
    plan.region_bytes = lay_out(&plan);
    queue = sync_region_map(plan.region_bytes);
    if (!queue)
        return CERR_NOMEM;
    memcpy(queue, &plan, sizeof(plan));
    queue->slots = (void *)((char *)queue + (size_t)plan.slots);
    queue->scratch = (void *)((char *)queue + (size_t)plan.scratch);
    err = sync_mutex_init(&queue->mutex, PTHREAD_MUTEX_ERRORCHECK);
    if (err) {
        sync_region_unmap(queue, plan.region_bytes);
        return err;
    }
    sync_blocks_init(&queue->blocks, queue);
    queue_rebuild(queue);
    *out = queue;
    return CERR_OK;
}

void queue_free(struct queue *queue)
{
    if (queue)
        sync_region_unmap(queue, queue->region_bytes);
}
