/* Makes the key of a URL, see surt.h. */
#include "storage/sink/surt.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/unfilled.h"

#define PARTS_MAX (SURT_URL_BYTES + 1) /* of a query, empty ones too */

/* A text that is being changed. */
struct text {
    size_t len;
    char data[SURT_URL_BYTES];
};

/* ---- escapes ---- */

static int digit_value(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Undoes the escapes of `from`, also those that come of it. One begins with its
 * '%' alone, so that looking at the end of what is there finds each. */
static void unescape(struct text *to, struct bytes from)
{
    const char *text = from.data;

    to->len = 0;
    for (size_t i = 0; i < from.len; i++) {
        to->data[to->len++] = text[i];
        while (to->len >= 3) {
            char *end = to->data + to->len;
            if (end[-3] != '%' || digit_value(end[-2]) < 0 ||
                digit_value(end[-1]) < 0)
                break;
            end[-3] = (char)(digit_value(end[-2]) << 4 | digit_value(end[-1]));
            to->len -= 2;
        }
    }
}

/* Appends a text in lower case, each byte escaped that has to be. */
static enum err add_escaped(struct buf *key, const char *text, size_t len)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < len && !err; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c > 0x20 && c < 0x7f && c != '#' && c != '%')
            err = buf_add_byte(key, (unsigned char)tolower(c));
        else
            err = buf_addf(key, "%%%02x", c);
    }
    return err;
}

/* ---- host ---- */

/* Passes over "www.", "www2." at the front. */
static struct bytes strip_www(struct bytes host)
{
    const char *text = host.data;
    size_t at = 3;

    if (host.len < 4 || memcmp(text, "www", 3) != 0)
        return host;
    while (at < host.len && isdigit((unsigned char)text[at]))
        at++;
    if (at + 1 >= host.len || text[at] != '.')
        return host;
    return (struct bytes){text + at + 1, host.len - at - 1};
}

/* Appends the labels from right to left; empty ones are left out. */
static enum err add_host(struct buf *key, struct bytes host)
{
    const char *text = host.data;
    size_t end = host.len;
    bool is_first = true;
    enum err err = CERR_OK;

    if (host.len > 0 && text[0] == '[')
        return buf_add(key, text, host.len);
    while (end > 0 && !err) {
        size_t at = end;
        while (at > 0 && text[at - 1] != '.')
            at--;
        if (end > at && !is_first)
            err = buf_add_byte(key, ',');
        if (end > at && !err)
            err = buf_add(key, text + at, end - at);
        is_first &= end == at;
        end = at > 0 ? at - 1 : 0;
    }
    return err;
}

static bool is(struct bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* ---- path ---- */

/* Takes out dot segments, and the slashes of empty ones. */
static void normalize(struct text *path)
{
    size_t from = 0, to = 0;

    while (from < path->len) {
        const char *segment = path->data + from + 1; /* behind its slash */
        size_t left = path->len - from - 1;
        const char *slash = memchr(segment, '/', left);
        size_t len = slash ? (size_t)(slash - segment) : left;
        bool is_last = !slash;

        from += 1 + len;
        if ((len == 0 && !is_last) || (len == 1 && segment[0] == '.'))
            continue;
        if (len == 2 && segment[0] == '.' && segment[1] == '.') {
            while (to > 0 && path->data[--to] != '/')
                ;
            continue;
        }
        path->data[to++] = '/';
        memmove(path->data + to, segment, len);
        to += len;
    }
    path->len = to;
}

/* Whether 24 letters or digits stand at the front. */
static bool is_session_id(const char *text, size_t len)
{
    size_t nr = 0;

    while (nr < len && nr < 24 && isalnum((unsigned char)text[nr]))
        nr++;
    return nr == 24;
}

/* The length of "S(24 of them)" as often as it stands there. */
static size_t named_ids_len(const char *text, size_t len)
{
    size_t at = 0;

    while (len - at >= 27 && isalpha((unsigned char)text[at]) &&
           text[at + 1] == '(' && is_session_id(text + at + 2, len - at - 2) &&
           text[at + 26] == ')')
        at += 27;
    return at;
}

/* The length of "(24 letters or digits)/" or "(S(24 of them)...)/"; 0: no such
 * thing stands there. */
static size_t session_len(const char *text, size_t len)
{
    size_t inner;

    if (len < 27 || text[0] != '(')
        return 0;
    inner = is_session_id(text + 1, len - 1) ? 24
                                             : named_ids_len(text + 1, len - 1);
    if (inner == 0 || len < inner + 3 || text[inner + 1] != ')' ||
        text[inner + 2] != '/')
        return 0;
    return inner + 3;
}

/* Takes the session key of ASP.NET out of the path of an .aspx page. */
static void strip_path_session(struct text *path)
{
    if (!memmem(path->data, path->len, ".aspx", 5) &&
        !memmem(path->data, path->len, ".ASPX", 5))
        return;
    for (size_t at = 1; at < path->len; at++) {
        size_t len = path->data[at - 1] == '/'
                         ? session_len(path->data + at, path->len - at)
                         : 0;
        if (len == 0)
            continue;
        memmove(path->data + at, path->data + at + len, path->len - at - len);
        path->len -= len;
        return;
    }
}

static enum err add_path(struct buf *key, struct bytes from)
{
    UNFILLED struct text path;
    enum err err;

    unescape(&path, from);
    normalize(&path);
    strip_path_session(&path);
    if (path.len > 1 && path.data[path.len - 1] == '/')
        path.len--;
    err = path.len == 0 ? buf_add_byte(key, '/') : CERR_OK;
    return err ? err : add_escaped(key, path.data, path.len);
}

/* ---- query ---- */

static bool is_of(char c, const char *set)
{
    bool is_letter = isalpha((unsigned char)c);

    return set[0] == 'a' ? is_letter : is_letter || isdigit((unsigned char)c);
}

/* A session key: a name, so many letters ("a") or letters and digits ("n")
 * behind it, '=', and so many of the value. */
static const struct session_key {
    const char *name, *set;
    size_t nr_more, nr_value;
} session_keys[] = {
    {"jsessionid", "n", 0, 32},
    {"phpsessid", "n", 0, 32},
    {"sid", "n", 0, 32},
    {"aspsessionid", "a", 8, 24},
};

/* The length of such a key at the front of a text; 0: there is none. It ends
 * the query, or '&' follows. */
static size_t key_len(const struct session_key *key, const char *text,
                      size_t len)
{
    size_t name_len = strlen(key->name), at = name_len + key->nr_more;
    size_t need = at + 1 + key->nr_value;

    if (len < need || strncasecmp(text, key->name, name_len) != 0 ||
        text[at] != '=' || (len > need && text[need] != '&'))
        return 0;
    for (size_t i = name_len; i < need; i++)
        if (i != at && !is_of(text[i], key->set))
            return 0;
    return need;
}

/* The same for "cfid=1&cftoken=2" of ColdFusion. */
static size_t cold_fusion_len(const char *text, size_t len)
{
    const char *next = len > 5 ? memchr(text, '&', len) : NULL;
    size_t first_len = next ? (size_t)(next - text) : 0, value_len = 0;

    if (first_len < 6 || strncasecmp(text, "cfid=", 5) != 0 ||
        len - first_len < 10 || strncasecmp(next, "&cftoken=", 9) != 0)
        return 0;
    while (first_len + 9 + value_len < len && next[9 + value_len] != '&')
        value_len++;
    return value_len > 0 ? first_len + 9 + value_len : 0;
}

/* Takes the last session key of each kind out, with the '&' behind it. */
static void strip_query_sessions(struct text *query)
{
    size_t nr_kinds = sizeof(session_keys) / sizeof(*session_keys);

    for (size_t kind = 0; kind <= nr_kinds; kind++)
        for (size_t at = query->len; at-- > 0;) {
            char *text = query->data + at;
            size_t left = query->len - at;
            size_t len = kind < nr_kinds
                             ? key_len(&session_keys[kind], text, left)
                             : cold_fusion_len(text, left);
            if (len == 0)
                continue;
            len += len < left; /* the '&' */
            memmove(text, text + len, left - len);
            query->len -= len;
            break;
        }
}

/* Orders by name, and then by value; a name without '=' comes first. */
static int compare_parts(const void *a, const void *b)
{
    const struct bytes *left = a, *right = b;
    const char *x = left->data, *y = right->data;
    size_t i = 0;

    for (; i < left->len && i < right->len; i++) {
        if (x[i] == y[i])
            continue;
        if (x[i] == '=' && !memchr(x, '=', i))
            return -1;
        if (y[i] == '=' && !memchr(y, '=', i))
            return 1;
        return (unsigned char)x[i] < (unsigned char)y[i] ? -1 : 1;
    }
    return left->len < right->len ? -1 : left->len > right->len;
}

static enum err add_sorted(struct buf *key, const struct text *query)
{
    struct bytes *parts = malloc(PARTS_MAX * sizeof(*parts));
    const char *at = query->data, *end = query->data + query->len;
    size_t nr = 0;
    enum err err = parts ? CERR_OK : CERR_NOMEM;

    while (!err) {
        const char *next = memchr(at, '&', (size_t)(end - at));
        parts[nr++] = (struct bytes){at, (size_t)((next ? next : end) - at)};
        if (!next)
            break;
        at = next + 1;
    }
    if (!err)
        qsort(parts, nr, sizeof(*parts), compare_parts);
    for (size_t i = 0; i < nr && !err; i++) {
        err = buf_add_byte(key, i == 0 ? '?' : '&');
        if (!err)
            err = add_escaped(key, parts[i].data, parts[i].len);
    }
    free(parts);
    return err;
}

static enum err add_query(struct buf *key, struct bytes from)
{
    UNFILLED struct text query;

    unescape(&query, from);
    strip_query_sessions(&query);
    for (size_t i = 0; i < query.len; i++)
        query.data[i] = (char)tolower((unsigned char)query.data[i]);
    return query.len > 0 ? add_sorted(key, &query) : CERR_OK;
}

/* ---- the whole ---- */

/* The parts of a URL behind its "://". */
struct parts {
    struct bytes host, port, path, query; /* query: with its '?' */
};

static struct bytes between(const char *from, const char *to)
{
    return (struct bytes){from, (size_t)(to - from)};
}

static void split(struct parts *parts, const char *at, const char *end)
{
    const char *path = at, *port, *query;

    while (path < end && *path != '/' && *path != '?')
        path++;
    query = path < end ? memchr(path, '?', (size_t)(end - path)) : NULL;
    if (!query)
        query = end;
    port = path;
    while (port > at && isdigit((unsigned char)port[-1]))
        port--;
    if (port == at || port[-1] != ':')
        port = path;
    *parts = (struct parts){
        .host = between(at, port < path ? port - 1 : path),
        .port = between(port, path),
        .path = between(path, query),
        .query = between(query, end),
    };
}

static enum err add_port(struct buf *key, struct bytes port, bool is_https)
{
    if (port.len == 0 || is(port, is_https ? "443" : "80"))
        return CERR_OK;
    return buf_addf(key, ":%.*s", (int)port.len, (const char *)port.data);
}

enum err surt_add(struct buf *key, struct bytes url)
{
    const char *text = url.data;
    const char *host = memmem(text, url.len, "://", 3);
    bool is_https = url.len > 8 && memcmp(text, "https://", 8) == 0;
    struct parts parts;
    enum err err;

    if (url.len > SURT_URL_BYTES)
        return CERR_TOO_BIG;
    if (!host)
        return buf_add(key, text, url.len);
    split(&parts, host + 3, text + url.len);
    err = add_host(key, strip_www(parts.host));
    if (!err)
        err = add_port(key, parts.port, is_https);
    if (!err)
        err = buf_add_byte(key, ')');
    if (!err)
        err = add_path(key, parts.path);
    if (!err && parts.query.len > 1)
        err = add_query(
            key, between((const char *)parts.query.data + 1, text + url.len));
    return err;
}
