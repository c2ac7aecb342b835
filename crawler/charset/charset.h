/*
 * charset: in which encoding a text is, and the text as UTF-8.
 *
 * Names and labels are those of the WHATWG Encoding standard; what a page is
 * in, is decided as the HTML standard does (13.2.3.2): byte order mark, then
 * Content-Type, then a prescan of its first 1024 bytes, then windows-1252.
 * UTF-7 does not exist. Encodings are decoded as that standard says, by its own
 * indexes, which lie in data/encoding.
 */
#ifndef CRAWLER_CHARSET_CHARSET_H
#define CRAWLER_CHARSET_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CHARSET_PRESCAN_BYTES 1024

/* Single-byte ones first: they index the tables. */
enum charset {
    CHARSET_IBM866,
    CHARSET_ISO_8859_2,
    CHARSET_ISO_8859_3,
    CHARSET_ISO_8859_4,
    CHARSET_ISO_8859_5,
    CHARSET_ISO_8859_6,
    CHARSET_ISO_8859_7,
    CHARSET_ISO_8859_8,
    CHARSET_ISO_8859_10,
    CHARSET_ISO_8859_13,
    CHARSET_ISO_8859_14,
    CHARSET_ISO_8859_15,
    CHARSET_ISO_8859_16,
    CHARSET_KOI8_R,
    CHARSET_KOI8_U,
    CHARSET_MACINTOSH,
    CHARSET_WINDOWS_874,
    CHARSET_WINDOWS_1250,
    CHARSET_WINDOWS_1251,
    CHARSET_WINDOWS_1252,
    CHARSET_WINDOWS_1253,
    CHARSET_WINDOWS_1254,
    CHARSET_WINDOWS_1255,
    CHARSET_WINDOWS_1256,
    CHARSET_WINDOWS_1257,
    CHARSET_WINDOWS_1258,
    CHARSET_X_MAC_CYRILLIC,
    CHARSET_SINGLE_NR,

    CHARSET_ISO_8859_8_I = CHARSET_SINGLE_NR, /* as ISO-8859-8 */
    CHARSET_GBK,
    CHARSET_GB18030,
    CHARSET_BIG5,
    CHARSET_EUC_JP,
    CHARSET_ISO_2022_JP,
    CHARSET_SHIFT_JIS,
    CHARSET_EUC_KR,
    CHARSET_REPLACEMENT, /* one U+FFFD, whatever comes */
    CHARSET_UTF_16BE,
    CHARSET_UTF_16LE,
    CHARSET_X_USER_DEFINED,
    CHARSET_UTF_8,
    CHARSET_NR
};

/* The standard's name in lower case: "windows-1252". */
const char *charset_name(enum charset charset);
/* "Get an encoding" from a label (Encoding standard, 4.2). */
bool charset_find(const void *label, size_t len, enum charset *charset);

/* A byte order mark at the front (Encoding 6); *bom_len is its length, 0 if
 * there is none, and *charset as it was then. */
bool charset_from_bom(const void *data, size_t len, enum charset *charset,
                      size_t *bom_len);
/* The charset parameter of a Content-Type header, if it is a known label. */
bool charset_from_type(const char *type, size_t len, enum charset *charset);
/* The HTML standard's prescan, of CHARSET_PRESCAN_BYTES at most; of an XML
 * declaration only where it finds no <meta>. */
bool charset_prescan(const void *data, size_t len, enum charset *charset);
/* All of it for HTML: `data` is the beginning of the page, all of it if it is
 * shorter than CHARSET_PRESCAN_BYTES; `type` may be NULL. */
enum charset charset_detect(const void *data, size_t len, const char *type,
                            size_t type_len);

/* Decodes one text after the other, piece by piece. */
struct charset_text {
    enum charset charset;
    unsigned char tail[16]; /* bytes of a character that is not complete */
    size_t tail_len;
    bool at_start;   /* a byte order mark may come yet */
    bool replaced;   /* CHARSET_REPLACEMENT has put its U+FFFD */
    uint8_t jp_mode; /* of ISO-2022-JP: what its escape sequences chose */
    bool jp_escaped; /* and one of them was the last that came */
    uint64_t chars;  /* characters put out so far */
};

/* In the caller's storage. */
void charset_text_init(struct charset_text *text);
/* Begins a text. A byte order mark of the same encoding is dropped. */
void charset_text_start(struct charset_text *text, enum charset charset);
/*
 * Appends the next bytes to `out` as valid UTF-8, U+FFFD for what is invalid.
 * `last` says that nothing follows. Errors as buf_add.
 */
enum err charset_text_add(struct charset_text *text, const void *data,
                          size_t len, bool last, struct buf *out) CERR_CHECK;

/* Characters of valid UTF-8: bytes that continue none. */
size_t charset_count_chars(const void *data, size_t len);

/*
 * For links on pages in an encoding other than UTF-8 (URL standard, 4.4: the
 * query is encoded in the page's): appends `href`, which is UTF-8, with what is
 * not ASCII in its query encoded in `charset` and percent-encoded after that
 * (1.3); characters that it lacks become "%26%23...%3B". Errors as buf_add.
 */
enum err charset_encode_query(enum charset charset, const void *href,
                              size_t len, struct buf *out) CERR_CHECK;

#endif
