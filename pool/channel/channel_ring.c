/*
 * The rings of a channel.
 *
 * Every position is a count modulo 2^32, its place in the ring is the position
 * modulo the size, and a difference of two positions is a number of frames,
 * also where the count has wrapped. A side publishes with release order what it
 * wrote before, and the other side reads the position with acquire order.
 */
#include <stddef.h>
#include <string.h>

#include "pool/channel/channel.h"

#define BYTES_ALIGN 8u

static const struct frame_packet bell = {.type = FRAME_BELL};

/* The word `grant` holds two positions of the task ring: up to `granted` the
 * worker may take tasks, up to `taken` it has taken them. */

static uint32_t grant_taken(uint64_t grant)
{
    return (uint32_t)grant;
}

static uint32_t grant_granted(uint64_t grant)
{
    return (uint32_t)(grant >> 32);
}

static uint64_t make_grant(uint32_t taken, uint32_t granted)
{
    return (uint64_t)granted << 32 | taken;
}

/*
 * Finds `len` contiguous bytes behind the tail; what is left before the end
 * is skipped. `head` is where the oldest bytes still in use begin.
 */
static bool bytes_find(const struct channel_bytes *ring, uint32_t head,
                       uint32_t len, uint32_t *position)
{
    uint32_t at = ring->tail;
    uint32_t need = (len + BYTES_ALIGN - 1) & ~(BYTES_ALIGN - 1);
    uint32_t to_end = ring->size - (at & (ring->size - 1));

    if (len > ring->size / 2)
        return false;
    if (need > to_end)
        at += to_end;
    if (at + need - head > ring->size)
        return false;
    *position = at;
    return true;
}

/* Marks the bytes that bytes_find() found as used. */
static void bytes_advance(struct channel_bytes *ring, uint32_t position,
                          uint32_t len)
{
    ring->tail = position + ((len + BYTES_ALIGN - 1) & ~(BYTES_ALIGN - 1));
}

/* ---- parent ---- */

/*
 * Reads the word that both sides move and checks the worker's half. `granted`
 * must be what we wrote; `taken` only moves forward, never past it.
 */
static enum err read_grant(struct channel *channel, uint64_t *grant)
{
    *grant =
        atomic_load_explicit(&channel->control->grant, memory_order_acquire);
    /* The differences are unsigned, so a `taken` that went back looks far
     * ahead. */
    if (grant_granted(*grant) != channel->published ||
        grant_taken(*grant) - channel->taken >
            channel->published - channel->taken)
        return CERR_CORRUPT;
    channel->taken = grant_taken(*grant);
    return CERR_OK;
}

enum err channel_read_taken(struct channel *channel, uint32_t *taken)
{
    uint64_t grant;
    enum err err = read_grant(channel, &grant);

    *taken = channel->taken;
    return err;
}

/*
 * The frame before `taken` may still be copied by the worker: it and its
 * bytes are free only when the next one is taken.
 */
enum err channel_put_task(struct channel *channel, struct frame_task *frame,
                          const void *data)
{
    struct channel_bytes *bytes = &channel->out;
    uint32_t in_use = channel->taken - 1;
    uint32_t position = bytes->tail;
    unsigned char *to = frame->inside;

    if (channel->tail - in_use >= channel->shape.nr_frames)
        return CERR_AGAIN;
    if (data && frame->len > FRAME_TASK_INSIDE) {
        uint32_t head = bytes->end_of[(in_use - 1) & channel->mask];

        if (!bytes_find(bytes, head, frame->len, &position))
            return CERR_AGAIN;
        frame->place = FRAME_RING;
        frame->offset = position & (bytes->size - 1);
        to = bytes->data + frame->offset;
        bytes_advance(bytes, position, frame->len);
    } else if (data) {
        frame->place = FRAME_INSIDE;
    }
    if (data)
        memcpy(to, data, frame->len);
    bytes->end_of[channel->tail & channel->mask] = bytes->tail;
    channel->tasks[channel->tail & channel->mask] = *frame;
    channel->tail++;
    return CERR_OK;
}

void channel_wake_worker(struct channel *channel)
{
    /* The load spares a busy worker the exchange, which locks its cache line.
     * A full socket has a bell in it already; a closed one is seen as EOF. */
    if (atomic_load(&channel->control->worker_armed) &&
        atomic_exchange(&channel->control->worker_armed, 0)) {
        enum err err = channel_send(channel->fd, &bell, -1);

        (void)err;
    }
}

enum err channel_publish(struct channel *channel)
{
    _Atomic uint64_t *word = &channel->control->grant;
    uint64_t grant;

    if (channel->published == channel->tail)
        return CERR_OK;
    /* The exchange is repeated, because the worker may take tasks, and move its
     * half, meanwhile. */
    do {
        enum err err = read_grant(channel, &grant);

        if (err != CERR_OK)
            return err;
    } while (!atomic_compare_exchange_weak(
        word, &grant, make_grant(grant_taken(grant), channel->tail)));
    channel->published = channel->tail;
    channel_wake_worker(channel);
    return CERR_OK;
}

enum err channel_recall(struct channel *channel, uint32_t keep,
                        uint32_t *granted)
{
    _Atomic uint64_t *word = &channel->control->grant;
    uint32_t now_granted;
    uint64_t grant;

    *granted = channel->published;
    do {
        enum err err = read_grant(channel, &grant);

        if (err != CERR_OK)
            return err;
        if (channel->published - channel->taken <= keep)
            return CERR_OK;
        now_granted = channel->taken + keep;
    } while (!atomic_compare_exchange_weak(
        word, &grant, make_grant(channel->taken, now_granted)));
    /* The frames and bytes behind that position are free to be written again.
     */
    channel->published = now_granted;
    channel->tail = now_granted;
    channel->out.tail = channel->out.end_of[(now_granted - 1) & channel->mask];
    *granted = now_granted;
    return CERR_OK;
}

bool channel_has_reply(const struct channel *channel)
{
    return atomic_load(&channel->control->reply_tail) != channel->head;
}

/* The parent arms the bell first and looks second, in one order for all
 * (seq_cst): a reply that comes in between finds the word set, and rings. */
bool channel_arm_parent(struct channel *channel)
{
    atomic_store(&channel->control->parent_armed, 1);
    return channel_has_reply(channel);
}

void channel_disarm_parent(struct channel *channel)
{
    atomic_store_explicit(&channel->control->parent_armed, 0,
                          memory_order_relaxed);
}

enum err channel_get_reply(struct channel *channel, struct frame_reply *reply)
{
    const struct frame_limits limits = {
        .ring_bytes = CHANNEL_REPLY_RING_BYTES,
        .arena_bytes = channel->shape.arena_bytes,
    };
    uint32_t tail = atomic_load_explicit(&channel->control->reply_tail,
                                         memory_order_acquire);

    if (tail == channel->head)
        return CERR_AGAIN;
    /* The worker says that it wrote more replies than the ring can hold. */
    if (tail - channel->head > channel->shape.nr_frames)
        return CERR_CORRUPT;
    memcpy(reply, &channel->replies[channel->head & channel->mask],
           sizeof(*reply));
    atomic_signal_fence(memory_order_seq_cst); /* check the copy, not again */
    channel->head++;
    return frame_check_reply(reply, &limits);
}

void channel_consume(struct channel *channel)
{
    atomic_store_explicit(&channel->control->reply_head, channel->head,
                          memory_order_release);
}

void channel_release_piece(struct channel *channel, uint32_t offset)
{
    atomic_store_explicit(&channel->releases[channel->released & channel->mask],
                          offset, memory_order_relaxed);
    channel->released++;
    atomic_store_explicit(&channel->control->release_tail, channel->released,
                          memory_order_release);
}

void channel_wake_for_space(struct channel *channel)
{
    /* The fence puts the releases before this look at what the worker wants. */
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&channel->control->wants_space)) {
        enum err err;

        /* The word is cleared in any case: the worker may not have armed itself
         * yet. */
        atomic_store(&channel->control->wants_space, 0);
        err = channel_send(channel->fd, &bell, -1);
        (void)err;
    }
}

/* ---- worker ---- */

enum err channel_take_task(struct channel *channel, struct frame_task *frame)
{
    const struct frame_limits limits = {
        .ring_bytes = CHANNEL_TASK_RING_BYTES,
        .max_len = channel->shape.max_task_bytes,
    };
    _Atomic uint64_t *word = &channel->control->grant;
    uint64_t grant = atomic_load(word);
    uint32_t taken;

    /* A frame is taken first and copied second: the parent leaves the frame of
     * the task taken last alone, see channel_put_task(). */
    do {
        taken = grant_taken(grant);
        if (taken == grant_granted(grant))
            return CERR_AGAIN;
    } while (!atomic_compare_exchange_weak(
        word, &grant, make_grant(taken + 1, grant_granted(grant))));
    memcpy(frame, &channel->tasks[taken & channel->mask], sizeof(*frame));
    return frame_check_task(frame, &limits);
}

bool channel_has_task(const struct channel *channel)
{
    uint64_t grant =
        atomic_load_explicit(&channel->control->grant, memory_order_acquire);

    return grant_taken(grant) != grant_granted(grant) ||
           atomic_load_explicit(&channel->control->stop, memory_order_relaxed);
}

void channel_disarm_worker(struct channel *channel)
{
    atomic_store_explicit(&channel->control->worker_armed, 0,
                          memory_order_relaxed);
}

void *channel_reply_room(struct channel *channel, uint32_t len,
                         uint32_t *offset)
{
    struct channel_bytes *bytes = &channel->out;
    uint32_t head = atomic_load_explicit(&channel->control->reply_head,
                                         memory_order_acquire);
    uint32_t position;

    if (!bytes_find(bytes, bytes->end_of[(head - 1) & channel->mask], len,
                    &position))
        return NULL;
    bytes_advance(bytes, position, len);
    *offset = position & (bytes->size - 1);
    return bytes->data + *offset;
}

enum err channel_put_reply(struct channel *channel,
                           const struct frame_reply *frame)
{
    uint32_t head = atomic_load_explicit(&channel->control->reply_head,
                                         memory_order_acquire);

    if (channel->tail - head >= channel->shape.nr_frames)
        return CERR_AGAIN;
    channel->out.end_of[channel->tail & channel->mask] = channel->out.tail;
    channel->replies[channel->tail & channel->mask] = *frame;
    channel->tail++;
    atomic_store_explicit(&channel->control->reply_tail, channel->tail,
                          memory_order_release);
    return CERR_OK;
}

bool channel_get_release(struct channel *channel, uint32_t *offset)
{
    uint32_t tail = atomic_load_explicit(&channel->control->release_tail,
                                         memory_order_acquire);

    if (tail == channel->head)
        return false;
    *offset =
        atomic_load_explicit(&channel->releases[channel->head & channel->mask],
                             memory_order_relaxed);
    channel->head++;
    return true;
}

enum err channel_wake_parent(struct channel *channel)
{
    enum err err;

    /* The fence puts the replies before this look at whether the parent sleeps.
     */
    atomic_thread_fence(memory_order_seq_cst);
    if (!atomic_load(&channel->control->parent_armed) ||
        !atomic_exchange(&channel->control->parent_armed, 0))
        return CERR_OK;
    err = channel_send(channel->fd, &bell, -1);
    /* A full socket has a bell in it already. */
    return err == CERR_AGAIN ? CERR_OK : err;
}
