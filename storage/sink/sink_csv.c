/* CSV by RFC 4180: a header line, CRLF, quotes where they are needed. */
#include <string.h>

#include "storage/sink/field.h"
#include "storage/sink/sink.h"

/* Most cells have nothing that needs a closer look: no quote, no comma, no
 * control character, and no byte that could begin one of U+0080 to U+009F. */
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

/* RFC 4180, section 2, rule 6. */
static bool needs_quotes(struct bytes text)
{
    const unsigned char *at = text.data;

    for (size_t i = 0; i < text.len; i++)
        if (at[i] == ',' || at[i] == '"' || at[i] == '\r' || at[i] == '\n')
            return true;
    return false;
}

/* Bytes of the control character that `at` begins with; 0: there is none. */
static size_t control_len(const unsigned char *at, size_t len)
{
    if (at[0] == '\t' || at[0] == '\r' || at[0] == '\n')
        return 0;
    if (at[0] < 0x20 || at[0] == 0x7f)
        return 1;
    return len > 1 && at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0 ? 2 : 0;
}

/*
 * RFC 4180, section 2, rules 5 to 7. Its text has no control characters: a
 * page's title could command the terminal that shows the file.
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

/* RFC 4180, section 2, rule 3: the first line names the columns. */
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

/* Every row has every cell, so that a reader can count on their places: what
 * has no value is empty. */
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
