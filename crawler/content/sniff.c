/*
 * The judgement behind sniff.h. References such as (7.1) are sections of the
 * WHATWG MIME Sniffing standard.
 */
#include "crawler/content/sniff.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "crawler/charset/charset.h"

#define HTML "text/html"

/* Tags that begin a page (7.1); a blank or '>' follows. */
static const char *const html_tags[] = {
    "<!doctype html",
    "<html",
    "<head",
    "<script",
    "<iframe",
    "<h1",
    "<div",
    "<font",
    "<table",
    "<a",
    "<style",
    "<title",
    "<b",
    "<body",
    "<br",
    "<p",
    "<!--",
};

/*
 * Marks at the beginning (6 and 7.1). Those of printable letters count only
 * before binary bytes: a page may well begin with "BMW".
 */
static const struct {
    const char *mime;
    const char *mark;
    uint8_t len;
    uint8_t at;
    bool needs_binary;
} marks[] = {
    {"application/pdf", "%PDF-", 5, 0, false},
    {"application/postscript", "%!PS-Adobe-", 11, 0, false},
    {"image/x-icon", "\0\0\1\0", 4, 0, false},
    {"image/bmp", "BM", 2, 0, true},
    {"image/gif", "GIF87a", 6, 0, true},
    {"image/gif", "GIF89a", 6, 0, true},
    {"image/webp", "WEBPVP", 6, 8, true},
    {"image/png", "\x89PNG\r\n\x1a\n", 8, 0, false},
    {"image/jpeg", "\xff\xd8\xff", 3, 0, false},
    {"audio/mpeg", "ID3", 3, 0, true},
    {"application/ogg", "OggS\0", 5, 0, false},
    {"video/mp4", "ftyp", 4, 4, true},
    {"video/webm", "\x1a\x45\xdf\xa3", 4, 0, false},
    {"font/woff", "wOFF", 4, 0, true},
    {"font/woff2", "wOF2", 4, 0, true},
    {"application/gzip", "\x1f\x8b\x08", 3, 0, false},
    {"application/zip", "PK\3\4", 4, 0, false},
    {"application/x-rar-compressed", "Rar!\x1a\x07", 6, 0, false},
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/* Whether a byte may stand in a token (RFC 9110, 5.6.2). */
static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z') || (c != 0 && strchr("!#$%&'*+-.^_`|~", c));
}

/* Copies "type/subtype" in lower case. False: that is not what it is. */
static bool copy_essence(char *out, const char *type, size_t len)
{
    size_t slashes = 0, from = 0, put = 0;

    while (from < len && is_space(type[from]))
        from++;
    for (; from < len && type[from] != ';' && !is_space(type[from]); from++) {
        char c = type[from];

        slashes += c == '/';
        if ((c != '/' && !is_token(c)) || put == SNIFF_MIME_BYTES - 1)
            return false;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        out[put++] = c;
    }
    out[put] = 0;
    return slashes == 1 && out[0] != '/' && put > 1 && out[put - 1] != '/';
}

static bool is_mime(const char *mime, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(mime, *list) == 0)
            return true;
    }
    return false;
}

/* A "binary data byte" (3): a control byte other than tab, line feed, form
 * feed, carriage return and escape. In sums, so that many are told at once. */
static unsigned char is_binary_byte(unsigned char c)
{
    unsigned char blank = (unsigned char)(c - '\t') <= '\r' - '\t';

    return (unsigned char)((c < 0x20) - blank + (c == '\v') - (c == 0x1b));
}

/* Counts binary bytes in parts whose sums fit a byte, which is what makes it
 * fast. */
static size_t count_binary(const unsigned char *data, size_t len)
{
    size_t nr = 0;

    while (len > 0) {
        size_t part = len < 128 ? len : 128; /* what fits a byte */
        unsigned char some = 0;

        for (size_t i = 0; i < part; i++)
            some = (unsigned char)(some + is_binary_byte(data[i]));
        nr += some;
        data += part;
        len -= part;
    }
    return nr;
}

/* The type of the format whose mark the body begins with, or NULL. */
static const char *find_mark(const unsigned char *data, size_t len)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (len >= (size_t)marks[i].at + marks[i].len &&
            memcmp(data + marks[i].at, marks[i].mark, marks[i].len) == 0 &&
            (!marks[i].needs_binary || count_binary(data, len) > 0))
            return marks[i].mime;
    }
    return NULL;
}

/* Whether the body begins with a tag of HTML, behind white space and in any
 * case (7.1). */
static bool begins_html(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(html_tags) / sizeof(html_tags[0]); i++) {
        size_t tag_len = strlen(html_tags[i]);

        if (len < tag_len || strncasecmp(text, html_tags[i], tag_len) != 0)
            continue;
        if (text[tag_len - 1] == '-')
            return true; /* a comment may go on with anything */
        if (len > tag_len && (is_space(text[tag_len]) || text[tag_len] == '>'))
            return true;
    }
    return false;
}

/* Guesses a type that is unknown from the first bytes (7.1). */
static const char *guess(const unsigned char *data, size_t len)
{
    const char *text = (const char *)data, *mark = find_mark(data, len);
    enum charset charset;
    size_t bom_len, at = 0;
    bool has_bom = charset_from_bom(data, len, &charset, &bom_len);

    if (has_bom && charset == CHARSET_UTF_8)
        at = bom_len; /* unlike 7.1, which calls all of that text/plain */
    while (at < len && is_space(text[at]))
        at++;
    if (begins_html(text + at, len - at))
        return HTML;
    if (len - at >= 5 && memcmp(text + at, "<?xml", 5) == 0)
        return "text/xml";
    if (mark)
        return mark;
    return has_bom || count_binary(data, len) == 0 ? "text/plain"
                                                   : "application/octet-stream";
}

/* Whether a body calls itself HTML and cannot be text: it has the mark of
 * another format, or a good share of control bytes. A few of them stand in many
 * a page. UTF-16 is full of NULs, and is known by its mark or by the header. */
static bool is_no_text(const char *type, size_t type_len,
                       const unsigned char *data, size_t len)
{
    enum charset charset;
    size_t bom_len;

    if (charset_from_bom(data, len, &charset, &bom_len))
        return false;
    if (type && charset_from_type(type, type_len, &charset) &&
        (charset == CHARSET_UTF_16BE || charset == CHARSET_UTF_16LE))
        return false;
    return find_mark(data, len) || count_binary(data, len) > len / 16;
}

/* MIME Sniffing 4.6: what has characters. "+xml" and "+json" are RFC 6839's. */
static bool is_text_type(const char *mime)
{
    static const char *const texts[] = {
        "application/javascript", "application/json",         "application/xml",
        "application/xhtml+xml",  "application/x-javascript", NULL};
    size_t len = strlen(mime);

    return strncmp(mime, "text/", 5) == 0 || is_mime(mime, texts) ||
           (len > 4 && strcmp(mime + len - 4, "+xml") == 0) ||
           (len > 5 && strcmp(mime + len - 5, "+json") == 0);
}

void sniff_body(struct sniff *sniff, const char *type, size_t type_len,
                const void *data, size_t len)
{
    static const char *const unknown[] = {
        "unknown/unknown", "application/unknown", "*/*", NULL}; /* 7 */
    static const char *const html[] = {HTML, "application/xhtml+xml", NULL};
    size_t seen = len < SNIFF_BYTES ? len : SNIFF_BYTES;
    bool no_text;

    *sniff = (struct sniff){.mime = ""};
    if (!type || !copy_essence(sniff->mime, type, type_len) ||
        is_mime(sniff->mime, unknown)) {
        sniff->guessed = true;
        strcpy(sniff->mime, guess(data, seen));
    }
    no_text = is_no_text(type, type_len, data, seen);
    sniff->is_text = is_text_type(sniff->mime) && !no_text;
    sniff->is_html = is_mime(sniff->mime, html) && !no_text;
}
