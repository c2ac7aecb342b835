/*
 * url_punycode: the code points of a domain, and Punycode (RFC 3492), which
 * spells them in ASCII. Private to url*.c. Pure.
 */
#ifndef CRAWLER_URL_URL_PUNYCODE_H
#define CRAWLER_URL_URL_PUNYCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/url/url_write.h"

/* Longest domain outside ASCII, in UTF-8 and in characters; DNS has 255. */
#define URL_CHARS_MAX 2048

/* Code points of a domain or label. */
struct url_chars {
    size_t nr;
    uint32_t chars[URL_CHARS_MAX];
};

/* Adds one code point; returns false when there is no room. */
static inline bool url_add_char(struct url_chars *out, uint32_t code)
{
    if (out->nr == URL_CHARS_MAX)
        return false;
    out->chars[out->nr++] = code;
    return true;
}

/* Punycode of a label, without the "xn--". Decoding takes lower case, adds to
 * `out`, and is false for what is no Punycode or has no room. */
bool url_punycode_decode(const uint32_t *text, size_t len,
                         struct url_chars *out);
void url_punycode_encode(const uint32_t *label, size_t len,
                         struct url_writer *out);

#endif
