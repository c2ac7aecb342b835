/*
 * The decoders of the Encoding standard for encodings of more than one byte
 * (10 to 13). Each takes whole characters, and leaves one that is cut by the
 * end of the input until more of it comes; with `last` that is one error.
 * Where a byte makes no character with those before it and is ASCII, it is
 * read again: no error swallows a tag.
 */
#include "crawler/charset/charset_multi.h"

#include "crawler/charset/charset_index.h"
#include "crawler/charset/charset_utf8.h"

#define ESCAPE        0x1b
#define HALF_KATAKANA 0xff61 /* for the first byte of the row */

/* Tells whether low <= byte <= high. */
static bool is_between(unsigned byte, unsigned low, unsigned high)
{
    return byte >= low && byte <= high;
}

/* Writes the character of two bytes, or an error. Returns how many are used: an
 * ASCII byte that makes no character is left, to be read again. */
static size_t write_pair(struct charset_writer *writer, uint32_t code,
                         unsigned trail)
{
    charset_write_code(writer, code);
    return code == 0 && trail < 0x80 ? 1 : 2;
}

/*
 * Decodes one character that does not begin with ASCII; `left` bytes are there,
 * at least one. Returns its length, or 0 if it may go on behind them.
 */
typedef size_t (*decode_char_fn)(struct charset_writer *writer,
                                 const unsigned char *at, size_t left);

/* A trail byte that is none gives UINT16_MAX, a pointer that no index has. */
static unsigned gb18030_pointer(unsigned lead, unsigned trail)
{
    unsigned offset = trail < 0x7f ? 0x40 : 0x41;

    if (!is_between(trail, 0x40, 0x7e) && !is_between(trail, 0x80, 0xfe))
        return UINT16_MAX;
    return (lead - 0x81) * 190 + trail - offset;
}

/* A character has one byte (the euro), two, or four with digits at the second
 * and the fourth place (10.2.1). GBK is read as GB18030. */
static size_t decode_gb18030(struct charset_writer *writer,
                             const unsigned char *at, size_t left)
{
    if (!is_between(at[0], 0x81, 0xfe)) {
        charset_write_code(writer, at[0] == 0x80 ? 0x20ac : 0);
        return 1;
    }
    if (left == 1)
        return 0;
    if (!is_between(at[1], '0', '9'))
        return write_pair(writer,
                          charset_index_code(CHARSET_INDEX_GB18030,
                                             gb18030_pointer(at[0], at[1])),
                          at[1]);
    if (left > 2 && !is_between(at[2], 0x81, 0xfe)) {
        charset_write_code(writer, 0);
        return 1;
    }
    if (left < 4)
        return 0;
    if (!is_between(at[3], '0', '9')) {
        charset_write_code(writer, 0);
        return 1;
    }
    charset_write_code(writer, charset_gb18030_ranges((at[0] - 0x81U) * 12600 +
                                                      (at[1] - 0x30U) * 1260 +
                                                      (at[2] - 0x81U) * 10 +
                                                      (at[3] - 0x30U)));
    return 4;
}

/* Four pointers of Big5 are two characters: a letter and its accent (11.1.1).
 */
static bool write_big5_accent(struct charset_writer *writer, unsigned pointer)
{
    if (pointer != 1133 && pointer != 1135 && pointer != 1164 &&
        pointer != 1166)
        return false;
    charset_write_code(writer, pointer < 1164 ? 0xca : 0xea);
    charset_write_code(writer,
                       pointer == 1133 || pointer == 1164 ? 0x304 : 0x30c);
    return true;
}

/* A character of Big5 has two bytes; four pointers stand for two characters
 * each (11.1.1). */
static size_t decode_big5(struct charset_writer *writer,
                          const unsigned char *at, size_t left)
{
    unsigned pointer = UINT16_MAX, offset;

    if (!is_between(at[0], 0x81, 0xfe)) {
        charset_write_code(writer, 0);
        return 1;
    }
    if (left == 1)
        return 0;
    offset = at[1] < 0x7f ? 0x40 : 0x62;
    if (is_between(at[1], 0x40, 0x7e) || is_between(at[1], 0xa1, 0xfe))
        pointer = (at[0] - 0x81U) * 157 + at[1] - offset;
    if (write_big5_accent(writer, pointer))
        return 2;
    return write_pair(writer, charset_index_code(CHARSET_INDEX_BIG5, pointer),
                      at[1]);
}

/* A character of EUC-KR has two bytes (13.1.1). */
static size_t decode_euc_kr(struct charset_writer *writer,
                            const unsigned char *at, size_t left)
{
    unsigned pointer = UINT16_MAX;

    if (!is_between(at[0], 0x81, 0xfe)) {
        charset_write_code(writer, 0);
        return 1;
    }
    if (left == 1)
        return 0;
    if (is_between(at[1], 0x41, 0xfe))
        pointer = (at[0] - 0x81U) * 190 + at[1] - 0x41;
    return write_pair(writer, charset_index_code(CHARSET_INDEX_EUC_KR, pointer),
                      at[1]);
}

/* Shift_JIS has JIS X 0208 in two bytes and half-width katakana in one
 * (12.3.1). */
static size_t decode_shift_jis(struct charset_writer *writer,
                               const unsigned char *at, size_t left)
{
    unsigned pointer = UINT16_MAX, offset, lead_offset;
    uint32_t code;

    if (!is_between(at[0], 0x81, 0x9f) && !is_between(at[0], 0xe0, 0xfc)) {
        code = at[0] == 0x80 ? 0x80 : 0;
        if (is_between(at[0], 0xa1, 0xdf))
            code = HALF_KATAKANA + at[0] - 0xa1;
        charset_write_code(writer, code);
        return 1;
    }
    if (left == 1)
        return 0;
    offset = at[1] < 0x7f ? 0x40 : 0x41;
    lead_offset = at[0] < 0xa0 ? 0x81 : 0xc1;
    if (is_between(at[1], 0x40, 0x7e) || is_between(at[1], 0x80, 0xfc))
        pointer = (at[0] - lead_offset) * 188 + at[1] - offset;
    if (is_between(pointer, 8836, 10715)) /* for private use */
        code = 0xe000 - 8836 + pointer;
    else
        code = charset_index_code(CHARSET_INDEX_JIS0208, pointer);
    return write_pair(writer, code, at[1]);
}

/* Looks a character up by two bytes that have 94 values each. */
static uint32_t look_up_row(enum charset_index_kind kind,
                            const unsigned char *at, unsigned first)
{
    if (!is_between(at[0], first, first + 93) ||
        !is_between(at[1], first, first + 93))
        return 0;
    return charset_index_code(kind, (at[0] - first) * 94 + at[1] - first);
}

/* EUC-JP begins half-width katakana with 0x8e and JIS X 0212 with 0x8f
 * (12.1.1). */
static size_t decode_euc_jp(struct charset_writer *writer,
                            const unsigned char *at, size_t left)
{
    bool is_lead =
        is_between(at[0], 0xa1, 0xfe) || at[0] == 0x8e || at[0] == 0x8f;

    if (!is_lead) {
        charset_write_code(writer, 0);
        return 1;
    }
    if (left == 1)
        return 0;
    if (at[0] == 0x8e && is_between(at[1], 0xa1, 0xdf)) {
        charset_write_code(writer, HALF_KATAKANA + at[1] - 0xa1);
        return 2;
    }
    if (at[0] != 0x8f || !is_between(at[1], 0xa1, 0xfe))
        return write_pair(writer, look_up_row(CHARSET_INDEX_JIS0208, at, 0xa1),
                          at[1]);
    if (left == 2)
        return 0;
    return 1 + write_pair(writer,
                          look_up_row(CHARSET_INDEX_JIS0212, at + 1, 0xa1),
                          at[2]);
}

/* This is the loop of all encodings but ISO-2022-JP. Each caller names its own
 * `decode_char`, so the compiler makes the loop once for each and calls nothing
 * for a character. */
static inline __attribute__((always_inline)) const unsigned char *
decode_all(struct charset_writer *writer, const unsigned char *at,
           const unsigned char *end, bool last, decode_char_fn decode_char)
{
    while (at < end) {
        const unsigned char *to = charset_skip_ascii(at, end);
        size_t len = 1;

        charset_write_bytes(writer, at, (size_t)(to - at));
        for (at = to; at < end && *at >= 0x80 && len > 0; at += len)
            len = decode_char(writer, at, (size_t)(end - at));
        if (len > 0)
            continue;
        if (!last)
            break;
        charset_write_code(writer, 0);
        at = end;
    }
    return at;
}

/* ---- ISO-2022-JP ---- */

/* The mode that an escape sequence leads to, or -1. */
static int escaped_mode(const unsigned char *at)
{
    if (at[1] == '(' && at[2] == 'B')
        return CHARSET_JP_ASCII;
    if (at[1] == '(' && at[2] == 'J')
        return CHARSET_JP_ROMAN;
    if (at[1] == '(' && at[2] == 'I')
        return CHARSET_JP_KATAKANA;
    if (at[1] == '$' && (at[2] == '@' || at[2] == 'B'))
        return CHARSET_JP_KANJI;
    return -1;
}

/* Reads an escape sequence, or what begins like one. Two of them with nothing
 * between are an error (12.2.1): they are a way to hide a tag. */
static size_t decode_escape(struct charset_text *text,
                            struct charset_writer *writer,
                            const unsigned char *at, size_t left, bool last)
{
    bool opens = left > 1 && (at[1] == '(' || at[1] == '$');
    int mode;

    if (!last && (left == 1 || (left == 2 && opens)))
        return 0;
    mode = left > 2 ? escaped_mode(at) : -1;
    if (mode < 0) {
        text->jp_escaped = false;
        charset_write_code(writer, 0);
        return 1;
    }
    if (text->jp_escaped)
        charset_write_code(writer, 0);
    text->jp_escaped = true;
    text->jp_mode = (uint8_t)mode;
    return 3;
}

/* A kanji has a lead byte and a trail byte (12.2.1). An escape byte in place of
 * the second is read again. */
static size_t decode_kanji(struct charset_writer *writer,
                           const unsigned char *at, size_t left, bool last)
{
    if (!is_between(at[0], 0x21, 0x7e)) {
        charset_write_code(writer, 0);
        return 1;
    }
    if (left == 1 && !last)
        return 0;
    charset_write_code(
        writer, left == 1 ? 0 : look_up_row(CHARSET_INDEX_JIS0208, at, 0x21));
    return left == 1 || at[1] == ESCAPE ? 1 : 2;
}

/* A byte is one character in any mode but kanji (12.2.1). */
static void write_jp_byte(struct charset_writer *writer, unsigned mode,
                          unsigned char byte)
{
    bool is_katakana = mode == CHARSET_JP_KATAKANA;

    if (is_katakana && is_between(byte, 0x21, 0x5f))
        charset_write_code(writer, HALF_KATAKANA + byte - 0x21);
    else if (is_katakana || byte >= 0x80 || byte == 0x0e || byte == 0x0f)
        charset_write_code(writer, 0);
    else if (mode == CHARSET_JP_ROMAN && byte == '\\')
        charset_write_code(writer, 0xa5);
    else if (mode == CHARSET_JP_ROMAN && byte == '~')
        charset_write_code(writer, 0x203e);
    else
        charset_write_bytes(writer, &byte, 1);
}

static const unsigned char *
decode_iso_2022_jp(struct charset_text *text, struct charset_writer *writer,
                   const unsigned char *at, const unsigned char *end, bool last)
{
    while (at < end) {
        size_t left = (size_t)(end - at), len = 1;

        if (*at == ESCAPE) {
            len = decode_escape(text, writer, at, left, last);
        } else {
            if (text->jp_mode == CHARSET_JP_KANJI)
                len = decode_kanji(writer, at, left, last);
            else
                write_jp_byte(writer, text->jp_mode, *at);
            text->jp_escaped &= len == 0;
        }
        if (len == 0)
            break;
        at += len;
    }
    return at;
}

/* The charset chooses the decoder; GBK has that of GB18030. */
const unsigned char *charset_decode_multi(struct charset_text *text,
                                          struct charset_writer *writer,
                                          const unsigned char *at,
                                          const unsigned char *end, bool last)
{
    switch ((int)text->charset) {
    case CHARSET_BIG5:
        return decode_all(writer, at, end, last, decode_big5);
    case CHARSET_EUC_JP:
        return decode_all(writer, at, end, last, decode_euc_jp);
    case CHARSET_EUC_KR:
        return decode_all(writer, at, end, last, decode_euc_kr);
    case CHARSET_ISO_2022_JP:
        return decode_iso_2022_jp(text, writer, at, end, last);
    case CHARSET_SHIFT_JIS:
        return decode_all(writer, at, end, last, decode_shift_jis);
    }
    return decode_all(writer, at, end, last, decode_gb18030);
}
