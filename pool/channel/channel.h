/*
 * channel: the shared memory and the socket between the parent and one worker.
 *
 * DESIGN. One sealed memfd per worker holds
 *
 *   control | task frames | reply frames | releases | task bytes | reply bytes
 *   | arena
 *
 * Tasks and replies travel in two rings of fixed frames with a byte ring
 * beside each for small payloads; large replies lie in the arena, which the
 * parent can only read. Nothing is locked. A frame counts once the position
 * behind it is published, so a worker killed anywhere leaves whole frames or
 * none, and what it had published stays readable after its death.
 *
 * The positions of the task ring, `taken` and `granted`, share one atomic
 * word: the worker moves the first, the parent the second. So the parent can
 * take unstarted tasks back, and knows after a death which had started.
 *
 * The socket (SOCK_SEQPACKET) only wakes: whoever is about to sleep sets its
 * `armed` word, looks once more, and sleeps; the other side sends a bell when
 * it finds that word set. While both are busy there is no system call.
 *
 * The parent keeps its own copy of every position it owns, takes what the
 * worker writes for a claim, and copies a frame before it checks it.
 */
#ifndef POOL_CHANNEL_CHANNEL_H
#define POOL_CHANNEL_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/channel/frame.h"

#define CHANNEL_TASK_RING_BYTES  262144u
#define CHANNEL_REPLY_RING_BYTES 262144u
#define CHANNEL_TASK_MAX         (CHANNEL_TASK_RING_BYTES / 8) /* above: a memfd */
#define CHANNEL_STOP_ALL         UINT64_MAX /* stop_id: end any task */

/* The words that both sides look at. Each stands on the cache line of the side
 * that writes it most, which is named before the colon. */
struct channel_control {
    _Alignas(64) _Atomic uint64_t grant;        /* taken | granted << 32 */
    _Alignas(64) _Atomic uint32_t reply_head;   /* parent: has read up to */
    _Atomic uint32_t release_tail;              /* parent: released up to */
    _Atomic uint32_t stop;                      /* parent: no more tasks */
    _Atomic uint32_t nr_packets;                /* parent: not bells */
    _Atomic uint64_t stop_id;                   /* parent: end that call */
    _Atomic int32_t parent_core;                /* see spin.h */
    _Alignas(64) _Atomic uint32_t reply_tail;   /* worker: written up to */
    _Atomic uint32_t is_ready;                  /* worker: init has passed */
    _Atomic uint64_t alive;                     /* worker: counts rounds */
    _Atomic int32_t worker_core;                /* see spin.h */
    _Alignas(64) _Atomic uint32_t parent_armed; /* parent sleeps */
    _Alignas(64) _Atomic uint32_t worker_armed; /* worker sleeps */
    _Atomic uint32_t wants_space;               /* worker: arena was full */
};

/* Sizes and places of the shared memory, in bytes from its start; both sides
 * have the same. */
struct channel_shape {
    uint32_t nr_frames; /* of each ring; a power of two */
    size_t tasks_at, replies_at, releases_at, task_bytes_at, reply_bytes_at;
    size_t arena_at; /* both sides write what lies before the arena */
    size_t arena_bytes;
    size_t total_bytes;
    size_t max_task_bytes;
};

struct channel_shape channel_make_shape(uint32_t max_in_flight,
                                        size_t arena_bytes,
                                        size_t max_task_bytes);

/* A byte ring's writer; positions count up for ever and wrap at 2^32. */
struct channel_bytes {
    unsigned char *data;
    uint32_t size; /* a power of two */
    uint32_t tail;
    uint32_t *end_of; /* for each frame: the tail behind its bytes */
};

/* What one side knows of the channel; never shared. */
struct channel {
    struct channel_shape shape;
    int fd; /* the socket; owned */
    struct channel_control *control;
    struct frame_task *tasks;
    struct frame_reply *replies;
    _Atomic uint32_t *releases;
    const unsigned char *task_bytes, *reply_bytes; /* as read */
    unsigned char *arena;                          /* read-only in the parent */
    struct channel_bytes out;
    uint32_t mask;

    uint32_t tail;      /* own ring: frames written */
    uint32_t published; /* own ring: frames the other side may see */
    uint32_t head;      /* other ring: frames read (worker: releases) */
    uint32_t taken;     /* parent: last good value of the worker's `taken` */
    uint32_t released;  /* parent: releases written */
    int nr_borrows;     /* parent: callbacks that look at this memory */
    bool is_dead;       /* parent: free it with the last borrow */
};

/* Each maps `memfd` (not kept) and takes the socket `fd` in every case.
 * CERR_NOMEM. The worker's process keeps its channel until it ends. */
enum err channel_new_parent(struct channel **channel,
                            const struct channel_shape *shape, int memfd,
                            int fd) CERR_CHECK;
enum err channel_init_worker(struct channel *channel,
                             const struct channel_shape *shape, int memfd,
                             int fd) CERR_CHECK;
/* Unmaps the memory and closes the socket. NULL is fine. */
void channel_free(struct channel *channel);
/* Closes the socket alone. */
void channel_hang_up(struct channel *channel);

/* A new memfd of the right size, sealed against resizing, or -1 (errno). */
int channel_make_memfd(const struct channel_shape *shape);
/* A memfd sealed against any change, that holds `data`; -1 (errno). */
int channel_make_argument(const void *data, size_t len);

/* Sends one packet and never blocks; `passed_fd` (-1: none) goes with it.
 * CERR_AGAIN: the socket is full; CERR_CLOSED: the other side is gone. */
enum err channel_send(int fd, const struct frame_packet *packet,
                      int passed_fd) CERR_CHECK;
/* Receives one packet and never blocks; `passed_fd` (may be NULL) gets the
 * descriptor that came along, or -1. CERR_AGAIN: no packet is there;
 * CERR_CLOSED: the other side is gone; CERR_CORRUPT: it is no packet of ours.
 */
enum err channel_receive(int fd, struct frame_packet *packet,
                         int *passed_fd) CERR_CHECK;

/* Whether the next packet is a bell; it stays where it is. */
bool channel_has_bell(int fd);

/* ---- parent ---- */

/* Writes a task behind the others, unseen until channel_publish(). `data` is
 * copied; NULL for FRAME_MEMFD. CERR_AGAIN: no room. */
enum err channel_put_task(struct channel *channel, struct frame_task *frame,
                          const void *data) CERR_CHECK;
/* Lets the worker see what was put, and wakes it. CERR_CORRUPT. */
enum err channel_publish(struct channel *channel) CERR_CHECK;
/* Reads how many tasks were started (a position). CERR_CORRUPT. */
enum err channel_read_taken(struct channel *channel,
                            uint32_t *taken) CERR_CHECK;
/* Takes all unstarted tasks but `keep` of them back; `granted` gets the
 * position behind the last task that the worker still has. CERR_CORRUPT. */
enum err channel_recall(struct channel *channel, uint32_t keep,
                        uint32_t *granted) CERR_CHECK;
/* Copies the next reply frame, checked. CERR_AGAIN: none; CERR_CORRUPT. */
enum err channel_get_reply(struct channel *channel,
                           struct frame_reply *reply) CERR_CHECK;
/* Whether a reply waits; a hint. */
bool channel_has_reply(const struct channel *channel);
/* Asks for a bell at the next reply; true if one is there already. */
bool channel_arm_parent(struct channel *channel);
/* Takes the request for a bell back: the parent is awake and looks by itself.
 */
void channel_disarm_parent(struct channel *channel);
/* Tells the worker that reply frames up to here are free. */
void channel_consume(struct channel *channel);
/* Gives a piece of the arena back. */
void channel_release_piece(struct channel *channel, uint32_t offset);
/* Wakes the worker if it waits for the space that was just given back. */
void channel_wake_for_space(struct channel *channel);
/* Wakes the worker if it sleeps. */
void channel_wake_worker(struct channel *channel);

/* ---- worker ---- */

/* Copies the next task frame and marks it started. CERR_AGAIN, CERR_CORRUPT. */
enum err channel_take_task(struct channel *channel,
                           struct frame_task *frame) CERR_CHECK;
/* Whether the parent wants something; a hint, but for a packet. */
bool channel_has_task(const struct channel *channel);
/* Takes the worker's request for a bell back: it is awake and looks by itself
 * until worker_take() asks again. */
void channel_disarm_worker(struct channel *channel);
/* Room for `len` payload bytes of the next reply; NULL if there is none. */
void *channel_reply_room(struct channel *channel, uint32_t len,
                         uint32_t *offset);
/* Publishes one reply. CERR_AGAIN: the ring is full. */
enum err channel_put_reply(struct channel *channel,
                           const struct frame_reply *frame) CERR_CHECK;
/* Reads the next piece that the parent gave back; false when there is none. */
bool channel_get_release(struct channel *channel, uint32_t *offset);
/* Wakes the parent if it sleeps. CERR_CLOSED. */
enum err channel_wake_parent(struct channel *channel) CERR_CHECK;

#endif
