/* CSV by RFC 4180: a header line, CRLF, quotes where they are needed. */
#include <string.h>

#include "storage/sink/field.h"
#include "storage/sink/sink.h"

/* Whether a cell can be copied as it is, as most can: it has no quote, no
 * comma, no control character, and not the byte 0xC2, with which U+0080 to
 * U+009F begin in UTF-8. One look at a table for each byte is fast. */
static bool is_plain(struct bytes text)
{
    static const bool special[256] = {[0 ... 31] = true,
                                      ['"'] = true,
                                      [','] = true,
                                      [0x7f] = true,
                                      [0xc2] = true};
    const unsigned char *at = text.data;

    for (size_t i = 0; i < text.len; i++)
        if (special[at[i]])
            return false;
    return true;
}

/* Whether the cell must stand in quotes: RFC 4180, section 2, rule 6. */
static bool needs_quotes(struct bytes text)
{
    const unsigned char *at = text.data;

    for (size_t i = 0; i < text.len; i++)
        if (at[i] == ',' || at[i] == '"' || at[i] == '\r' || at[i] == '\n')
            return true;
    return false;
}

/* The number of bytes of the control character with which `at` begins; 0 when
 * it begins with another one. Tab and line breaks are left alone: they do no
 * harm, and RFC 4180 allows them within quotes. */
static size_t control_len(const unsigned char *at, size_t len)
{
    if (at[0] == '\t' || at[0] == '\r' || at[0] == '\n')
        return 0;
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    return len > 1 && at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}

/*
 * Appends a cell by RFC 4180, section 2, rules 5 to 7: a quote is doubled.
 * Control characters become U+FFFD, because a page's title could otherwise
 * command the terminal that shows the file.
 */
static enum err add_cell(struct buf *buf, struct bytes text)
{
    const unsigned char *at = text.data;
    bool plain = is_plain(text), quoted = !plain && needs_quotes(text);
    enum err err = quoted ? buf_add_byte(buf, '"') : CERR_OK;

    if (plain)
        return buf_add(buf, text.data, text.len);
    for (size_t i = 0; i < text.len && !err;) {
        size_t control = control_len(at + i, text.len - i);

        if (at[i] == '"')
            err = buf_add_byte(buf, '"');
        if (!err && control)
            err = buf_add(buf, "\xef\xbf\xbd", 3); /* U+FFFD */
        else if (!err)
            err = buf_add_byte(buf, at[i]);
        i += control ? control : 1;
    }
    return !err && quoted ? buf_add_byte(buf, '"') : err;
}

/* Writes the first line, which names the columns: RFC 4180, section 2, rule 3.
 */
static enum err start(struct sink *sink)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < nr_page_columns && !err; i++) {
        if (!(page_columns[i].flags & COLUMN_SHOWN))
            continue;
        if (i)
            err = buf_add_byte(&sink->buf, ',');
        if (!err)
            err = buf_add_str(&sink->buf, page_columns[i].name);
    }
    return err ? err : buf_add(&sink->buf, "\r\n", 2);
}

/* Writes a row. It has every cell, because RFC 4180 (section 2, rule 4) asks
 * for the same number in each line; a cell without a value is empty. */
static enum err put(struct sink *sink, const struct page_record *page,
                    struct sink_place *place)
{
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
        if (i)
            err = buf_add_byte(&sink->buf, ',');
        if (err || !value.len)
            continue;
        /* our own numbers, times and hashes need no quotes */
        err = field_is_foreign(column)
                  ? add_cell(&sink->buf, value)
                  : buf_add(&sink->buf, value.data, value.len);
    }
    return err ? err : buf_add(&sink->buf, "\r\n", 2);
}

const struct sink_ops sink_csv = {
    .kind = "csv",
    .suffixes = ".csv",
    .start = start,
    .put = put,
};
