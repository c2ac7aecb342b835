/*
 * clock: the only place that asks the system for the time.
 *
 * Durations and deadlines use a clock that no setting of the time moves, and
 * that counts what the machine sleeps (CLOCK_BOOTTIME): so a sleep is seen as a
 * jump, and time from then on fits wall time, which is only ever stored or
 * shown. Pure modules take `now_ms`.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds (microseconds) since the start of the machine. */
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);
/* A loop that comes round so much later than it meant to was stopped, or the
 * machine slept: what happened meanwhile says nothing about others. */
#define CLOCK_ABSENCE_MS 2000
/* Milliseconds since 1970-01-01 UTC. */
int64_t clock_wall_ms(void);

#define CLOCK_ISO_BYTES 25 /* "2026-11-23T08:19:42.123Z" and the NUL */

/* Writes wall time as ISO 8601 in UTC with milliseconds, zeros outside of the
 * years 0 to 9999. Pure. */
void clock_iso(int64_t wall_ms, char out[CLOCK_ISO_BYTES]);

#endif
