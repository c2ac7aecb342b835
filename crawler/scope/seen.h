/*
 * seen: a bounded memory of hashes, so that what was judged lately is not
 * judged again.
 *
 * A page of documentation has a hundred links and nearly all are known: asking
 * here costs nanoseconds, asking the database microseconds. It forgets when it
 * is full, and never claims to have seen what it has not (but for 64-bit
 * hashes that are equal: the hash is keyed).
 */
#ifndef CRAWLER_SCOPE_SEEN_H
#define CRAWLER_SCOPE_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen; /* opaque */

/* Room for about `nr` hashes, rounded up to a power of two; 8 bytes each.
 * Never NULL. */
struct seen *seen_new(size_t nr);
void seen_free(struct seen *seen);
bool seen_has(const struct seen *seen, uint64_t hash);
/* Remembers a hash, in place of another one if its row is full. */
void seen_add(struct seen *seen, uint64_t hash);

#endif
