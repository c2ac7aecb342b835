/*
 * From characters to bytes, for the queries of links: the encoders of the
 * Encoding standard (9 to 14). Each encodes characters outside ASCII, which
 * stands for itself everywhere but in ISO-2022-JP.
 */
#include <string.h>

#include "crawler/charset/charset.h"
#include "crawler/charset/charset_index.h"
#include "crawler/charset/charset_multi.h"
#include "crawler/charset/charset_utf8.h"

#define BYTES_MAX       4 /* of one character */
#define HALF_KATAKANA   0xff61
#define NR_KATAKANA     63
#define YEN             0xa5
#define OVERLINE        0x203e
#define MINUS           0x2212
#define FULLWIDTH_MINUS 0xff0d

/* An encoder is one query on its way out. */
struct encoder {
    enum charset charset;
    enum charset_jp_mode mode; /* of ISO-2022-JP */
    struct buf *out;
};

/* Writes the two bytes of a character; the functions that spell return the
 * number of bytes. */
static size_t spell_two(unsigned char *out, unsigned lead, unsigned trail)
{
    out[0] = (unsigned char)lead;
    out[1] = (unsigned char)trail;
    return 2;
}

/* Length of the valid UTF-8 character at `at`, and its code; 0: invalid. */
static size_t read_code(const unsigned char *at, size_t len, uint32_t *code)
{
    size_t need = *at >= 0xf0 ? 4 : *at >= 0xe0 ? 3 : 2;
    unsigned char again[UTF8_BYTES_MAX];

    if (*at < 0xc2 || *at > 0xf4 || len < need)
        return 0;
    *code = *at & (0xffU >> (need + 1));
    for (size_t i = 1; i < need; i++)
        *code = *code << 6 | (at[i] & 0x3f);
    if (*code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
        return 0;
    return utf8_encode(*code, again) == need && memcmp(again, at, need) == 0
               ? need
               : 0;
}

/* A charset of single bytes is searched from its first entry to its last (9.2):
 * the table has no order, but 128 entries are few. */
static size_t encode_single(enum charset charset, uint32_t code,
                            unsigned char *out)
{
    if (charset == CHARSET_ISO_8859_8_I)
        charset = CHARSET_ISO_8859_8;
    for (unsigned i = 0; i < 128; i++) {
        if (charset_tables[charset][i] == code) {
            out[0] = (unsigned char)(0x80 + i);
            return 1;
        }
    }
    return 0;
}

/* A character that the two-byte index lacks takes four bytes, which spell its
 * pointer into the ranges. */
static size_t spell_four(unsigned char *out, uint32_t pointer)
{
    out[0] = (unsigned char)(0x81 + pointer / 12600);
    out[1] = (unsigned char)('0' + pointer / 1260 % 10);
    out[2] = (unsigned char)(0x81 + pointer / 10 % 126);
    out[3] = (unsigned char)('0' + pointer % 10);
    return 4;
}

/* GB18030 and GBK differ in two things (10.2.2): GBK lacks what takes four
 * bytes, and spells the euro in one. */
static size_t encode_gb18030(bool is_gbk, uint32_t code, unsigned char *out)
{
    /* Since the edition of 2022 these bytes are read as other characters; the
     * old characters are still written as them (10.2.2). */
    static const struct {
        uint16_t code, bytes;
    } kept[] = {
        {0xe78d, 0xa6d9}, {0xe78e, 0xa6da}, {0xe78f, 0xa6db}, {0xe790, 0xa6dc},
        {0xe791, 0xa6dd}, {0xe792, 0xa6de}, {0xe793, 0xa6df}, {0xe794, 0xa6ec},
        {0xe795, 0xa6ed}, {0xe796, 0xa6f3}, {0xe81e, 0xfe59}, {0xe826, 0xfe61},
        {0xe82b, 0xfe66}, {0xe82c, 0xfe67}, {0xe832, 0xfe6d}, {0xe843, 0xfe7e},
        {0xe854, 0xfe90}, {0xe864, 0xfea0},
    };
    unsigned pointer;

    if (code == 0xe5e5)
        return 0;
    if (is_gbk && code == 0x20ac) {
        out[0] = 0x80;
        return 1;
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (kept[i].code == code)
            return spell_two(out, kept[i].bytes >> 8, kept[i].bytes & 0xff);
    pointer = charset_index_pointer(CHARSET_INDEX_GB18030, code, 0);
    if (pointer == CHARSET_NO_POINTER)
        return is_gbk ? 0
                      : spell_four(out, charset_gb18030_ranges_pointer(code));
    return spell_two(out, pointer / 190 + 0x81,
                     pointer % 190 + (pointer % 190 < 0x3f ? 0x40 : 0x41));
}

/* Big5 has Hong Kong's own characters, which are read and never written
 * (11.1.2). */
static size_t encode_big5(uint32_t code, unsigned char *out)
{
    /* The standard's "index Big5 pointer": of these the last pointer counts. */
    static const uint16_t last_counts[] = {0x2550, 0x255e, 0x2561,
                                           0x256a, 0x5341, 0x5345};
    const unsigned first = (0xa1 - 0x81) * 157; /* behind Hong Kong's own */
    unsigned pointer = charset_index_pointer(CHARSET_INDEX_BIG5, code, first);

    if (pointer == CHARSET_NO_POINTER)
        return 0;
    for (size_t i = 0; i < sizeof(last_counts) / sizeof(last_counts[0]); i++) {
        unsigned next =
            code == last_counts[i]
                ? charset_index_pointer(CHARSET_INDEX_BIG5, code, pointer + 1)
                : CHARSET_NO_POINTER;

        if (next != CHARSET_NO_POINTER)
            pointer = next; /* no character has three pointers */
    }
    return spell_two(out, pointer / 157 + 0x81,
                     pointer % 157 + (pointer % 157 < 0x3f ? 0x40 : 0x62));
}

/* EUC-KR has one index, of which all characters are written (13.1.2). */
static size_t encode_euc_kr(uint32_t code, unsigned char *out)
{
    unsigned pointer = charset_index_pointer(CHARSET_INDEX_EUC_KR, code, 0);

    if (pointer == CHARSET_NO_POINTER)
        return 0;
    return spell_two(out, pointer / 190 + 0x81, pointer % 190 + 0x41);
}

/* Two characters of JIS X 0201 stand where ASCII has others; 0 if the code is
 * neither. */
static unsigned char roman_byte(uint32_t code)
{
    return code == YEN ? 0x5c : code == OVERLINE ? 0x7e : 0;
}

/* The minus sign has no pointer; its full-width form stands for it. */
static unsigned jis0208_pointer(uint32_t code)
{
    return charset_index_pointer(CHARSET_INDEX_JIS0208,
                                 code == MINUS ? FULLWIDTH_MINUS : code, 0);
}

/* EUC-JP has the characters of JIS X 0212, which are read and never written
 * (12.1.2). */
static size_t encode_euc_jp(uint32_t code, unsigned char *out)
{
    unsigned pointer;

    out[0] = roman_byte(code);
    if (out[0])
        return 1;
    if (code >= HALF_KATAKANA && code < HALF_KATAKANA + NR_KATAKANA)
        return spell_two(out, 0x8e, code - HALF_KATAKANA + 0xa1);
    pointer = jis0208_pointer(code);
    if (pointer == CHARSET_NO_POINTER)
        return 0;
    return spell_two(out, pointer / 94 + 0xa1, pointer % 94 + 0xa1);
}

/* Shift_JIS skips those pointers of JIS X 0208 that IBM's extension repeats
 * (12.3.2, "index Shift_JIS pointer"). */
static size_t encode_shift_jis(uint32_t code, unsigned char *out)
{
    unsigned pointer, lead, trail;

    out[0] = code == 0x80 ? 0x80 : roman_byte(code);
    if (code >= HALF_KATAKANA && code < HALF_KATAKANA + NR_KATAKANA)
        out[0] = (unsigned char)(code - HALF_KATAKANA + 0xa1);
    if (out[0])
        return 1;
    pointer = jis0208_pointer(code);
    if (pointer >= 8272 && pointer <= 8835) /* NEC's: IBM's are written */
        pointer = charset_index_pointer(CHARSET_INDEX_JIS0208, code, 8836);
    if (pointer == CHARSET_NO_POINTER)
        return 0;
    lead = pointer / 188;
    trail = pointer % 188;
    return spell_two(out, lead + (lead < 0x1f ? 0x81 : 0xc1),
                     trail + (trail < 0x3f ? 0x40 : 0x41));
}

/* Encodes one character and returns the number of bytes; 0 if the charset lacks
 * it. */
static size_t encode_code(enum charset charset, uint32_t code,
                          unsigned char out[BYTES_MAX])
{
    if (charset < CHARSET_SINGLE_NR || charset == CHARSET_ISO_8859_8_I)
        return encode_single(charset, code, out);
    switch ((int)charset) {
    case CHARSET_GBK:
    case CHARSET_GB18030:
        return encode_gb18030(charset == CHARSET_GBK, code, out);
    case CHARSET_BIG5:
        return encode_big5(code, out);
    case CHARSET_EUC_JP:
        return encode_euc_jp(code, out);
    case CHARSET_SHIFT_JIS:
        return encode_shift_jis(code, out);
    case CHARSET_EUC_KR:
        return encode_euc_kr(code, out);
    case CHARSET_X_USER_DEFINED:
        out[0] = (unsigned char)(code - 0xf780 + 0x80);
        return code >= 0xf780 && code <= 0xf7ff;
    }
    return 0;
}

/* A byte of a query stands for itself or is percent-encoded, by the
 * special-query percent-encode set (URL standard, 1.3). */
static enum err append_byte(struct buf *out, unsigned char byte)
{
    if (byte > ' ' && byte <= '~' && !strchr("\"#<>'", byte))
        return buf_add_byte(out, byte);
    return buf_addf(out, "%%%02X", byte);
}

static enum err append_bytes(struct buf *out, const unsigned char *bytes,
                             size_t len)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < len && !err; i++)
        err = append_byte(out, bytes[i]);
    return err;
}

/* A character that the charset lacks is written as its HTML reference,
 * percent-encoded (URL standard, "percent-encode after encoding"). */
static enum err append_lacking(struct buf *out, uint32_t code)
{
    return buf_addf(out, "%%26%%23%u%%3B", (unsigned)code);
}

/* ---- ISO-2022-JP ---- */

/* Writes the escape sequence that leads to a mode, unless it is in it. */
static enum err enter(struct encoder *encoder, enum charset_jp_mode mode)
{
    static const char *const escapes[] = {
        [CHARSET_JP_ASCII] = "\x1b(B",
        [CHARSET_JP_ROMAN] = "\x1b(J",
        [CHARSET_JP_KANJI] = "\x1b$B",
    };

    if (encoder->mode == mode)
        return CERR_OK;
    encoder->mode = mode;
    return append_bytes(encoder->out, (const unsigned char *)escapes[mode], 3);
}

/* index-iso-2022-jp-katakana: the encoding has no half-width katakana to write,
 * so the common ones are written. */
static uint32_t widen_katakana(uint32_t code)
{
    static const uint16_t wide[NR_KATAKANA] = {
        0x3002, 0x300c, 0x300d, 0x3001, 0x30fb, 0x30f2, 0x30a1, 0x30a3, 0x30a5,
        0x30a7, 0x30a9, 0x30e3, 0x30e5, 0x30e7, 0x30c3, 0x30fc, 0x30a2, 0x30a4,
        0x30a6, 0x30a8, 0x30aa, 0x30ab, 0x30ad, 0x30af, 0x30b1, 0x30b3, 0x30b5,
        0x30b7, 0x30b9, 0x30bb, 0x30bd, 0x30bf, 0x30c1, 0x30c4, 0x30c6, 0x30c8,
        0x30ca, 0x30cb, 0x30cc, 0x30cd, 0x30ce, 0x30cf, 0x30d2, 0x30d5, 0x30d8,
        0x30db, 0x30de, 0x30df, 0x30e0, 0x30e1, 0x30e2, 0x30e4, 0x30e6, 0x30e8,
        0x30e9, 0x30ea, 0x30eb, 0x30ec, 0x30ed, 0x30ef, 0x30f3, 0x309b, 0x309c,
    };

    return code >= HALF_KATAKANA && code < HALF_KATAKANA + NR_KATAKANA
               ? wide[code - HALF_KATAKANA]
               : code;
}

/* A character of ASCII is written in the Roman mode too, but for the two that
 * the Roman set has others for (12.2.2). */
static enum err append_jp_ascii(struct encoder *encoder, unsigned char byte)
{
    bool is_roman = byte != '\\' && byte != '~';
    enum err err = CERR_OK;

    if (byte == 0x0e || byte == 0x0f || byte == 0x1b)
        return append_lacking(encoder->out, 0xfffd); /* they would be escapes */
    if (encoder->mode != CHARSET_JP_ROMAN || !is_roman)
        err = enter(encoder, CHARSET_JP_ASCII);
    return err ? err : buf_add_byte(encoder->out, byte);
}

/* A reference is ASCII, so the kanji mode must be left before it. */
static enum err append_jp_lacking(struct encoder *encoder, uint32_t code)
{
    enum err err = CERR_OK;

    if (encoder->mode == CHARSET_JP_KANJI)
        err = enter(encoder, CHARSET_JP_ASCII);
    return err ? err : append_lacking(encoder->out, code);
}

/* Encodes any character; the encoder may have to leave a mode first. */
static enum err append_jp(struct encoder *encoder, uint32_t code)
{
    unsigned char bytes[2] = {roman_byte(code)};
    enum charset_jp_mode mode = CHARSET_JP_ROMAN;
    size_t len = 1;
    enum err err;

    if (code < 0x80)
        return append_jp_ascii(encoder, (unsigned char)code);
    if (!bytes[0]) {
        unsigned pointer = jis0208_pointer(widen_katakana(code));

        if (pointer == CHARSET_NO_POINTER)
            return append_jp_lacking(encoder, code);
        mode = CHARSET_JP_KANJI;
        len = spell_two(bytes, pointer / 94 + 0x21, pointer % 94 + 0x21);
    }
    err = enter(encoder, mode);
    return err ? err : append_bytes(encoder->out, bytes, len);
}

/* ---- all of it ---- */

/* Appends one character of the query, encoded and percent-encoded. */
static enum err append_char(struct encoder *encoder, uint32_t code)
{
    unsigned char bytes[BYTES_MAX];
    size_t len;

    if (encoder->charset == CHARSET_ISO_2022_JP)
        return append_jp(encoder, code);
    if (code < 0x80)
        return buf_add_byte(encoder->out, (unsigned char)code);
    len = encode_code(encoder->charset, code, bytes);
    return len ? append_bytes(encoder->out, bytes, len)
               : append_lacking(encoder->out, code);
}

/* Each byte of the query that is not UTF-8 counts as U+FFFD. */
static enum err encode_query(struct encoder *encoder, const unsigned char *at,
                             size_t len)
{
    enum err err = CERR_OK;

    while (len > 0 && err == CERR_OK) {
        uint32_t code = *at;
        size_t used = 1;

        if (*at >= 0x80)
            used = read_code(at, len, &code);
        if (used == 0) {
            code = 0xfffd;
            used = 1;
        }
        err = append_char(encoder, code);
        at += used;
        len -= used;
    }
    if (encoder->charset == CHARSET_ISO_2022_JP && err == CERR_OK)
        err = enter(encoder, CHARSET_JP_ASCII);
    return err;
}

static const char *find_byte(const char *at, const char *end, char byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));

    return found ? found : end;
}

/* Only the query depends on the page's charset: what is before it and the
 * fragment are in UTF-8 in any page. */
enum err charset_encode_query(enum charset charset, const void *href,
                              size_t len, struct buf *out)
{
    const char *text = href, *end = text + len;
    const char *fragment = find_byte(text, end, '#');
    const char *query = find_byte(text, fragment, '?');
    struct encoder encoder = {
        .charset = charset, .mode = CHARSET_JP_ASCII, .out = out};
    enum err err;

    if (charset >= CHARSET_REPLACEMENT && charset != CHARSET_X_USER_DEFINED)
        return buf_add(out, href, len); /* "get an output encoding" */
    err = buf_add(out, text, (size_t)(query - text));
    if (err == CERR_OK)
        err = encode_query(&encoder, (const unsigned char *)query,
                           (size_t)(fragment - query));
    if (err == CERR_OK)
        err = buf_add(out, fragment, (size_t)(end - fragment));
    return err;
}
