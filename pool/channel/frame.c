/*
 * Checks what the other side wrote, and turns packets into bytes and back.
 *
 * The other side may have been taken over by what it has read, so each field is
 * checked before it is used. Lengths are compared before they are added up, so
 * that no sum can wrap.
 */
#include "pool/channel/frame.h"

#include <stdbool.h>
#include <string.h>

#include "pool/pool_task.h"

/* Tells whether `len` bytes at `offset` lie within `size`. */
static bool range_fits(uint64_t offset, uint64_t len, size_t size)
{
    return offset <= size && len <= size - offset;
}

enum err frame_check_task(const struct frame_task *task,
                          const struct frame_limits *limits)
{
    bool good = false;

    if (task->id == 0 || task->attempt == 0 || task->len > limits->max_len)
        return CERR_CORRUPT;
    switch ((enum frame_place)task->place) {
    case FRAME_INSIDE:
        good = task->len <= FRAME_TASK_INSIDE;
        break;
    case FRAME_RING:
        good = range_fits(task->offset, task->len, limits->ring_bytes);
        break;
    case FRAME_MEMFD: /* an empty one could not be mapped */
        good = task->len > 0;
        break;
    case FRAME_ARENA: /* for replies alone */
        break;
    }
    return good ? CERR_OK : CERR_CORRUPT;
}

enum err frame_check_reply(const struct frame_reply *reply,
                           const struct frame_limits *limits)
{
    /* The data and the message behind it have one length together. */
    uint64_t len = (uint64_t)reply->len + reply->message_len;
    bool good = false;

    if (reply->message_len > POOL_MESSAGE_BYTES ||
        (reply->flags & ~FRAME_HAS_EXTRA) != 0)
        return CERR_CORRUPT;
    if ((reply->flags & FRAME_HAS_EXTRA) != 0 &&
        !range_fits(reply->extra_offset, reply->extra_len, limits->arena_bytes))
        return CERR_CORRUPT;
    switch ((enum frame_place)reply->place) {
    case FRAME_INSIDE:
        good = len <= FRAME_REPLY_INSIDE;
        break;
    case FRAME_RING:
        good = reply->len <= POOL_INLINE_BYTES &&
               range_fits(reply->offset, len, limits->ring_bytes);
        break;
    case FRAME_ARENA:
        good = range_fits(reply->offset, len, limits->arena_bytes);
        break;
    case FRAME_MEMFD: /* for tasks alone */
        break;
    }
    return good ? CERR_OK : CERR_CORRUPT;
}

/* A packet is in the machine's own byte order, because both ends are the same
 * program. */
void frame_encode_packet(const struct frame_packet *packet,
                         unsigned char out[FRAME_PACKET_BYTES])
{
    uint32_t type = (uint32_t)packet->type;

    memcpy(out, &type, sizeof(type));
    memcpy(out + sizeof(type), &packet->value, sizeof(packet->value));
}

enum err frame_decode_packet(const void *data, size_t len,
                             struct frame_packet *packet)
{
    uint32_t type;

    if (len != FRAME_PACKET_BYTES)
        return CERR_CORRUPT;
    memcpy(&type, data, sizeof(type));
    if (type > FRAME_ARGUMENT)
        return CERR_CORRUPT;
    packet->type = (enum frame_packet_type)type;
    memcpy(&packet->value, (const unsigned char *)data + sizeof(type),
           sizeof(packet->value));
    return CERR_OK;
}
