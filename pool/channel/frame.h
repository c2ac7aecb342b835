/*
 * frame: the fixed descriptors that parent and worker write for each other.
 *
 * Pure: no descriptor, no shared memory, no clock. A task or reply is 64
 * bytes, one cache line, with room for a small payload inside; a packet is
 * what travels on the socket itself (bells, cancels, descriptors of outsize
 * arguments). Each side copies a frame into its own memory first and checks
 * that copy: the other side can still write to the original.
 */
#ifndef POOL_CHANNEL_FRAME_H
#define POOL_CHANNEL_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Where the bytes of a payload lie. */
enum frame_place {
    FRAME_INSIDE, /* in the frame */
    FRAME_RING,   /* in the byte ring that goes with the frames */
    FRAME_ARENA,  /* replies: in the worker's arena */
    FRAME_MEMFD,  /* tasks: in a sealed memfd, sent on the socket */
};

#define FRAME_TASK_INSIDE  40
#define FRAME_REPLY_INSIDE 32

/* A task, which the parent writes and the worker reads. */
struct frame_task {
    uint64_t id;
    uint32_t function;
    uint16_t attempt; /* 1 for the first start */
    uint8_t place;    /* enum frame_place */
    uint8_t unused;
    uint32_t offset; /* FRAME_RING: in the byte ring; FRAME_MEMFD: serial */
    uint32_t len;
    unsigned char inside[FRAME_TASK_INSIDE];
};

#define FRAME_HAS_EXTRA 1

/* The end of a task, which the worker writes and the parent reads. */
struct frame_reply {
    uint64_t id;
    int32_t code;
    uint32_t offset;       /* of the data; the message lies right behind it */
    uint32_t len;          /* of the data */
    uint32_t extra_offset; /* in the arena */
    uint32_t extra_len;
    uint16_t message_len;
    uint8_t place; /* enum frame_place, for data and message */
    uint8_t flags; /* FRAME_HAS_EXTRA */
    unsigned char inside[FRAME_REPLY_INSIDE];
};

_Static_assert(sizeof(struct frame_task) == 64, "one cache line");
_Static_assert(sizeof(struct frame_reply) == 64, "one cache line");

/* The regions that offsets may point into. */
struct frame_limits {
    size_t ring_bytes;
    size_t arena_bytes; /* 0 for tasks */
    size_t max_len;     /* longest argument of a task */
};

/* Check a frame that the other side wrote: CERR_CORRUPT unless every field is
 * in range. */
enum err frame_check_task(const struct frame_task *task,
                          const struct frame_limits *limits) CERR_CHECK;
enum err frame_check_reply(const struct frame_reply *reply,
                           const struct frame_limits *limits) CERR_CHECK;

enum frame_packet_type {
    FRAME_BELL,     /* look at the shared memory */
    FRAME_CANCEL,   /* `value`: id of the task that is not wanted any more */
    FRAME_ARGUMENT, /* `value`: serial; a memfd is passed */
};

#define FRAME_PACKET_BYTES 12

struct frame_packet {
    enum frame_packet_type type;
    uint64_t value;
};

void frame_encode_packet(const struct frame_packet *packet,
                         unsigned char out[FRAME_PACKET_BYTES]);
/* CERR_CORRUPT: wrong length or an unknown type. */
enum err frame_decode_packet(const void *data, size_t len,
                             struct frame_packet *packet) CERR_CHECK;

#endif
