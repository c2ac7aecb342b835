/*
 * equal_pages: patterns of URLs that give one page again and again.
 *
 * A calendar of empty days, a shop that shows its first page for any number, a
 * "not found" that says 200: their URLs differ and their content does not. URLs
 * of a host that differ in numbers, in words with digits, or in what their
 * query says are of one pattern. When more pages of a pattern than the limit
 * have equal content, the pattern is stopped. It lives in memory of a bounded
 * size, in which what was counted long ago may be forgotten. Pure. One thread
 * per object.
 */
#ifndef CRAWLER_SCOPE_EQUAL_PAGES_H
#define CRAWLER_SCOPE_EQUAL_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/wire.h"
#include "crawler/url/url.h"

#define EQUAL_PAGES_COUNTED 32768 /* patterns and contents at hand: 512 KiB */
#define EQUAL_PAGES_STOPPED 16384 /* patterns; later ones go on */

struct equal_pages; /* opaque */

/* `limit`: pages with equal content that a pattern may have; 0: any number.
 * Owned by the caller. Never NULL. Copies the key. */
struct equal_pages *equal_pages_new(int limit, const struct hash_key *key);
void equal_pages_free(struct equal_pages *pages);

/* Counts a page that has ended, once for each URL, by a hash of its content.
 * Returns whether that stops its pattern. */
bool equal_pages_count(struct equal_pages *pages, const struct url *url,
                       struct bytes content_hash);
/* Whether any pattern is stopped, and whether that of the URL is. */
bool equal_pages_have_any(const struct equal_pages *pages);
bool equal_pages_stop(const struct equal_pages *pages, const struct url *url);

#endif
