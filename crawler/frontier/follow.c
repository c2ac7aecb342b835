#include "crawler/frontier/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/folders.h"
#include "crawler/frontier/scope.h"
#include "crawler/frontier/seen.h"
#include "crawler/frontier/trap.h"

#define SEEN_HASHES ((size_t)1 << 20) /* 8 MiB */
#define PAGES_ROWS  4
#define PAGES_BITS  16 /* 4 rows of 2^16 counters: 1 MiB */

/* Pages of each host, in a count-min sketch: hosts may be too many to count
 * each, and a trap is a host with very many pages. */
struct page_counts {
    uint32_t counters[PAGES_ROWS][1 << PAGES_BITS];
};

struct follow {
    struct scope *scope;
    struct trap *trap;
    struct seen *seen;
    struct page_counts *pages;
    struct folders *folders; /* NULL unless they are the scope */
    struct url seed, seed2;  /* of the page at hand */
};

/* ---- pages of a host ---- */

static uint32_t *page_counter(struct page_counts *pages, int64_t host_id,
                              int row)
{
    uint64_t hash = (uint64_t)host_id; /* SipHash already: 16 bits a row */

    return &pages->counters[row][hash >> (16 * row) & 0xFFFF];
}

static int64_t nr_pages(struct page_counts *pages, int64_t host_id)
{
    uint32_t least = UINT32_MAX;

    for (int row = 0; row < PAGES_ROWS; row++) {
        uint32_t count = *page_counter(pages, host_id, row);
        least = count < least ? count : least;
    }
    return least;
}

void judge_count_page(struct frontier *frontier, int64_t host_id,
                      struct bytes url)
{
    struct follow *follow = frontier->follow;
    int64_t least = nr_pages(follow->pages, host_id);

    for (int row = 0; row < PAGES_ROWS; row++) {
        uint32_t *counter = page_counter(follow->pages, host_id, row);
        if (*counter == least && *counter < UINT32_MAX)
            (*counter)++; /* conservative update: never more than needed */
    }
    if (memchr(url.data, '?', url.len) &&
        url_parse(&frontier->parsed, url.data, url.len, NULL) == URL_OK)
        trap_count(follow->trap, &frontier->parsed);
}

/* ---- begin and end ---- */

void judge_add_folder(struct frontier *frontier)
{
    if (frontier->follow->folders)
        folders_add(frontier->follow->folders, &frontier->url);
}

/* An earlier run has read the list, or a part of it. */
static enum err take_listed(void *ctx, const struct url_claim *claim)
{
    struct frontier *frontier = ctx;

    if (url_parse(&frontier->url, claim->url.data, claim->url.len, NULL) ==
        URL_OK)
        judge_add_folder(frontier);
    return CERR_OK;
}

static enum err take_found(void *ctx, const struct url_claim *claim)
{
    judge_count_page(ctx, claim->key.host_id, claim->url);
    return CERR_OK;
}

/* What earlier sessions found counts for the traps; most have found none. */
static enum err count_found(struct frontier *frontier)
{
    struct storage_counts counts;
    enum err err = storage_count(frontier->storage, &counts);

    if (err || counts.nr_urls == counts.nr_lines - counts.nr_bad_lines)
        return err;
    return storage_each_url(frontier->storage, false, take_found, frontier);
}

enum err follow_init(struct frontier *frontier,
                     char message[STORAGE_MESSAGE_BYTES])
{
    const struct frontier_options *options = &frontier->options;
    char why[SCOPE_MESSAGE_BYTES] = "";
    struct scope_options scope = options->scope;

    if (scope.scope == SCOPE_PREFIX)
        scope.scope = SCOPE_ANY; /* folders.h knows where the seeds lie */
    frontier->follow = xcalloc(1, sizeof(*frontier->follow));
    enum err err = scope_new(&frontier->follow->scope, &scope, why);
    if (err) {
        snprintf(message, STORAGE_MESSAGE_BYTES, "%s", why);
        return err;
    }
    frontier->follow->trap = trap_new(&options->traps, frontier->hash_key);
    frontier->follow->seen = seen_new(SEEN_HASHES);
    frontier->follow->pages = xcalloc(1, sizeof(*frontier->follow->pages));
    if (options->depth == 0 && !options->sitemaps)
        return CERR_OK;
    err = count_found(frontier);
    if (err || options->scope.scope != SCOPE_PREFIX)
        return err;
    frontier->follow->folders = folders_new(frontier->hash_key);
    return storage_each_url(frontier->storage, true, take_listed, frontier);
}

void follow_release(struct frontier *frontier)
{
    struct follow *follow = frontier->follow;

    if (!follow)
        return;
    scope_free(follow->scope);
    trap_free(follow->trap);
    seen_free(follow->seen);
    free(follow->pages);
    folders_free(follow->folders);
    free(follow);
}

/* ---- one URL ---- */

/* What waits in the batch is not counted yet: near the limit it has to be. */
static enum err count_waiting(struct frontier *frontier, int64_t host_id,
                              int64_t now_ms)
{
    struct follow *follow = frontier->follow;
    int64_t nr_waiting = (int64_t)frontier->links.nr;
    int64_t pages_left =
        trap_pages_left(follow->trap, nr_pages(follow->pages, host_id));
    int64_t queries_left = trap_queries_left(follow->trap, &frontier->url);
    bool near = (pages_left > 0 && pages_left <= nr_waiting) ||
                (queries_left > 0 && queries_left <= nr_waiting);

    return near ? batch_flush(frontier, &frontier->links, now_ms) : CERR_OK;
}

static bool in_scope(struct follow *follow, const struct url *url,
                     const struct offer *offer)
{
    if (follow->folders && offer->seed && !folders_have(follow->folders, url))
        return false;
    return !offer->seed ||
           scope_allows(follow->scope, url, offer->seed, NULL) ||
           (offer->seed2 &&
            scope_allows(follow->scope, url, offer->seed2, NULL));
}

enum err follow_offer(struct frontier *frontier, const struct offer *offer,
                      int64_t now_ms)
{
    struct follow *follow = frontier->follow;
    char reason[TRAP_REASON_BYTES] = "";
    struct keyed_url url;
    uint64_t hash =
        hash_sip(frontier->hash_key, offer->url.data, offer->url.len);

    if (seen_has(follow->seen, hash) ||
        seen_has(follow->seen, hash ^ offer->context))
        return CERR_OK;
    /* What comes from a worker is read anew: it must be the canonical form. */
    if (url_key_read(frontier, offer->url, &url) != ERROR_NONE ||
        !in_scope(follow, &frontier->url, offer)) {
        seen_add(follow->seen, hash ^ offer->context);
        return CERR_OK;
    }
    seen_add(follow->seen, hash);
    if (hash != (uint64_t)url.key.url_hash)
        seen_add(follow->seen, (uint64_t)url.key.url_hash);
    enum err err = count_waiting(frontier, url.key.host_id, now_ms);
    if (err)
        return err;
    if (trap_judge(follow->trap, &frontier->url,
                   nr_pages(follow->pages, url.key.host_id),
                   reason) == TRAP_NONE)
        reason[0] = '\0';
    err = batch_add(&frontier->links, &url,
                    (struct bytes){reason, strlen(reason)},
                    &(struct url_source){
                        .parent = offer->parent,
                        .kind = offer->kind,
                        .depth = offer->depth,
                        .nr_hops = offer->nr_hops,
                    });
    if (!err && batch_is_full(&frontier->links))
        err = batch_flush(frontier, &frontier->links, now_ms);
    return err;
}

/* ---- pages ---- */

static bool read_seed(struct url *seed, struct bytes text)
{
    return url_parse(seed, text.data, text.len, NULL) == URL_OK;
}

bool follow_seeds(struct frontier *frontier, const struct item *item,
                  struct offer *offer)
{
    struct follow *follow = frontier->follow;

    offer->context = (uint64_t)item->host->id * UINT64_C(0x9E3779B97F4A7C15);
    offer->seed = &follow->seed;
    if (!read_seed(&follow->seed, item_target(item)))
        return false;
    if (item->host == item->origin)
        return true;
    offer->context ^= (uint64_t)item->origin->id;
    offer->seed2 = &follow->seed2;
    return read_seed(&follow->seed2, item_url(item));
}

enum err follow_page(struct frontier *frontier, const struct item *item,
                     const struct page *page, int64_t now_ms)
{
    bool obey = !item->host->rules.ignore_robots, bad = false;
    struct bytes links = page->links;
    struct page_link link;
    struct offer offer = {
        .parent = item->key,
        .kind = URL_FOUND,
        .depth = item->depth + 1,
    };
    enum err err = CERR_OK;

    if (follow_is_sitemap(item))
        return follow_sitemap(frontier, item, page, now_ms);
    if (item->depth >= frontier->options.depth || page->outcome != OUTCOME_OK ||
        (obey && (page->robots & PAGE_NOFOLLOW)) ||
        !follow_seeds(frontier, item, &offer))
        return CERR_OK;
    while (!err && page_next_link(&links, &link, &bad)) {
        offer.url = link.url;
        if (!obey || !(link.rel & LINK_NOFOLLOW))
            err = follow_offer(frontier, &offer, now_ms);
    }
    offer.url = page->canonical;
    if (!err && offer.url.len > 0)
        err = follow_offer(frontier, &offer, now_ms);
    offer.url = page->refresh;
    if (!err && offer.url.len > 0)
        err = follow_offer(frontier, &offer, now_ms);
    return err;
}

/* A page of the same level has led there by a link, which is one hop more. */
static enum err bring_forward(struct frontier *frontier,
                              const struct offer *offer, int64_t now_ms)
{
    struct keyed_url url;

    if (url_key_read(frontier, offer->url, &url) != ERROR_NONE)
        return CERR_OK;
    enum err err = batch_flush(frontier, &frontier->links, now_ms);
    if (err)
        return err;
    return storage_bring_forward(frontier->storage, url.key, offer->depth,
                                 offer->nr_hops);
}

/* The hops at a depth are counted, so that a chain ends. */
enum err follow_discovered(struct frontier *frontier, const struct item *item,
                           const struct page *page, int64_t now_ms)
{
    struct offer offer = {
        .url = page->location,
        .parent = item->key,
        .kind = URL_FOUND,
        .depth = item->depth,
        .nr_hops = item->nr_hops + 1,
    };

    if (!follow_seeds(frontier, item, &offer))
        return CERR_OK;
    if (seen_has(frontier->follow->seen,
                 hash_sip(frontier->hash_key, offer.url.data, offer.url.len)))
        return bring_forward(frontier, &offer, now_ms);
    return follow_offer(frontier, &offer, now_ms);
}

/* ---- hops ---- */

/* One that only waits, found as a link before, is answered too. */
static enum err end_waiting(struct frontier *frontier, struct item *item,
                            const struct visit *visit, int64_t now_ms)
{
    if (item->state != ITEM_QUEUED || item->started || item->line > 0)
        return CERR_OK;
    items_remove(&item->host->queue, item);
    return answer_end(frontier, item,
                      &(struct ending){
                          .outcome = visit->outcome,
                          .error = visit->error,
                          .detail = visit->detail,
                          .page = visit->page,
                          .worker = visit->worker,
                      },
                      now_ms);
}

static enum err end_hop(struct frontier *frontier, const struct item *item,
                        struct visit *visit, int64_t now_ms)
{
    enum storage_added added = STORAGE_KNOWN;
    struct keyed_url url;

    if (url_key_read(frontier, visit->url, &url) != ERROR_NONE)
        return CERR_OK;
    struct item *known = item_find(frontier, url.key);
    if (known)
        return end_waiting(frontier, known, visit, now_ms);
    enum err err =
        storage_add_urls(frontier->storage,
                         &(struct url_record){
                             .key = url.key,
                             .host_key = url.host_key,
                             .url = url.url,
                             .parent = item->key,
                             .kind = URL_FOUND,
                             .depth = item->depth,
                         },
                         1, frontier_wall_ms(frontier, now_ms), &added);
    seen_add(frontier->follow->seen, (uint64_t)url.key.url_hash);
    if (err || added != STORAGE_ADDED)
        return err;
    frontier->stats.nr_queued++;
    visit->host_id = url.key.host_id;
    visit->url_hash = url.key.url_hash;
    return answer_visit(frontier, visit);
}

enum err follow_end_hops(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms)
{
    const struct chain *chain = item->chain;
    enum err err = CERR_OK;
    struct page moved;

    page_init(&moved);
    moved.outcome = OUTCOME_REDIRECT;
    for (size_t i = 0; chain && i < chain->nr_hops && !err; i++) {
        bool last = i + 1 == chain->nr_hops;
        const struct page *answer = last ? page : &moved;
        if (!last) {
            moved.status = (uint16_t)chain->hops[i + 1].status;
            moved.location = chain->hops[i + 1].to_url;
        }
        struct visit visit = {
            .url = chain->hops[i].to_url,
            .final_url = chain->hops[i].to_url,
            .depth = item->depth,
            .outcome = answer->outcome,
            .error = answer->error,
            .detail = answer->detail,
            .page = answer,
            .tries = 1,
            .fetched_at = frontier_wall_ms(frontier, now_ms),
            .worker = -1,
        };
        err = end_hop(frontier, item, &visit, now_ms);
    }
    return err;
}
