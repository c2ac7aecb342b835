/*
 * The decoders of single bytes and of Unicode, and the loop that feeds them and
 * those of charset_multi.
 *
 * DESIGN. Decoders write into a piece on the stack, which is counted and
 * appended when it is full. Bytes of a character that is cut by the end of
 * the input wait in `tail`; they are decoded together with as many of the next
 * bytes as `tail` has room for, and the rest is decoded where it lies.
 */
#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "base/unfilled.h"
#include "crawler/charset/charset_index.h"
#include "crawler/charset/charset_multi.h"
#include "crawler/charset/charset_utf8.h"
#include "crawler/charset/charset_write.h"

/* A decoder consumes what it can of [at, end), all of it if `last`, and returns
 * where it stopped: before a character that is not complete. */
typedef const unsigned char *(*decode_fn)(struct charset_text *text,
                                          struct charset_writer *writer,
                                          const unsigned char *at,
                                          const unsigned char *end, bool last);

/* A charset of single bytes is a table of 128 codes (9.1). ISO-8859-8-I differs
 * from ISO-8859-8 in the direction of the text only. */
static const unsigned char *decode_single(struct charset_text *text,
                                          struct charset_writer *writer,
                                          const unsigned char *at,
                                          const unsigned char *end, bool last)
{
    enum charset charset = text->charset == CHARSET_ISO_8859_8_I
                               ? CHARSET_ISO_8859_8
                               : text->charset;

    (void)last;
    while (at < end) {
        const unsigned char *to = charset_skip_ascii(at, end);

        charset_write_bytes(writer, at, (size_t)(to - at));
        for (at = to; at < end && *at >= 0x80; at++)
            charset_write_code(writer, charset_tables[charset][*at - 0x80]);
    }
    return at;
}

/* x-user-defined puts the bytes from 0x80 on at U+F780 (14.5.1). */
static const unsigned char *decode_user_defined(struct charset_text *text,
                                                struct charset_writer *writer,
                                                const unsigned char *at,
                                                const unsigned char *end,
                                                bool last)
{
    (void)text;
    (void)last;
    for (; at < end; at++) {
        if (*at < 0x80)
            charset_write_bytes(writer, at, 1);
        else
            charset_write_code(writer, 0xf780U + *at - 0x80U);
    }
    return at;
}

/* UTF-16 has units of two bytes; a surrogate without its other half is an error
 * (14.2.1). */
static const unsigned char *decode_utf16(struct charset_text *text,
                                         struct charset_writer *writer,
                                         const unsigned char *at,
                                         const unsigned char *end, bool last)
{
    unsigned low = text->charset == CHARSET_UTF_16LE ? 0 : 1;

    while (end - at >= 2) {
        uint32_t unit = at[low] | (uint32_t)at[1 - low] << 8;
        uint32_t next;

        if ((unit & 0xfc00) != 0xd800) {
            /* NUL is a character here, though 0 is the writer's error; a lone
             * low surrogate is an error. */
            if (unit == 0)
                charset_write_bytes(writer, "", 1);
            else
                charset_write_code(writer,
                                   (unit & 0xfc00) == 0xdc00 ? 0 : unit);
            at += 2;
            continue;
        }
        if (end - at < 4)
            break;
        next = at[2 + low] | (uint32_t)at[3 - low] << 8;
        at += 2;
        if ((next & 0xfc00) != 0xdc00) {
            charset_write_code(writer, 0);
            continue;
        }
        charset_write_code(writer,
                           0x10000 + ((unit & 0x3ff) << 10) + (next & 0x3ff));
        at += 2;
    }
    if (last && at < end) {
        charset_write_code(writer, 0);
        at = end;
    }
    return at;
}

/* Counts the bytes that follow `lead` in a character; 0 if it begins none. */
static size_t nr_following(unsigned char lead)
{
    if (lead >= 0xc2 && lead <= 0xdf)
        return 1;
    if (lead >= 0xe0 && lead <= 0xef)
        return 2;
    return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}

/*
 * Length of the longest prefix of [at, end) that begins a character: at least
 * 1, and what one U+FFFD stands for (Unicode 3.9, maximal subparts). True in
 * *whole if more bytes could make it a character.
 */
static size_t subpart_len(const unsigned char *at, const unsigned char *end,
                          bool *open)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t need = nr_following(*at), len = 1;

    if (*at == 0xe0)
        low = 0xa0;
    else if (*at == 0xed)
        high = 0x9f;
    else if (*at == 0xf0)
        low = 0x90;
    else if (*at == 0xf4)
        high = 0x8f;
    while (len <= need && at + len < end && at[len] >= low && at[len] <= high) {
        low = 0x80;
        high = 0xbf;
        len++;
    }
    *open = len <= need && at + len == end;
    return len;
}

/* UTF-8 that is valid is copied as it is; only what is not is decoded (8.1.1).
 */
static const unsigned char *decode_utf8(struct charset_text *text,
                                        struct charset_writer *writer,
                                        const unsigned char *at,
                                        const unsigned char *end, bool last)
{
    (void)text;
    while (at < end) {
        size_t len = text_utf8_prefix(at, (size_t)(end - at));
        bool open;

        charset_write_bytes(writer, at, len);
        at += len;
        if (at == end)
            break;
        len = subpart_len(at, end, &open);
        if (open && !last)
            break;
        charset_write_code(writer, 0);
        at += len;
    }
    return at;
}

/* The charset "replacement" gives one U+FFFD for all of the input (14.1.1). */
static const unsigned char *
decode_replacement(struct charset_text *text, struct charset_writer *writer,
                   const unsigned char *at, const unsigned char *end, bool last)
{
    (void)last;
    if (at < end && !text->replaced) {
        charset_write_code(writer, 0);
        text->replaced = true;
    }
    return end;
}

/* The enum begins with all encodings of one byte, so one comparison finds them.
 */
static decode_fn get_decoder(const struct charset_text *text)
{
    if (text->charset <= CHARSET_ISO_8859_8_I)
        return decode_single;
    switch ((int)text->charset) {
    case CHARSET_REPLACEMENT:
        return decode_replacement;
    case CHARSET_UTF_16BE:
    case CHARSET_UTF_16LE:
        return decode_utf16;
    case CHARSET_X_USER_DEFINED:
        return decode_user_defined;
    case CHARSET_UTF_8:
        return decode_utf8;
    }
    return charset_decode_multi;
}

/* A text must be started before bytes are added. */
void charset_text_init(struct charset_text *text)
{
    *text = (struct charset_text){.charset = CHARSET_UTF_8};
}

void charset_text_start(struct charset_text *text, enum charset charset)
{
    text->charset = charset;
    text->tail_len = 0;
    text->at_start = true;
    text->replaced = false;
    text->jp_mode = CHARSET_JP_ASCII;
    text->jp_escaped = false;
    text->chars = 0;
}

/* Length of the byte order mark that the text begins with; false in *sure
 * while it could still become one. */
static size_t get_bom(const struct charset_text *text, const unsigned char *at,
                      size_t len, bool *sure)
{
    static const char *const marks[] = {"\xef\xbb\xbf", "\xfe\xff", "\xff\xfe"};
    const char *mark = NULL;
    size_t mark_len;

    *sure = true;
    if (text->charset == CHARSET_UTF_8)
        mark = marks[0];
    else if (text->charset == CHARSET_UTF_16BE)
        mark = marks[1];
    else if (text->charset == CHARSET_UTF_16LE)
        mark = marks[2];
    if (!mark)
        return 0;
    mark_len = strlen(mark);
    if (memcmp(at, mark, len < mark_len ? len : mark_len) != 0)
        return 0;
    *sure = len >= mark_len;
    return *sure ? mark_len : 0;
}

/* Decodes [at, end), the beginning of the text perhaps. */
static const unsigned char *decode(struct charset_text *text,
                                   struct charset_writer *writer,
                                   const unsigned char *at,
                                   const unsigned char *end, bool last)
{
    if (text->at_start && at < end) {
        bool sure;
        size_t bom_len = get_bom(text, at, (size_t)(end - at), &sure);

        if (!sure && !last)
            return at;
        text->at_start = false;
        at += bom_len;
    }
    return get_decoder(text)(text, writer, at, end, last);
}

/* What waits in `tail` is decoded first, together with bytes behind it, and
 * then the rest in its place. */
enum err charset_text_add(struct charset_text *text, const void *data,
                          size_t len, bool last, struct buf *out)
{
    UNFILLED struct charset_writer writer;
    const unsigned char *at = data, *end;

    writer.len = 0;
    writer.out = out;
    writer.chars = 0;
    writer.err = CERR_OK;
    if (len == 0)
        at = (const unsigned char *)"";
    end = at + len;
    while (text->tail_len > 0 && (at < end || last)) {
        size_t had = text->tail_len, room = sizeof(text->tail) - had, used;
        size_t take = (size_t)(end - at) < room ? (size_t)(end - at) : room;
        bool ends = last && take == (size_t)(end - at);

        memcpy(text->tail + had, at, take);
        used = (size_t)(decode(text, &writer, text->tail,
                               text->tail + had + take, ends) -
                        text->tail);
        if (used >= had) { /* what is left lies in `data` as well */
            at += used - had;
            text->tail_len = 0;
            break;
        }
        memmove(text->tail, text->tail + used, had + take - used);
        text->tail_len = had + take - used;
        at += take;
    }
    if (text->tail_len == 0) {
        at = decode(text, &writer, at, end, last);
        text->tail_len = (size_t)(end - at);
        assert(text->tail_len < sizeof(text->tail));
        memcpy(text->tail, at, text->tail_len);
    }
    charset_write_flush(&writer);
    text->chars += writer.chars;
    return writer.err;
}
