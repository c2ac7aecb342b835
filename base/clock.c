/*
 * The clocks of clock.h, in whole microseconds and milliseconds. Both calls are
 * answered by the vDSO (vdso(7)) and cost no system call.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t now_us(clockid_t which)
{
    struct timespec now;

    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_ms(void)
{
    return now_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    return now_us(CLOCK_BOOTTIME);
}

int64_t clock_wall_ms(void)
{
    return now_us(CLOCK_REALTIME) / 1000;
}

void clock_iso(int64_t wall_ms, char out[CLOCK_ISO_BYTES])
{
    int64_t ms = wall_ms % 1000;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    size_t len;

    /* C rounds towards zero, so a time before 1970 has a negative rest. */
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    /* ISO 8601 has four digits for a year, and the format no room for more. */
    if (!gmtime_r(&seconds, &utc) || utc.tm_year < -1900 ||
        utc.tm_year > 8099) {
        snprintf(out, CLOCK_ISO_BYTES, "0000-00-00T00:00:00.000Z");
        return;
    }
    /* The year is written apart because strftime()'s %Y has no leading zeros.
     */
    snprintf(out, CLOCK_ISO_BYTES, "%04u",
             (unsigned)(utc.tm_year + 1900) % 10000);
    len = 4 + strftime(out + 4, CLOCK_ISO_BYTES - 4, "-%m-%dT%H:%M:%S", &utc);
    snprintf(out + len, CLOCK_ISO_BYTES - len, ".%03dZ", (int)ms);
}
