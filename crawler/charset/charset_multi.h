/*
 * charset_multi: decodes the Chinese, Japanese and Korean encodings (Encoding
 * standard, 10 to 13). Private to charset*.c.
 */
#ifndef CRAWLER_CHARSET_CHARSET_MULTI_H
#define CRAWLER_CHARSET_CHARSET_MULTI_H

#include <stdbool.h>

#include "crawler/charset/charset.h"
#include "crawler/charset/charset_write.h"

/* The character set that ISO-2022-JP is in, by its escape sequences. */
enum charset_jp_mode {
    CHARSET_JP_ASCII,
    CHARSET_JP_ROMAN,
    CHARSET_JP_KATAKANA,
    CHARSET_JP_KANJI
};

/* Decodes a charset that has an index of more than one byte. Consumes what it
 * can of [at, end), all of it if `last`, and returns where it stopped. */
const unsigned char *charset_decode_multi(struct charset_text *text,
                                          struct charset_writer *writer,
                                          const unsigned char *at,
                                          const unsigned char *end, bool last);

#endif
