/*
 * html_entity: character references in text and attribute values
 * (HTML standard, 13.2.5.72 and following), and the clean-up of the input
 * stream that concerns values: NUL, CR and CRLF. Pure.
 */
#ifndef CRAWLER_HTML_HTML_ENTITY_H
#define CRAWLER_HTML_HTML_ENTITY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum html_context {
    HTML_IN_ATTRIBUTE, /* "&copy=" stays as it is; NUL is U+FFFD */
    HTML_IN_RCDATA,    /* title, textarea; NUL is U+FFFD */
    HTML_IN_TEXT,      /* NUL is dropped */
};

/*
 * Appends `data` to `out` with its references replaced. The bytes are those
 * of one whole value or of one run of text: nothing that follows can change
 * how its end is read. Adds at most html_decoded_max(len) bytes. Errors as
 * buf_add.
 */
enum err html_decode(struct buf *out, const void *data, size_t len,
                     enum html_context context) CERR_CHECK;

/* The most bytes that `len` bytes can become: "&nGt;" gives six for five, a
 * NUL three for one. */
static inline size_t html_decoded_max(size_t len)
{
    return 3 * len;
}

#endif
