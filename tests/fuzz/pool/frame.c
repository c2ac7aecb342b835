/*
 * Frames and packets from the other side: whatever passes the check may be
 * followed to its bytes. The regions are allocated exactly, so that a byte
 * outside of them is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pool/channel/frame.h"
#include "pool/pool.h"

#define RING_BYTES  8192
#define ARENA_BYTES 16384
#define MAX_LEN     100000

static unsigned char *ring, *arena;

static unsigned touch(const unsigned char *data, size_t len)
{
    unsigned sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += data[i];
    return sum;
}

/* The result keeps the compiler from leaving the reads out. */
static volatile unsigned sink;

static void check_reply(const struct frame_reply *reply)
{
    const struct frame_limits limits = {RING_BYTES, ARENA_BYTES, MAX_LEN};
    size_t len = (size_t)reply->len + reply->message_len;

    if (frame_check_reply(reply, &limits) != CERR_OK)
        return;
    switch ((enum frame_place)reply->place) {
    case FRAME_INSIDE:
        sink += touch(reply->inside, len);
        break;
    case FRAME_RING:
        if (len > POOL_INLINE_BYTES + POOL_MESSAGE_BYTES)
            abort(); /* the parent copies it to a buffer of that size */
        sink += touch(ring + reply->offset, len);
        break;
    case FRAME_ARENA:
        sink += touch(arena + reply->offset, len);
        break;
    case FRAME_MEMFD:
        abort();
    }
    if (reply->flags & FRAME_HAS_EXTRA)
        sink += touch(arena + reply->extra_offset, reply->extra_len);
}

static void check_task(const struct frame_task *task)
{
    const struct frame_limits limits = {RING_BYTES, 0, MAX_LEN};

    if (frame_check_task(task, &limits) != CERR_OK)
        return;
    if (task->len > MAX_LEN || task->id == 0)
        abort();
    switch ((enum frame_place)task->place) {
    case FRAME_INSIDE:
        sink += touch(task->inside, task->len);
        break;
    case FRAME_RING:
        sink += touch(ring + task->offset, task->len);
        break;
    case FRAME_MEMFD:
        break;
    case FRAME_ARENA:
        abort();
    }
}

static void check_packet(const uint8_t *data, size_t size)
{
    unsigned char again[FRAME_PACKET_BYTES];
    struct frame_packet packet;

    if (frame_decode_packet(data, size, &packet) != CERR_OK)
        return;
    frame_encode_packet(&packet, again);
    if (size != sizeof(again) || memcmp(again, data, size) != 0)
        abort(); /* every accepted packet has one form */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frame_reply reply = {0};
    struct frame_task task = {0};

    if (!ring) {
        ring = calloc(1, RING_BYTES);
        arena = calloc(1, ARENA_BYTES);
    }
    if (!ring || !arena || size == 0)
        return 0;
    memcpy(&reply, data, size < sizeof(reply) ? size : sizeof(reply));
    memcpy(&task, data, size < sizeof(task) ? size : sizeof(task));
    check_reply(&reply);
    check_task(&task);
    check_packet(data, size);
    return 0;
}
