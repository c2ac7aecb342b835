/*
 * The log behind log.h: one level and one sink for the process, which its
 * main thread sets. Nothing is locked.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

#define LOG_LINE_BYTES 2000

static enum log_level log_level = LOG_WARN;
static log_sink_fn log_sink;
static void *log_sink_ctx;

void log_set_level(enum log_level level)
{
    log_level = level;
}

enum log_level log_get_level(void)
{
    return log_level;
}

void log_set_sink(log_sink_fn sink, void *ctx)
{
    log_sink = sink;
    log_sink_ctx = ctx;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const char *const names[] = {"error: ", "warning: ", "", "debug: "};
    char raw[LOG_LINE_BYTES];
    char line[LOG_LINE_BYTES + 32];
    va_list args;
    int len;

    if (level > log_level)
        return;
    va_start(args, format);
    len = vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    if (len < 0)
        return;
    /* The text may hold what a server sent: a terminal must not obey it. */
    len = snprintf(line, sizeof(line), "crawl: %s", names[level]);
    text_escape(raw, strnlen(raw, sizeof(raw)), line + len,
                sizeof(line) - (size_t)len - 1);
    if (log_sink) {
        log_sink(log_sink_ctx, line);
        return;
    }
    strcat(line, "\n");
    /* A line is one write(), so that lines of several processes do not mix.
     * There is nobody to tell if it fails. */
    if (write(STDERR_FILENO, line, strlen(line)) < 0)
        return;
}
