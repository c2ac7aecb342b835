/*
 * url: the URL parser of the WHATWG standard for http and https.
 *
 * DESIGN. The standard gives a state machine that looks at one code point at a
 * time. For http and https its states follow one another in a fixed order, so
 * each is a function here that takes its run of bytes at once:
 *
 *   scheme --+-- another scheme: URL_BAD_SCHEME
 *            +-- "//", or not the base's scheme --> authority --> path
 *            +-- the base's scheme, or no scheme --> relative
 *   relative --+-- two slashes --> authority --> path
 *              +-- one slash: the base's authority --> path
 *              +-- else: the base's authority and folder --> path,
 *                  or its path --> query, or its query --> fragment
 *   path --> query --> fragment
 *
 * The serialisation is written from left to right while the text is read, and
 * the components are noted as offsets into it. Nothing is allocated.
 * References such as (URL 4.4) are sections of the standard.
 */
#include "crawler/url/url.h"

#include <string.h>

#include "base/unfilled.h"

#include "crawler/url/url_bytes.h"
#include "crawler/url/url_host.h"
#include "crawler/url/url_write.h"

/* Longest text that is looked at. Dot segments may shorten a URL, so it is
 * more than URL_BYTES_MAX. */
#define URL_INPUT_BYTES_MAX ((size_t)4 * URL_BYTES_MAX)

/* What is left to read, and where the result goes. */
struct parser {
    const char *at;
    const char *end;
    struct url *url;
    const struct url *base; /* may be NULL */
    struct url_writer out;
};

/* In special schemes a backslash is a slash (URL 4.4). */
static bool is_slash(char byte)
{
    return byte == '/' || byte == '\\';
}

static bool is_tab_or_newline(char byte)
{
    return byte == '\t' || byte == '\n' || byte == '\r';
}

/* Appends one byte as an escape such as "%41". */
static void append_escape(struct url_writer *out, unsigned char byte)
{
    static const char digits[] = "0123456789ABCDEF";
    char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};

    url_append_text(out, escape, sizeof(escape));
}

/* One character that is not ASCII, or not a character, as escapes. In a text
 * that was decoded before, what is no UTF-8 is U+FFFD, as in the standard. */
static size_t append_character(struct url_writer *out, const char *at,
                               const char *end)
{
    const unsigned char *bytes = (const unsigned char *)at;
    uint32_t code;
    size_t len = url_read_utf8(bytes, (size_t)(end - at), &code);

    if (code == URL_NOT_UTF8 && !out->keeps_bytes)
        url_append_text(out, "%EF%BF%BD", 9);
    else
        for (size_t i = 0; i < len; i++)
            append_escape(out, bytes[i]);
    return len;
}

/*
 * UTF-8 percent-encode (URL 1.3) up to the first byte of class `stop`, or to
 * `end`. `encode` names the set. Returns where it stopped. Runs of ordinary
 * bytes are copied as a whole: they are nearly all that there is.
 */
static inline const char *append_encoded(struct url_writer *out, const char *at,
                                         const char *end, unsigned encode,
                                         unsigned stop)
{
    while (at < end) {
        const char *run = at;

        while (at < end && !url_byte_is((unsigned char)*at, encode | stop))
            at++;
        url_append_text(out, run, (size_t)(at - run));
        if (at == end || url_byte_is((unsigned char)*at, stop))
            break;
        if ((unsigned char)*at < 0x80)
            append_escape(out, (unsigned char)*at++);
        else
            at += append_character(out, at, end);
    }
    return at;
}

/* What a text begins with. */
enum scheme_kind {
    SCHEME_NONE,
    SCHEME_HTTP, /* http or https: url->scheme is set */
    SCHEME_OTHER
};

/* Reads the scheme and its colon, if there is one. */
static enum scheme_kind read_scheme(struct parser *parser)
{
    const char *start = parser->at;
    const char *at = start;
    size_t len;

    if (at == parser->end || (unsigned char)((*at | 0x20) - 'a') >= 26)
        return SCHEME_NONE;
    while (at < parser->end && url_byte_is((unsigned char)*at, URL_SCHEME))
        at++;
    if (at == parser->end || *at != ':')
        return SCHEME_NONE;
    len = (size_t)(at - start);
    if (len == 4 && strncasecmp(start, "http", 4) == 0)
        parser->url->scheme = URL_HTTP;
    else if (len == 5 && strncasecmp(start, "https", 5) == 0)
        parser->url->scheme = URL_HTTPS;
    else
        return SCHEME_OTHER;
    parser->at = at + 1;
    return SCHEME_HTTP;
}

/* Reads the credentials, which reach up to the last '@' (authority state). */
static enum url_error parse_user(struct parser *parser, const char *end)
{
    struct url *url = parser->url;
    struct url_writer *out = &parser->out;
    const char *at = memrchr(parser->at, '@', (size_t)(end - parser->at));
    const char *colon;
    size_t start;

    if (!at)
        return URL_OK;
    if (at + 1 == end)
        return URL_BAD; /* credentials and no host */
    colon = memchr(parser->at, ':', (size_t)(at - parser->at));
    start = out->len;
    append_encoded(out, parser->at, colon ? colon : at, URL_ENC_USER, 0);
    if (colon && colon + 1 < at) {
        url_append_byte(out, ':');
        append_encoded(out, colon + 1, at, URL_ENC_USER, 0);
    }
    if (out->len > start) {
        url->has_user = true;
        url->user_at = (uint16_t)start;
        url->user_len = (uint16_t)(out->len - start);
        url_append_byte(out, '@');
    }
    parser->at = at + 1;
    return URL_OK;
}

/* Finds the first colon outside brackets, or `end`. */
static const char *find_port(const char *at, const char *end)
{
    bool in_brackets = false;

    for (; at < end; at++) {
        if (*at == ':' && !in_brackets)
            break;
        if (*at == '[')
            in_brackets = true;
        else if (*at == ']')
            in_brackets = false;
    }
    return at;
}

/* Reads the port (port state). `at` points behind the colon. */
static enum url_error parse_port(struct parser *parser, const char *at,
                                 const char *end)
{
    struct url *url = parser->url;
    unsigned port = 0;

    if (at == end)
        return URL_OK; /* a colon alone says nothing */
    for (; at < end; at++) {
        if ((unsigned char)(*at - '0') > 9)
            return URL_BAD;
        port = port * 10 + (unsigned)(*at - '0');
        if (port > UINT16_MAX)
            return URL_BAD;
    }
    if (port == url->port)
        return URL_OK; /* the scheme's default is left out */
    url->port = (uint16_t)port;
    url->port_given = true;
    url_append_byte(&parser->out, ':');
    url_append_number(&parser->out, url->port);
    return URL_OK;
}

/* Special authority ignore slashes state to port state. */
static enum url_error parse_authority(struct parser *parser)
{
    struct url *url = parser->url;
    struct url_writer *out = &parser->out;
    struct url_host host = {0};
    const char *end, *colon;

    while (parser->at < parser->end && is_slash(*parser->at))
        parser->at++;
    end = parser->at;
    while (end < parser->end && !url_byte_is((unsigned char)*end, URL_SPLIT))
        end++;

    url->port = url->scheme == URL_HTTPS ? 443 : 80;
    if (url->scheme == URL_HTTPS)
        url_append_text(out, "https://", 8);
    else
        url_append_text(out, "http://", 7);
    if (parse_user(parser, end) != URL_OK)
        return URL_BAD;
    colon = find_port(parser->at, end);
    if (colon == parser->at)
        return URL_BAD; /* no host */
    url->host_at = (uint16_t)out->len;
    if (!url_append_host(out, parser->at, (size_t)(colon - parser->at), &host))
        return out->full ? URL_TOO_LONG : URL_BAD;
    url->host_len = (uint16_t)(out->len - url->host_at);
    url->host_is_ipv4 = host.is_ipv4;
    url->host_is_ipv6 = host.is_ipv6;
    parser->at = end;
    return colon < end ? parse_port(parser, colon + 1, end) : URL_OK;
}

/* 1 for a single-dot segment, 2 for a double-dot segment, else 0: each dot may
 * be written %2e (URL 4.1). */
static int count_dots(const char *at, const char *end)
{
    int nr = 0;

    if (at == end || (*at != '.' && *at != '%'))
        return 0;
    for (; at < end && nr < 3; nr++) {
        if (*at == '.')
            at++;
        else if (end - at >= 3 && strncasecmp(at, "%2e", 3) == 0)
            at += 3;
        else
            return 0;
    }
    return nr < 3 ? nr : 0;
}

/* Cuts the path written so far before its last segment. */
static void shorten_path(struct parser *parser)
{
    struct url_writer *out = &parser->out;

    while (out->len > parser->url->path_at) {
        out->len--;
        if (out->text[out->len] == '/')
            return;
    }
}

/* Path start state and path state: appends to the path written so far. */
static void parse_path(struct parser *parser)
{
    struct url_writer *out = &parser->out;
    bool more;

    if (parser->at < parser->end && is_slash(*parser->at))
        parser->at++;
    do {
        const char *segment = parser->at;
        size_t start = out->len;
        int dots;

        url_append_byte(out, '/');
        parser->at =
            append_encoded(out, segment, parser->end, URL_ENC_PATH, URL_SPLIT);
        more = parser->at < parser->end && is_slash(*parser->at);
        dots = count_dots(segment, parser->at);
        if (dots) {
            out->len = start;
            if (dots == 2)
                shorten_path(parser);
            if (!more)
                url_append_byte(out, '/');
        }
        if (more)
            parser->at++;
    } while (more);
}

/* Reads the query (query state), which is always encoded as UTF-8. */
static void parse_query(struct parser *parser)
{
    struct url *url = parser->url;
    struct url_writer *out = &parser->out;
    size_t left = (size_t)(parser->end - parser->at);
    const char *end;

    if (left == 0 || *parser->at != '?')
        return;
    end = memchr(parser->at, '#', left);
    url_append_byte(out, '?');
    url->has_query = true;
    url->query_at = (uint16_t)out->len;
    parser->at = append_encoded(out, parser->at + 1, end ? end : parser->end,
                                URL_ENC_QUERY, 0);
    url->query_len = (uint16_t)(out->len - url->query_at);
}

/* Reads the fragment (fragment state). */
static void parse_fragment(struct parser *parser)
{
    struct url *url = parser->url;
    struct url_writer *out = &parser->out;

    if (parser->at == parser->end)
        return;
    url_append_byte(out, '#');
    url->has_fragment = true;
    url->fragment_at = (uint16_t)out->len;
    append_encoded(out, parser->at + 1, parser->end, URL_ENC_FRAGMENT, 0);
    url->fragment_len = (uint16_t)(out->len - url->fragment_at);
}

/* Takes over everything before the path from the base (URL 4.4, relative
 * state). */
static void copy_authority(struct parser *parser)
{
    struct url *url = parser->url;
    const struct url *base = parser->base;

    url_append_text(&parser->out, base->text, base->path_at);
    url->user_at = base->user_at;
    url->user_len = base->user_len;
    url->has_user = base->has_user;
    url->host_at = base->host_at;
    url->host_len = base->host_len;
    url->host_is_ipv4 = base->host_is_ipv4;
    url->host_is_ipv6 = base->host_is_ipv6;
    url->port = base->port;
    url->port_given = base->port_given;
}

/* Relative state with nothing but a query or fragment: the base's path, and
 * its query unless there is a new one. */
static void copy_path(struct parser *parser)
{
    struct url *url = parser->url;
    const struct url *base = parser->base;

    url_append_text(&parser->out, base->text + base->path_at, base->path_len);
    url->path_len = base->path_len;
    if (!base->has_query || (parser->at < parser->end && *parser->at == '?'))
        return;
    url_append_byte(&parser->out, '?');
    url_append_text(&parser->out, base->text + base->query_at, base->query_len);
    url->has_query = true;
    url->query_at = base->query_at;
    url->query_len = base->query_len;
}

/* Relative state, with the relative slash state when it is one slash. */
static void parse_relative_path(struct parser *parser)
{
    struct url *url = parser->url;
    const struct url *base = parser->base;
    const char *at = parser->at;

    copy_authority(parser);
    url->path_at = base->path_at;
    if (at == parser->end || *at == '?' || *at == '#') {
        copy_path(parser);
        return;
    }
    if (!is_slash(*at)) {
        url_append_text(&parser->out, base->text + base->path_at,
                        base->path_len);
        shorten_path(parser);
    }
    parse_path(parser);
    url->path_len = (uint16_t)(parser->out.len - url->path_at);
}

/* Reads all of the URL behind the scheme. */
static enum url_error parse_rest(struct parser *parser, bool is_relative)
{
    struct url *url = parser->url;
    enum url_error error;

    if (is_relative) {
        parse_relative_path(parser);
    } else {
        error = parse_authority(parser);
        if (error != URL_OK)
            return error;
        url->path_at = (uint16_t)parser->out.len;
        parse_path(parser);
        url->path_len = (uint16_t)(parser->out.len - url->path_at);
    }
    parse_query(parser);
    parse_fragment(parser);
    if (parser->out.full)
        return URL_TOO_LONG;
    url->len = (uint16_t)parser->out.len;
    url->text[url->len] = '\0';
    return URL_OK;
}

/* Sets what may be absent to absent; the rest is written anyway. */
static void clear_components(struct url *url)
{
    url->user_at = url->user_len = 0;
    url->query_at = url->query_len = 0;
    url->fragment_at = url->fragment_len = 0;
    url->has_user = url->has_query = url->has_fragment = false;
    url->port_given = false;
}

/* Scheme start state to special authority slashes state. */
static enum url_error parse(struct parser *parser)
{
    struct url *url = parser->url;
    const struct url *base = parser->base;
    enum scheme_kind kind = read_scheme(parser);
    bool is_relative;
    size_t left = (size_t)(parser->end - parser->at);

    if (kind == SCHEME_OTHER)
        return URL_BAD_SCHEME;
    if (kind == SCHEME_NONE && !base)
        return URL_BAD;
    if (left > URL_INPUT_BYTES_MAX)
        return URL_TOO_LONG;
    if (kind == SCHEME_NONE)
        url->scheme = base->scheme;
    /* Two slashes lead to an authority even where the scheme is the base's. */
    is_relative =
        base && base->scheme == url->scheme &&
        (left < 2 || !is_slash(parser->at[0]) || !is_slash(parser->at[1]));
    clear_components(url);
    return parse_rest(parser, is_relative);
}

/* Tabs and newlines count nowhere in a URL: parses a copy without them. */
static enum url_error parse_without_tabs(struct parser *parser)
{
    UNFILLED char clean[URL_INPUT_BYTES_MAX + 16];
    size_t len = 0;

    /* A text that does not fit is too long whatever its scheme, or of a scheme
     * that is refused; parse() tells which. */
    for (; parser->at < parser->end && len < sizeof(clean); parser->at++)
        if (!is_tab_or_newline(*parser->at))
            clean[len++] = *parser->at;
    parser->at = clean;
    parser->end = clean + len;
    return parse(parser);
}

static bool has_tab_or_newline(const char *at, const char *end)
{
    unsigned found = 0;

    for (; at < end; at++) /* no early exit, so that it can be vectorised */
        found |= is_tab_or_newline(*at);
    return found != 0;
}

/* Parses without the white space at both ends of a text (URL 4.4). */
static enum url_error parse_trimmed(struct parser *parser, const char *text,
                                    size_t len)
{
    while (len > 0 && (unsigned char)text[0] <= 0x20) {
        text++;
        len--;
    }
    while (len > 0 && (unsigned char)text[len - 1] <= 0x20)
        len--;
    parser->at = text;
    parser->end = text + len;
    if (has_tab_or_newline(parser->at, parser->end))
        return parse_without_tabs(parser);
    return parse(parser);
}

enum url_error url_parse(struct url *url, const char *text, size_t len,
                         const struct url *base)
{
    struct parser parser = {
        .url = url, .base = base, .out = {.text = url->text}};

    return parse_trimmed(&parser, text, len);
}

enum url_error url_parse_bytes(struct url *url, const char *text, size_t len,
                               const struct url *base)
{
    struct parser parser = {
        .url = url,
        .base = base,
        .out = {.text = url->text, .keeps_bytes = true},
    };

    return parse_trimmed(&parser, text, len);
}
