/*
 * What the files of the worker's side share. Each calls only those below it:
 *
 *   worker_run.c  the process: setting up, the user's hooks
 *   function.c    the loop of the ordinary pool: one function at a time
 *   worker.c      the tasks and replies of any worker
 *   channel/      the memory and the socket between parent and worker
 */
#ifndef POOL_WORKER_INTERNAL_H
#define POOL_WORKER_INTERNAL_H

#include "pool/channel/arena.h"
#include "pool/channel/channel.h"
#include "pool/pool.h"
#include "pool/worker.h"

/* A reply as worker_send() takes it; the pieces are arena offsets. */
struct worker_answer {
    uint64_t task_id;
    int code;
    const void *data; /* copied, unless `data_piece` is set */
    size_t len;
    uint32_t data_piece; /* ARENA_NONE, or where `data` lies already, with room
                            for a message behind it */
    uint32_t extra_piece;
    size_t extra_len;
    const char *message; /* may be NULL */
};

/* One packet of the socket that is not a bell. */
struct worker_packet {
    uint64_t value; /* frame_packet.value: a task's id, or a serial */
    int fd;         /* owned; the descriptor that came with it, or -1 */
};

/* Packets that were read before their task was taken. */
struct worker_packets {
    struct worker_packet *items; /* a ring of `cap` */
    uint32_t cap, head, tail;
};

struct worker {
    const struct pool_options *options;
    struct channel channel;
    int slot;
    struct arena *arena;
    uint64_t *held; /* ids of the tasks in flight: open addressing, 0 free */
    uint32_t held_mask;
    struct frame_task frame; /* the task taken last */
    struct worker_packets cancels, arguments;
    uint32_t nr_packets_seen;
    void *argument; /* mapped for the current task, or NULL */
    size_t argument_len;
    size_t nr_unsent; /* replies since the last bell */
    bool wants_space; /* leave the next bell for the caller's poll */
    bool is_gone;     /* the parent is gone, or out of step */
};

/* ---- worker.c ---- */

/* Ends a task. Returns as worker_reply_parts(). */
enum err worker_send(struct worker *worker, const struct worker_answer *answer);
/*
 * Reads all that is in the socket and keeps what is not a bell. When space is
 * wanted, it leaves the next bell there, once: it may be the one that says
 * that there is space, and a caller who polls must see it.
 */
void worker_read_packets(struct worker *worker);

/* ---- function.c ---- */

/* The loop of the ordinary pool; returns the exit status. */
int function_main(struct worker *worker, void *ctx);

/* ---- worker_run.c ---- */

/* What a fresh worker process runs; returns its exit status. */
int worker_run(const struct pool_options *options,
               const struct channel_shape *shape, int slot, int memfd, int fd);

#endif
