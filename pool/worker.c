/*
 * The worker's side: takes tasks out of the shared rings, writes replies into
 * them, and hands out the arena.
 *
 * DESIGN. What the worker knows about its tasks and its arena lies in its own
 * memory. Arguments are read in place: the parent leaves the frame and bytes
 * of the task taken last alone. `held` is the set of ids it may reply to.
 */
#include "pool/worker.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pool/worker_internal.h"

/* ---- the set of ids in flight ---- */

/* Where the search for an id begins (Fibonacci hashing). */
static uint32_t held_place(const struct worker *worker, uint64_t id)
{
    return (uint32_t)(id * 0x9e3779b97f4a7c15u >> 40) & worker->held_mask;
}

/* Finds an id; `place` is where it is, or where it would go. */
static bool held_find(const struct worker *worker, uint64_t id, uint32_t *place)
{
    uint32_t at = held_place(worker, id);

    /* it ends: the table has four times as many places as tasks in flight */
    while (worker->held[at] != 0 && worker->held[at] != id)
        at = (at + 1) & worker->held_mask;
    *place = at;
    return worker->held[at] == id;
}

/* Takes an entry out and closes the gap (Knuth, vol. 3, 6.4, algorithm R). */
static void held_remove(struct worker *worker, uint32_t gap)
{
    uint32_t at = gap;

    for (;;) {
        uint32_t home;

        at = (at + 1) & worker->held_mask;
        if (worker->held[at] == 0)
            break;
        home = held_place(worker, worker->held[at]);
        if (((at - home) & worker->held_mask) <
            ((at - gap) & worker->held_mask))
            continue;
        worker->held[gap] = worker->held[at];
        gap = at;
    }
    worker->held[gap] = 0;
}

/* ---- packets ---- */

/* Keeps a packet. False when there is no room, which only a parent that breaks
 * the protocol can cause. */
static bool packets_push(struct worker_packets *packets, uint64_t value, int fd)
{
    if (packets->tail - packets->head == packets->cap)
        return false;
    packets->items[packets->tail++ & (packets->cap - 1)] =
        (struct worker_packet){value, fd};
    return true;
}

/* Takes the oldest packet; false when there is none. */
static bool packets_pop(struct worker_packets *packets,
                        struct worker_packet *packet)
{
    if (packets->tail == packets->head)
        return false;
    *packet = packets->items[packets->head++ & (packets->cap - 1)];
    return true;
}

void worker_read_packets(struct worker *worker)
{
    for (;;) {
        struct frame_packet packet;
        int fd = -1;
        bool is_kept = true;
        enum err err;

        /* this bell may be the one that a caller waits for in its own poll */
        if (worker->wants_space && channel_has_bell(worker->channel.fd)) {
            worker->wants_space = false;
            return;
        }
        err = channel_receive(worker->channel.fd, &packet, &fd);
        if (err == CERR_AGAIN)
            return;
        if (err != CERR_OK) {
            worker->is_gone = true;
            if (fd >= 0)
                close(fd);
            return;
        }
        switch (packet.type) {
        case FRAME_BELL:
            is_kept = false;
            break;
        case FRAME_CANCEL:
            is_kept = packets_push(&worker->cancels, packet.value, -1);
            break;
        case FRAME_ARGUMENT:
            is_kept = packets_push(&worker->arguments, packet.value, fd);
            break;
        }
        if (!is_kept && fd >= 0)
            close(fd);
    }
}

/* ---- tasks ---- */

/* Unmaps the outsize argument of the task before. */
static void drop_argument(struct worker *worker)
{
    if (worker->argument)
        munmap(worker->argument, worker->argument_len);
    worker->argument = NULL;
}

/* Maps the memfd with this serial. Those before it belong to tasks that were
 * never sent (slot_send()), and are closed. */
static bool map_argument(struct worker *worker, uint32_t serial, size_t len)
{
    struct worker_packet packet;
    void *data = MAP_FAILED;

    worker_read_packets(worker);
    while (packets_pop(&worker->arguments, &packet)) {
        if (packet.fd < 0) /* the descriptor was lost: no room for it here */
            continue;
        if (packet.value == serial)
            data = mmap(NULL, len, PROT_READ, MAP_PRIVATE, packet.fd, 0);
        close(packet.fd);
        if (packet.value == serial)
            break;
    }
    if (data == MAP_FAILED)
        return false;
    worker->argument = data;
    worker->argument_len = len;
    return true;
}

/* Fills `task` from a frame that was checked, and notes that it is in flight.
 */
static enum worker_take start_task(struct worker *worker,
                                   struct frame_task *frame,
                                   struct worker_task *task)
{
    uint32_t place;

    *task = (struct worker_task){
        .id = frame->id,
        .function = frame->function,
        .attempt = frame->attempt,
        .len = frame->len,
    };
    switch ((enum frame_place)frame->place) {
    case FRAME_INSIDE:
        task->data = frame->inside;
        break;
    case FRAME_MEMFD:
        if (!map_argument(worker, frame->offset, frame->len)) {
            worker->is_gone = true; /* out of step with the parent */
            return WORKER_GONE;
        }
        task->data = worker->argument;
        break;
    case FRAME_RING:
    case FRAME_ARENA: /* refused by frame_check_task() */
        task->data = worker->channel.task_bytes + frame->offset;
        break;
    }
    held_find(worker, frame->id, &place);
    worker->held[place] = frame->id;
    return WORKER_TASK;
}

/* Takes the next cancel whose task is still in flight. The others came too
 * late: their tasks have ended. */
static bool take_cancel(struct worker *worker, struct worker_task *task)
{
    struct worker_packet packet;

    while (packets_pop(&worker->cancels, &packet)) {
        uint32_t place;

        *task = (struct worker_task){.id = packet.value};
        if (held_find(worker, packet.value, &place))
            return true;
    }
    return false;
}

enum worker_take worker_take(struct worker *worker, struct worker_task *task)
{
    struct channel_control *control = worker->channel.control;
    bool is_last = false;
    enum err err;

    drop_argument(worker);
    if (worker->is_gone)
        return WORKER_GONE;
    /* cancels come by the socket, which is read only when their count says that
     * there is one: while tasks flow, this costs no system call */
    if (atomic_load(&control->nr_packets) != worker->nr_packets_seen) {
        worker->nr_packets_seen = atomic_load(&control->nr_packets);
        worker_read_packets(worker);
    }
    if (take_cancel(worker, task))
        return WORKER_CANCEL;
    err = channel_take_task(&worker->channel, &worker->frame);
    if (err == CERR_AGAIN) {
        worker_read_packets(worker);
        if (take_cancel(worker, task))
            return WORKER_CANCEL;
        /* armed before the last look, so that a later task rings the bell */
        atomic_store(&control->worker_armed, 1);
        is_last = atomic_load(&control->stop);
        err = channel_take_task(&worker->channel, &worker->frame);
    }
    if (worker->is_gone || (err != CERR_OK && err != CERR_AGAIN)) {
        worker->is_gone = true;
        return WORKER_GONE;
    }
    if (err == CERR_OK)
        return start_task(worker, &worker->frame, task);
    return is_last ? WORKER_STOP : WORKER_EMPTY;
}

/* ---- space ---- */

/* Takes the pieces back that the parent has done with. */
static void collect_releases(struct worker *worker)
{
    uint32_t offset;

    while (channel_get_release(&worker->channel, &offset)) {
        if (arena_give(worker->arena, offset) != CERR_OK)
            worker->is_gone = true; /* out of step with the parent */
    }
}

/*
 * Takes a piece of the arena. When there is no room, it asks for a bell,
 * empties the socket and looks again. The parent takes the request back when it
 * rings; so if the request still stands at the end, the bell is yet to come,
 * and nobody can have read it.
 */
static uint32_t take_piece(struct worker *worker, size_t len)
{
    _Atomic uint32_t *request = &worker->channel.control->wants_space;
    uint32_t offset;

    worker->wants_space = false;
    collect_releases(worker);
    offset = arena_take(worker->arena, len);
    while (offset == ARENA_NONE && !worker->is_gone && !worker->wants_space) {
        atomic_store(request, 1);
        worker_read_packets(worker);
        collect_releases(worker);
        offset = arena_take(worker->arena, len);
        worker->wants_space = offset == ARENA_NONE && atomic_load(request);
    }
    return offset;
}

void *worker_space(struct worker *worker, size_t len)
{
    uint32_t offset = ARENA_NONE;

    if (len <= worker_space_max(worker))
        offset = take_piece(worker, len);
    return offset == ARENA_NONE ? NULL : worker->channel.arena + offset;
}

size_t worker_space_max(const struct worker *worker)
{
    return worker->channel.shape.arena_bytes;
}

/* The offset of a piece in the arena, or ARENA_NONE for another address. */
static uint32_t piece_of(const struct worker *worker, const void *space)
{
    uintptr_t offset = (uintptr_t)space - (uintptr_t)worker->channel.arena;

    return offset < worker->channel.shape.arena_bytes ? (uint32_t)offset
                                                      : ARENA_NONE;
}

void worker_space_drop(struct worker *worker, void *space)
{
    enum err err = arena_give(worker->arena, piece_of(worker, space));

    (void)err; /* no piece of ours: nothing to give back */
}

/* ---- replies ---- */

/* Finds a place for data and message and copies them there. The frame comes
 * first, then the byte ring, and the arena if they are too large for that ring
 * or it is full. */
static enum err place_answer(struct worker *worker,
                             const struct worker_answer *answer,
                             struct frame_reply *frame)
{
    size_t len = answer->len + frame->message_len;
    unsigned char *to = frame->inside;
    uint32_t piece;

    frame->place = FRAME_INSIDE;
    if (len > FRAME_REPLY_INSIDE && answer->len <= POOL_INLINE_BYTES) {
        frame->place = FRAME_RING;
        to =
            channel_reply_room(&worker->channel, (uint32_t)len, &frame->offset);
    }
    if (!to || (frame->place == FRAME_INSIDE && len > FRAME_REPLY_INSIDE)) {
        if (len > worker_space_max(worker))
            return CERR_TOO_BIG;
        piece = take_piece(worker, len);
        if (piece == ARENA_NONE)
            return CERR_AGAIN;
        frame->place = FRAME_ARENA;
        frame->offset = piece;
        to = worker->channel.arena + piece;
    }
    if (answer->len)
        memcpy(to, answer->data, answer->len);
    if (answer->message)
        memcpy(to + answer->len, answer->message, frame->message_len);
    return CERR_OK;
}

enum err worker_send(struct worker *worker, const struct worker_answer *answer)
{
    struct frame_reply frame;
    enum err err = CERR_OK;
    uint32_t place;

    if (worker->is_gone)
        return CERR_CLOSED;
    if (!held_find(worker, answer->task_id, &place))
        return CERR_INVALID;
    /* `inside` is not cleared: the parent reads only what is placed there */
    memset(&frame, 0, offsetof(struct frame_reply, inside));
    frame.id = answer->task_id;
    frame.code = answer->code;
    frame.len = (uint32_t)answer->len;
    if (answer->message)
        frame.message_len =
            (uint16_t)strnlen(answer->message, POOL_MESSAGE_BYTES);
    if (answer->extra_piece != ARENA_NONE) {
        frame.flags = FRAME_HAS_EXTRA;
        frame.extra_offset = answer->extra_piece;
        frame.extra_len = (uint32_t)answer->extra_len;
    }
    if (answer->data_piece != ARENA_NONE) {
        frame.place = FRAME_ARENA;
        frame.offset = answer->data_piece;
        if (answer->message)
            memcpy(worker->channel.arena + frame.offset + frame.len,
                   answer->message, frame.message_len);
    } else {
        err = place_answer(worker, answer, &frame);
    }
    /* from here on the reply counts, even if this process dies */
    if (err == CERR_OK)
        err = channel_put_reply(&worker->channel, &frame);
    if (err != CERR_OK)
        return err;
    held_remove(worker, place);
    worker->nr_unsent++;
    return CERR_OK;
}

enum err worker_reply_parts(struct worker *worker,
                            const struct worker_reply *reply)
{
    struct worker_answer answer = {
        .task_id = reply->task_id,
        .code = reply->code,
        .data = reply->data,
        .len = reply->len,
        .data_piece = ARENA_NONE,
        .extra_piece = ARENA_NONE,
    };
    enum err err;

    if (reply->space) {
        answer.extra_piece = piece_of(worker, reply->space);
        answer.extra_len = reply->space_len;
        if (reply->space_len >
            arena_piece_bytes(worker->arena, answer.extra_piece))
            return CERR_INVALID;
    }
    err = worker_send(worker, &answer);
    if (err == CERR_OK && worker->nr_unsent >= POOL_BATCH_TASKS)
        err = worker_flush(worker);
    return err;
}

enum err worker_flush(struct worker *worker)
{
    if (worker->is_gone)
        return CERR_CLOSED;
    if (worker->nr_unsent == 0)
        return CERR_OK;
    worker->nr_unsent = 0; /* also if nobody sleeps and no bell is sent */
    return channel_wake_parent(&worker->channel);
}

size_t worker_unsent(const struct worker *worker)
{
    return worker->nr_unsent;
}

void worker_alive(struct worker *worker)
{
    atomic_fetch_add_explicit(&worker->channel.control->alive, 1,
                              memory_order_relaxed);
}

int worker_slot(const struct worker *worker)
{
    return worker->slot;
}

int worker_fd(const struct worker *worker)
{
    return worker->channel.fd;
}
