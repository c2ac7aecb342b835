/*
 * url_write: the text of a URL while it is written, from left to right.
 * Private to url*.c; everything else in this folder appends to it. Pure.
 */
#ifndef CRAWLER_URL_URL_WRITE_H
#define CRAWLER_URL_URL_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/url/url.h"

#define URL_NUMBER_DIGITS 5

/*
 * Writes into the text of a struct url. The first byte that finds no room sets
 * `full`, and nothing is written any more.
 */
struct url_writer {
    char *text; /* URL_BYTES_MAX bytes, and one for the NUL */
    size_t len;
    bool full;
    bool keeps_bytes; /* what is no UTF-8 is escaped as it is, not as U+FFFD */
};

static inline void url_append_byte(struct url_writer *out, char byte)
{
    if (out->len == URL_BYTES_MAX)
        out->full = true;
    else
        out->text[out->len++] = byte;
}

void url_append_text(struct url_writer *out, const char *text, size_t len);

/* Writes a port or a byte of an address in decimal, without a NUL, and returns
 * its length. */
size_t url_format_number(uint16_t number, char out[URL_NUMBER_DIGITS]);
/* Appends a number in decimal. */
void url_append_number(struct url_writer *out, uint16_t number);

#endif
