/*
 * sniff: what a body is, by its Content-Type and its first bytes.
 *
 * The parts of the WHATWG MIME Sniffing standard that matter to a crawler:
 * a type that is missing or says nothing is guessed from the bytes, and what
 * calls itself HTML and is not text is not scanned. Pure.
 */
#ifndef CRAWLER_CONTENT_SNIFF_H
#define CRAWLER_CONTENT_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

#define SNIFF_BYTES      1445 /* bytes of the body that decide (5.2) */
/* Longest type with its NUL, in bytes; a longer one counts as none. */
#define SNIFF_MIME_BYTES 128

struct sniff {
    char mime[SNIFF_MIME_BYTES]; /* "text/html": lower case, no parameters */
    bool guessed;                /* by the bytes: the header had no type */
    bool is_text;                /* has characters that can be counted */
    bool is_html;                /* is to be scanned */
};

/*
 * Judges a body: `type` is the value of Content-Type (NULL or empty: none),
 * `data` its beginning, SNIFF_BYTES of it unless it is shorter.
 */
void sniff_body(struct sniff *sniff, const char *type, size_t type_len,
                const void *data, size_t len);

#endif
