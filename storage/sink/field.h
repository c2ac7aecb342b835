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

#define FIELD_VALUE_BYTES 72 /* of a number, a time or a hash */

/*
 * The value as text: a view of the page, or of `room`. `is_text` tells whether
 * it needs quotes in JSON; field_is_foreign() whether escapes too. Empty:
 * there is none.
 */
struct bytes field_value(const struct page_column *column,
                         const struct page_record *page, struct stamp *stamp,
                         char room[FIELD_VALUE_BYTES], bool *is_text);

/* Words from outside, in which any character may stand. */
static inline bool field_is_foreign(const struct page_column *column)
{
    return column->kind == COLUMN_URL || column->kind == COLUMN_TEXT;
}

#endif
