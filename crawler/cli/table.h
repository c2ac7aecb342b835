/*
 * table: the rows of a query as people and programs want them.
 *
 * Four forms: columns that stand below each other, CSV (RFC 4180), a JSON
 * array with an object a row, and plain lines with tabs between the cells.
 * What cells hold came from the net. Aligned and plain cells are escaped
 * always, JSON by its own rule; CSV keeps every byte in a file, since
 * programs read it, and is escaped on a terminal. Knows no database.
 */
#ifndef CRAWLER_CLI_TABLE_H
#define CRAWLER_CLI_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "storage/query.h"

/* Rows that decide how wide the columns are; what comes later may stand out. */
#define TABLE_MEASURED_ROWS  1000
#define TABLE_MEASURED_BYTES ((size_t)4 << 20)
#define TABLE_CELL_BYTES     4096 /* of an aligned cell; the rest is cut */
#define TABLE_CELL_MIN       12   /* no column is cut below that */

enum table_format { TABLE_ALIGNED, TABLE_PLAIN, TABLE_CSV, TABLE_JSON };

struct table_options {
    FILE *out; /* borrowed */
    enum table_format format;
    bool is_terminal; /* somebody looks at `out` */
    int width;        /* of aligned lines, in characters; 0: any */
    int64_t limit; /* rows; the first one above it is CERR_CANCELED; 0: any */
};

struct table;

/* Owned by the caller. Never NULL. */
struct table *table_new(const struct table_options *options);
/* A query_row_fn; `ctx` is the table. CERR_IO when `out` failed. */
enum err table_add(void *ctx, const struct query_row *row) CERR_CHECK;
/* Rows printed or kept so far. */
int64_t table_nr_rows(const struct table *table);
/* Prints what is kept and ends the form; once, after the last row. */
enum err table_end(struct table *table) CERR_CHECK;
void table_free(struct table *table);

#endif
