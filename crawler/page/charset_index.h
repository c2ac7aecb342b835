/*
 * charset_index: the characters of the encodings of more than one byte, by the
 * pointers of the Encoding standard (5). For charset*.c alone.
 */
#ifndef CRAWLER_PAGE_CHARSET_INDEX_H
#define CRAWLER_PAGE_CHARSET_INDEX_H

#include <stdint.h>

enum charset_index_kind {
    CHARSET_INDEX_JIS0208,
    CHARSET_INDEX_JIS0212,
    CHARSET_INDEX_BIG5,
    CHARSET_INDEX_EUC_KR,
    CHARSET_INDEX_GB18030, /* of two bytes */
    CHARSET_INDEX_NR
};

struct charset_index {
    unsigned nr;
    uint32_t codes[]; /* 0: there is no character */
};

/* Owned by the caller, to be freed with free(). Without the converter on this
 * system it is empty. NULL: no memory. */
struct charset_index *charset_index_new(enum charset_index_kind kind);

/* The character of four bytes of GB18030, by its linear pointer; 0 if there
 * is none. */
uint32_t charset_gb18030_ranges(uint32_t pointer);

#endif
