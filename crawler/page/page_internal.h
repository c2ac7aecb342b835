/*
 * internal: what the modules of this folder share and nobody else includes.
 */
#ifndef CRAWLER_PAGE_PAGE_INTERNAL_H
#define CRAWLER_PAGE_PAGE_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the text can be a serialised URL: 1 to URL_BYTES_MAX bytes, all of
 * them printable ASCII. It need not parse; what counts is that it can break
 * neither a line of a text format nor a header field. */
bool page_is_url_text(const char *text, size_t len);

#endif
