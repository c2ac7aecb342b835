/* The sentence of a failure. It may quote bytes from outside, such as a file's
 * name, and goes to a terminal, so control characters in it are escaped. */
#include "storage/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum err failure_set(struct failure *failure, enum err err, const char *format,
                     ...)
{
    char raw[STORAGE_MESSAGE_BYTES];
    va_list args;

    if (failure->err)
        return failure->err;
    va_start(args, format);
    vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    text_escape(raw, strlen(raw), failure->message, sizeof(failure->message));
    failure->err = err;
    return err;
}
