/*
 * The way back, for the queries of links, and what iconv keeps loaded.
 */
#include <errno.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/page/charset_internal.h"
#include "crawler/page/charset_utf8.h"

struct charset_warm {
    iconv_t decoders[CHARSET_NR]; /* NO_ICONV where there is none */
    iconv_t encoders[CHARSET_NR];
};

/* Twice where it fails: without memory for a moment, too, glibc 2.36 says that
 * it knows no such converter. */
iconv_t charset_open_converter(const char *to, const char *from)
{
    iconv_t converter = iconv_open(to, from);

    return converter == NO_ICONV ? iconv_open(to, from) : converter;
}

/* False: no memory. */
static bool open_one(iconv_t *converter, const char *to, const char *from)
{
    *converter = charset_open_converter(to, from);
    return *converter != NO_ICONV || errno == EINVAL;
}

struct charset_warm *charset_warm_up(const char **missing)
{
    struct charset_warm *warm = xcalloc(1, sizeof(*warm));
    bool has_memory = true;

    *missing = NULL;
    for (int i = 0; i < CHARSET_NR; i++) {
        const char *name = charset_iconv_name((enum charset)i);

        warm->decoders[i] = warm->encoders[i] = NO_ICONV;
        if (!name)
            continue;
        has_memory = has_memory &&
                     open_one(&warm->decoders[i], "UTF-8", name) &&
                     open_one(&warm->encoders[i], name, "UTF-8");
        if (warm->decoders[i] == NO_ICONV || warm->encoders[i] == NO_ICONV)
            *missing = name;
    }
    if (has_memory)
        return warm;
    charset_cool_down(warm);
    return NULL;
}

void charset_cool_down(struct charset_warm *warm)
{
    if (!warm)
        return;
    for (int i = 0; i < CHARSET_NR; i++) {
        if (warm->decoders[i] != NO_ICONV)
            iconv_close(warm->decoders[i]);
        if (warm->encoders[i] != NO_ICONV)
            iconv_close(warm->encoders[i]);
    }
    free(warm);
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

/* Encodes one character; 0 if the charset lacks it. */
static size_t encode_code(enum charset charset, iconv_t iconv_to, uint32_t code,
                          unsigned char *out, size_t room)
{
    unsigned char utf8[UTF8_BYTES_MAX];
    char *in = (char *)utf8, *to = (char *)out;
    size_t left = utf8_encode(code, utf8), free_len = room;

    if (charset == CHARSET_ISO_8859_8_I)
        charset = CHARSET_ISO_8859_8;
    if (charset < CHARSET_SINGLE_NR) {
        for (unsigned i = 0; i < 128; i++) {
            if (charset_tables[charset][i] == code) {
                out[0] = (unsigned char)(0x80 + i);
                return 1;
            }
        }
        return 0;
    }
    if (charset == CHARSET_X_USER_DEFINED) {
        out[0] = (unsigned char)(code - 0xf780 + 0x80);
        return code >= 0xf780 && code <= 0xf7ff;
    }
    if (iconv_to == NO_ICONV ||
        iconv(iconv_to, &in, &left, &to, &free_len) != 0 ||
        iconv(iconv_to, NULL, NULL, &to, &free_len) != 0) {
        if (iconv_to != NO_ICONV)
            iconv(iconv_to, NULL, NULL, NULL, NULL);
        return 0;
    }
    return room - free_len;
}

static enum err put_char(enum charset charset, iconv_t iconv_to, uint32_t code,
                         struct buf *out)
{
    unsigned char bytes[16];
    size_t len = encode_code(charset, iconv_to, code, bytes, sizeof(bytes));
    enum err err = ERR_OK;

    if (len == 0) /* URL standard, 1.3, "percent-encode after encoding" */
        return buf_addf(out, "%%26%%23%u%%3B", (unsigned)code);
    for (size_t i = 0; i < len && err == ERR_OK; i++)
        err = buf_addf(out, "%%%02X", bytes[i]);
    return err;
}

static enum err encode_query(enum charset charset, iconv_t iconv_to,
                             const unsigned char *at, size_t len,
                             struct buf *out)
{
    enum err err = ERR_OK;

    while (len > 0 && err == ERR_OK) {
        uint32_t code = 0xfffd;
        size_t used = 1;

        if (*at < 0x80) {
            err = buf_add_byte(out, *at);
        } else {
            used = read_code(at, len, &code);
            used = used ? used : 1;
            err = put_char(charset, iconv_to, code, out);
        }
        at += used;
        len -= used;
    }
    return err;
}

static const char *find_byte(const char *at, const char *end, char byte)
{
    const char *found = memchr(at, byte, (size_t)(end - at));

    return found ? found : end;
}

enum err charset_encode_query(enum charset charset, const void *href,
                              size_t len, struct buf *out)
{
    const char *text = href, *end = text + len;
    const char *fragment = find_byte(text, end, '#');
    const char *query = find_byte(text, fragment, '?');
    const char *name = charset_iconv_name(charset);
    iconv_t iconv_to = NO_ICONV;
    enum err err;

    if (charset >= CHARSET_REPLACEMENT && charset != CHARSET_X_USER_DEFINED)
        return buf_add(out, href, len); /* "get an output encoding" */
    if (name)
        iconv_to = charset_open_converter(name, "UTF-8");
    if (name && iconv_to == NO_ICONV && errno != EINVAL)
        return ERR_NOMEM;
    err = buf_add(out, text, (size_t)(query - text));
    if (err == ERR_OK)
        err = encode_query(charset, iconv_to, (const unsigned char *)query,
                           (size_t)(fragment - query), out);
    if (err == ERR_OK)
        err = buf_add(out, fragment, (size_t)(end - fragment));
    if (iconv_to != NO_ICONV)
        iconv_close(iconv_to);
    return err;
}
