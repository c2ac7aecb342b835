/*
 * robots_index: finds the rule that decides about a path, at a bounded cost.
 *
 * A file has up to 500 KiB of rules, and each URL of its host is judged by
 * them in the parent, where other hosts wait. So the rules are indexed once.
 * Those without a wildcard are sorted, and one search finds all that match. One
 * with a wildcard is compared only if the path has certain bytes of its longest
 * piece, and all comparisons of one path share a budget.
 *
 * Private to robots.c.
 */
#ifndef CRAWLER_ROBOTS_ROBOTS_INDEX_H
#define CRAWLER_ROBOTS_ROBOTS_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crawler/robots/robots_rule.h"

/* Bytes of the path that all comparisons with wildcards may look at. No file
 * that was written for a site comes near it; behind it each Disallow counts as
 * if it matched. */
#define ROBOTS_STEPS_MAX 16384

#define ROBOTS_NO_RULE SIZE_MAX

/* Rules in the order of decision: the first that matches is the verdict. */
struct robots_rules {
    const struct robots_rule *items; /* borrowed */
    size_t nr_items;
    const struct buf *pool; /* borrowed; of their pieces */
};

/* A rule without a wildcard, among others in the order of their bytes. */
struct robots_front {
    struct bytes text; /* view of the pool */
    uint32_t number;   /* of the rule */
    uint32_t parent;   /* the place of the longest one that begins this one, or
                          UINT32_MAX */
    uint32_t best;     /* the first rule among this one and its parents that
                          matches longer paths too, or UINT32_MAX */
    bool is_whole;     /* it matches no longer path */
};

struct robots_index {
    struct robots_front *fronts; /* owned */
    size_t nr_fronts;
    uint32_t *wild; /* owned; the numbers of the others, in order */
    size_t nr_wild;
};

/* CERR_NOMEM; the index is empty then. */
enum err robots_index_make(struct robots_index *index,
                           const struct robots_rules *rules) CERR_CHECK;
void robots_index_release(struct robots_index *index);
size_t robots_index_bytes(const struct robots_index *index);

/* Returns the number of the rule that decides, or ROBOTS_NO_RULE. `path` has
 * been through robots_normalize(). */
size_t robots_index_find(const struct robots_index *index,
                         const struct robots_rules *rules, const char *path,
                         size_t len);

#endif
