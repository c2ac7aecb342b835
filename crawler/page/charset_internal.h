/*
 * charset_internal: between the charset*.c files, for nobody else.
 */
#ifndef CRAWLER_PAGE_CHARSET_INTERNAL_H
#define CRAWLER_PAGE_CHARSET_INTERNAL_H

#include <stdint.h>

#include "crawler/page/charset.h"

/* What the bytes from 0x80 stand for; 0 is an error. */
extern const uint16_t charset_tables[CHARSET_SINGLE_NR][128];

/* glibc's name of a converter; NULL where none is needed. */
const char *charset_iconv_name(enum charset charset);

#endif
