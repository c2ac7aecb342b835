/*
 * charset_internal: between the charset*.c files, for nobody else.
 */
#ifndef CRAWLER_CHARSET_CHARSET_INTERNAL_H
#define CRAWLER_CHARSET_CHARSET_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/charset/charset.h"
#include "crawler/charset/charset_index.h"
#include "crawler/charset/charset_utf8.h"

/* What the bytes from 0x80 stand for; 0 is an error. */
extern const uint16_t charset_tables[CHARSET_SINGLE_NR][128];

#define CHARSET_PIECE_BYTES 4096

/* Where decoders put what they have read. */
struct charset_writer {
    unsigned char piece[CHARSET_PIECE_BYTES];
    size_t len;
    struct buf *out;
    uint64_t chars;
    enum err err;
};

void charset_put_bytes(struct charset_writer *writer, const void *data,
                       size_t len);
/* Appends the piece to the output and empties it. */
void charset_flush(struct charset_writer *writer);

/* 0 is an error: U+FFFD. */
static inline void charset_put_code(struct charset_writer *writer,
                                    uint32_t code)
{
    if (sizeof(writer->piece) - writer->len < UTF8_BYTES_MAX)
        charset_flush(writer);
    writer->len +=
        utf8_encode(code ? code : 0xfffd, writer->piece + writer->len);
}

/* The first byte in [at, end) that is not ASCII. */
const unsigned char *charset_skip_ascii(const unsigned char *at,
                                        const unsigned char *end);

/* What ISO-2022-JP is in, by its escape sequences. */
enum charset_jp_mode {
    CHARSET_JP_ASCII,
    CHARSET_JP_ROMAN,
    CHARSET_JP_KATAKANA,
    CHARSET_JP_KANJI
};

/* Decodes what has an index; consumes what it can of [at, end), all of it if
 * `last`, and returns where it stopped. */
const unsigned char *charset_decode_multi(struct charset_text *text,
                                          struct charset_writer *writer,
                                          const unsigned char *at,
                                          const unsigned char *end, bool last);

#endif
