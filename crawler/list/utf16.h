/*
 * utf16: a stream of UTF-16 becomes UTF-8, as its bytes arrive.
 *
 * Half a surrogate pair is no character. It is written as the three bytes that
 * UTF-8 would have for it: two different texts stay two different ones, which
 * U+FFFD for both would not keep.
 *
 * Pure. One object, one input, one thread.
 */
#ifndef CRAWLER_LIST_UTF16_H
#define CRAWLER_LIST_UTF16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct utf16 {
    bool is_big;        /* the high byte of a unit comes first */
    bool has_byte;      /* half a unit was seen */
    unsigned char byte; /* it */
    uint16_t high;      /* first unit of a pair; 0: none */
};

/* At most so many bytes come out for `len` bytes in, with what was kept. */
#define UTF16_ROOM(len) (3 * ((len) / 2 + 2))

/* Decodes the next bytes into `out`, which has UTF16_ROOM(len) bytes, and
 * returns how many it wrote. */
size_t utf16_decode(struct utf16 *utf16, const void *data, size_t len,
                    char *out);
/* The input has ended: writes what was kept, and returns its length. */
size_t utf16_finish(struct utf16 *utf16, char out[4]);

#endif
