/*
 * The prescan of the HTML standard, 13.2.3.2: reads the beginning of a page
 * as bytes, before anybody knows what they mean, and looks for a <meta> that
 * tells. References such as (step 3) are to its description there.
 */
#include <string.h>
#include <strings.h>

#include "base/wire.h"
#include "crawler/charset/charset.h"

#define VALUE_BYTES 128 /* of an attribute that is kept; labels are shorter */

/* A prescan reads from `at` to `end`; both move over bytes of the caller. */
struct prescan {
    const unsigned char *at;
    const unsigned char *end;
};

/* The name or value of an attribute, in lower case; what does not fit is left
 * out. */
struct text {
    char data[VALUE_BYTES];
    size_t len;
};

static bool is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_alpha(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static void add_lower(struct text *text, unsigned char c)
{
    if (text->len < VALUE_BYTES)
        text->data[text->len++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

static bool is_text(const struct text *text, const char *word)
{
    return text->len == strlen(word) &&
           memcmp(text->data, word, text->len) == 0;
}

/* Moves `at` behind the white space that stands there. */
static void skip_spaces(struct prescan *scan)
{
    while (scan->at < scan->end && is_space(*scan->at))
        scan->at++;
}

/* Tells whether `word` stands at `at`, in capitals or not. */
static bool begins(const struct prescan *scan, const char *word)
{
    size_t len = strlen(word);

    return (size_t)(scan->end - scan->at) >= len &&
           strncasecmp((const char *)scan->at, word, len) == 0;
}

/* Moves `at` to the next '>', or to the end. */
static void skip_tag(struct prescan *scan)
{
    while (scan->at < scan->end && *scan->at != '>')
        scan->at++;
}

/* Reads the value behind an attribute's '=': it stands in quotes, or ends
 * before a blank. */
static void read_value(struct prescan *scan, struct text *value)
{
    unsigned char quote = 0;

    skip_spaces(scan);
    if (scan->at < scan->end && (*scan->at == '"' || *scan->at == '\''))
        quote = *scan->at++;
    for (; scan->at < scan->end; scan->at++) {
        if (quote ? *scan->at == quote
                  : is_space(*scan->at) || *scan->at == '>')
            break;
        add_lower(value, *scan->at);
    }
    if (quote && scan->at < scan->end)
        scan->at++;
}

/* Reads one attribute (13.2.3.2, "get an attribute"); false when the tag has no
 * more. */
static bool read_attribute(struct prescan *scan, struct text *name,
                           struct text *value)
{
    name->len = value->len = 0;
    while (scan->at < scan->end && (is_space(*scan->at) || *scan->at == '/'))
        scan->at++;
    if (scan->at == scan->end || *scan->at == '>')
        return false;
    for (; scan->at < scan->end; scan->at++) {
        unsigned char c = *scan->at;

        if ((c == '=' && name->len > 0) || is_space(c) || c == '/' || c == '>')
            break;
        add_lower(name, c);
    }
    skip_spaces(scan);
    if (scan->at == scan->end || *scan->at != '=')
        return true;
    scan->at++;
    read_value(scan, value);
    return true;
}

/* A <meta>'s content has its label behind "charset=" (HTML 2.5.3, "extracting a
 * character encoding from a meta element"). */
static bool find_in_content(const struct text *content, enum charset *charset)
{
    struct prescan scan = {(const unsigned char *)content->data,
                           (const unsigned char *)content->data + content->len};
    const unsigned char *from;

    for (;; scan.at++) {
        if (scan.at == scan.end)
            return false;
        if (!begins(&scan, "charset"))
            continue;
        scan.at += strlen("charset");
        skip_spaces(&scan);
        if (scan.at < scan.end && *scan.at == '=')
            break;
        scan.at--; /* the loop's own step moves behind the word */
    }
    scan.at++;
    skip_spaces(&scan);
    if (scan.at == scan.end)
        return false;
    from = scan.at;
    if (*from == '"' || *from == '\'') {
        const unsigned char *to =
            memchr(from + 1, *from, (size_t)(scan.end - from - 1));

        return to && charset_find(from + 1, (size_t)(to - from - 1), charset);
    }
    while (scan.at < scan.end && !is_space(*scan.at) && *scan.at != ';')
        scan.at++;
    return charset_find(from, (size_t)(scan.at - from), charset);
}

/* The attributes behind "<meta" decide. A charset in `content` counts only with
 * http-equiv=content-type (the standard's "need pragma"). */
static bool read_meta(struct prescan *scan, enum charset *charset)
{
    struct text name, value;
    bool got_pragma = false, has_charset = false, known = false;
    bool need_pragma = false;
    bool seen_equiv = false, seen_content = false, seen_charset = false;

    while (read_attribute(scan, &name, &value)) {
        if (is_text(&name, "http-equiv") && !seen_equiv) {
            seen_equiv = true;
            got_pragma = is_text(&value, "content-type");
        } else if (is_text(&name, "content") && !seen_content) {
            seen_content = true;
            if (!has_charset && find_in_content(&value, charset))
                has_charset = need_pragma = known = true;
        } else if (is_text(&name, "charset") && !seen_charset) {
            seen_charset = true;
            has_charset = true;
            need_pragma = false;
            known = charset_find(value.data, value.len, charset);
        }
    }
    /* A tag that is cut off says nothing: its end may say otherwise. */
    return known && (!need_pragma || got_pragma) && scan->at < scan->end;
}

/* A declaration that could be read as ASCII is not in UTF-16, whatever it says;
 * the standard makes UTF-8 of it, and windows-1252 of x-user-defined. */
static enum charset declared(enum charset charset)
{
    if (charset == CHARSET_UTF_16BE || charset == CHARSET_UTF_16LE)
        return CHARSET_UTF_8;
    return charset == CHARSET_X_USER_DEFINED ? CHARSET_WINDOWS_1252 : charset;
}

static void skip_comment(struct prescan *scan)
{
    /* "<!-->" is a comment: the dashes of its end may be those of its begin. */
    scan->at += 2;
    while (scan->at < scan->end && !begins(scan, "-->"))
        scan->at++;
    scan->at += scan->at < scan->end ? 2 : 0;
}

/* Any other tag is passed over together with its attributes, because a '>' in
 * quotes does not end it. */
static void skip_element(struct prescan *scan)
{
    struct text name, value;

    while (scan->at < scan->end && !is_space(*scan->at) && *scan->at != '>')
        scan->at++;
    while (read_attribute(scan, &name, &value))
        continue;
}

/* A <meta> is only one if something ends its name: "<metadata" is another
 * element. */
static bool begins_meta(const struct prescan *scan)
{
    return begins(scan, "<meta") && scan->end - scan->at > 5 &&
           (is_space(scan->at[5]) || scan->at[5] == '/');
}

/* An element begins with "<a" or "</a", whatever its name. The caller knows
 * that two bytes are there. */
static bool begins_element(const struct prescan *scan)
{
    return is_alpha(scan->at[1]) ||
           (scan->at[1] == '/' && scan->end - scan->at > 2 &&
            is_alpha(scan->at[2]));
}

/* The loop of the algorithm takes one thing after the other that begins with
 * '<'. A comment hides what is in it. */
static bool scan_markup(struct prescan scan, enum charset *charset)
{
    for (; scan.at < scan.end; scan.at++) {
        if (*scan.at != '<' || scan.end - scan.at < 2)
            continue;
        if (begins(&scan, "<!--")) {
            skip_comment(&scan);
        } else if (begins_meta(&scan)) {
            scan.at += 5;
            if (read_meta(&scan, charset))
                return true;
        } else if (begins_element(&scan)) {
            skip_element(&scan);
        } else if (scan.at[1] == '!' || scan.at[1] == '/' ||
                   scan.at[1] == '?') {
            skip_tag(&scan);
        }
        if (scan.at >= scan.end)
            break;
    }
    return false;
}

/* An XML declaration names its encoding: <?xml ... encoding='...' (13.2.3.2,
 * "get an XML encoding"). */
static bool scan_xml(struct prescan scan, enum charset *charset)
{
    const unsigned char *end, *quote;

    if ((size_t)(scan.end - scan.at) < 5 || memcmp(scan.at, "<?xml", 5) != 0)
        return false;
    end = memchr(scan.at, '>', (size_t)(scan.end - scan.at));
    if (!end)
        return false;
    scan.end = end;
    scan.at = memmem(scan.at, (size_t)(end - scan.at), "encoding", 8);
    if (!scan.at)
        return false;
    scan.at += 8;
    while (scan.at < end && *scan.at <= ' ')
        scan.at++;
    if (scan.at == end || *scan.at++ != '=')
        return false;
    while (scan.at < end && *scan.at <= ' ')
        scan.at++;
    if (scan.at == end || (*scan.at != '"' && *scan.at != '\''))
        return false;
    quote = memchr(scan.at + 1, *scan.at, (size_t)(end - scan.at - 1));
    return quote &&
           charset_find(scan.at + 1, (size_t)(quote - scan.at - 1), charset);
}

/*
 * Most pages declare nothing in their first bytes, and without one of these
 * words no <meta> and no XML declaration can: a look that is far cheaper than
 * the algorithm. `len` at most CHARSET_PRESCAN_BYTES.
 */
static bool may_declare(const unsigned char *data, size_t len)
{
    char lower[CHARSET_PRESCAN_BYTES];
    unsigned char seen = 0;

    for (size_t i = 0; i < len; i++)
        lower[i] = (char)(data[i] | 0x20);
    /* The loop looks for the middle of either word, "rse" and "nco", without a
     * branch, so the compiler makes it a look at many bytes at once. */
    for (size_t i = 2; i < len; i++)
        seen |=
            ((lower[i - 2] == 'r') & (lower[i - 1] == 's') &
             (lower[i] == 'e')) |
            ((lower[i - 2] == 'n') & (lower[i - 1] == 'c') & (lower[i] == 'o'));
    return seen && (memmem(lower, len, "charset", 7) ||
                    memmem(lower, len, "encoding", 8));
}

/* This is the standard's "prescan a byte stream to determine its encoding"
 * (13.2.3.2). */
bool charset_prescan(const void *data, size_t len, enum charset *charset)
{
    size_t seen = len < CHARSET_PRESCAN_BYTES ? len : CHARSET_PRESCAN_BYTES;
    struct prescan scan = {data, (const unsigned char *)data + seen};

    /* Step 2: an XML declaration in UTF-16. */
    if (seen >= 6 && memcmp(data, "<\0?\0x\0", 6) == 0) {
        *charset = CHARSET_UTF_16LE;
        return true;
    }
    if (seen >= 6 && memcmp(data, "\0<\0?\0x", 6) == 0) {
        *charset = CHARSET_UTF_16BE;
        return true;
    }
    if (!may_declare(data, seen) ||
        (!scan_markup(scan, charset) && !scan_xml(scan, charset)))
        return false;
    *charset = declared(*charset);
    return true;
}

/* The sources are asked in the order of the standard (13.2.3.2): whichever
 * knows first is right, whatever the others say. */
enum charset charset_detect(const void *data, size_t len, const char *type,
                            size_t type_len)
{
    enum charset charset;
    size_t bom_len;

    if (charset_from_bom(data, len, &charset, &bom_len) ||
        (type && charset_from_type(type, type_len, &charset)) ||
        charset_prescan(data, len, &charset))
        return charset;
    return CHARSET_WINDOWS_1252;
}
