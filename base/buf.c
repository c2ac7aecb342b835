/*
 * The buffer behind buf.h: one block from malloc() that grows by doubling, so
 * that adding byte for byte costs the same per byte however long it gets.
 */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUF_FIRST_BYTES 256

void buf_init(struct buf *buf, size_t limit)
{
    *buf = (struct buf){.limit = limit};
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->limit);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
}

void buf_reset_to(struct buf *buf, size_t keep)
{
    if (buf->cap > keep)
        buf_release(buf);
    else
        buf->len = 0;
}

/* The comparisons subtract, as a sum of sizes from outside could wrap round. */
enum err buf_reserve(struct buf *buf, size_t more)
{
    size_t cap = buf->cap ? buf->cap : BUF_FIRST_BYTES;
    unsigned char *data;

    if (more > buf->limit - buf->len)
        return CERR_TOO_BIG;
    if (buf->len + more <= buf->cap)
        return CERR_OK;
    while (cap < buf->len + more)
        cap = cap > buf->limit / 2 ? buf->limit : cap * 2;
    /* realloc() would copy the old block, in which nothing is in use. */
    if (buf->len == 0) {
        free(buf->data);
        buf->data = NULL;
        buf->cap = 0;
    }
    data = realloc(buf->data, cap);
    if (!data)
        return CERR_NOMEM;
    buf->data = data;
    buf->cap = cap;
    return CERR_OK;
}

enum err buf_add(struct buf *buf, const void *data, size_t len)
{
    enum err err = buf_reserve(buf, len);

    if (err)
        return err;
    if (len)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    return CERR_OK;
}

enum err buf_add_str(struct buf *buf, const char *text)
{
    return buf_add(buf, text, strlen(text));
}

enum err buf_add_byte(struct buf *buf, unsigned char byte)
{
    return buf_add(buf, &byte, 1);
}

/* The text is formatted twice: once to learn its length, which the limit has to
 * allow before anything is written. */
enum err buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int len;
    enum err err;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return CERR_INVALID;
    err = buf_reserve(buf, (size_t)len);
    if (err)
        return err;
    /* vsnprintf() writes a NUL behind the text. It is no part of the contents,
     * so that byte may lie beyond the limit. */
    if (buf->cap - buf->len <= (size_t)len) {
        unsigned char *data = realloc(buf->data, buf->len + (size_t)len + 1);
        if (!data)
            return CERR_NOMEM;
        buf->data = data;
        buf->cap = buf->len + (size_t)len + 1;
    }
    va_start(args, format);
    vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return CERR_OK;
}
