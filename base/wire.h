/*
 * wire: fields in and out of byte strings that cross a process.
 *
 * Little endian, no padding, no alignment, byte strings as u32 length plus
 * bytes. A reader never reads past its end: the first field that does not fit
 * sets `bad`, and every later read gives zeros and empty strings, so a decoder
 * reads all of its fields and then asks wire_done() once.
 */
#ifndef BASE_WIRE_H
#define BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Borrowed bytes: a view, not NUL-terminated. */
struct bytes {
    const void *data;
    size_t len;
};

/* Writing: appends to `out`; the first failure is kept in `err`. */
struct wire_writer {
    struct buf *out; /* borrowed */
    enum err err;    /* CERR_OK, or what buf_add said first */
};

void wire_put_u8(struct wire_writer *wire, uint8_t value);
void wire_put_u16(struct wire_writer *wire, uint16_t value);
void wire_put_u32(struct wire_writer *wire, uint32_t value);
void wire_put_u64(struct wire_writer *wire, uint64_t value);
/* `len` above UINT32_MAX gives CERR_TOO_BIG. */
void wire_put_bytes(struct wire_writer *wire, const void *data, size_t len);

/* Reading: borrows `data` for as long as the views it gives are used. */
struct wire_reader {
    const unsigned char *at;
    const unsigned char *end;
    bool bad; /* a field did not fit */
};

void wire_reader_init(struct wire_reader *wire, const void *data, size_t len);
uint8_t wire_get_u8(struct wire_reader *wire);
uint16_t wire_get_u16(struct wire_reader *wire);
uint32_t wire_get_u32(struct wire_reader *wire);
uint64_t wire_get_u64(struct wire_reader *wire);
/* A view of at most `max` bytes; a longer one makes the reader bad. */
struct bytes wire_get_bytes(struct wire_reader *wire, size_t max);
/* True when every field fitted and every byte was consumed. */
bool wire_done(const struct wire_reader *wire);

#endif
