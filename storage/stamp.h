/*
 * stamp: ISO 8601 texts of times that come one after another.
 *
 * A crawl stamps thousands of rows in a second that differ in the milliseconds
 * alone, so the rest of the text is kept from the last call. Pure.
 */
#ifndef STORAGE_STAMP_H
#define STORAGE_STAMP_H

#include <stdint.h>

#include "base/clock.h"
#include "base/wire.h"

/* The text that was made last. A zeroed one is empty. */
struct stamp {
    int64_t second; /* the second since 1970 that `text` shows */
    char text[CLOCK_ISO_BYTES];
};

/* "2026-11-23T08:19:42.123Z", borrowed until the next call. */
struct bytes stamp_text(struct stamp *stamp, int64_t wall_ms);

#endif
