/*
 * Hosts in memory, by id: those whose lease is ours. Their number is bounded;
 * only the target of a redirect may come on top, one for each fetch in flight.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"
#include "crawler/scope/local_names.h"

void host_table_init(struct frontier *frontier)
{
    struct host_table *table = &frontier->hosts;
    size_t nr_buckets = 1;

    table->cap = FRONTIER_HOSTS_EACH * frontier->options.concurrency;
    if (table->cap < FRONTIER_HOSTS_MIN)
        table->cap = FRONTIER_HOSTS_MIN;
    while (nr_buckets < (size_t)table->cap)
        nr_buckets *= 2;
    table->buckets = xcalloc(nr_buckets, sizeof(struct host *));
    table->bucket_mask = nr_buckets - 1;
}

/* Frees a host; its items belong to the item table and are gone already. */
static void destroy_host(struct host *host)
{
    robots_admission_release(&host->robots);
    free(host->key);
    free(host);
}

/* Hosts that are still here were not given back; their leases run out in
 * storage. */
void host_table_release(struct frontier *frontier)
{
    struct host_table *table = &frontier->hosts;

    for (size_t i = 0; i <= table->bucket_mask; i++) {
        struct host *next;
        for (struct host *host = table->buckets[i]; host; host = next) {
            next = host->hash_next;
            destroy_host(host);
        }
    }
    free(table->buckets);
}

/* The id of a host is a keyed hash itself, so its low bits choose the bucket.
 */
static struct host **bucket_of(struct host_table *table, int64_t host_id)
{
    return &table->buckets[(uint64_t)host_id & table->bucket_mask];
}

struct host *host_find(struct frontier *frontier, int64_t host_id)
{
    struct host *host = *bucket_of(&frontier->hosts, host_id);

    while (host && host->id != host_id)
        host = host->hash_next;
    return host;
}

/* The name in a host's key, "http://name:80". */
static struct bytes name_of(struct bytes key)
{
    const char *at = memmem(key.data, key.len, "://", 3);
    const char *end = memrchr(key.data, ':', key.len);

    assert(at && end && end > at);
    return (struct bytes){at + 3, (size_t)(end - at) - 3};
}

/* The clock begins anew with each lease, but for what storage remembers:
 * failures in a row, and the pause that lease.c restores. */
struct host *host_new(struct frontier *frontier,
                      const struct host_record *record)
{
    struct host *host = xcalloc(1, sizeof(*host));

    host->id = record->host_id;
    host->key = xmemdup0(record->key.data, record->key.len);
    host->is_listed = record->listed;
    host->has_local_name =
        local_names_has(frontier->options.local_names, name_of(record->key));
    host->lease.token = record->token;
    host->walk.batch = FRONTIER_BATCH_MIN;
    host->walk.place = URL_PLACE_FIRST;
    host->walk.place.walk = record->walk;
    host->walk.missed = HASH_RANGE_NONE;
    host_rules_find(&frontier->options, record->key, &host->rules);
    host_clock_init(&host->clock, &host->rules.limits);
    host->clock.nr_errors = record->nr_errors;
    if (record->nr_errors > 0)
        host->clock.status = HOST_STATUS_UNKNOWN;

    struct host **bucket = bucket_of(&frontier->hosts, host->id);
    host->hash_next = *bucket;
    *bucket = host;
    frontier->hosts.nr++;
    return host;
}

void host_free(struct frontier *frontier, struct host *host)
{
    struct host **link = bucket_of(&frontier->hosts, host->id);

    while (*link != host)
        link = &(*link)->hash_next;
    *link = host->hash_next;
    frontier->hosts.nr--;
    if (host->robots.rules)
        frontier->hosts.rules_bytes -= robots_bytes(host->robots.rules);
    destroy_host(host);
}

/*
 * ---- private addresses ----
 *
 * A host that the list does not name may have one where it is a listed host by
 * another port. A listed http://wiki/ is https://wiki/ as well, each on its
 * default port; and it is what its own redirects lead to under the same name.
 * The guard refuses first, which costs no packet; then it is asked here, so
 * that public hosts pay nothing for this.
 */

static bool has_name_of(struct bytes a, struct bytes b)
{
    struct bytes left = name_of(a), right = name_of(b);

    return left.len == right.len &&
           memcmp(left.data, right.data, left.len) == 0;
}

static struct bytes key_of(const struct host *host)
{
    return (struct bytes){host->key, strlen(host->key)};
}

/* Whether the host is on the default port of its scheme. */
static bool has_default_port(struct bytes key)
{
    const char *end = (const char *)key.data + key.len;
    bool is_https = key.len > 5 && ((const char *)key.data)[4] == 's';

    return is_https ? memcmp(end - 4, ":443", 4) == 0
                    : memcmp(end - 3, ":80", 3) == 0;
}

/* The set is small: hosts on default ports are known without it. */
void private_note(struct frontier *frontier, struct bytes from,
                  const struct keyed_url *to)
{
    struct own_ports *ports = &frontier->own_ports;

    if (!has_name_of(from, to->host_key) ||
        (has_default_port(from) && has_default_port(to->host_key)) ||
        private_knows(frontier, to->key.host_id) ||
        ports->nr == FRONTIER_OWN_PORTS)
        return;
    if (!ports->host_ids)
        ports->host_ids = xcalloc(FRONTIER_OWN_PORTS, sizeof(*ports->host_ids));
    ports->host_ids[ports->nr++] = to->key.host_id;
}

void private_note_redirect(struct frontier *frontier, const struct host *from,
                           const struct keyed_url *to)
{
    if (from->id != to->key.host_id && host_may_be_private(from))
        private_note(frontier, key_of(from), to);
}

bool private_knows(const struct frontier *frontier, int64_t host_id)
{
    const struct own_ports *ports = &frontier->own_ports;

    for (size_t i = 0; i < ports->nr; i++)
        if (ports->host_ids[i] == host_id)
            return true;
    return false;
}

/* Makes the key of the same name under the other scheme, where both are on
 * their default ports; returns false for other ports. */
static bool other_scheme(struct bytes key, char other[URL_HOST_KEY_BYTES],
                         struct bytes *out)
{
    static const char *const begins[] = {"http://", "https://"};
    static const char *const ends[] = {":80", ":443"};
    struct bytes name = name_of(key);

    for (int i = 0; i < 2; i++) {
        size_t end_len = strlen(ends[i]);

        if (key.len != strlen(begins[i]) + name.len + end_len ||
            memcmp(key.data, begins[i], strlen(begins[i])) != 0 ||
            memcmp((const char *)name.data + name.len, ends[i], end_len) != 0)
            continue;
        int len = snprintf(other, URL_HOST_KEY_BYTES, "%s%.*s%s", begins[1 - i],
                           (int)name.len, (const char *)name.data, ends[1 - i]);
        *out = (struct bytes){other, (size_t)len};
        return len < URL_HOST_KEY_BYTES;
    }
    return false;
}

/* Whether the host is listed under its other scheme. */
static enum err is_listed_otherwise(struct frontier *frontier,
                                    const struct host *host, bool *is_listed)
{
    char text[URL_HOST_KEY_BYTES];
    struct bytes other;

    if (!other_scheme(key_of(host), text, &other))
        return CERR_OK;
    int64_t id = url_key_of(frontier->hash_key, other, other).host_id;
    const struct host *known = host_find(frontier, id);
    if (known) {
        *is_listed = known->is_listed;
        return CERR_OK;
    }
    return storage_host_is_listed(frontier->storage, id, is_listed);
}

enum err private_permit(struct frontier *frontier, struct host *host,
                        bool *is_permitted)
{
    enum err err = CERR_OK;

    *is_permitted = false;
    if (host_may_be_private(host) || !host->has_local_name)
        return CERR_OK; /* another reason has refused it */
    if (private_knows(frontier, host->id))
        *is_permitted = true;
    else
        err = is_listed_otherwise(frontier, host, is_permitted);
    host->is_own_port = *is_permitted;
    return err;
}
