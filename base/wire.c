/*
 * The reader and the writer behind wire.h. Numbers are taken apart by shifts,
 * which is right in every byte order; compilers make single moves of it.
 */
#include "base/wire.h"

#include <string.h>

/* Makes room for `len` more bytes. NULL if there is no room, or if an earlier
 * field had none: a writer that has failed writes nothing more. */
static unsigned char *extend(struct wire_writer *wire, size_t len)
{
    struct buf *out = wire->out;

    if (!wire->err)
        wire->err = buf_reserve(out, len);
    if (wire->err)
        return NULL;
    out->len += len;
    return out->data + out->len - len;
}

static inline void put(struct wire_writer *wire, uint64_t value, size_t len)
{
    unsigned char *to = extend(wire, len);

    for (size_t i = 0; to && i < len; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

void wire_put_u8(struct wire_writer *wire, uint8_t value)
{
    put(wire, value, 1);
}

void wire_put_u16(struct wire_writer *wire, uint16_t value)
{
    put(wire, value, 2);
}

void wire_put_u32(struct wire_writer *wire, uint32_t value)
{
    put(wire, value, 4);
}

void wire_put_u64(struct wire_writer *wire, uint64_t value)
{
    put(wire, value, 8);
}

void wire_put_bytes(struct wire_writer *wire, const void *data, size_t len)
{
    unsigned char *to;

    if (len > UINT32_MAX && !wire->err)
        wire->err = CERR_TOO_BIG;
    wire_put_u32(wire, (uint32_t)len);
    to = extend(wire, len);
    if (to && len)
        memcpy(to, data, len);
}

/* An empty input may be a NULL pointer, which must not be added to or
 * subtracted from (C11, 6.5.6). */
void wire_reader_init(struct wire_reader *wire, const void *data, size_t len)
{
    static const unsigned char none[1];

    wire->at = len ? data : none;
    wire->end = wire->at + len;
    wire->bad = false;
}

/* The length is compared with what is left, never added to `at`: a pointer
 * beyond the end is undefined even if nobody follows it. */
static uint64_t get(struct wire_reader *wire, size_t len)
{
    uint64_t value = 0;

    if (wire->bad || (size_t)(wire->end - wire->at) < len) {
        wire->bad = true;
        return 0;
    }
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)wire->at[i] << (8 * i);
    wire->at += len;
    return value;
}

uint8_t wire_get_u8(struct wire_reader *wire)
{
    return (uint8_t)get(wire, 1);
}

uint16_t wire_get_u16(struct wire_reader *wire)
{
    return (uint16_t)get(wire, 2);
}

uint32_t wire_get_u32(struct wire_reader *wire)
{
    return (uint32_t)get(wire, 4);
}

uint64_t wire_get_u64(struct wire_reader *wire)
{
    return get(wire, 8);
}

struct bytes wire_get_bytes(struct wire_reader *wire, size_t max)
{
    /* The length comes from the other process, and is worth nothing yet. */
    size_t len = wire_get_u32(wire);
    struct bytes view = {"", 0};

    if (wire->bad || len > max || (size_t)(wire->end - wire->at) < len) {
        wire->bad = true;
        return view;
    }
    view.data = wire->at;
    view.len = len;
    wire->at += len;
    return view;
}

bool wire_done(const struct wire_reader *wire)
{
    return !wire->bad && wire->at == wire->end;
}
