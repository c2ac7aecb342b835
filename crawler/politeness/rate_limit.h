/*
 * rate_limit: what a host says of the quota it grants, so that nobody runs
 * into its end: the fields RateLimit (IETF httpapi draft, as
 * `"default";r=0;t=30` and, before, `limit=9, remaining=0, reset=30`),
 * RateLimit-Remaining and -Reset, and X-RateLimit-Remaining and -Reset.
 *
 * No standard settles the last pair: a reset is seconds from now, or a time as
 * seconds or milliseconds since 1970, or a date. Pure.
 */
#ifndef CRAWLER_POLITENESS_RATE_LIMIT_H
#define CRAWLER_POLITENESS_RATE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/wire.h"

/*
 * Reads a value of the field RateLimit: the longest reset, as a view of it, of
 * the quotas that are spent; "" if none is. `before` is that of an earlier
 * field of the same head, or "", and stays the answer where it is longer.
 */
struct bytes rate_limit_spent(struct bytes value, struct bytes before);
/* Whether a value of RateLimit-Remaining or X-RateLimit-Remaining says that
 * nothing is left; a negative number does not: it stands for "no limit". */
bool rate_limit_is_nothing(struct bytes value);
/* The time until a reset, in ms from now, 0 for the past; -1 if it is
 * unreadable. */
int64_t rate_limit_wait_ms(struct bytes reset, int64_t wall_ms);

#endif
