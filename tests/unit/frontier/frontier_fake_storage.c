#include "frontier_fake_storage.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/politeness/timer_heap.h"
#include "storage/leases.h"
#include "storage/results.h"
#include "storage/storage.h"

struct fake_url {
    int64_t hash;
    char *url; /* NULL: ended */
    int64_t line;
    enum url_kind kind;
    int depth, nr_hops;
    struct fake_url *next; /* of its host, ordered by hash */
};

struct fake_host {
    struct host_record record;
    char *key;
    bool held;
    struct fake_url *urls;
};

struct storage {
    struct hash_key hash_key;
    struct fake_host *hosts;
    struct fake_url *urls;
    size_t nr_hosts, cap_hosts, nr_urls, cap_urls, nr_ended, nr_passed;
    size_t *slots; /* host_id to index + 1 */
    size_t slot_mask;
    struct heap due; /* of hosts; stale entries are passed over */
    bool refuses;
    size_t refuse_at; /* of the URLs that are added next */
};

struct storage *fake_storage_new(size_t max_hosts, size_t max_urls)
{
    struct storage *storage = xcalloc(1, sizeof(*storage));
    size_t nr_slots = 2;

    while (nr_slots < 2 * max_hosts)
        nr_slots *= 2;
    storage->hash_key = (struct hash_key){1, 2};
    storage->cap_hosts = max_hosts;
    storage->cap_urls = max_urls;
    storage->hosts = xcalloc(max_hosts, sizeof(*storage->hosts));
    storage->urls = xcalloc(max_urls, sizeof(*storage->urls));
    storage->slots = xcalloc(nr_slots, sizeof(*storage->slots));
    storage->slot_mask = nr_slots - 1;
    return storage;
}

void fake_storage_free(struct storage *storage)
{
    for (size_t i = 0; i < storage->nr_urls; i++)
        free(storage->urls[i].url);
    for (size_t i = 0; i < storage->nr_hosts; i++)
        free(storage->hosts[i].key);
    free(storage->hosts);
    free(storage->urls);
    free(storage->slots);
    heap_release(&storage->due);
    free(storage);
}

size_t fake_storage_nr_to_do(const struct storage *storage)
{
    return storage->nr_urls - storage->nr_ended;
}

size_t fake_storage_nr_passed(const struct storage *storage)
{
    return storage->nr_passed;
}

/* The host, or the free slot's place for it. */
static struct fake_host *find_host(struct storage *storage, int64_t host_id,
                                   struct bytes key)
{
    size_t at = (uint64_t)host_id & storage->slot_mask;

    while (storage->slots[at]) {
        struct fake_host *host = &storage->hosts[storage->slots[at] - 1];
        if (host->record.host_id == host_id)
            return host;
        at = (at + 1) & storage->slot_mask;
    }
    assert(key.len && storage->nr_hosts < storage->cap_hosts);
    struct fake_host *host = &storage->hosts[storage->nr_hosts++];
    storage->slots[at] = storage->nr_hosts;
    host->key = xmemdup0(key.data, key.len);
    host->record.host_id = host_id;
    host->record.key = (struct bytes){host->key, key.len};
    host->record.due_at = STORAGE_HOST_IDLE;
    host->record.walk = HASH_RANGE_NONE;
    return host;
}

static struct fake_host *known_host(struct storage *storage, int64_t host_id)
{
    return find_host(storage, host_id, (struct bytes){NULL, 0});
}

static void set_due(struct storage *storage, struct fake_host *host,
                    int64_t due_at)
{
    host->record.due_at = due_at;
    if (due_at < STORAGE_HOST_IDLE)
        heap_add(&storage->due, due_at, host);
}

/* ---- what the frontier calls ---- */

const struct hash_key *storage_hash_key(const struct storage *storage)
{
    return &storage->hash_key;
}

void fake_storage_refuse(struct storage *storage, size_t nr)
{
    storage->refuses = true;
    storage->refuse_at = nr;
}

enum err storage_add_urls(struct storage *storage,
                          const struct url_record *urls, size_t nr_urls,
                          int64_t now_ms, enum storage_added *added)
{
    for (size_t i = 0; i < nr_urls; i++) {
        if (storage->refuses && i == storage->refuse_at) {
            storage->refuses = false;
            return CERR_NOMEM;
        }
        struct fake_host *host =
            find_host(storage, urls[i].key.host_id, urls[i].host_key);
        struct fake_url **link = &host->urls;
        assert(i == 0 || urls[i - 1].key.host_id < urls[i].key.host_id ||
               (urls[i - 1].key.host_id == urls[i].key.host_id &&
                urls[i - 1].key.url_hash < urls[i].key.url_hash));
        while (*link && (*link)->hash < urls[i].key.url_hash)
            link = &(*link)->next;
        added[i] = STORAGE_KNOWN;
        if (*link && (*link)->hash == urls[i].key.url_hash)
            continue;
        assert(storage->nr_urls < storage->cap_urls);
        struct fake_url *url = &storage->urls[storage->nr_urls++];
        *url = (struct fake_url){urls[i].key.url_hash,
                                 xmemdup0(urls[i].url.data, urls[i].url.len),
                                 urls[i].line,
                                 urls[i].kind,
                                 urls[i].depth,
                                 urls[i].nr_hops,
                                 *link};
        *link = url;
        added[i] = STORAGE_ADDED;
        host->record.listed |= url->line > 0;
        if (url->kind == URL_BULK)
            hash_range_add(&host->record.walk, hash_range_of(url->hash));
        if (host->record.due_at == STORAGE_HOST_IDLE && !host->held)
            set_due(storage, host, now_ms);
    }
    return CERR_OK;
}

static enum err lease(struct fake_host *host, int64_t now_ms,
                      const struct storage_taker *taker)
{
    host->held = true;
    host->record.token++;
    host->record.due_at = now_ms + STORAGE_LEASE_MS;
    return taker->on_host(taker->ctx, &host->record);
}

enum err storage_lease_hosts(struct storage *storage, int64_t now_ms,
                             size_t max_hosts,
                             const struct storage_taker *taker)
{
    enum err err = CERR_OK;

    while (max_hosts > 0 && !err) {
        int64_t due_at = heap_due_ms(&storage->due);
        struct fake_host *host = heap_take(&storage->due, now_ms);
        if (!host)
            break;
        if (host->record.due_at != due_at || host->held)
            continue;
        max_hosts--;
        err = lease(host, now_ms, taker);
    }
    return err;
}

enum err storage_lease_host(struct storage *storage, int64_t host_id,
                            struct bytes host_key, int64_t now_ms,
                            const struct storage_taker *taker)
{
    struct fake_host *host = find_host(storage, host_id, host_key);

    return host->held ? CERR_BUSY : lease(host, now_ms, taker);
}

/* Lists are all that a simulation has: every URL is bulk or a single line. */
static bool is_to_do(const struct fake_url *url, const struct url_place *place,
                     bool bulk)
{
    if ((url->kind == URL_BULK) != bulk)
        return true;
    if (bulk)
        return url->hash < place->walk.from || url->hash > place->walk.to;
    int order = url_order_of(url->kind, url->depth, url->nr_hops);
    return order < place->order ||
           (order == place->order && url->hash <= place->url_hash);
}

static enum err hand_out(int64_t host_id, const struct fake_url *url,
                         const struct storage_taker *taker)
{
    struct stored_url stored = {
        .key = {host_id, url->hash},
        .url = {url->url, strlen(url->url)},
        .listed = {"", 0},
        .line = url->line,
        .kind = url->kind,
        .depth = url->depth,
        .nr_hops = url->nr_hops,
        .etag = {"", 0},
        .last_modified = {"", 0},
    };

    return taker->on_url(taker->ctx, &stored);
}

enum err storage_refill_urls(struct storage *storage, int64_t host_id,
                             const struct url_place *place, size_t max_urls,
                             const struct storage_taker *taker)
{
    struct fake_host *host = known_host(storage, host_id);
    enum err err = CERR_OK;

    assert(host->held && max_urls > 0);
    for (int bulk = 1; bulk >= 0; bulk--) {
        struct fake_url *url = host->urls;
        for (; url && max_urls > 0 && !err; url = url->next) {
            if (is_to_do(url, place, bulk))
                continue;
            storage->nr_passed += !url->url;
            if (!url->url)
                continue;
            max_urls--;
            err = hand_out(host_id, url, taker);
        }
    }
    return err;
}

enum err storage_put_host(struct storage *storage,
                          const struct host_record *host)
{
    struct fake_host *known = known_host(storage, host->host_id);

    assert(known->held && known->record.token == host->token);
    return CERR_OK;
}

enum err storage_release_host(struct storage *storage,
                              const struct host_record *host)
{
    struct fake_host *known = known_host(storage, host->host_id);

    assert(known->held && known->record.token == host->token);
    known->held = false;
    known->record.walk = host->walk;
    set_due(storage, known, host->due_at);
    return CERR_OK;
}

enum err storage_renew_host(struct storage *storage, int64_t host_id,
                            int64_t token, int64_t now_ms)
{
    struct fake_host *host = known_host(storage, host_id);

    assert(host->held && host->record.token == token);
    assert(now_ms < host->record.due_at); /* in time */
    host->record.due_at = now_ms + STORAGE_LEASE_MS;
    return CERR_OK;
}

enum err storage_sweep(struct storage *storage, int64_t now_ms,
                       size_t *nr_woken)
{
    *nr_woken = 0;
    for (size_t i = 0; i < storage->nr_hosts; i++) {
        struct fake_host *host = &storage->hosts[i];
        struct fake_url *url = host->urls;
        while (url && !url->url)
            url = url->next;
        if (!url || host->held || host->record.due_at != STORAGE_HOST_IDLE)
            continue;
        set_due(storage, host, now_ms);
        (*nr_woken)++;
    }
    return CERR_OK;
}

enum err storage_next_due(struct storage *storage, int64_t *due_at)
{
    *due_at = STORAGE_HOST_IDLE;
    for (;;) {
        int64_t first = heap_due_ms(&storage->due);
        if (first == INT64_MAX)
            return CERR_OK;
        struct fake_host *host = storage->due.entries[0].what;
        if (host->record.due_at == first && !host->held) {
            *due_at = first;
            return CERR_OK;
        }
        heap_take(&storage->due, first); /* overtaken */
    }
}

bool fake_storage_end(struct storage *storage, struct url_key key)
{
    struct fake_url *url = known_host(storage, key.host_id)->urls;

    while (url && url->hash != key.url_hash)
        url = url->next;
    assert(url);
    if (!url->url)
        return false;
    free(url->url);
    url->url = NULL;
    storage->nr_ended++;
    return true;
}

enum err storage_count(struct storage *storage, struct storage_counts *counts)
{
    *counts = (struct storage_counts){
        .nr_urls = (int64_t)storage->nr_urls,
        .nr_ended = (int64_t)storage->nr_ended,
        .nr_hosts = (int64_t)storage->nr_hosts,
    };
    return CERR_OK;
}

enum err storage_add_refused(struct storage *storage,
                             const struct refusal_record *refusal)
{
    (void)storage;
    (void)refusal;
    return CERR_OK;
}

enum err storage_get_refused(struct storage *storage, int64_t host_id,
                             struct bytes rule, int64_t *nr_rows)
{
    (void)storage;
    (void)host_id;
    (void)rule;
    *nr_rows = 0;
    return CERR_OK;
}

/* A line that comes twice is no duplicate of itself; there are no others. */
enum err storage_put_line(struct storage *storage,
                          const struct line_record *line)
{
    struct fake_url *url = known_host(storage, line->same_as.host_id)->urls;

    while (url && url->hash != line->same_as.url_hash)
        url = url->next;
    return url && url->line == line->line ? CERR_OK : CERR_STATE;
}

/* ---- what a simulation never needs ---- */

enum err storage_begin_reading(struct storage *storage, int64_t number)
{
    (void)storage;
    (void)number;
    return CERR_STATE;
}

enum err storage_end_reading(struct storage *storage, bool whole,
                             struct storage_gone *gone)
{
    (void)storage;
    (void)whole;
    (void)gone;
    return CERR_STATE;
}

enum err storage_put_tries(struct storage *storage, struct url_key key,
                           int tries)
{
    (void)storage;
    (void)key;
    (void)tries;
    return CERR_OK;
}

enum err storage_bring_forward(struct storage *storage, struct url_key key,
                               int depth, int nr_hops, bool *is_moved)
{
    (void)storage;
    (void)key;
    (void)depth;
    (void)nr_hops;
    *is_moved = false;
    return CERR_STATE;
}

enum err storage_get_redirect(struct storage *storage, struct url_key key,
                              struct buf *to, bool *is_loop)
{
    (void)storage;
    (void)key;
    (void)to;
    *is_loop = false;
    return CERR_OK;
}

enum err storage_end_loops(struct storage *storage, int64_t *nr)
{
    (void)storage;
    *nr = 0;
    return CERR_OK;
}

enum err storage_put_event(struct storage *storage, int64_t now_ms,
                           const char *level, const char *what,
                           const char *detail)
{
    (void)storage;
    (void)now_ms;
    (void)level;
    (void)what;
    (void)detail;
    return CERR_OK;
}

enum err storage_put_attempt(struct storage *storage,
                             const struct attempt_record *attempt)
{
    (void)storage;
    (void)attempt;
    return CERR_OK;
}

enum err storage_count_found(struct storage *storage, int64_t host_id,
                             int64_t max, int64_t *nr)
{
    (void)storage;
    (void)host_id;
    (void)max;
    (void)nr;
    return CERR_STATE;
}

enum err storage_each_url(struct storage *storage, bool listed,
                          storage_url_fn fn, void *ctx)
{
    (void)listed;
    (void)storage;
    (void)fn;
    (void)ctx;
    return CERR_STATE;
}

enum err storage_each_landing(struct storage *storage, storage_landing_fn fn,
                              void *ctx)
{
    (void)storage;
    (void)fn;
    (void)ctx;
    return CERR_STATE;
}

enum err storage_host_is_listed(struct storage *storage, int64_t host_id,
                                bool *is_listed)
{
    (void)storage;
    (void)host_id;
    *is_listed = false;
    return CERR_OK;
}
