/*
 * The writer behind charset_write.h.
 */
#include "crawler/charset/charset_write.h"

#include <string.h>

#include "crawler/charset/charset.h"

void charset_write_flush(struct charset_writer *writer)
{
    writer->chars += charset_count_chars(writer->piece, writer->len);
    if (writer->err == CERR_OK)
        writer->err = buf_add(writer->out, writer->piece, writer->len);
    writer->len = 0;
}

void charset_write_bytes(struct charset_writer *writer, const void *data,
                         size_t len)
{
    if (len > sizeof(writer->piece) - writer->len)
        charset_write_flush(writer);
    if (len <= sizeof(writer->piece)) {
        memcpy(writer->piece + writer->len, data, len);
        writer->len += len;
        return;
    }
    writer->chars += charset_count_chars(data, len);
    if (writer->err == CERR_OK)
        writer->err = buf_add(writer->out, data, len);
}
