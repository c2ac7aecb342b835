/*
 * clock: the only place that asks the system for the time.
 *
 * Durations and deadlines use the monotonic clock, which no clock jump moves;
 * wall time is only ever stored or shown. Pure modules take `now_ms`.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds (microseconds) of CLOCK_MONOTONIC. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

#define CLOCK_ISO_BYTES 25 /* "2026-11-23T08:19:42.123Z" and the NUL */

/* Writes wall time as ISO 8601 in UTC with milliseconds, zeros outside of the
 * years 0 to 9999. Pure. */
void clock_iso(int64_t wall_ms, char out[CLOCK_ISO_BYTES]);

#endif
