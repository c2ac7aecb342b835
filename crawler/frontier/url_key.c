/* Reads and keys URLs, see url_key.h. The URL standard's own words for what is
 * wrong become the errors of rows. */
#include "crawler/frontier/url_key.h"

#include <string.h>

#define BARE_PREFIX "https://"

/* The hashes are keyed by a secret of the database: nobody can make two URLs
 * meet on purpose. */
struct url_key url_key_of(const struct hash_key *hash_key,
                          struct bytes host_key, struct bytes url)
{
    return (struct url_key){
        .host_id = (int64_t)hash_sip(hash_key, host_key.data, host_key.len),
        .url_hash = (int64_t)hash_sip(hash_key, url.data, url.len),
    };
}

static enum error error_of(enum url_error error)
{
    switch (error) {
    case URL_OK:
        return ERROR_NONE;
    case URL_BAD_SCHEME:
        return ERROR_BLOCKED_SCHEME;
    case URL_TOO_LONG:
        return ERROR_TOO_LONG;
    case URL_BAD:
        break;
    }
    return ERROR_BAD_URL;
}

/* Makes the canonical form of a URL; `room` is scratch. The text may be bytes
 * of a list or of robots.txt, which nothing has decoded. */
static enum error read_canonical(struct url *url, struct url *room,
                                 struct bytes text)
{
    enum url_error error = url_parse_bytes(room, text.data, text.len, NULL);

    if (error != URL_OK)
        return error_of(error);
    url_canonical(url, room);
    return url->port_given && url_port_is_bad(url->port) ? ERROR_BAD_PORT
                                                         : ERROR_NONE;
}

/* The key of a host is its scheme, name and port, which have one robots.txt
 * together (RFC 9309 2.3). */
enum error url_reader_key(struct url_reader *reader, struct keyed_url *url)
{
    url->host_key.data = reader->host_key;
    url->host_key.len =
        url_host_key(&reader->url, reader->host_key, sizeof(reader->host_key));
    if (url->host_key.len == 0)
        return ERROR_BAD_URL;
    url->url = (struct bytes){reader->url.text, reader->url.len};
    url->key = url_key_of(reader->hash_key, url->host_key, url->url);
    return ERROR_NONE;
}

enum error url_reader_read(struct url_reader *reader, struct bytes text,
                           struct keyed_url *url)
{
    enum error error = read_canonical(&reader->url, &reader->room, text);

    return error ? error : url_reader_key(reader, url);
}

/* ---- lines of a list ---- */

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

/* Reads a line without a scheme as https, which browsers try first. */
static enum error read_bare(struct url *url, struct url *room,
                            struct bytes text)
{
    char whole[sizeof(BARE_PREFIX) + URL_BYTES_MAX];

    if (text.len > URL_BYTES_MAX)
        return ERROR_TOO_LONG;
    memcpy(whole, BARE_PREFIX, sizeof(BARE_PREFIX) - 1);
    memcpy(whole + sizeof(BARE_PREFIX) - 1, text.data, text.len);
    struct bytes bare = {whole, sizeof(BARE_PREFIX) - 1 + text.len};
    return read_canonical(url, room, bare);
}

enum error line_read(struct url *url, struct url *room, struct bytes text)
{
    enum error error = read_canonical(url, room, text);

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
