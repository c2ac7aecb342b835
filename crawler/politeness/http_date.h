/*
 * http_date: the dates and waits that stand in HTTP heads. Pure.
 */
#ifndef CRAWLER_POLITENESS_HTTP_DATE_H
#define CRAWLER_POLITENESS_HTTP_DATE_H

#include <stdint.h>

#include "base/wire.h"

/*
 * Retry-After (RFC 9110, 10.2.3): seconds or an HTTP date, as milliseconds
 * from now, 0 for the past; -1 if it is unreadable.
 */
int64_t http_retry_after_ms(struct bytes value, int64_t wall_ms);
/*
 * An HTTP date in any of its three forms (RFC 9110, 5.6.7) as milliseconds
 * since 1970; -1 if it is none. `wall_ms` settles the century of a two-digit
 * year.
 */
int64_t http_date_ms(struct bytes value, int64_t wall_ms);
/*
 * A time of RFC 3339 in UTC, "2025-11-24T16:00:30Z", in the same way; a
 * fraction of a second counts as one more.
 */
int64_t http_iso_time_ms(struct bytes value);

#endif
