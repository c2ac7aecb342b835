/*
 * field: the columns that a page has in JSONL and CSV.
 *
 * One table for both, with the names that the view `results` uses, so that a
 * script can change its source. Private to storage/. Pure.
 */
#ifndef STORAGE_SINK_FIELD_H
#define STORAGE_SINK_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "storage/record.h"
#include "storage/stamp.h"

#define FIELD_VALUE_BYTES 72 /* of a number, a time or a hash */

struct field {
    const char *name;
    struct bytes key; /* ,"name": of a JSON object */
    enum {
        FIELD_URL,  /* as listed, else canonical */
        FIELD_TEXT, /* struct bytes */
        FIELD_INT,
        FIELD_INT64,
        FIELD_LINE, /* number in its list */
        FIELD_MS,   /* double; three decimals */
        FIELD_BOOL,
        FIELD_TIME, /* wall ms */
        FIELD_HASH, /* raw bytes, shown as hexadecimal digits */
    } type;
    size_t offset; /* in struct page_record */
    int64_t none;  /* number that means no value */
    bool always;   /* JSONL writes it even as null */
};

extern const struct field fields[];
extern const size_t nr_fields;

/*
 * The value as text: a view of the page, or of `room`. `is_text` tells whether
 * it needs quotes in JSON; only FIELD_URL and FIELD_TEXT may need escapes.
 * Empty: there is none.
 */
struct bytes field_value(const struct field *field,
                         const struct page_record *page, struct stamp *stamp,
                         char room[FIELD_VALUE_BYTES], bool *is_text);

#endif
