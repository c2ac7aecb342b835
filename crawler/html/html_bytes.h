/*
 * html_bytes: what a byte is to the tokenizer, and names made of bytes. Pure;
 * for the states of html_states.c and html_raw.c.
 */
#ifndef CRAWLER_HTML_HTML_BYTES_H
#define CRAWLER_HTML_HTML_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/html/html_tag.h"

enum html_class {
    CLASS_SPACE = 1 << 0,
    CLASS_ALPHA = 1 << 1,
    CLASS_TAG_END = 1 << 2,  /* ends the name of a tag */
    CLASS_NAME_END = 1 << 3, /* ends the name of an attribute */
    CLASS_WORD = 1 << 4,     /* in a plain name of an attribute */
};

/* Classes of each byte. */
extern const uint8_t html_classes[256];

static inline bool html_has_class(unsigned char c, unsigned want)
{
    return (html_classes[c] & want) != 0;
}

static inline unsigned char html_to_lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* The first byte in [at, end) with a class, or `end`. */
static inline const unsigned char *html_find_class(const unsigned char *at,
                                                   const unsigned char *end,
                                                   unsigned want)
{
    while (at < end && !html_has_class(*at, want))
        at++;
    return at;
}

/* The first byte in [at, end) without it, or `end`. */
static inline const unsigned char *html_skip_class(const unsigned char *at,
                                                   const unsigned char *end,
                                                   unsigned want)
{
    while (at < end && html_has_class(*at, want))
        at++;
    return at;
}

/* Adds [from, to) to a name in lower case; counts what does not fit. */
static inline void html_add_name(unsigned char *name, size_t *name_len,
                                 const unsigned char *from,
                                 const unsigned char *to)
{
    for (; from < to; from++) {
        if (*name_len < HTML_NAME_BYTES)
            name[*name_len] = html_to_lower(*from);
        ++*name_len;
    }
}

#endif
