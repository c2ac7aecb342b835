/*
 * The detector and the converter behind sitemap_charset.h: the head is
 * collected until it tells the encoding, then handed on with all that follows.
 */
#include "crawler/sitemap/sitemap_charset.h"

#include <string.h>

/* A byte becomes three of UTF-8 at most, and some wait from before. */
#define UTF8_BYTES_MAX ((size_t)4 * (SITEMAP_PIECE_BYTES + SITEMAP_HEAD_BYTES))

void sitemap_charset_init(struct sitemap_charset *self)
{
    *self = (struct sitemap_charset){.charset = CHARSET_UTF_8};
    buf_init(&self->head, SITEMAP_HEAD_BYTES);
    buf_init(&self->utf8, UTF8_BYTES_MAX);
    charset_text_init(&self->text);
}

void sitemap_charset_release(struct sitemap_charset *self)
{
    buf_release(&self->head);
    buf_release(&self->utf8);
}

/* White space of XML, and vertical tab and form feed. */
static bool is_space(unsigned char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* Whether more bytes could make it a byte order mark. */
static bool may_be_bom(const unsigned char *data, size_t len)
{
    return (len == 1 && (data[0] == 0xfe || data[0] == 0xff)) ||
           (len < 3 && memcmp(data, "\xef\xbb", len) == 0);
}

/* Looks for the encoding in an XML declaration; false when more bytes are
 * needed. White space before it, a frequent mistake, has been passed. */
static bool find_declared(const unsigned char *at, size_t left,
                          enum charset *charset)
{
    static const char declaration[] = "<?xml";
    size_t len = left < 5 ? left : 5;

    if (left > 0 && memcmp(at, declaration, len) != 0)
        return true; /* there is no declaration */
    if (left <= 5 || !memchr(at, '>', left))
        return false;
    if (!charset_prescan(at, left, charset))
        *charset = CHARSET_UTF_8;
    return true;
}

/* Looks for the encoding in the first bytes; returns false when more are
 * needed. *charset is UTF-8 then. */
static bool find_charset(const unsigned char *data, size_t len,
                         enum charset *charset)
{
    const unsigned char *at = data, *end = data + len;
    size_t bom_len;

    if (charset_from_bom(data, len, charset, &bom_len))
        return true;
    *charset = CHARSET_UTF_8;
    if (may_be_bom(data, len))
        return false;
    while (at < end && is_space(*at))
        at++;
    if (end - at == 1 && (*at == '<' || *at == '\0'))
        return false;
    if (end - at > 1 && memcmp(at, "<", 2) == 0)
        *charset = CHARSET_UTF_16LE;
    else if (end - at > 1 && memcmp(at, "\0<", 2) == 0)
        *charset = CHARSET_UTF_16BE;
    if (*charset != CHARSET_UTF_8)
        return true;
    return find_declared(at, (size_t)(end - at), charset);
}

/* Appends the bytes to `utf8`, decoded. */
static enum err convert(struct sitemap_charset *self, const void *data,
                        size_t len, bool last)
{
    return charset_text_add(&self->text, data, len, last, &self->utf8);
}

/* Converts what has waited for the encoding to be known. */
static enum err flush_head(struct sitemap_charset *self)
{
    enum err err;

    charset_text_start(&self->text, self->charset);
    if (self->charset == CHARSET_UTF_8)
        err = buf_add(&self->utf8, self->head.data, self->head.len);
    else
        err = convert(self, self->head.data, self->head.len, false);
    buf_reset(&self->head);
    return err;
}

/* Collects the beginning byte by byte, until it tells the encoding. */
static enum err read_head(struct sitemap_charset *self, struct bytes data,
                          bool last, size_t *taken)
{
    const unsigned char *at = data.data;
    enum err err = CERR_OK;

    while (*taken < data.len && !self->is_known && err == CERR_OK) {
        err = buf_add_byte(&self->head, at[(*taken)++]);
        self->is_known =
            err == CERR_OK &&
            find_charset(self->head.data, self->head.len, &self->charset);
        if (self->head.len == SITEMAP_HEAD_BYTES)
            self->is_known = true;
    }
    if (last && *taken == data.len)
        self->is_known = true;
    return err;
}

/* Bytes of UTF-8 are handed on where they lie, once the head is out. */
enum err sitemap_charset_read(struct sitemap_charset *self, struct bytes data,
                              bool last, size_t *taken, struct bytes *out)
{
    bool is_first = !self->is_known;
    enum err err = CERR_OK;

    *taken = 0;
    *out = (struct bytes){"", 0};
    buf_reset(&self->utf8);
    if (is_first)
        err = read_head(self, data, last, taken);
    if (err != CERR_OK || !self->is_known)
        return err;
    if (is_first)
        err = flush_head(self);
    if (self->charset != CHARSET_UTF_8 && err == CERR_OK) {
        size_t len = data.len - *taken;

        if (len > SITEMAP_PIECE_BYTES)
            len = SITEMAP_PIECE_BYTES;
        err = convert(self, (const char *)data.data + *taken, len,
                      last && *taken + len == data.len);
        *taken += len;
    }
    if (self->charset != CHARSET_UTF_8 || is_first) {
        *out = (struct bytes){self->utf8.data, self->utf8.len};
        return err;
    }
    *out = data;
    *taken = data.len;
    return err;
}
