/* A line of the list as a URL, see line.h: what is no URL but looks like one
 * without its scheme is meant as https. */
#include "crawler/frontier/line.h"

#include <string.h>

#include "crawler/frontier/url_key.h"

#define BARE_PREFIX "https://"

static bool is_name_byte(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c >= 0x80;
}

static bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

/* "example.com", "example.com:8080/x", "localhost/x": a name with a dot, or
 * localhost, then nothing, a port, or what may follow a host. */
static bool is_bare(struct bytes text)
{
    const char *data = text.data;
    size_t len = 0;

    while (len < text.len && is_name_byte((unsigned char)data[len]))
        len++;
    bool named = memchr(data, '.', len) != NULL ||
                 (len == 9 && strncasecmp(data, "localhost", 9) == 0);
    if (!named || data[0] == '.')
        return false;
    if (len < text.len && data[len] == ':') {
        size_t port = len + 1;
        len = port;
        while (len < text.len && is_digit((unsigned char)data[len]))
            len++;
        if (len == port)
            return false;
    }
    return len == text.len || strchr("/?#", data[len]) != NULL;
}

static enum error read_bare(struct url *url, struct url *room,
                            struct bytes text)
{
    char whole[sizeof(BARE_PREFIX) + URL_BYTES_MAX];

    if (text.len > URL_BYTES_MAX)
        return ERROR_TOO_LONG;
    memcpy(whole, BARE_PREFIX, sizeof(BARE_PREFIX) - 1);
    memcpy(whole + sizeof(BARE_PREFIX) - 1, text.data, text.len);
    struct bytes bare = {whole, sizeof(BARE_PREFIX) - 1 + text.len};
    return url_key_canonical(url, room, bare);
}

enum error line_read(struct url *url, struct url *room, struct bytes text)
{
    enum error error = url_key_canonical(url, room, text);

    if ((error == ERROR_BAD_URL || error == ERROR_BLOCKED_SCHEME) &&
        is_bare(text))
        error = read_bare(url, room, text);
    return error;
}

/* ---- credentials ---- */

/* Where the authority of a URL begins, or would if it were one: behind the
 * scheme and its slashes. */
static size_t authority_at(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len &&
           (is_name_byte((unsigned char)text[at]) || text[at] == '+'))
        at++;
    if (at < len && text[at] == ':')
        at++;
    size_t slashes = at;
    while (at < len && (text[at] == '/' || text[at] == '\\'))
        at++;
    return at > slashes ? at : 0;
}

size_t line_drop_credentials(char *text, size_t len)
{
    size_t begin = authority_at(text, len);
    size_t end = begin;
    const char *at;

    while (end < len && text[end] != '/' && text[end] != '\\' &&
           text[end] != '?' && text[end] != '#')
        end++;
    at = memrchr(text + begin, '@', end - begin);
    if (!at)
        return len;
    size_t userinfo = (size_t)(at - text) - begin;
    if (begin == 0 && (!memchr(text, ':', userinfo) ||
                       (len > 7 && strncasecmp(text, "mailto:", 7) == 0)))
        return len;
    memmove(text + begin, at + 1, len - begin - userinfo - 1);
    return len - userinfo - 1;
}
