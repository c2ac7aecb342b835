/*
 * Puts the end of a task into words, as pool_task.h promises. It needs no pool,
 * so it can be called wherever a result is kept.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pool/pool_task.h"

const char *pool_status_str(enum pool_status status)
{
    switch (status) {
    case POOL_OK:
        return "ok";
    case POOL_FAILED:
        return "failed";
    case POOL_TIMEOUT:
        return "timeout";
    case POOL_CANCELED:
        return "canceled";
    case POOL_LOST:
        return "lost";
    }
    return "unknown status"; /* not a value of the enum */
}

/* The text so far, cut at `cap` bytes; `len` is what it would have uncut, as
 * with snprintf(3). */
struct text {
    char *at;
    size_t cap, len;
};

__attribute__((format(printf, 2, 3))) static void
append(struct text *text, const char *format, ...)
{
    size_t left = text->len < text->cap ? text->cap - text->len : 0;
    va_list args;
    int nr;

    va_start(args, format);
    nr = vsnprintf(left ? text->at + text->len : NULL, left, format, args);
    va_end(args);
    if (nr > 0)
        text->len += (size_t)nr;
}

/* Appends how a worker ended, as the end of a sentence. */
static void append_death(struct text *text, const struct pool_result *result)
{
    const char *name = sigabbrev_np(result->signal_nr);
    const char *what = sigdescr_np(result->signal_nr);

    if (result->signal_nr == 0)
        append(text, " exited with status %d", result->exit_code);
    else if (name && what)
        append(text, " was killed by SIG%s (%s)", name, what);
    else /* a real-time signal has no name of its own */
        append(text, " was killed by signal %d", result->signal_nr);
}

/* Appends why a task was lost. One that never started has no worker of its own:
 * then the death of the last worker explains it. */
static void append_loss(struct text *text, const struct pool_result *result)
{
    if (result->attempts > 0) {
        append(text, "lost: its worker");
        append_death(text, result);
        if (result->attempts > 1)
            append(text, ", at start %d", result->attempts);
        return;
    }
    append(text, "lost before it started: no worker is left");
    /* Both are 0 when the last worker could not even be started. */
    if (result->signal_nr != 0 || result->exit_code != 0) {
        append(text, ", the last one");
        append_death(text, result);
    }
}

size_t pool_result_describe(const struct pool_result *result, char *out,
                            size_t cap)
{
    struct text text = {.at = out, .cap = cap};

    switch (result->status) {
    case POOL_FAILED:
        append(&text, "failed with code %d", result->code);
        break;
    case POOL_TIMEOUT:
        append(&text, "timeout: past its hard deadline, its worker was killed");
        break;
    case POOL_CANCELED:
        append(&text, result->attempts == 0 ? "canceled before it started"
                                            : "canceled while it ran");
        break;
    case POOL_LOST:
        append_loss(&text, result);
        break;
    case POOL_OK:
        append(&text, "%s", pool_status_str(result->status));
        break;
    }
    if (result->message && result->message[0] != '\0')
        append(&text, ": %s", result->message);
    return text.len;
}
