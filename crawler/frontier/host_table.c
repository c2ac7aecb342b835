/*
 * Hosts in memory, by id: those whose lease is ours. Their number is bounded;
 * only the target of a redirect may come on top, one for each fetch in flight.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

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

/* The clock begins anew with each lease, but for what storage remembers:
 * failures in a row, and the pause that lease.c restores. */
struct host *host_new(struct frontier *frontier,
                      const struct host_record *record)
{
    struct host *host = xcalloc(1, sizeof(*host));

    host->id = record->host_id;
    host->key = xmemdup0(record->key.data, record->key.len);
    host->is_listed = record->listed;
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
