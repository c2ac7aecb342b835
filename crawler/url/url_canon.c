/*
 * url_canon: what makes two URLs one resource for us, and the host's key.
 *
 * The text only ever becomes shorter, so it is rewritten from left to right,
 * in place if need be.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/url/url_internal.h"

/* A parameter of a query: where it stands and how long it is. */
struct param {
    uint16_t at, len;
};

size_t url_format_number(uint16_t number, char out[URL_NUMBER_DIGITS])
{
    size_t len = number < 10      ? 1
                 : number < 100   ? 2
                 : number < 1000  ? 3
                 : number < 10000 ? 4
                                  : 5;

    for (size_t i = len; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
    return len;
}

/* The byte that an escape at `at` stands for, or -1 if there is no escape. */
static int escaped_byte(const char *at, const char *end)
{
    int high, low;

    if (end - at < 3 || *at != '%')
        return -1;
    high = url_hex_value((unsigned char)at[1]);
    low = url_hex_value((unsigned char)at[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

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
        int byte = escaped_byte(from, end);
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

static size_t name_len(const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);

    return equals ? (size_t)(equals - text) : len;
}

/* By name, and by place where names are equal. */
static int compare_params(const void *left, const void *right, void *text)
{
    const struct param *a = left, *b = right;
    const char *a_text = (const char *)text + a->at;
    const char *b_text = (const char *)text + b->at;
    size_t a_len = name_len(a_text, a->len), b_len = name_len(b_text, b->len);
    int order = memcmp(a_text, b_text, a_len < b_len ? a_len : b_len);

    if (order != 0)
        return order;
    if (a_len != b_len)
        return a_len < b_len ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

static bool is_dropped(const char *text, size_t len,
                       const struct url_canonical_options *options)
{
    size_t name = name_len(text, len);

    for (size_t i = 0; i < options->nr_drop_keys; i++) {
        const char *key = options->drop_keys[i];
        size_t key_len = strlen(key);
        bool is_prefix = key_len > 0 && key[key_len - 1] == '*';

        key_len -= is_prefix;
        if ((is_prefix ? name >= key_len : name == key_len) &&
            memcmp(text, key, key_len) == 0)
            return true;
    }
    return false;
}

/* Finds the parameters that stay; empty ones do not. */
static size_t split_query(const char *query, size_t len, struct param *params,
                          const struct url_canonical_options *options)
{
    size_t nr = 0;

    for (size_t at = 0; at < len;) {
        const char *amp = memchr(query + at, '&', len - at);
        size_t end = amp ? (size_t)(amp - query) : len;

        if (end > at && !is_dropped(query + at, end - at, options)) {
            params[nr].at = (uint16_t)at;
            params[nr].len = (uint16_t)(end - at);
            nr++;
        }
        at = end + 1;
    }
    return nr;
}

static bool rewrites_query(const struct url_canonical_options *options)
{
    return options && (options->sort_query || options->nr_drop_keys > 0);
}

/* Applies the options to a query, in place. */
static size_t rewrite_query(char *query, size_t len,
                            const struct url_canonical_options *options)
{
    struct param params[URL_BYTES_MAX / 2 + 1];
    char old[URL_BYTES_MAX];
    size_t nr, used = 0;

    memcpy(old, query, len);
    nr = split_query(old, len, params, options);
    if (options->sort_query)
        qsort_r(params, nr, sizeof(params[0]), compare_params, old);
    for (size_t i = 0; i < nr; i++) {
        if (i > 0)
            query[used++] = '&';
        memcpy(query + used, old + params[i].at, params[i].len);
        used += params[i].len;
    }
    return used;
}

/* Copies everything before the path. Returns how far the text moved left. */
static size_t copy_head(struct url *out, const struct url *url, bool keep_user)
{
    bool drop_user = url->has_user && !keep_user;
    uint16_t user_end = (uint16_t)(url->user_at + url->user_len + 1);
    uint16_t shift = drop_user ? (uint16_t)(user_end - url->user_at) : 0;
    uint16_t kept = drop_user ? url->user_at : url->host_at;

    memmove(out->text, url->text, kept);
    memmove(out->text + kept, url->text + kept + shift,
            (size_t)(url->path_at - kept - shift));
    out->has_user = url->has_user && keep_user;
    out->user_at = out->has_user ? url->user_at : 0;
    out->user_len = out->has_user ? url->user_len : 0;
    out->host_at = (uint16_t)(url->host_at - shift);
    return shift;
}

enum url_error url_canonical(struct url *out, const struct url *url,
                             const struct url_canonical_options *options)
{
    /* `out` may be `url`: what is needed later is read before it is written */
    size_t path_at = url->path_at, path_len = url->path_len;
    size_t query_at = url->query_at, query_len = url->query_len;
    bool has_query = url->has_query;
    size_t len = path_at;

    len -= copy_head(out, url, options && options->keep_user);
    out->scheme = url->scheme;
    out->host_len = url->host_len;
    out->port = url->port;
    out->port_given = url->port_given;
    out->host_is_ipv4 = url->host_is_ipv4;
    out->host_is_ipv6 = url->host_is_ipv6;

    out->path_at = (uint16_t)len;
    len += normalise_escapes(out->text + len, url->text + path_at, path_len);
    out->path_len = (uint16_t)(len - out->path_at);

    out->query_at = out->query_len = 0;
    if (has_query) {
        char *query = out->text + len + 1;
        size_t used = normalise_escapes(query, url->text + query_at, query_len);

        out->text[len] = '?';
        if (used > 0 && rewrites_query(options)) {
            used = rewrite_query(query, used, options);
            has_query = used > 0;
        }
        if (has_query) {
            out->query_at = (uint16_t)(len + 1);
            out->query_len = (uint16_t)used;
            len += 1 + used;
        }
    }
    out->has_query = has_query;
    out->fragment_at = out->fragment_len = 0;
    out->has_fragment = false;
    out->len = (uint16_t)len;
    out->text[len] = '\0';
    return URL_OK;
}

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
