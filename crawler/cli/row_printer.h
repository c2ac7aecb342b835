/*
 * row_printer: prints the rows of a query as people and programs want them.
 *
 * Four forms: columns that stand below each other, CSV (RFC 4180), a JSON
 * array with an object a row, and plain lines with tabs between the cells.
 * What cells hold came from the net. Aligned and plain cells are escaped
 * always, JSON by its own rule; CSV keeps every byte in a file, since
 * programs read it, and is escaped on a terminal. Knows no database.
 */
#ifndef CRAWLER_CLI_ROW_PRINTER_H
#define CRAWLER_CLI_ROW_PRINTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "storage/query.h"

/* Rows that decide how wide the columns are; what comes later may stand out. */
#define ROWS_MEASURED_ROWS  1000
#define ROWS_MEASURED_BYTES ((size_t)4 << 20)
#define ROWS_CELL_BYTES     4096 /* of an aligned cell; the rest is cut */
#define ROWS_CELL_MIN       12   /* no column is cut below that */

enum row_format { ROWS_ALIGNED, ROWS_PLAIN, ROWS_CSV, ROWS_JSON };

struct row_printer_options {
    FILE *out; /* borrowed */
    enum row_format format;
    bool is_terminal; /* `out` is a terminal, so that somebody looks at it */
    int width;        /* width of aligned lines in characters; 0: no limit */
    int64_t limit; /* most rows; row_printer_add() returns CERR_CANCELED for the
                      first one above; 0: no limit */
};

struct row_printer;

/* Owned by the caller. Never NULL. */
struct row_printer *row_printer_new(const struct row_printer_options *options);
/* A query_row_fn; `ctx` is the printer. CERR_IO when `out` failed. */
enum err row_printer_add(void *ctx, const struct query_row *row) CERR_CHECK;
/* Rows printed or kept so far. */
int64_t row_printer_nr_rows(const struct row_printer *printer);
/* Prints what is kept and ends the form; once, after the last row. */
enum err row_printer_end(struct row_printer *printer) CERR_CHECK;
void row_printer_free(struct row_printer *printer);

#endif
