/*
 * url_internal: what the url*.c files share.
 * Included nowhere else.
 */
#ifndef CRAWLER_URL_URL_INTERNAL_H
#define CRAWLER_URL_URL_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/url/url.h"

#define URL_NUMBER_DIGITS 5

/*
 * What a byte means in a URL, as bits. The first four say "percent-encode it
 * in this component" and are the standard's percent-encode sets (URL, 1.3).
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

#define URL_NOT_UTF8 UINT32_MAX

/*
 * Takes the UTF-8 character at `at` (`left` at least 1) and returns its
 * length. Where there is none, *code is URL_NOT_UTF8, and the length is that
 * of the bytes that one U+FFFD stands for (Encoding standard, 8.1.1: the
 * longest beginning of a character).
 */
size_t url_take_utf8(const unsigned char *at, size_t left, uint32_t *code);

/*
 * Writes into the text of a struct url. The first byte that finds no room sets
 * `full`, and nothing is written any more.
 */
struct url_writer {
    char *text; /* URL_BYTES_MAX bytes, and one for the NUL */
    size_t len;
    bool full;
};

static inline void url_put(struct url_writer *out, char byte)
{
    if (out->len == URL_BYTES_MAX)
        out->full = true;
    else
        out->text[out->len++] = byte;
}

void url_put_text(struct url_writer *out, const char *text, size_t len);

/* A host as the standard's host parser leaves it. */
struct url_host {
    bool is_ipv4, is_ipv6;
};

/* Writes a port or a byte of an address in decimal, without a NUL, and returns
 * its length. */
size_t url_format_number(uint16_t number, char out[URL_NUMBER_DIGITS]);

/*
 * The host parser (URL 3.5) for special schemes: appends the serialised host.
 * `text` may be any bytes, but holds no tab and no newline. Returns false on
 * failure.
 */
bool url_put_host(struct url_writer *out, const char *text, size_t len,
                  struct url_host *host);

/*
 * Unicode ToASCII with the standard's arguments (URL 3.3) for a domain with at
 * least one character outside ASCII. `domain` is any bytes; invalid UTF-8
 * fails, since U+FFFD is not allowed in a domain. Appends; false on failure,
 * with out->full when it is longer than URL_IDN_MAX.
 */
bool url_put_idna(struct url_writer *out, const char *domain, size_t len);

/* Longest domain outside ASCII, in UTF-8 and in characters; DNS has 255. */
#define URL_IDN_MAX 2048

/* Code points of a domain or label. */
struct url_chars {
    size_t nr;
    uint32_t chars[URL_IDN_MAX];
};

/* Appends one; false when there is no room. */
bool url_put_char(struct url_chars *out, uint32_t code);

/* Bidi_Class as far as the Bidi rule tells it apart. */
enum url_bidi {
    URL_BIDI_LTR,    /* L */
    URL_BIDI_RTL,    /* R, AL */
    URL_BIDI_ARABIC, /* AN: Arabic numbers */
    URL_BIDI_EURO,   /* EN: European numbers */
    URL_BIDI_MARK,   /* NSM: marks on another character */
    URL_BIDI_NEUTRAL /* ES, CS, ET, ON, BN */
};

/* Joining_Type, as bits. */
enum url_joining {
    URL_JOINS_LEFT = 1 << 0,   /* L, D: with what follows */
    URL_JOINS_RIGHT = 1 << 1,  /* R, D: with what is before */
    URL_JOINS_THROUGH = 1 << 2 /* T: lies between two that join */
};

/* Properties of characters that are valid in a domain. */
enum url_bidi url_bidi_of(uint32_t code);
unsigned url_joining_of(uint32_t code);
bool url_is_virama(uint32_t code);
/* Whether Unicode has assigned the character since libidn2 was made, and what
 * UTS #46 maps it to (itself, if it is valid). */
bool url_find_assigned(uint32_t code, uint32_t *to);
/* Whether it is such a character and a mark, which may not begin a label. */
bool url_is_assigned_mark(uint32_t code);

/* Whether the character makes a domain a Bidi domain (RFC 5893, 1.4). */
bool url_bidi_is_rtl(uint32_t code);
/* Whether the label obeys the Bidi rule (RFC 5893, 2). */
bool url_bidi_allows(const uint32_t *label, size_t len);

/* Punycode of a label, without the "xn--". Decoding takes lower case, appends,
 * and is false for what is no Punycode or has no room. */
bool url_punycode_decode(const uint32_t *text, size_t len,
                         struct url_chars *out);
void url_punycode_encode(const uint32_t *label, size_t len,
                         struct url_writer *out);

#endif
