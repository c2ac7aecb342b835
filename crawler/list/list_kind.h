/*
 * list_kind: tells by its first bytes what a file is that is no list of URLs.
 *
 * Pure: the caller reads the bytes.
 */
#ifndef CRAWLER_LIST_LIST_KIND_H
#define CRAWLER_LIST_LIST_KIND_H

#include <stdbool.h>
#include <stddef.h>

/* More bytes than this change no answer. */
#define LIST_KIND_BYTES      4096
/* The longest sentence of list_kind_describe(), with a name in it. */
#define LIST_KIND_TEXT_BYTES 900

struct list_kind {
    const char *name;   /* "a ZIP archive"; NULL: it may be a list */
    const char *advice; /* the command that makes a list of it; @ is the file */
    bool is_refused;    /* no line of it can be a URL that somebody meant */
    bool is_sitemap;    /* its entries can be read as lines */
    char separator;     /* of CSV */
    bool is_quoted;     /* of CSV: in quotes */
    int column;         /* of CSV: with the URLs, from 1 */
};

/* Judges the first bytes of a file, which may be compressed or in UTF-16. */
struct list_kind list_kind_of(const void *data, size_t len);
/* Writes the sentence about a file of a kind that has a name: what it looks
 * like, and what to type. "-" is standard input. */
void list_kind_describe(const struct list_kind *kind, const char *file,
                        char out[LIST_KIND_TEXT_BYTES]);

#endif
