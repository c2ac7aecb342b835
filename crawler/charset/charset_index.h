/*
 * charset_index: the indexes of the Encoding standard (5): which character a
 * byte or a pointer stands for. Private to charset*.c. They are made of the
 * files in data/encoding when the project is built.
 */
#ifndef CRAWLER_CHARSET_CHARSET_INDEX_H
#define CRAWLER_CHARSET_CHARSET_INDEX_H

#include <stdint.h>

#include "crawler/charset/charset.h"

/* What the bytes from 0x80 stand for in encodings of one byte; 0 is an error.
 */
extern const uint16_t charset_tables[CHARSET_SINGLE_NR][128];

/* The encodings of more than one byte, by pointers. */
enum charset_index_kind {
    CHARSET_INDEX_JIS0208,
    CHARSET_INDEX_JIS0212,
    CHARSET_INDEX_BIG5,
    CHARSET_INDEX_EUC_KR,
    CHARSET_INDEX_GB18030, /* of two bytes */
    CHARSET_INDEX_NR
};

#define CHARSET_NO_POINTER UINT32_MAX

/* 0: there is no character. */
uint32_t charset_index_code(enum charset_index_kind kind, unsigned pointer);
/* The first pointer of a character that is not below `from`. It looks at one
 * after the other: for texts as short as an address. */
unsigned charset_index_pointer(enum charset_index_kind kind, uint32_t code,
                               unsigned from);

/* The character of four bytes of GB18030, by its linear pointer; 0 if there
 * is none. */
uint32_t charset_gb18030_ranges(uint32_t pointer);
/* The way back; of any code from 0x80. */
uint32_t charset_gb18030_ranges_pointer(uint32_t code);

#endif
