/* JSONL: one JSON object (RFC 8259) a line, keys as in the view `results`. */
#include <string.h>

#include "base/text.h"
#include "storage/sink/field.h"
#include "storage/sink/sink.h"

/* Whether `at` begins with a C1 control, U+0080 to U+009F. Some terminals obey
 * them as they obey ESC. JSON allows them as they are; here they are escaped.
 */
static bool is_c1(const unsigned char *at, size_t len)
{
    return len > 1 && at[0] == 0xc2 && at[1] < 0xa0;
}

/* The number of bytes at the front that stand for themselves in a string (RFC
 * 8259, section 7). DEL and the C1 controls do not, by our own rule. */
static size_t plain_prefix(const unsigned char *at, size_t len)
{
    size_t done = 0;

    while (done < len && at[done] >= 0x20 && at[done] != '"' &&
           at[done] != '\\' && at[done] != 0x7f &&
           !is_c1(at + done, len - done))
        done++;
    return done;
}

/* Appends one character as the short escape that RFC 8259, section 7, has for
 * it, or as \u00XX. */
static enum err add_escaped(struct buf *buf, unsigned char byte)
{
    switch (byte) {
    case '"':
        return buf_add(buf, "\\\"", 2);
    case '\\':
        return buf_add(buf, "\\\\", 2);
    case '\n':
        return buf_add(buf, "\\n", 2);
    case '\t':
        return buf_add(buf, "\\t", 2);
    case '\r':
        return buf_add(buf, "\\r", 2);
    default:
        return buf_addf(buf, "\\u%04x", byte);
    }
}

/* The number of bytes at the front that need no closer look; most texts have no
 * others. A table is faster than the conditions of plain_prefix(). */
static size_t ascii_prefix(struct bytes text)
{
    static const bool special[256] = {
        [0 ... 31] = true, ['"'] = true, ['\\'] = true, [0x7f ... 0xff] = true};
    const unsigned char *at = text.data;
    size_t done = 0;

    while (done < text.len && !special[at[done]])
        done++;
    return done;
}

/* Appends a text as a JSON string. A byte that is not UTF-8 becomes U+FFFD:
 * JSON must be UTF-8 (RFC 8259, section 8.1), and a strict reader would refuse
 * the line. */
static enum err add_string(struct buf *buf, struct bytes text)
{
    size_t plain_len = ascii_prefix(text);
    const unsigned char *at = (const unsigned char *)text.data + plain_len;
    size_t left = text.len - plain_len;
    enum err err = buf_add_byte(buf, '"');

    if (!err)
        err = buf_add(buf, text.data, plain_len);
    while (left && !err) {
        size_t valid = text_utf8_prefix(at, left);

        for (size_t i = 0; i < valid && !err;) {
            size_t plain = plain_prefix(at + i, valid - i);

            err = buf_add(buf, at + i, plain);
            i += plain;
            /* of a C1 control the second byte is the code */
            i += is_c1(at + i, valid - i);
            if (!err && i < valid)
                err = add_escaped(buf, at[i++]);
        }
        if (!err && valid < left) {
            err = buf_add(buf, "\xef\xbf\xbd", 3);
            valid++;
        }
        at += valid;
        left -= valid;
    }
    return err ? err : buf_add_byte(buf, '"');
}

/* Appends a time or a hash, which has nothing to escape. */
static enum err add_quoted(struct buf *buf, struct bytes text)
{
    enum err err = buf_add_byte(buf, '"');

    if (!err)
        err = buf_add(buf, text.data, text.len);
    return err ? err : buf_add_byte(buf, '"');
}

/* Writes a page as one object. A column without a value is left out; those with
 * COLUMN_ALWAYS are null instead. */
static enum err put(struct sink *sink, const struct page_record *page,
                    struct sink_place *place)
{
    struct buf *buf = &sink->buf;
    enum err err = CERR_OK;

    (void)place;
    for (size_t i = 0; i < nr_page_columns && !err; i++) {
        const struct page_column *column = &page_columns[i];
        char room[FIELD_VALUE_BYTES];
        struct bytes value;
        bool is_text;

        if (!(column->flags & COLUMN_SHOWN))
            continue;
        value = field_value(column, page, &sink->stamp, room, &is_text);
        if (!value.len && !(column->flags & COLUMN_ALWAYS))
            continue;
        err = buf_add(buf, column->json_key.data, column->json_key.len);
        if (err)
            return err;
        /* each key has a comma before it; that of the first column, which is
         * always there, becomes the brace */
        if (i == 0)
            buf->data[buf->len - column->json_key.len] = '{';
        if (!value.len)
            err = buf_add(buf, "null", 4);
        else if (field_is_foreign(column))
            err = add_string(buf, value);
        else if (is_text)
            err = add_quoted(buf, value);
        else
            err = buf_add(buf, value.data, value.len);
    }
    return err ? err : buf_add(buf, "}\n", 2);
}

const struct sink_ops sink_jsonl = {
    .kind = "jsonl",
    .suffixes = ".jsonl .ndjson",
    .put = put,
};
