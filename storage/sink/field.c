/*
 * Turns fields into text by the kind of their column. JSONL and CSV share it,
 * so that a number or a time looks the same in both.
 */
#include "storage/sink/field.h"

#include <inttypes.h>
#include <string.h>

/* Writes the digits from the right end of `room` to the left. With printf a row
 * would take a tenth longer. The cast makes the least int64_t positive too. */
static struct bytes show_int(int64_t value, char room[FIELD_VALUE_BYTES])
{
    char *end = room + FIELD_VALUE_BYTES, *at = end;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        *--at = '-';
    return (struct bytes){at, (size_t)(end - at)};
}

/* Shows a duration with three decimals. It is rounded once, as an integer of
 * thousandths, so that no digit depends on the C library. */
static struct bytes show_ms(double value, char room[FIELD_VALUE_BYTES])
{
    const double limit = 1e15; /* ms, 30,000 years: no overflow below */
    int64_t micros;
    struct bytes whole;
    char *end = room + FIELD_VALUE_BYTES;
    int64_t left;

    if (!(value > -limit)) /* written so that it is true for NaN too */
        value = -limit;
    if (value > limit)
        value = limit;
    micros = (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
    left = micros < 0 ? -micros : micros;
    /* show_int() fills `room` up to its end; its digits move left by four
     * places, which the point and the decimals take */
    whole = show_int(left / 1000, room);
    memmove((char *)(uintptr_t)whole.data - 4, whole.data, whole.len);
    end[-4] = '.';
    end[-3] = (char)('0' + left / 100 % 10);
    end[-2] = (char)('0' + left / 10 % 10);
    end[-1] = (char)('0' + left % 10);
    if (micros < 0)
        end[-5 - (ptrdiff_t)whole.len] = '-';
    whole.len += micros < 0;
    return (struct bytes){end - 4 - whole.len, whole.len + 4};
}

/* Shows a hash in hexadecimal digits. One for which there is no room is cut;
 * the hashes of pages have 16 bytes. */
static struct bytes show_hash(struct bytes hash, char room[FIELD_VALUE_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *at = hash.data;
    size_t len = hash.len;

    if (len > FIELD_VALUE_BYTES / 2)
        len = FIELD_VALUE_BYTES / 2;
    for (size_t i = 0; i < len; i++) {
        room[2 * i] = digits[at[i] >> 4];
        room[2 * i + 1] = digits[at[i] & 15];
    }
    return (struct bytes){room, 2 * len};
}

/* Shows a number, unless it is the one that means "no value". */
static struct bytes show_int_unless(int64_t value, int64_t none,
                                    char room[FIELD_VALUE_BYTES])
{
    return value == none ? (struct bytes){0} : show_int(value, room);
}

struct bytes field_value(const struct page_column *column,
                         const struct page_record *page, struct stamp *stamp,
                         char room[FIELD_VALUE_BYTES], bool *is_text)
{
    const void *at = page_field(page, column);

    *is_text = false;
    switch (column->kind) {
    case COLUMN_ZERO:
        break;
    case COLUMN_URL:
        *is_text = true;
        return page->listed.len ? page->listed : page->url;
    case COLUMN_TEXT:
        *is_text = true;
        return *(const struct bytes *)at;
    case COLUMN_INT:
        return show_int_unless(*(const int *)at, column->none, room);
    case COLUMN_INT64:
        return show_int_unless(*(const int64_t *)at, column->none, room);
    case COLUMN_LINE:
        return show_int_unless(*(const int64_t *)at & STORAGE_LINE_MASK, 0,
                               room);
    case COLUMN_REAL:
        /* 0 is a phase that did not happen, not one that took no time */
        if (*(const double *)at == 0)
            return (struct bytes){0};
        return show_ms(*(const double *)at, room);
    case COLUMN_BOOL:
        if (!*(const bool *)at)
            return (struct bytes){0};
        return (struct bytes){"true", 4};
    case COLUMN_TIME:
        *is_text = true; /* times and hashes need quotes but no escapes */
        if (*(const int64_t *)at == 0)
            return (struct bytes){0};
        return stamp_text(stamp, *(const int64_t *)at);
    case COLUMN_HASH:
        *is_text = true;
        return show_hash(*(const struct bytes *)at, room);
    }
    return (struct bytes){0};
}
