/*
 * field: what JSONL and CSV show of a page, column by column.
 *
 * The columns are those of page_row.h, with the names that the view `results`
 * uses, so that a script can change its source. Private to storage/. Pure.
 */
#ifndef STORAGE_SINK_FIELD_H
#define STORAGE_SINK_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/page_row.h"
#include "storage/stamp.h"

#define FIELD_VALUE_BYTES 72 /* room for a number, a time or a hash */

/*
 * Returns the value as text: a view of the page, of `stamp` or of `room`; an
 * empty one when there is no value. `is_text` tells whether it needs quotes in
 * JSON, and field_is_foreign() whether it needs escapes too.
 */
struct bytes field_value(const struct page_column *column,
                         const struct page_record *page, struct stamp *stamp,
                         char room[FIELD_VALUE_BYTES], bool *is_text);

/* Whether the column has words from outside, in which any character may stand.
 */
static inline bool field_is_foreign(const struct page_column *column)
{
    return column->kind == COLUMN_URL || column->kind == COLUMN_TEXT;
}

#endif
