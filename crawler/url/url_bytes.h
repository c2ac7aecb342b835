/*
 * url_bytes: what a byte is in a URL, and which bytes make a character.
 * Private to url*.c. Pure.
 */
#ifndef CRAWLER_URL_URL_BYTES_H
#define CRAWLER_URL_URL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The meanings of a byte in a URL, as bits. The first four say "percent-encode
 * it in this component" and are the standard's percent-encode sets (URL, 1.3).
 */
enum url_byte {
    URL_ENC_PATH = 1 << 0,
    URL_ENC_QUERY = 1 << 1, /* the special-query set */
    URL_ENC_FRAGMENT = 1 << 2,
    URL_ENC_USER = 1 << 3,
    URL_SPLIT = 1 << 4,      /* / \ ? #: ends an authority */
    URL_SCHEME = 1 << 5,     /* letters, digits, + - . */
    URL_HOST_PLAIN = 1 << 6, /* ASCII, no forbidden domain code point (3.2) */
    URL_UNRESERVED = 1 << 7  /* RFC 3986, 2.3: the same escaped or not */
};

extern const uint8_t url_bytes[256];

static inline bool url_byte_is(unsigned char byte, unsigned classes)
{
    return (url_bytes[byte] & classes) != 0;
}

static inline unsigned char url_lower(unsigned char byte)
{
    return (unsigned char)(byte - 'A') < 26 ? (unsigned char)(byte | 0x20)
                                            : byte;
}

/* Value of a hexadecimal digit, or -1. */
static inline int url_hex_value(unsigned char byte)
{
    unsigned char letter = (unsigned char)(url_lower(byte) - 'a');

    if ((unsigned char)(byte - '0') < 10)
        return byte - '0';
    return letter < 6 ? letter + 10 : -1;
}

/* The byte that an escape at `at` stands for, or -1 if there is none. */
static inline int url_escaped_byte(const char *at, const char *end)
{
    int high, low;

    if (end - at < 3 || *at != '%')
        return -1;
    high = url_hex_value((unsigned char)at[1]);
    low = url_hex_value((unsigned char)at[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

#define URL_NOT_UTF8 UINT32_MAX

/*
 * Reads the UTF-8 character at `at` (`left` at least 1) and returns its
 * length. Where there is none, *code is URL_NOT_UTF8, and the length is that
 * of the bytes that one U+FFFD stands for (Encoding standard, 8.1.1: the
 * longest beginning of a character).
 */
size_t url_read_utf8(const unsigned char *at, size_t left, uint32_t *code);

#endif
