/*
 * hash_range: a range of URL hashes of one host, outside of which nothing is
 * left to do. Pure.
 */
#ifndef STORAGE_HASH_RANGE_H
#define STORAGE_HASH_RANGE_H

#include <stdbool.h>
#include <stdint.h>

/* The hashes from `from` to `to`, both included; the range is empty when `from`
 * is above `to`. */
struct hash_range {
    int64_t from, to;
};
#define HASH_RANGE_ALL  ((struct hash_range){INT64_MIN, INT64_MAX})
#define HASH_RANGE_NONE ((struct hash_range){INT64_MAX, INT64_MIN})

static inline bool hash_range_is_empty(struct hash_range range)
{
    return range.from > range.to;
}

static inline struct hash_range hash_range_of(int64_t hash)
{
    return (struct hash_range){hash, hash};
}

/* Widens the range until it contains the other one. An empty one changes
 * nothing. */
static inline void hash_range_add(struct hash_range *range,
                                  struct hash_range other)
{
    if (hash_range_is_empty(other))
        return;
    if (other.from < range->from)
        range->from = other.from;
    if (other.to > range->to)
        range->to = other.to;
}

#endif
