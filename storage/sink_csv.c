/* CSV by RFC 4180: a header line, CRLF, quotes where they are needed. */
#include <string.h>

#include "storage/field.h"
#include "storage/sink.h"

static bool needs_quotes(struct bytes text)
{
    const unsigned char *at = text.data;

    for (size_t i = 0; i < text.len; i++)
        if (at[i] == ',' || at[i] == '"' || at[i] == '\r' || at[i] == '\n')
            return true;
    return false;
}

/* RFC 4180, section 2, rules 5 to 7. */
static enum err add_cell(struct buf *buf, struct bytes text)
{
    const unsigned char *at = text.data;
    enum err err;

    if (!needs_quotes(text))
        return buf_add(buf, text.data, text.len);
    err = buf_add_byte(buf, '"');
    for (size_t i = 0; i < text.len && !err; i++) {
        if (at[i] == '"')
            err = buf_add_byte(buf, '"');
        if (!err)
            err = buf_add_byte(buf, at[i]);
    }
    return err ? err : buf_add_byte(buf, '"');
}

static enum err start(struct sink *sink)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < nr_fields && !err; i++) {
        if (i)
            err = buf_add_byte(&sink->buf, ',');
        if (!err)
            err = buf_add_str(&sink->buf, fields[i].name);
    }
    return err ? err : buf_add(&sink->buf, "\r\n", 2);
}

static enum err put(struct sink *sink, const struct page_record *page,
                    struct sink_place *place)
{
    enum err err = ERR_OK;

    (void)place;
    for (size_t i = 0; i < nr_fields && !err; i++) {
        char room[FIELD_VALUE_BYTES];
        bool is_text;
        struct bytes value =
            field_value(&fields[i], page, &sink->stamp, room, &is_text);

        if (i)
            err = buf_add_byte(&sink->buf, ',');
        if (!err)
            err = add_cell(&sink->buf, value);
    }
    return err ? err : buf_add(&sink->buf, "\r\n", 2);
}

const struct sink_ops sink_csv = {
    .kind = "csv",
    .suffixes = ".csv",
    .start = start,
    .put = put,
};
