/*
 * url_bidi: labels that are written from right to left (RFC 5893). Private to
 * url*.c. Pure.
 */
#ifndef CRAWLER_URL_URL_BIDI_H
#define CRAWLER_URL_URL_BIDI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the character makes a domain a Bidi domain (RFC 5893, 1.4). */
bool url_bidi_is_rtl(uint32_t code);
/* Whether the label obeys the Bidi rule (RFC 5893, 2). */
bool url_bidi_allows(const uint32_t *label, size_t len);

#endif
