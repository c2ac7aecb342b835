/*
 * url_idna: domain names outside ASCII. Private to url*.c. Pure.
 */
#ifndef CRAWLER_URL_URL_IDNA_H
#define CRAWLER_URL_URL_IDNA_H

#include <stdbool.h>
#include <stddef.h>

#include "crawler/url/url_write.h"

/*
 * Unicode ToASCII with the standard's arguments (URL 3.3) for a domain with at
 * least one character outside ASCII. `domain` is any bytes; invalid UTF-8
 * fails, since U+FFFD is not allowed in a domain. Appends; false on failure,
 * with out->full when it is longer than URL_CHARS_MAX.
 */
bool url_append_idna(struct url_writer *out, const char *domain, size_t len);

#endif
