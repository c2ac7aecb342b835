/*
 * log: lines for people, on standard error.
 *
 * Whoever can decide logs, once, with context; lower layers return an error.
 * Every line is made of clean text: control bytes that came from outside are
 * shown as \xNN and cannot move a cursor or break the line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Lines above this level are dropped; LOG_WARN until it is called. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/*
 * Called with each finished line (without newline) in place of writing it to
 * standard error: the progress display scrolls log lines above its rows.
 * NULL goes back to standard error.
 */
typedef void (*log_sink_fn)(void *ctx, const char *line);
void log_set_sink(log_sink_fn sink, void *ctx);

/* One line, cut at 2,000 bytes. */
void log_line(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

#endif
