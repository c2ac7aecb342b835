/*
 * url_order: in which order the URLs of a host are handed out, and how far
 * that has come.
 *
 * A URL says what it is: its kind, its depth, its hops. Storage alone makes a
 * number of that, for the column `prio`: bulk URLs have 0 and are walked in the
 * order of their key; of all others the lowest number comes first. The
 * frontier keeps a place in that order and asks the functions below to move it.
 * Pure.
 */
#ifndef STORAGE_URL_ORDER_H
#define STORAGE_URL_ORDER_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "storage/hash_range.h"
#include "storage/record.h"

#define URL_ORDER_BULK  0
#define URL_ORDER_FIRST (-1) /* of sitemaps and of single lines of the list */
/* A found URL has its depth times this, and one more for each hop, so that a
 * host is walked level by level. More than hops that are ever followed. */
#define URL_ORDER_STEP  32

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
    /* 0 for a hop of a listed URL, which ends with it: there is nothing to do
     */
    return depth * URL_ORDER_STEP + nr_hops;
}

/* What a row of this number, with or without a line of the list, is. */
static inline enum url_kind url_order_kind(int order, int64_t line)
{
    if (order == URL_ORDER_BULK)
        return URL_BULK;
    if (order > URL_ORDER_BULK)
        return URL_FOUND;
    return line > 0 ? URL_LISTED : URL_SITEMAP;
}

static inline int url_order_hops(int order, int depth)
{
    return order > URL_ORDER_BULK ? order - depth * URL_ORDER_STEP : 0;
}

/* How far the URLs of a host have been handed out. */
struct url_place {
    struct hash_range walk; /* bulk URLs: those with a url_hash in it */
    int order;              /* the others: behind this number and url_hash */
    int64_t url_hash;
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

/* Moves the place back in front of a URL that is not bulk, where it has passed
 * it. */
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
