/*
 * charset_write: where decoders put the UTF-8 that they have read: a piece on
 * the stack, counted and appended to the output when it is full. Private to
 * charset*.c.
 */
#ifndef CRAWLER_CHARSET_CHARSET_WRITE_H
#define CRAWLER_CHARSET_CHARSET_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crawler/charset/charset_utf8.h"

#define CHARSET_PIECE_BYTES 4096

struct charset_writer {
    unsigned char piece[CHARSET_PIECE_BYTES];
    size_t len;
    struct buf *out;
    uint64_t chars; /* in what has been appended */
    enum err err;   /* the first; then nothing is appended any more */
};

/* Valid UTF-8. */
void charset_write_bytes(struct charset_writer *writer, const void *data,
                         size_t len);
/* Appends the piece to the output and empties it. */
void charset_write_flush(struct charset_writer *writer);

/* 0 is an error: U+FFFD. */
static inline void charset_write_code(struct charset_writer *writer,
                                      uint32_t code)
{
    if (sizeof(writer->piece) - writer->len < UTF8_BYTES_MAX)
        charset_write_flush(writer);
    writer->len +=
        utf8_encode(code ? code : 0xfffd, writer->piece + writer->len);
}

#endif
