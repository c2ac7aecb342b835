/*
 * Ids are found by their names, see session_keys.h. A canonical URL has no
 * fragment, and its path is in front of the first '?'.
 */
#include "crawler/scope/session_keys.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hash_set.h"
#include "base/unfilled.h"
#include "base/xalloc.h"

#define HOSTS_FIRST 64 /* slots at the start; a power of two */

#define LONG_VALUE 8 /* bytes: a shorter value may be the number of a thing */

/* The names under which servers put ids into URLs, in any case of letters.
 * Those that are not sure name other things as well: "sid", a story. */
static const struct {
    const char *name;
    bool is_sure;
} names[] = {
    {"jsessionid", true}, {"phpsessid", true},    {"sid", false},
    {"sessionid", true},  {"session_id", true},   {"sessid", true},
    {"session", false},   {"aspsessionid", true}, {"cfid", false},
    {"cftoken", true},    {"oscsid", true},       {"zenid", true},
    {"s_id", false},      {"sesskey", true},
};

/* A page that came with an id, without it. */
struct seen_page {
    uint64_t hash; /* of the URL without the id; of the page as well, where the
                      id is sure to be one; 0: empty */
    uint64_t with; /* of the URL with it */
    uint64_t page; /* 0: pages differ, so that it is no id */
};

struct session_keys {
    struct hash_key key;
    struct hash_set hosts; /* whose ids are taken out */
    struct seen_page pages[SESSION_KEYS_PAGES];
};

struct session_keys *session_keys_new(const struct hash_key *key)
{
    struct session_keys *keys = xcalloc(1, sizeof(*keys));

    keys->key = *key;
    hash_set_init(&keys->hosts, HOSTS_FIRST);
    return keys;
}

void session_keys_free(struct session_keys *keys)
{
    if (!keys)
        return;
    hash_set_release(&keys->hosts);
    free(keys);
}

/* ---- texts ---- */

/* Whether a part of a query or path, "name=value", is an id. *is_sure becomes
 * false where it may be none. */
static bool is_id(const char *part, size_t len, bool *is_sure)
{
    const char *equals = memchr(part, '=', len);
    size_t name_len = equals ? (size_t)(equals - part) : 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strlen(names[i].name) == name_len &&
            strncasecmp(names[i].name, part, name_len) == 0) {
            *is_sure &= names[i].is_sure || len - name_len > LONG_VALUE;
            return true;
        }
    return false;
}

/* Copies the path, in which ids stand behind ';'. */
static size_t copy_path(const char *at, const char *end, char *out,
                        bool *is_sure)
{
    size_t len = 0;

    while (at < end) {
        const char *next = at + 1;

        while (next < end && *next != ';' && *next != '/')
            next++;
        if (*at != ';' || !is_id(at + 1, (size_t)(next - at) - 1, is_sure)) {
            memcpy(out + len, at, (size_t)(next - at));
            len += (size_t)(next - at);
        }
        at = next;
    }
    return len;
}

/* Copies the query, from its '?' on. An empty one is left out if an id was all
 * that it had. */
static size_t copy_query(const char *at, const char *end, char *out,
                         bool *is_sure)
{
    bool has_id = false;
    size_t len = 0;

    while (at < end) { /* at '?' or '&' */
        const char *next = at + 1;

        while (next < end && *next != '&')
            next++;
        if (is_id(at + 1, (size_t)(next - at) - 1, is_sure)) {
            has_id = true;
        } else {
            out[len] = len == 0 ? '?' : '&';
            memcpy(out + len + 1, at + 1, (size_t)(next - at) - 1);
            len += (size_t)(next - at);
        }
        at = next;
    }
    return has_id && len == 1 ? 0 : len;
}

static size_t strip(struct bytes url, char *out, bool *is_sure)
{
    const char *text = url.data, *const end = text + url.len;
    const char *query = memchr(text, '?', url.len);

    *is_sure = true;
    query = query ? query : end;
    size_t len = copy_path(text, query, out, is_sure);
    return len + copy_query(query, end, out + len, is_sure);
}

size_t session_keys_strip(struct bytes url, char *out)
{
    bool is_sure;

    return strip(url, out, &is_sure);
}

/* ---- pages ---- */

/* Whether the page was seen under another id. What may be no id must not be
 * known to make a difference. */
static bool is_same_page(struct seen_page *slot, const struct seen_page *page)
{
    if (slot->hash != page->hash) {
        *slot = *page;
        return false;
    }
    if (slot->with == page->with)
        return false;
    if (slot->page != page->page)
        slot->page = 0;
    return slot->page != 0;
}

bool session_keys_note(struct session_keys *keys, int64_t host_id,
                       struct bytes url, uint64_t page)
{
    UNFILLED char plain[URL_BYTES_MAX];
    bool is_sure;
    size_t len = strip(url, plain, &is_sure);

    if (len == url.len || keys->hosts.nr >= SESSION_KEYS_HOSTS ||
        session_keys_have(keys, host_id))
        return false;
    uint64_t hash = hash_sip(&keys->key, plain, len);
    if (is_sure)
        hash ^= page * UINT64_C(0x9E3779B97F4A7C15);
    struct seen_page seen = {
        .hash = hash,
        .with = hash_sip(&keys->key, url.data, url.len),
        .page = page | 1,
    };
    if (!is_same_page(&keys->pages[hash % SESSION_KEYS_PAGES], &seen))
        return false;
    hash_set_add(&keys->hosts, (uint64_t)host_id);
    return true;
}

/* Most crawls have none, so that is asked first. */
bool session_keys_have(const struct session_keys *keys, int64_t host_id)
{
    return keys->hosts.nr > 0 && hash_set_has(&keys->hosts, (uint64_t)host_id);
}
