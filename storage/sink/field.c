#include "storage/sink/field.h"

#include <inttypes.h>
#include <string.h>

#define KEY(name)                                                              \
    {                                                                          \
        ",\"" name "\":", sizeof(",\"" name "\":") - 1                         \
    }
#define FIELD(name, type, member, none)                                        \
    {                                                                          \
        name, KEY(name), type, offsetof(struct page_record, member), none,     \
            false                                                              \
    }
#define ALWAYS(name, type, member, none)                                       \
    {                                                                          \
        name, KEY(name), type, offsetof(struct page_record, member), none,     \
            true                                                               \
    }

const struct field fields[] = {
    ALWAYS("url", FIELD_URL, url, 0),
    ALWAYS("length", FIELD_INT64, length, -1),
    ALWAYS("status", FIELD_INT, status, 0),
    ALWAYS("outcome", FIELD_TEXT, outcome, 0),
    ALWAYS("error", FIELD_TEXT, error, 0),
    FIELD("final_url", FIELD_TEXT, final_url, 0),
    FIELD("line", FIELD_LINE, line, 0),
    FIELD("detail", FIELD_TEXT, detail, 0),
    FIELD("title", FIELD_TEXT, title, 0),
    FIELD("mime", FIELD_TEXT, mime, 0),
    FIELD("charset", FIELD_TEXT, charset, 0),
    FIELD("lang", FIELD_TEXT, lang, 0),
    FIELD("description", FIELD_TEXT, description, 0),
    FIELD("h1", FIELD_TEXT, h1, 0),
    FIELD("canonical", FIELD_TEXT, canonical, 0),
    FIELD("robots", FIELD_TEXT, robots, 0),
    FIELD("redirects", FIELD_INT, nr_redirects, 0),
    FIELD("fetched_at", FIELD_TIME, fetched_at, 0),
    FIELD("elapsed_ms", FIELD_MS, elapsed_ms, 0),
    FIELD("ttfb_ms", FIELD_MS, ttfb_ms, 0),
    FIELD("total_ms", FIELD_MS, total_ms, 0),
    FIELD("wait_ms", FIELD_MS, wait_ms, 0),
    FIELD("dns_ms", FIELD_MS, dns_ms, 0),
    FIELD("connect_ms", FIELD_MS, connect_ms, 0),
    FIELD("tls_ms", FIELD_MS, tls_ms, 0),
    FIELD("tries", FIELD_INT, tries, 0),
    FIELD("depth", FIELD_INT, depth, -1),
    FIELD("bytes_down", FIELD_INT64, bytes_down, 0),
    FIELD("content_length", FIELD_INT64, content_length, -1),
    FIELD("chars", FIELD_INT64, chars, -1),
    FIELD("truncated", FIELD_TEXT, truncated, 0),
    FIELD("encoding", FIELD_TEXT, encoding, 0),
    FIELD("http_version", FIELD_TEXT, http_version, 0),
    FIELD("ip", FIELD_TEXT, ip, 0),
    FIELD("etag", FIELD_TEXT, etag, 0),
    FIELD("last_modified", FIELD_TEXT, last_modified, 0),
    FIELD("links_out", FIELD_INT64, nr_links_out, -1),
    FIELD("content_hash", FIELD_HASH, content_hash, 0),
    FIELD("worker", FIELD_INT, worker, -1),
    FIELD("retry_later", FIELD_BOOL, retry_later, 0),
    FIELD("input", FIELD_TEXT, input, 0),
};
const size_t nr_fields = sizeof(fields) / sizeof(fields[0]);

/* Digits right-aligned in `room`, since printf costs a tenth of a row. */
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

static struct bytes show_ms(double value, char room[FIELD_VALUE_BYTES])
{
    const double limit = 1e15; /* 30,000 years */
    int64_t micros;
    struct bytes whole;
    char *end = room + FIELD_VALUE_BYTES;
    int64_t left;

    if (!(value > -limit)) /* NaN too */
        value = -limit;
    if (value > limit)
        value = limit;
    micros = (int64_t)(value * 1000 + (value < 0 ? -0.5 : 0.5));
    left = micros < 0 ? -micros : micros;
    /* the whole part first: its digits stand before the last four places */
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

static struct bytes show_int_unless(int64_t value, int64_t none,
                                    char room[FIELD_VALUE_BYTES])
{
    return value == none ? (struct bytes){0} : show_int(value, room);
}

struct bytes field_value(const struct field *field,
                         const struct page_record *page, struct stamp *stamp,
                         char room[FIELD_VALUE_BYTES], bool *is_text)
{
    const void *at = (const char *)page + field->offset;

    *is_text = false;
    switch (field->type) {
    case FIELD_URL:
        *is_text = true;
        return page->listed.len ? page->listed : page->url;
    case FIELD_TEXT:
        *is_text = true;
        return *(const struct bytes *)at;
    case FIELD_INT:
        return show_int_unless(*(const int *)at, field->none, room);
    case FIELD_INT64:
        return show_int_unless(*(const int64_t *)at, field->none, room);
    case FIELD_LINE:
        return show_int_unless(*(const int64_t *)at & STORAGE_LINE_MASK, 0,
                               room);
    case FIELD_MS:
        if (*(const double *)at == 0)
            return (struct bytes){0};
        return show_ms(*(const double *)at, room);
    case FIELD_BOOL:
        if (!*(const bool *)at)
            return (struct bytes){0};
        return (struct bytes){"true", 4};
    case FIELD_TIME:
        *is_text = true; /* of harmless characters, as the next */
        if (*(const int64_t *)at == 0)
            return (struct bytes){0};
        return stamp_text(stamp, *(const int64_t *)at);
    case FIELD_HASH:
        *is_text = true;
        return show_hash(*(const struct bytes *)at, room);
    }
    return (struct bytes){0};
}
