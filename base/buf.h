/*
 * buf: a growing byte buffer that cannot be made without its limit.
 *
 * Bytes from outside land here. Growth beyond `limit` is CERR_TOO_BIG, a
 * refused allocation CERR_NOMEM; the contents stay as they were in both cases.
 * Not safe for use by two threads at once.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/err.h"

struct buf {
    unsigned char *data; /* owned; NULL while nothing was ever stored */
    size_t len;          /* bytes in use */
    size_t cap;          /* bytes allocated */
    size_t limit;        /* most bytes that `len` may reach */
};

/* Makes an empty buffer in the caller's storage; allocates nothing. */
void buf_init(struct buf *buf, size_t limit);
/* Frees the memory and leaves an empty buffer with the same limit. */
void buf_release(struct buf *buf);
/* Empties it and keeps the memory. */
void buf_reset(struct buf *buf);
/* Empties it, and gives the memory back if it holds more than `keep` bytes. */
void buf_reset_to(struct buf *buf, size_t keep);

/* Makes room for `more` bytes behind `len`. CERR_TOO_BIG, CERR_NOMEM. */
enum err buf_reserve(struct buf *buf, size_t more) CERR_CHECK;
/* Appends bytes (`data` may be NULL when `len` is 0). As buf_reserve. */
enum err buf_add(struct buf *buf, const void *data, size_t len) CERR_CHECK;
/* The same for a text without its NUL, and for one byte. */
enum err buf_add_str(struct buf *buf, const char *text) CERR_CHECK;
enum err buf_add_byte(struct buf *buf, unsigned char byte) CERR_CHECK;
/* Appends text as printf() makes it, without the NUL. As buf_reserve, and
 * CERR_INVALID if the text cannot be formatted. */
enum err buf_addf(struct buf *buf, const char *format, ...) CERR_CHECK
    __attribute__((format(printf, 2, 3)));
#endif
