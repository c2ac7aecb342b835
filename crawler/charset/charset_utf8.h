/*
 * charset_utf8: one code point as UTF-8, and where ASCII ends. Pure.
 */
#ifndef CRAWLER_CHARSET_CHARSET_UTF8_H
#define CRAWLER_CHARSET_CHARSET_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define UTF8_BYTES_MAX   4

/* Writes `code`, at most U+10FFFF and no surrogate; returns the length. */
static inline size_t utf8_encode(uint32_t code, unsigned char *out)
{
    size_t len = 0;

    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        out[len++] = (unsigned char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        out[len++] = (unsigned char)(0xe0 | code >> 12);
        out[len++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    } else {
        out[len++] = (unsigned char)(0xf0 | code >> 18);
        out[len++] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
        out[len++] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    }
    out[len++] = (unsigned char)(0x80 | (code & 0x3f));
    return len;
}

/* The first byte in [at, end) that is not ASCII. */
const unsigned char *charset_skip_ascii(const unsigned char *at,
                                        const unsigned char *end);

#endif
