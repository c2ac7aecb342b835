/* Decodes UTF-16 (RFC 2781, 2.2), see utf16.h. */
#include "crawler/list/utf16.h"

/* Writes a code point up to U+FFFF, which may be half a pair. */
static size_t write_unit(uint16_t unit, char *out)
{
    if (unit < 0x80) {
        out[0] = (char)unit;
        return 1;
    }
    if (unit < 0x800) {
        out[0] = (char)(0xc0 | unit >> 6);
        out[1] = (char)(0x80 | (unit & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | unit >> 12);
    out[1] = (char)(0x80 | (unit >> 6 & 0x3f));
    out[2] = (char)(0x80 | (unit & 0x3f));
    return 3;
}

/* Writes the character of a surrogate pair. */
static size_t write_pair(uint16_t high, uint16_t low, char *out)
{
    uint32_t code =
        0x10000 + ((uint32_t)(high - 0xd800) << 10) + (low - 0xdc00U);

    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Writes what a unit completes. A high surrogate is kept for the next one. */
static size_t decode_unit(struct utf16 *utf16, uint16_t unit, char *out)
{
    uint16_t high = utf16->high;
    size_t len = 0;

    utf16->high = 0;
    if (high && unit >= 0xdc00 && unit <= 0xdfff)
        return write_pair(high, unit, out);
    if (high)
        len = write_unit(high, out);
    if (unit >= 0xd800 && unit <= 0xdbff)
        utf16->high = unit;
    else
        len += write_unit(unit, out + len);
    return len;
}

size_t utf16_decode(struct utf16 *utf16, const void *data, size_t len,
                    char *out)
{
    const unsigned char *bytes = data;
    size_t written = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned first = utf16->byte, second = bytes[i];

        utf16->byte = bytes[i];
        utf16->has_byte = !utf16->has_byte;
        if (utf16->has_byte)
            continue;
        written += decode_unit(utf16,
                               (uint16_t)(utf16->is_big ? first << 8 | second
                                                        : second << 8 | first),
                               out + written);
    }
    return written;
}

size_t utf16_finish(struct utf16 *utf16, char out[4])
{
    size_t len = utf16->high ? write_unit(utf16->high, out) : 0;

    if (utf16->has_byte)
        out[len++] = (char)utf16->byte;
    *utf16 = (struct utf16){.is_big = utf16->is_big};
    return len;
}
