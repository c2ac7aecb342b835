/*
 * The two tables in memory: URLs (items) by key and by id, hosts (hosts) by
 * id. Both are bounded when the frontier opens; a slot keeps its text's
 * memory, so that in the long run no URL costs an allocation.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

static size_t power_of_two(size_t least)
{
    size_t size = 1;

    while (size < least)
        size *= 2;
    return size;
}

void table_init(struct frontier *frontier)
{
    int hosts = FRONTIER_HOSTS_EACH * frontier->options.concurrency;

    if (hosts < FRONTIER_HOSTS_MIN)
        hosts = FRONTIER_HOSTS_MIN;
    frontier->cap_hosts = hosts;
    frontier->cap_urls = (uint32_t)hosts * FRONTIER_ITEMS_EACH;
    /* one more for the robots.txt of each host; redirects lead to further
     * hosts, one for each fetch in flight at most */
    frontier->cap_items = frontier->cap_urls + (uint32_t)hosts +
                          (uint32_t)frontier->options.concurrency;
    /* Pages of slots that are never used are never touched. */
    frontier->items = xcalloc(frontier->cap_items, sizeof(struct item));

    size_t nr = power_of_two(frontier->cap_items);
    frontier->item_buckets = xcalloc(nr, sizeof(struct item *));
    frontier->bucket_mask = nr - 1;
    nr = power_of_two((size_t)hosts);
    frontier->host_buckets = xcalloc(nr, sizeof(struct host *));
    frontier->host_mask = nr - 1;
}

static void free_chain(struct chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; i < chain->nr_hops; i++)
        free(chain->texts[i]);
    free(chain);
}

static void destroy_host(struct host *host)
{
    robots_free(host->robots);
    free(host->robots_detail);
    free(host->key);
    free(host);
}

void table_release(struct frontier *frontier)
{
    for (uint32_t i = 0; i < frontier->nr_slots; i++) {
        free_chain(frontier->items[i].chain);
        free(frontier->items[i].text);
    }
    free(frontier->items);
    free(frontier->item_buckets);
    for (size_t i = 0; i <= frontier->host_mask; i++) {
        struct host *next;
        for (struct host *host = frontier->host_buckets[i]; host; host = next) {
            next = host->hash_next;
            destroy_host(host);
        }
    }
    free(frontier->host_buckets);
}

/* ---- items ---- */

static struct item **item_bucket(struct frontier *frontier, struct url_key key)
{
    uint64_t mix = (uint64_t)key.url_hash ^ ((uint64_t)key.host_id << 1);
    return &frontier->item_buckets[mix & frontier->bucket_mask];
}

static bool same_key(struct url_key a, struct url_key b)
{
    return a.url_hash == b.url_hash && a.host_id == b.host_id;
}

struct item *item_find(struct frontier *frontier, struct url_key key)
{
    struct item *item = *item_bucket(frontier, key);

    while (item && !same_key(item->key, key))
        item = item->hash_next;
    return item;
}

static struct item *take_slot(struct frontier *frontier)
{
    struct item *item = frontier->free_items;

    if (item) {
        frontier->free_items = item->next;
        return item;
    }
    if (frontier->nr_slots == frontier->cap_items)
        return NULL;
    item = &frontier->items[frontier->nr_slots];
    item->slot = frontier->nr_slots++;
    return item;
}

static uint32_t put_text(char *out, struct bytes text)
{
    if (text.len)
        memcpy(out, text.data, text.len);
    return (uint32_t)text.len;
}

/* A slot keeps its generation and its text's memory, nothing else. */
static void clear_item(struct item *item)
{
    *item = (struct item){
        .slot = item->slot,
        .generation = item->generation,
        .text = item->text,
        .text_cap = item->text_cap,
    };
}

static void fill_text(struct item *item, const struct url_claim *claim)
{
    size_t need = claim->url.len + 1 + claim->listed.len + claim->etag.len +
                  claim->last_modified.len;

    if (need > item->text_cap) {
        item->text = xrealloc_array(item->text, need, 1);
        item->text_cap = need;
    }
    char *at = item->text;
    item->url_len = put_text(at, claim->url);
    at += item->url_len;
    *at++ = '\0';
    item->listed_len = put_text(at, claim->listed);
    at += item->listed_len;
    item->etag_len = put_text(at, claim->etag);
    at += item->etag_len;
    item->modified_len = put_text(at, claim->last_modified);
}

struct item *item_new(struct frontier *frontier, struct host *origin,
                      enum item_kind kind, const struct url_claim *claim)
{
    struct item *item = take_slot(frontier);

    if (!item)
        return NULL;
    clear_item(item);
    item->generation++;
    item->kind = kind;
    item->state = ITEM_NEW;
    item->key = claim->key;
    item->origin = item->host = origin;
    item->line = claim->line;
    item->depth = claim->depth;
    item->url_kind = claim->kind;
    item->nr_hops = claim->nr_hops;
    item->tries = claim->tries;
    fill_text(item, claim);
    origin->nr_items++;
    frontier->nr_items++;

    if (kind == ITEM_URL) {
        struct item **bucket = item_bucket(frontier, item->key);
        item->hash_next = *bucket;
        *bucket = item;
    }
    return item;
}

static void forget_key(struct frontier *frontier, struct item *item)
{
    struct item **link = item_bucket(frontier, item->key);

    while (*link != item)
        link = &(*link)->hash_next;
    *link = item->hash_next;
}

void item_free(struct frontier *frontier, struct item *item)
{
    if (item->kind == ITEM_URL)
        forget_key(frontier, item);
    item_move(item, item->origin);
    item->origin->nr_items--;
    item->origin->nr_off_level -= item->is_off_level;
    frontier->nr_items--;
    free_chain(item->chain);
    if (item->text_cap > FRONTIER_ITEM_KEEP) {
        free(item->text);
        item->text = NULL;
        item->text_cap = 0;
    }
    clear_item(item);
    item->next = frontier->free_items;
    frontier->free_items = item;
}

uint64_t item_id(const struct item *item)
{
    return (uint64_t)item->generation << 32 | item->slot;
}

struct item *item_by_id(struct frontier *frontier, uint64_t id)
{
    uint32_t slot = (uint32_t)id;

    if (slot >= frontier->nr_slots)
        return NULL;
    struct item *item = &frontier->items[slot];
    return item->generation == (uint32_t)(id >> 32) &&
                   item->state == ITEM_IN_FLIGHT
               ? item
               : NULL;
}

struct bytes item_url(const struct item *item)
{
    return (struct bytes){item->text, item->url_len};
}

struct bytes item_target(const struct item *item)
{
    if (!item->chain || item->chain->nr_hops == 0)
        return item_url(item);
    return item->chain->hops[item->chain->nr_hops - 1].to_url;
}

void item_move(struct item *item, struct host *host)
{
    if (item->host != item->origin)
        item->host->nr_items--;
    item->host = host;
    if (host != item->origin)
        host->nr_items++;
}

void item_set_off_level(struct frontier *frontier, struct item *item)
{
    struct host *origin = item->origin;

    if (item->is_off_level)
        return;
    item->is_off_level = true;
    origin->nr_off_level++;
    if (origin->is_closed && host_level_has_ended(origin))
        host_mark_idle(frontier, origin);
}

void items_add(struct items *items, struct item *item)
{
    item->next = NULL;
    if (items->tail)
        items->tail->next = item;
    else
        items->head = item;
    items->tail = item;
    items->nr++;
}

void items_add_front(struct items *items, struct item *item)
{
    item->next = items->head;
    items->head = item;
    if (!items->tail)
        items->tail = item;
    items->nr++;
}

void items_remove(struct items *items, struct item *item)
{
    struct item *before = NULL;

    for (struct item *at = items->head; at != item; at = at->next)
        before = at;
    if (before)
        before->next = item->next;
    else
        items->head = item->next;
    if (items->tail == item)
        items->tail = before;
    items->nr--;
    item->next = NULL;
}

struct item *items_take(struct items *items)
{
    struct item *item = items->head;

    if (!item)
        return NULL;
    items->head = item->next;
    if (!items->head)
        items->tail = NULL;
    items->nr--;
    item->next = NULL;
    return item;
}

/* ---- hosts ---- */

static struct host **host_bucket(struct frontier *frontier, int64_t host_id)
{
    return &frontier->host_buckets[(uint64_t)host_id & frontier->host_mask];
}

struct host *host_find(struct frontier *frontier, int64_t host_id)
{
    struct host *host = *host_bucket(frontier, host_id);

    while (host && host->id != host_id)
        host = host->hash_next;
    return host;
}

struct host *host_new(struct frontier *frontier,
                      const struct host_record *record)
{
    struct host *host = xcalloc(1, sizeof(*host));

    host->id = record->host_id;
    host->key = xmemdup0(record->key.data, record->key.len);
    host->listed = record->listed;
    host->token = record->token;
    host->batch = FRONTIER_BATCH_MIN;
    host->claimed = URL_PLACE_FIRST;
    host->claimed.walk = record->walk;
    host->missed = HASH_RANGE_NONE;
    host_rules_find(&frontier->options, record->key, &host->rules);
    host_clock_init(&host->clock, &host->rules.limits);
    host->clock.nr_errors = record->nr_errors;
    if (record->nr_errors > 0)
        host->clock.status = HOST_STATUS_UNKNOWN;

    struct host **bucket = host_bucket(frontier, host->id);
    host->hash_next = *bucket;
    *bucket = host;
    frontier->nr_hosts++;
    return host;
}

void host_free(struct frontier *frontier, struct host *host)
{
    struct host **link = host_bucket(frontier, host->id);

    while (*link != host)
        link = &(*link)->hash_next;
    *link = host->hash_next;
    frontier->nr_hosts--;
    if (host->robots)
        frontier->rules_bytes -= robots_bytes(host->robots);
    destroy_host(host);
}
