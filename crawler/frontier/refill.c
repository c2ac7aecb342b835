/*
 * URLs of a leased host out of storage, in batches that grow with its appetite:
 * first the bulk ones, by a walk in the order of their key, then the others.
 */
#include "crawler/frontier/frontier_internal.h"

/* ---- levels ---- */

/* Returns the level of a URL; lines and sitemaps come before all found URLs,
 * and what is only checked after them, since a page may still lead to it. */
static struct url_level level_of(enum url_kind kind, int depth, int nr_hops)
{
    if (kind == URL_FOUND && nr_hops >= URL_HOPS_CHECKED)
        return (struct url_level){INT_MAX, 0};
    return kind == URL_FOUND ? (struct url_level){depth, nr_hops}
                             : (struct url_level){0, 0};
}

/* Whether level `a` comes after level `b`. A redirect is a step within a depth.
 */
static bool is_behind(struct url_level a, struct url_level b)
{
    return a.depth > b.depth || (a.depth == b.depth && a.nr_hops > b.nr_hops);
}

/* One refill of one host, for the callback of storage_refill_urls(). */
struct refill {
    struct frontier *frontier;
    struct host *host;
    struct items *fresh;
    size_t nr;
    bool has_walked; /* the walk over bulk URLs has come to its end: the others
                        are next */
};

/*
 * Where links are followed, a host is walked level by level, so that a page
 * is first found by a shortest way, and --depth means the same each time. A
 * level begins when the one before has ended, but for what waits for a retry
 * or another host.
 */
static bool opens_level(const struct refill *refill, struct url_level level)
{
    struct host *host = refill->host;

    if (refill->frontier->options.depth == 0 ||
        !is_behind(level, host->walk.current))
        return true;
    if (refill->nr > 0 || !host_level_has_ended(host))
        return false;
    host->walk.current = level;
    return true;
}

/* ---- reading a batch ---- */

/* CERR_CANCELED ends the refill without being a failure: the URL is of a level
 * that has not begun, and is read again then. */
static enum err accept_url(void *ctx, const struct stored_url *stored)
{
    struct refill *refill = ctx;
    struct host_walk *walk = &refill->host->walk;

    refill->has_walked = stored->kind != URL_BULK;
    if (!opens_level(refill,
                     level_of(stored->kind, stored->depth, stored->nr_hops))) {
        walk->is_closed = true;
        return CERR_CANCELED;
    }
    refill->nr++;
    url_place_pass(&walk->place, stored->key.url_hash, stored->kind,
                   stored->depth, stored->nr_hops);
    if (item_find(refill->frontier, stored->key))
        return CERR_OK; /* the URL is in memory already, since the place was
                           moved back */
    struct item *item =
        item_new(refill->frontier, refill->host, ITEM_URL, stored);
    if (!item)
        return CERR_TOO_BIG;
    refill->host->is_listed |= stored->line > 0;
    items_add(refill->fresh, item);
    return CERR_OK;
}

/* A host that is asked slowly gets what it can start within the time that a
 * wait may be spent in memory; no host gets more than a quarter of the room
 * that is left. */
static size_t refill_size(const struct frontier *frontier,
                          const struct host *host)
{
    const struct host_clock *clock = &host->clock;
    size_t nr = (size_t)host->walk.batch;
    size_t room = frontier->items.cap - frontier->items.nr; /* not 0 */

    if (clock->state == HOST_DOWN || host->robots.state == ROBOTS_UNREACHABLE)
        nr = FRONTIER_BATCH_MAX; /* they end without being asked */
    else if (clock->delay_ms > 0 &&
             FRONTIER_LINGER_MS / clock->delay_ms < (int64_t)nr)
        nr = (size_t)(1 + FRONTIER_LINGER_MS / clock->delay_ms);
    return nr < room / 4 ? nr : room / 4;
}

/* Decides at the end of the walk whether to walk again: only over the range
 * where something was added meanwhile. All else that a second walk would pass
 * has ended, and may be a million lines of a dead host. */
static bool walk_again(struct host_walk *walk)
{
    walk->place.walk = walk->missed;
    walk->missed = HASH_RANGE_NONE;
    return !hash_range_is_empty(walk->place.walk);
}

/* Reads one batch. A batch that was filled says that there may be more; one
 * that was not says that there is none, except where something came meanwhile.
 */
enum err refill_host(struct frontier *frontier, struct host *host,
                     struct items *fresh)
{
    struct refill refill = {.frontier = frontier, .host = host, .fresh = fresh};
    struct storage_taker taker = {.on_url = accept_url, .ctx = &refill};
    struct host_walk *walk = &host->walk;
    size_t max = refill_size(frontier, host);

    walk->is_closed = false;
    enum err err = storage_refill_urls(frontier->storage, host->id,
                                       &walk->place, max, &taker);
    if (walk->is_closed)
        err = CERR_OK;
    else if (refill.nr < max)
        refill.has_walked = true;
    bool again = !err && refill.has_walked && walk_again(walk);
    if (walk->is_closed)
        walk->is_closed = !again;
    else if (refill.nr < max && !err)
        walk->has_more = again;
    if (walk->batch < FRONTIER_BATCH_MAX)
        walk->batch *= 2;
    return err;
}

/* ---- what is to be read again, or new ---- */

/* Notes a bulk URL that the walk has passed already or does not come by. */
static void note_missed(struct host *host, int64_t url_hash)
{
    struct hash_range range = host->walk.place.walk;

    if (url_hash < range.from || url_hash > range.to)
        hash_range_add(&host->walk.missed, hash_range_of(url_hash));
}

void refill_note_left(const struct item *item)
{
    if (item->kind == ITEM_URL && item->source.kind == URL_BULK)
        note_missed(item->origin, item->key.url_hash);
}

/* Turns the place of a leased host back for a URL before it. But the walk goes
 * on to its end first, as else each batch of a list that is being loaded would
 * turn it back. */
static void read_again(struct frontier *frontier, struct host *host,
                       enum url_kind kind, const struct url_record *url)
{
    struct host_walk *walk = &host->walk;

    walk->has_more = true;
    if (kind == URL_BULK)
        note_missed(host, url->key.url_hash);
    else
        url_place_turn_back(&walk->place, url->key.url_hash, kind, url->depth,
                            url->nr_hops);
    if (!is_behind(level_of(kind, url->depth, url->nr_hops), walk->current))
        walk->is_closed = false;
    host_ask_for_more(frontier, host);
}

void refill_note_moved(struct frontier *frontier, const struct url_record *url)
{
    struct host *host = host_find(frontier, url->key.host_id);

    if (host)
        read_again(frontier, host, URL_FOUND, url);
}

void refill_note_added(struct frontier *frontier, const struct url_record *url,
                       enum storage_added added, int64_t now_ms)
{
    struct host *host = host_find(frontier, url->key.host_id);
    enum url_kind kind = added == STORAGE_ADDED ? url->kind : URL_LISTED;

    if (added != STORAGE_ADOPTED)
        frontier->stats.nr_queued++;
    if (!host) {
        if (now_ms < frontier->lease_ms)
            frontier->lease_ms = now_ms;
        return;
    }
    host->is_listed |= url->line > 0;
    read_again(frontier, host, kind, url);
}
