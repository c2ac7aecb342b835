/*
 * URLs in memory, by key and by id, and the lists that they stand in. Their
 * number is bounded when the frontier opens; a slot keeps its text's memory, so
 * that in the long run no URL costs an allocation. An id is a slot and its
 * generation: the answer to a fetch that is over finds nothing.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

void item_table_init(struct frontier *frontier)
{
    struct item_table *table = &frontier->items;
    uint32_t hosts = (uint32_t)frontier->hosts.cap;
    size_t nr_buckets = 1;

    table->cap_urls = hosts * FRONTIER_ITEMS_EACH;
    /* each host may have its robots.txt here too, and each fetch in flight may
     * be redirected to one further host */
    table->cap =
        table->cap_urls + hosts + (uint32_t)frontier->options.concurrency;
    /* Pages of slots that are never used are never touched. */
    table->slots = xcalloc(table->cap, sizeof(struct item));
    while (nr_buckets < table->cap)
        nr_buckets *= 2;
    table->buckets = xcalloc(nr_buckets, sizeof(struct item *));
    table->bucket_mask = nr_buckets - 1;
}

static void free_chain(struct redirect_chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; i < chain->nr_hops; i++)
        free(chain->texts[i]);
    free(chain);
}

void item_table_release(struct frontier *frontier)
{
    struct item_table *table = &frontier->items;

    for (uint32_t i = 0; i < table->nr_slots; i++) {
        free_chain(table->slots[i].chain);
        free(table->slots[i].text.data);
    }
    free(table->slots);
    free(table->buckets);
}

/* ---- by key ---- */

static struct item **bucket_of(struct item_table *table, struct url_key key)
{
    uint64_t mix = (uint64_t)key.url_hash ^ ((uint64_t)key.host_id << 1);
    return &table->buckets[mix & table->bucket_mask];
}

static bool is_same_key(struct url_key a, struct url_key b)
{
    return a.url_hash == b.url_hash && a.host_id == b.host_id;
}

struct item *item_find(struct frontier *frontier, struct url_key key)
{
    struct item *item = *bucket_of(&frontier->items, key);

    while (item && !is_same_key(item->key, key))
        item = item->hash_next;
    return item;
}

static void forget_key(struct item_table *table, struct item *item)
{
    struct item **link = bucket_of(table, item->key);

    while (*link != item)
        link = &(*link)->hash_next;
    *link = item->hash_next;
}

/* ---- slots ---- */

/* Takes a free slot. Those that were used before come first, as their memory
 * for texts is there. */
static struct item *take_slot(struct item_table *table)
{
    struct item *item = table->free;

    if (item) {
        table->free = item->next;
        return item;
    }
    if (table->nr_slots == table->cap)
        return NULL;
    item = &table->slots[table->nr_slots];
    item->slot = table->nr_slots++;
    return item;
}

/* Clears an item. Its slot keeps the generation and the memory of the texts,
 * nothing else. */
static void clear_item(struct item *item)
{
    *item = (struct item){
        .slot = item->slot,
        .generation = item->generation,
        .text = {.data = item->text.data, .cap = item->text.cap},
    };
}

static uint32_t append(char *out, struct bytes text)
{
    if (text.len)
        memcpy(out, text.data, text.len);
    return (uint32_t)text.len;
}

/* Copies all four texts into one block, so that an item costs one allocation at
 * most. */
static void fill_text(struct item_text *text, const struct stored_url *stored)
{
    size_t need = stored->url.len + 1 + stored->listed.len + stored->etag.len +
                  stored->last_modified.len;

    if (need > text->cap) {
        text->data = xrealloc_array(text->data, need, 1);
        text->cap = need;
    }
    char *at = text->data;
    text->url_len = append(at, stored->url);
    at += text->url_len;
    *at++ = '\0';
    text->listed_len = append(at, stored->listed);
    at += text->listed_len;
    text->etag_len = append(at, stored->etag);
    at += text->etag_len;
    text->modified_len = append(at, stored->last_modified);
}

/* Makes a new item. It counts for its host from here on: a host with items is
 * not given back. */
struct item *item_new(struct frontier *frontier, struct host *origin,
                      enum item_kind kind, const struct stored_url *stored)
{
    struct item_table *table = &frontier->items;
    struct item *item = take_slot(table);

    if (!item)
        return NULL;
    clear_item(item);
    item->generation++;
    item->kind = kind;
    item->state = ITEM_NEW;
    item->key = stored->key;
    item->origin = item->host = origin;
    item->source = (struct url_source){
        .line = stored->line,
        .kind = stored->kind,
        .depth = stored->depth,
        .nr_hops = stored->nr_hops,
    };
    item->tries.nr = stored->tries;
    fill_text(&item->text, stored);
    origin->nr_items++;
    table->nr++;

    if (kind == ITEM_URL) {
        struct item **bucket = bucket_of(table, item->key);
        item->hash_next = *bucket;
        *bucket = item;
    }
    return item;
}

/* Frees an item. Memory of a long URL is given back, or a few of them would in
 * time make every slot long. */
void item_free(struct frontier *frontier, struct item *item)
{
    struct item_table *table = &frontier->items;

    if (item->kind == ITEM_URL)
        forget_key(table, item);
    item_set_host(item, item->origin);
    item->origin->nr_items--;
    item->origin->nr_off_level -= item->is_off_level;
    table->nr--;
    free_chain(item->chain);
    if (item->text.cap > FRONTIER_ITEM_KEEP) {
        free(item->text.data);
        item->text.data = NULL;
        item->text.cap = 0;
    }
    clear_item(item);
    item->next = table->free;
    table->free = item;
}

uint64_t item_id(const struct item *item)
{
    return (uint64_t)item->generation << 32 | item->slot;
}

/* Finds the item of a fetch. An id of an older generation belongs to a fetch
 * that is over, and its answer counts for nothing. */
struct item *item_by_id(struct frontier *frontier, uint64_t id)
{
    uint32_t slot = (uint32_t)id;

    if (slot >= frontier->items.nr_slots)
        return NULL;
    struct item *item = &frontier->items.slots[slot];
    bool is_in_flight =
        item->state == ITEM_IN_FLIGHT || item->state == ITEM_RUNS_ALONE;
    return is_in_flight && item->generation == (uint32_t)(id >> 32) ? item
                                                                    : NULL;
}

/* ---- texts ---- */

struct bytes item_url(const struct item *item)
{
    return (struct bytes){item->text.data, item->text.url_len};
}

struct bytes item_listed(const struct item *item)
{
    const struct item_text *text = &item->text;

    return (struct bytes){text->data + text->url_len + 1, text->listed_len};
}

struct bytes item_etag(const struct item *item)
{
    struct bytes listed = item_listed(item);

    return (struct bytes){(const char *)listed.data + listed.len,
                          item->text.etag_len};
}

struct bytes item_last_modified(const struct item *item)
{
    struct bytes etag = item_etag(item);

    return (struct bytes){(const char *)etag.data + etag.len,
                          item->text.modified_len};
}

struct bytes item_target(const struct item *item)
{
    if (!item->chain || item->chain->nr_hops == 0)
        return item_url(item);
    return item->chain->hops[item->chain->nr_hops - 1].to_url;
}

/* Sets the host that is asked. It counts the item too, or it could be given
 * back meanwhile. */
void item_set_host(struct item *item, struct host *host)
{
    if (item->host != item->origin)
        item->host->nr_items--;
    item->host = host;
    if (host != item->origin)
        host->nr_items++;
}

/* ---- lists ---- */

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

/* Takes an item out. It is linear in the length of the list; only the hop of a
 * redirect that waits as a found URL needs it. */
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
