/*
 * queue: a bounded line of byte strings between processes.
 *
 * Made before fork; then any process of the family puts and gets. What one
 * puts is visible when queue_put() returns, in one order for all. There is no
 * feeder thread and no server: a killed process, even inside a call, neither
 * damages nor blocks the queue.
 *
 * A plain queue hands an item over and forgets it; a long one whose taker dies
 * within queue_get() goes back, QUEUE_ATTEMPTS_DEFAULT - 1 times. A joinable
 * one lends it: it is unfinished until queue_task_done(), and when its taker
 * dies before that it goes back to its old place in line, so queue_join() ends.
 *
 * Items may be written and read in place, without a copy, in a queue that says
 * how long they are at most (max_item_bytes). What is reserved and not yet
 * committed nobody sees, and it goes with its producer. What is borrowed is
 * lent, in a plain queue too.
 *
 * The end of work: queue_close() is the end for all getters; or put an item
 * that means "end", one for each getter. Threads may share a queue too, but a
 * thread that ends counts as dead. Not for signal handlers.
 * Timeouts: negative waits, 0 polls (CERR_AGAIN), else milliseconds by the
 * monotonic clock (CERR_TIMEOUT).
 */
#ifndef POOL_SHARED_QUEUE_H
#define POOL_SHARED_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

struct queue;

#define QUEUE_ITEMS_DEFAULT    1024
#define QUEUE_ITEMS_MAX        (1u << 24)
#define QUEUE_BYTES_DEFAULT    ((size_t)16 << 20)
#define QUEUE_BYTES_MAX        ((size_t)1 << 36)
#define QUEUE_LEASES_DEFAULT   1024
#define QUEUE_ATTEMPTS_DEFAULT 3
#define QUEUE_ALIGN_BYTES      64 /* of items in place; copies need none */

struct queue_options {
    size_t max_items;      /* items in line; 0: QUEUE_ITEMS_DEFAULT */
    size_t max_bytes;      /* bytes in line; 0: QUEUE_BYTES_DEFAULT */
    size_t max_item_bytes; /* of one item, at most QUEUE_BYTES_DEFAULT; each
                              gets as much memory. 0: as it comes, and nothing
                              in place */
    bool joinable;         /* items are lent, see above */
    /* For joinable queues, and max_attempts where items may be borrowed: */
    size_t max_leases; /* lent at one time; 0: QUEUE_LEASES_DEFAULT. Lent
                          items do not count in the bounds above, but their
                          bytes have a bound of their own, max_bytes too */
    int max_attempts;  /* an item whose takers died that often is dropped and
                          counted; 0: QUEUE_ATTEMPTS_DEFAULT */
};

/* What queue_get() says about an item; for queue_task_done(). */
struct queue_item {
    size_t len;    /* bytes of the item */
    int attempt;   /* 1 when it is lent for the first time */
    uint64_t id;   /* number of the put, from 1 */
    uint32_t slot; /* for the queue itself */
};

/* `options` may be NULL. CERR_INVALID (a bound above its limit, or leases and
 * attempts for a plain queue), CERR_NOMEM. */
enum err queue_open(struct queue **queue,
                    const struct queue_options *options) CERR_CHECK;
/* Gives the object up in this process; the other processes keep it. NULL is
 * fine. */
void queue_free(struct queue *queue);

/*
 * Puts a copy at the end of the line. Blocks while a bound is reached.
 * Returns CERR_AGAIN, CERR_TIMEOUT, CERR_CLOSED, CERR_TOO_BIG (longer than a
 * bound or 4 GiB).
 */
enum err queue_put(struct queue *queue, const void *data, size_t len,
                   int64_t timeout_ms) CERR_CHECK;

/*
 * Copies the first item in line to `data`. Blocks while there is none.
 * Returns CERR_AGAIN, CERR_TIMEOUT; CERR_TOO_BIG (longer than `cap`: it stays
 * in line, item->len says how long it is); CERR_CLOSED (closed, and nothing is
 * left; while another process still holds items that could come back, only for
 * one that holds some itself); CERR_LIMIT (too much is lent).
 */
enum err queue_get(struct queue *queue, void *data, size_t cap,
                   struct queue_item *item, int64_t timeout_ms) CERR_CHECK;

/* ---- in place ---- */

/* Where an item is written. */
struct queue_place {
    void *data;  /* `len` bytes, uninitialised, aligned to QUEUE_ALIGN_BYTES */
    size_t len;  /* may be made smaller before queue_commit() */
    uint32_t id; /* for the queue itself, as is the next */
    uint32_t slot;
};

/* Room for an item of `len` bytes; counts in the bounds. Errors as queue_put(),
 * CERR_STATE (no max_item_bytes), CERR_LIMIT (too many processes). */
enum err queue_reserve(struct queue *queue, size_t len,
                       struct queue_place *place,
                       int64_t timeout_ms) CERR_CHECK;
/* Puts it at the end of the line. CERR_INVALID (not reserved by this thread, or
 * `len` has grown); CERR_CLOSED: cancel it. */
enum err queue_commit(struct queue *queue,
                      const struct queue_place *place) CERR_CHECK;
/* Gives it up. CERR_INVALID. */
enum err queue_cancel(struct queue *queue,
                      const struct queue_place *place) CERR_CHECK;
/* Takes the first item in line as queue_get(), but where it lies: `data`,
 * aligned to QUEUE_ALIGN_BYTES, holds until queue_task_done(), which a plain
 * queue needs here too; until then the item takes room there. CERR_STATE (no
 * max_item_bytes). */
enum err queue_borrow(struct queue *queue, const void **data,
                      struct queue_item *item, int64_t timeout_ms) CERR_CHECK;

/* ---- the end of an item ---- */

/*
 * Says that a lent item is finished; any process may say it. CERR_NOT_LENT when
 * it is not lent as described: once too often, gone back meanwhile, or from a
 * plain queue, which lends nothing that queue_get() copied; nothing changes.
 */
enum err queue_task_done(struct queue *queue,
                         const struct queue_item *item) CERR_CHECK;
/* Blocks while anything is unfinished. CERR_AGAIN, CERR_TIMEOUT, CERR_STATE
 * (not joinable). */
enum err queue_join(struct queue *queue, int64_t timeout_ms) CERR_CHECK;

/* Ends the puts. Getters still get what is left. A second call is fine. */
void queue_close(struct queue *queue);

/* What the queue counts, exact at the moment of the call. */
struct queue_stats {
    size_t nr_waiting; /* items in line */
    size_t nr_leased;  /* items lent */
    size_t bytes;      /* of the items in line */
    uint64_t nr_put;
    uint64_t nr_returned; /* times that an item came back from the dead */
    uint64_t nr_dropped;  /* items given up after max_attempts */
    uint64_t nr_repairs;  /* times that somebody died inside a call */
    bool closed;
};

void queue_get_stats(struct queue *queue, struct queue_stats *stats);
/* The number of items in line. */
size_t queue_size(const struct queue *queue);

#ifdef __cplusplus
}
#endif

#endif
