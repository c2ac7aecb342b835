/*
 * The canonical form, which makes two URLs one resource for us, the key of a
 * host, and the ports that are never asked.
 *
 * The text only ever becomes shorter, so it is rewritten from left to right,
 * in place if need be.
 */
#include <string.h>
#include <strings.h>

#include "crawler/url/url_bytes.h"
#include "crawler/url/url_write.h"

/*
 * RFC 3986, 6.2.2.1 and 6.2.2.2: escapes in upper case, unreserved characters
 * unescaped. A hexadecimal digit stays escaped where it could complete what
 * begins like an escape, as in "%%34" and "%4%31": the canonical form would
 * change when made canonical again. Dot segments need no second look: the
 * parser has removed them in their escaped forms too. `to` may be `from`.
 */
static size_t normalise_escapes(char *to, const char *from, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *end = from + len;
    const char *percent = memchr(from, '%', len);
    size_t plain = percent ? (size_t)(percent - from) : len;
    char *out = to + plain;
    int wanting = 0; /* digits that the '%' before lacks to be an escape */

    memmove(to, from, plain); /* nearly always all of it */
    from += plain;
    while (from < end) {
        int byte = url_escaped_byte(from, end);
        bool is_escape = byte >= 0;
        bool is_digit;

        if (!is_escape)
            byte = (unsigned char)*from;
        is_digit = url_hex_value((unsigned char)byte) >= 0;
        from += is_escape ? 3 : 1;
        if (!is_escape || (url_byte_is((unsigned char)byte, URL_UNRESERVED) &&
                           !(is_digit && wanting > 0))) {
            *out++ = (char)byte;
            wanting = byte == '%' ? 2 : is_digit ? wanting - 1 : 0;
            continue;
        }
        *out++ = '%';
        *out++ = digits[byte >> 4];
        *out++ = digits[byte & 15];
        wanting = 0;
    }
    return (size_t)(out - to);
}

/* Copies everything before the path, without the credentials. Returns how far
 * the text moved left. */
static size_t copy_head(struct url *out, const struct url *url)
{
    uint16_t shift = url->has_user ? (uint16_t)(url->user_len + 1) : 0;
    uint16_t kept = (uint16_t)(url->host_at - shift);

    memmove(out->text, url->text, kept);
    memmove(out->text + kept, url->text + url->host_at,
            (size_t)(url->path_at - url->host_at));
    out->has_user = false;
    out->user_at = out->user_len = 0;
    out->host_at = kept;
    return shift;
}

/* Removing and unescaping only shorten, so no length is checked. */
void url_canonical(struct url *out, const struct url *url)
{
    /* `out` may be `url`: what is needed later is read before it is written */
    size_t path_at = url->path_at, path_len = url->path_len;
    size_t query_at = url->query_at, query_len = url->query_len;
    size_t len = path_at;

    len -= copy_head(out, url);
    out->scheme = url->scheme;
    out->host_len = url->host_len;
    out->port = url->port;
    out->port_given = url->port_given;
    out->host_is_ipv4 = url->host_is_ipv4;
    out->host_is_ipv6 = url->host_is_ipv6;

    out->path_at = (uint16_t)len;
    len += normalise_escapes(out->text + len, url->text + path_at, path_len);
    out->path_len = (uint16_t)(len - out->path_at);

    out->has_query = url->has_query;
    out->query_at = out->query_len = 0;
    if (out->has_query) {
        out->text[len++] = '?';
        out->query_at = (uint16_t)len;
        len +=
            normalise_escapes(out->text + len, url->text + query_at, query_len);
        out->query_len = (uint16_t)(len - out->query_at);
    }
    out->fragment_at = out->fragment_len = 0;
    out->has_fragment = false;
    out->len = (uint16_t)len;
    out->text[len] = '\0';
}

/* The host is written as the URL has it: it is in its canonical form already.
 */
size_t url_host_key(const struct url *url, char *out, size_t cap)
{
    size_t scheme_len = url->scheme == URL_HTTPS ? 8 : 7;
    char port[URL_NUMBER_DIGITS];
    size_t port_len = url_format_number(url->port, port);
    size_t len = scheme_len + url->host_len + 1 + port_len;

    if (len >= cap)
        return 0;
    memcpy(out, url->text, scheme_len);
    memcpy(out + scheme_len, url->text + url->host_at, url->host_len);
    out[scheme_len + url->host_len] = ':';
    memcpy(out + len - port_len, port, port_len);
    out[len] = '\0';
    return len;
}

bool url_host_is_below(struct bytes host, struct bytes domain)
{
    const char *at = domain.data, *name = host.data;
    size_t len = domain.len;

    if (len > 0 && *at == '.') {
        at++;
        len--;
    }
    if (len == 0 || len > host.len ||
        strncasecmp(name + host.len - len, at, len) != 0)
        return false;
    return len == host.len || name[host.len - len - 1] == '.';
}

bool url_port_is_bad(uint16_t port)
{
    static const uint16_t bad[] = {
        0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,    22,
        23,   25,   37,   42,   43,   53,   69,   77,   79,   87,   95,    101,
        102,  103,  104,  109,  110,  111,  113,  115,  117,  119,  123,   135,
        137,  139,  143,  161,  179,  389,  427,  465,  512,  513,  514,   515,
        526,  530,  531,  532,  540,  548,  554,  556,  563,  587,  601,   636,
        989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045, 4190,  5060,
        5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (bad[i] == port)
            return true;
    return false;
}
