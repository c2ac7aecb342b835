/*
 * map: one function over many items, on top of pool.h.
 *
 * pool_map() takes an array and waits for all of it; an imap takes its items
 * one by one from a source, keeps a bounded window of them in the pool, and
 * gives results back while it goes on. Every item is a task of its own: it is
 * retried, timed and reported by itself. A chunk is a run of neighbours that
 * go to the same worker while that has room. As unsafe for two threads as the
 * pool is.
 */
#ifndef POOL_MAP_H
#define POOL_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/pool.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pool_item {
    const void *data; /* borrowed */
    size_t len;
};

struct pool_map {
    unsigned function;
    const struct pool_item *items;
    size_t nr_items;
    size_t chunk_items; /* 0: a quarter of each worker's share, rounded up */
    bool retryable;
    bool is_fail_fast; /* the first failure cancels what has not started */
    int64_t soft_timeout_ms, hard_timeout_ms; /* per item; 0: the pool's */
};

struct pool_results;

/*
 * Runs all items and waits until every one has ended, failed ones included.
 * `results` (owned by the caller) has them in the order of the items; it is
 * NULL unless CERR_OK. Blocks, and runs other tasks' callbacks meanwhile.
 * CERR_TIMEOUT (< 0: no limit) cancels what is left; else as pool_submit().
 */
enum err pool_map(struct pool *pool, const struct pool_map *map,
                  int64_t timeout_ms, struct pool_results **results) CERR_CHECK;
size_t pool_results_nr(const struct pool_results *results);
/* One of them (`i` below the number), lent while `results` lives. */
const struct pool_result *pool_results_get(const struct pool_results *results,
                                           size_t i);
/* The first in the order of the items that is not POOL_OK, or NULL. */
const struct pool_result *
pool_results_first_error(const struct pool_results *results);
void pool_results_free(struct pool_results *results);

/*
 * Gives the next item, borrowed until the next call of the source. CERR_OK,
 * CERR_NOT_FOUND when there are no more, or any other error: it ends the
 * iteration, after the results of the items before it.
 */
typedef enum err (*pool_source_fn)(void *user, struct pool_item *item);

struct pool_imap_options {
    unsigned function;
    pool_source_fn source;
    void *user;         /* for the source */
    size_t window;      /* items in the pool or waiting for pool_imap_next();
                           0: 128 for each worker */
    size_t chunk_items; /* 0: 1 */
    bool is_unordered;  /* results as they come, not in order */
    bool retryable;
    int64_t soft_timeout_ms, hard_timeout_ms; /* per item; 0: the pool's */
};

struct pool_imap;

/* Reads nothing from the source yet. CERR_INVALID (no source), CERR_PERM,
 * CERR_NOMEM. */
enum err pool_imap_open(struct pool *pool,
                        const struct pool_imap_options *options,
                        struct pool_imap **imap) CERR_CHECK;
/*
 * Waits for the next result and lends it until the next call; refills the
 * window. CERR_NOT_FOUND at the end, CERR_TIMEOUT (< 0: no limit; nothing is
 * lost), what the source returned, once, or what pool_submit() did.
 */
enum err pool_imap_next(struct pool_imap *imap, int64_t timeout_ms,
                        const struct pool_result **result) CERR_CHECK;
/* Cancels what is left. NULL is fine. Before pool_free(). */
void pool_imap_free(struct pool_imap *imap);

#ifdef __cplusplus
}
#endif

#endif
