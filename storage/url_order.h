/*
 * url_order: in which order the URLs of a host are handed out, and how far
 * that has come.
 *
 * Storage makes a number of a URL's kind, depth and hops, and keeps it in the
 * column `prio`. Bulk URLs have 0 and are walked in the order of their key; of
 * all others the lowest number comes first. The frontier keeps a place in that
 * order and moves it with the functions below. Pure.
 */
#ifndef STORAGE_URL_ORDER_H
#define STORAGE_URL_ORDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/hash_range.h"
#include "storage/record.h"

#define URL_ORDER_BULK   0
#define URL_ORDER_FIRST  (-1) /* of sitemaps and of single lines of the list */
/* A found URL has its depth times this, and one more for each hop, so that a
 * host is walked level by level. It is more than the hops that are ever
 * followed. */
#define URL_ORDER_STEP   32
/* The hops of a URL that is only checked: it is not part of the crawl, and
 * comes after all that is. */
#define URL_HOPS_CHECKED (1 << 24)

static inline int url_order_of(enum url_kind kind, int depth, int nr_hops)
{
    switch (kind) {
    case URL_BULK:
        return URL_ORDER_BULK;
    case URL_LISTED:
    case URL_SITEMAP:
        return URL_ORDER_FIRST;
    case URL_FOUND:
        break;
    }
    /* A hop of a listed URL gets 0 here, which does no harm: it ends together
     * with that URL, so it is never handed out. */
    return depth * URL_ORDER_STEP + nr_hops;
}

/* The kind of URL that has this number and this line (0: none). */
static inline enum url_kind url_order_kind(int order, int64_t line)
{
    if (order == URL_ORDER_BULK)
        return URL_BULK;
    if (order > URL_ORDER_BULK)
        return URL_FOUND;
    return line > 0 ? URL_LISTED : URL_SITEMAP;
}

/* The hops of a URL that has this number and this depth. */
static inline int url_order_hops(int order, int depth)
{
    return order > URL_ORDER_BULK ? order - depth * URL_ORDER_STEP : 0;
}

/* How far the URLs of a host have been handed out. */
struct url_place {
    struct hash_range walk; /* bulk URLs to come have a url_hash in it */
    int order;        /* the others to come stand behind this number ... */
    int64_t url_hash; /* ... or have this number and a higher hash */
};
/* Nothing has been handed out yet. */
#define URL_PLACE_FIRST ((struct url_place){HASH_RANGE_ALL, INT_MIN, INT64_MIN})

/* Moves the place behind a URL that was handed out. */
static inline void url_place_pass(struct url_place *place, int64_t url_hash,
                                  enum url_kind kind, int depth, int nr_hops)
{
    int order = url_order_of(kind, depth, nr_hops);

    if (order != URL_ORDER_BULK) {
        place->order = order;
        place->url_hash = url_hash;
    } else if (url_hash < INT64_MAX) {
        place->walk.from = url_hash + 1;
    } else {
        place->walk = HASH_RANGE_NONE;
    }
}

/* Moves the place back in front of a URL that is not bulk, if it has passed
 * that URL. */
static inline void url_place_turn_back(struct url_place *place,
                                       int64_t url_hash, enum url_kind kind,
                                       int depth, int nr_hops)
{
    int order = url_order_of(kind, depth, nr_hops);

    if (order > place->order ||
        (order == place->order && url_hash > place->url_hash))
        return;
    place->order = url_hash == INT64_MIN ? order - 1 : order;
    place->url_hash = url_hash == INT64_MIN ? INT64_MAX : url_hash - 1;
}

#endif
