/*
 * command_common: what the commands that print tables share.
 */
#ifndef CRAWLER_COMMAND_COMMAND_COMMON_H
#define CRAWLER_COMMAND_COMMAND_COMMON_H

#include "crawler/cli/command_line.h"
#include "crawler/cli/row_printer.h"
#include "crawler/crawl.h"
#include "storage/query.h"

/* The flags that command_printer() reads. */
/* clang-format off */
#define COMMAND_FORMAT_FLAGS                               \
    {"csv", 0, NULL, "as CSV (RFC 4180)"},                 \
    {"json", 0, NULL, "as JSON, an object a row"},         \
    {"plain", 0, NULL, "no columns: tabs between the cells"}
/* clang-format on */

/* Prints rows to standard output in the form that was asked for; `limit` as in
 * row_printer_options. NULL, said on standard error: two forms at once. */
struct row_printer *command_printer(const struct command_line *line,
                                    int64_t limit);
/* Like command_printer(), but without a limit, and no cell is cut to fit a
 * terminal. */
struct row_printer *command_printer_whole(const struct command_line *line);
/* Writes the last rows and frees the printer. Returns `status`, or
 * CRAWL_EXIT_FAILURE if the rows could not be written. */
int command_printer_end(struct row_printer *printer, int status);
/* Whether standard output is a terminal, so that somebody looks at it. */
bool command_is_shown(void);

/* Opens a database to read it. On failure returns NULL, says why on standard
 * error, and sets *status to what to exit with. */
struct reader *command_open(const char *path, int *status);
/* Says on standard error what the reader has to say about its failure, or else
 * the words of `err`. Returns the exit status. */
int command_failed(const struct reader *reader, enum err err);
/* Says a mistake of the user on standard error; returns CRAWL_EXIT_USAGE. */
int command_usage(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Cells of rows that a command makes itself. */
struct query_value command_int(int64_t value);
struct query_value command_real(double value);
/* The text is borrowed; NULL becomes the NULL of SQL. */
struct query_value command_text(const char *text);

#endif
