/*
 * The decoder behind html_entity.h. Names are found in a sorted table, which
 * scripts/make_html_entities.py makes.
 */
#include "crawler/html/html_entity.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "crawler/charset/charset_utf8.h"
#include "crawler/html/html_entity_table.h"

#define CODE_MAX      0x10ffffU
#define CODE_TOO_HIGH 0x110000U /* larger ones stay here, with no overflow */

/* Numeric references to C1 controls mean windows-1252 (13.2.5.80). */
static const uint16_t c1_codes[32] = {
    0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
};

static bool is_alnum(unsigned char c)
{
    unsigned char lower = c | 0x20;

    return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z');
}

/* The value of a digit in base 16; 16 for anything else. */
static unsigned digit_value(unsigned char c)
{
    unsigned char lower = c | 0x20;

    if (c >= '0' && c <= '9')
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10U : 16;
}

/* Appends a character; what is none becomes U+FFFD (13.2.5.80). */
static enum err append_code(struct buf *out, uint32_t code)
{
    unsigned char utf8[UTF8_BYTES_MAX];

    if (code >= 0x80 && code <= 0x9f)
        code = c1_codes[code - 0x80];
    if (code == 0 || code > CODE_MAX || (code >= 0xd800 && code <= 0xdfff))
        code = 0xfffd;
    return buf_add(out, utf8, utf8_encode(code, utf8));
}

/* Reads a numeric reference behind '&': "#65;" or "#x41" (13.2.5.75 to
 * 13.2.5.79); *used is its length, 0 if it is none. */
static enum err decode_number(struct buf *out, const unsigned char *text,
                              size_t len, size_t *used)
{
    bool is_hex = len > 1 && (text[1] | 0x20) == 'x';
    unsigned base = is_hex ? 16 : 10;
    size_t first = is_hex ? 2 : 1, at = first;
    uint32_t code = 0;

    while (at < len && digit_value(text[at]) < base) {
        code = code * base + digit_value(text[at]);
        if (code > CODE_MAX)
            code = CODE_TOO_HIGH;
        at++;
    }
    *used = 0;
    if (at == first)
        return CERR_OK;
    *used = at + (at < len && text[at] == ';');
    return append_code(out, code);
}

/* The byte at `at` of the name; 0 behind its end. */
static unsigned char name_byte(size_t entity, size_t at)
{
    size_t from = html_entity_name_at[entity];

    if (at >= (size_t)html_entity_name_at[entity + 1] - from)
        return 0;
    return (unsigned char)html_entity_names[from + at];
}

/* First of [low, high) whose byte `at` is not below `byte`. */
static size_t lower_bound(size_t low, size_t high, size_t at, unsigned byte)
{
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (name_byte(middle, at) < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Finds the longest name that `text` begins with; *used is its length, 0 if
 * there is none. It narrows the sorted table by one byte after the other; of
 * the names that share a beginning the shortest comes first. */
static size_t find_name(const unsigned char *text, size_t len, size_t *used)
{
    size_t low = 0, high = HTML_ENTITIES_NR, found = 0;

    *used = 0;
    for (size_t at = 0; at < len; at++) {
        if (text[at] == 0 || text[at] >= 0x7f)
            break;
        low = lower_bound(low, high, at, text[at]);
        high = lower_bound(low, high, at, text[at] + 1U);
        if (low == high)
            break;
        if (name_byte(low, at + 1) == 0) {
            found = low;
            *used = at + 1;
        }
    }
    return found;
}

/* Reads a named reference behind '&' (13.2.5.73): the longest name that fits.
 */
static enum err decode_name(struct buf *out, const unsigned char *text,
                            size_t len, enum html_context context, size_t *used)
{
    size_t found;

    /* "&amp;" is nearly every reference that there is. */
    if (len >= 4 && memcmp(text, "amp;", 4) == 0) {
        *used = 4;
        return buf_add_byte(out, '&');
    }
    found = find_name(text, len, used);
    if (*used == 0)
        return CERR_OK;
    /* 13.2.5.73: for historical reasons, "?a=1&copy=2" is no reference */
    if (context == HTML_IN_ATTRIBUTE && text[*used - 1] != ';' && *used < len &&
        (text[*used] == '=' || is_alnum(text[*used]))) {
        *used = 0;
        return CERR_OK;
    }
    return buf_add(out, html_entity_texts + html_entity_text_at[found] / 8,
                   html_entity_text_at[found] % 8);
}

/* Decodes what begins with '&', CR or NUL; *used is how many bytes that was. */
static enum err decode_special(struct buf *out, const unsigned char *text,
                               size_t len, enum html_context context,
                               size_t *used)
{
    enum err err = CERR_OK;

    *used = 1;
    if (text[0] == 0)
        return context == HTML_IN_TEXT ? CERR_OK
                                       : buf_add(out, UTF8_REPLACEMENT, 3);
    if (text[0] == '\r') { /* 13.2.3.5: newlines are normalised */
        *used = len > 1 && text[1] == '\n' ? 2 : 1;
        return buf_add_byte(out, '\n');
    }
    if (len > 1 && text[1] == '#')
        err = decode_number(out, text + 1, len - 1, used);
    else
        err = decode_name(out, text + 1, len - 1, context, used);
    ++*used;
    if (err == CERR_OK && *used == 1)
        err = buf_add_byte(out, '&');
    return err;
}

/* Copies run by run: references are rare. */
enum err html_decode(struct buf *out, const void *data, size_t len,
                     enum html_context context)
{
    const unsigned char *text = data;
    size_t at = 0;

    while (at < len) {
        size_t from = at, used;
        enum err err;

        while (at < len && text[at] != '&' && text[at] != 0 && text[at] != '\r')
            at++;
        err = buf_add(out, text + from, at - from);
        if (err != CERR_OK)
            return err;
        if (at == len)
            break;
        err = decode_special(out, text + at, len - at, context, &used);
        if (err != CERR_OK)
            return err;
        at += used;
    }
    return CERR_OK;
}
