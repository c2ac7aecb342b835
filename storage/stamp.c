/* Writes wall times as ISO 8601 texts. Times come in order and many in one
 * second, so the date is formatted once a second and only the milliseconds each
 * time. */
#include "storage/stamp.h"

#define MS_AT 20 /* place of the milliseconds in "2026-11-23T08:19:42.123Z" */

/* A time before 1970 is never kept: its remainder would be negative, and the
 * digits made of it wrong. */
struct bytes stamp_text(struct stamp *stamp, int64_t wall_ms)
{
    int ms = (int)(wall_ms % 1000);

    if (wall_ms < 0 || wall_ms / 1000 != stamp->second || !stamp->text[0]) {
        clock_iso(wall_ms, stamp->text);
        stamp->second = wall_ms < 0 ? -1 : wall_ms / 1000;
    } else {
        stamp->text[MS_AT] = (char)('0' + ms / 100);
        stamp->text[MS_AT + 1] = (char)('0' + ms / 10 % 10);
        stamp->text[MS_AT + 2] = (char)('0' + ms % 10);
    }
    return (struct bytes){stamp->text, CLOCK_ISO_BYTES - 1};
}
