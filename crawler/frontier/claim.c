/*
 * Housekeeping with storage: hosts are leased when there is room, URLs of a
 * host are claimed in batches that grow with its appetite, leases are renewed,
 * and hosts that have nothing to do, or wait long, go back with their due
 * time. One turn does a bounded amount of it.
 */
#include <string.h>

#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"

int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms)
{
    return now_ms + frontier->options.wall_offset_ms;
}

bool claim_is_crowded(const struct frontier *frontier)
{
    return frontier->nr_sites >= frontier->cap_sites / 4 * 3 ||
           frontier->rules_bytes >= FRONTIER_RULES_BYTES / 4 * 3 ||
           frontier->nr_items >= frontier->cap_urls / 4 * 3;
}

/* The slots behind are kept for robots.txt and the like. */
bool claim_has_room(const struct frontier *frontier)
{
    return frontier->nr_items < frontier->cap_urls;
}

/* ---- leases ---- */

static void unlink_lease(struct frontier *frontier, struct site *site)
{
    struct site_list *leases = &frontier->leases;

    if (site->lease_prev)
        site->lease_prev->lease_next = site->lease_next;
    else
        leases->head = site->lease_next;
    if (site->lease_next)
        site->lease_next->lease_prev = site->lease_prev;
    else
        leases->tail = site->lease_prev;
    leases->nr--;
}

/* All leases are equally long: the order of adding is that of renewal. */
static void link_lease(struct frontier *frontier, struct site *site,
                       int64_t now_ms)
{
    struct site_list *leases = &frontier->leases;

    site->renew_ms = now_ms + STORAGE_LEASE_MS / 3;
    site->lease_prev = leases->tail;
    site->lease_next = NULL;
    if (leases->tail)
        leases->tail->lease_next = site;
    else
        leases->head = site;
    leases->tail = site;
    leases->nr++;
}

static enum err renew_leases(struct frontier *frontier, int64_t now_ms)
{
    struct site *site;

    while ((site = frontier->leases.head) != NULL && site->renew_ms <= now_ms) {
        enum err err =
            storage_renew_host(frontier->storage, site->id, site->token,
                               frontier_wall_ms(frontier, now_ms));
        if (err)
            return err;
        unlink_lease(frontier, site);
        link_lease(frontier, site, now_ms);
    }
    return CERR_OK;
}

void claim_fill_record(const struct frontier *frontier, const struct site *site,
                       struct host_record *record)
{
    *record = (struct host_record){
        .host_id = site->id,
        .key = {site->key, strlen(site->key)},
        .listed = site->listed,
        .token = site->token,
        .delay_ms = site->clock.delay_ms,
        .nr_errors = site->clock.nr_errors,
        .robots_status = site->robots_status,
        .robots_at = site->robots_at,
        .robots_until = site->robots_until,
        .walk = site->claimed.walk,
    };
    if (site->clock.due_ms > INT64_MIN)
        record->not_before = frontier_wall_ms(frontier, site->clock.due_ms);
}

enum err claim_put_site(struct frontier *frontier, const struct site *site)
{
    struct host_record record;

    claim_fill_record(frontier, site, &record);
    return storage_put_host(frontier->storage, &record);
}

/* A bulk URL where the walk has been, or does not come by. */
static void note_behind(struct site *site, int64_t url_hash)
{
    struct hash_range walk = site->claimed.walk;

    if (url_hash < walk.from || url_hash > walk.to)
        hash_range_add(&site->behind, hash_range_of(url_hash));
}

void claim_note_left(const struct item *item)
{
    if (item->kind == ITEM_URL && item->url_kind == URL_BULK)
        note_behind(item->origin, item->key.url_hash);
}

enum err claim_release_site(struct frontier *frontier, struct site *site,
                            int64_t now_ms)
{
    struct host_record record;
    bool to_do = site->more || site->nr_items > 0;
    struct item *item;

    claim_fill_record(frontier, site, &record);
    record.due_at = STORAGE_HOST_IDLE;
    if (site->clock.due_ms > now_ms)
        record.due_at = frontier_wall_ms(frontier, site->clock.due_ms);
    else if (to_do)
        record.due_at = frontier_wall_ms(frontier, now_ms);
    if (record.due_at < STORAGE_HOST_IDLE) {
        int64_t due_ms = record.due_at - frontier->options.wall_offset_ms;
        if (due_ms < frontier->claim_ms)
            frontier->claim_ms = due_ms;
    }
    while ((item = items_take(&site->queue)) != NULL) {
        claim_note_left(item);
        item_free(frontier, item);
    }
    hash_range_add(&record.walk, site->behind);
    unlink_lease(frontier, site);
    site_free(frontier, site);
    return storage_release_host(frontier->storage, &record);
}

/* ---- hosts ---- */

struct host_claim {
    struct frontier *frontier;
    int64_t now_ms;
    size_t nr;
    struct site *site; /* the last one */
};

/*
 * A host that asked for a pause is claimed before its end when a redirect leads
 * to it, or when the process died meanwhile. No pause is longer than its cap,
 * also where the wall clock was set back.
 */
static void restore_pause(const struct frontier *frontier, struct site *site,
                          const struct host_record *record, int64_t now_ms)
{
    const struct host_limits *limits = &site->rules.limits;
    int64_t due_ms = record->not_before - frontier->options.wall_offset_ms;
    int64_t cap_ms = limits->max_wait_ms > limits->delay_ms
                         ? limits->max_wait_ms
                         : limits->delay_ms;

    if (cap_ms < limits->max_retry_after_ms)
        cap_ms = limits->max_retry_after_ms;

    if (due_ms > now_ms)
        site->clock.due_ms =
            due_ms < now_ms + cap_ms ? due_ms : now_ms + cap_ms;
}

static enum err take_host(void *ctx, const struct host_record *record)
{
    struct host_claim *claim = ctx;
    struct frontier *frontier = claim->frontier;
    struct site *site = site_find(frontier, record->host_id);

    claim->nr++;
    claim->site = site;
    if (site) { /* its lease ran out while the process slept */
        site->token = record->token;
        return CERR_OK;
    }
    site = site_new(frontier, record);
    enum err err = gate_restore(frontier, site, record, claim->now_ms);
    link_lease(frontier, site, claim->now_ms);
    restore_pause(frontier, site, record, claim->now_ms);
    site->more = true;
    site_mark_hungry(frontier, site);
    claim->site = site;
    if (!err && site->clock.delay_ms > record->delay_ms)
        err = claim_put_site(frontier, site); /* a kill must not forget it */
    return err;
}

enum err claim_site(struct frontier *frontier, struct site **site,
                    const struct door_url *url, int64_t now_ms)
{
    struct host_claim claim = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = take_host, .ctx = &claim};

    *site = site_find(frontier, url->key.host_id);
    if (*site)
        return CERR_OK;
    enum err err =
        storage_claim_host(frontier->storage, url->key.host_id, url->host_key,
                           frontier_wall_ms(frontier, now_ms), &taker);
    *site = claim.site;
    return err;
}

static enum err set_next_claim(struct frontier *frontier, int64_t now_ms)
{
    int64_t due_at = STORAGE_HOST_IDLE;
    enum err err = storage_next_due(frontier->storage, &due_at);

    frontier->claim_ms = INT64_MAX;
    if (due_at < STORAGE_HOST_IDLE)
        frontier->claim_ms = due_at - frontier->options.wall_offset_ms;
    if (frontier->claim_ms <= now_ms)
        frontier->claim_ms = now_ms + 1;
    return err;
}

/* Hosts that are wanted on top of those that have something to start. More
 * than can be asked at once would only fill memory, and scatter what each
 * commit writes all over the database. */
static int nr_hosts_wanted(const struct frontier *frontier)
{
    return 2 * frontier->options.concurrency - schedule_nr_ready(frontier) -
           frontier->hungry.nr;
}

bool claim_wants_hosts(const struct frontier *frontier)
{
    return frontier->nr_sites < frontier->cap_sites &&
           frontier->rules_bytes < FRONTIER_RULES_BYTES &&
           claim_has_room(frontier) && !frontier->limit_hit &&
           nr_hosts_wanted(frontier) > 0;
}

static enum err claim_hosts(struct frontier *frontier, int64_t now_ms)
{
    struct host_claim claim = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = take_host, .ctx = &claim};
    size_t max = (size_t)(frontier->cap_sites - frontier->nr_sites);

    if (max > FRONTIER_CLAIM_HOSTS)
        max = FRONTIER_CLAIM_HOSTS;
    if (max > (size_t)nr_hosts_wanted(frontier))
        max = (size_t)nr_hosts_wanted(frontier);

    enum err err = storage_claim_hosts(
        frontier->storage, frontier_wall_ms(frontier, now_ms), max, &taker);
    if (err)
        return err;
    if (claim.nr == max)
        return CERR_OK;
    return set_next_claim(frontier, now_ms);
}

/* ---- URLs ---- */

struct refill {
    struct frontier *frontier;
    struct site *site;
    struct items fresh;
    size_t nr;
    bool walked; /* to the end of the range: the other URLs come next */
};

static struct url_level level_of(enum url_kind kind, int depth, int nr_hops)
{
    return kind == URL_FOUND ? (struct url_level){depth, nr_hops}
                             : (struct url_level){0, 0};
}

static bool is_behind(struct url_level a, struct url_level b)
{
    return a.depth > b.depth || (a.depth == b.depth && a.nr_hops > b.nr_hops);
}

/*
 * Where links are followed, a host is walked level by level, so that a page
 * is first found by a shortest way, and --depth means the same each time. A
 * level begins when the one before has ended, but for what waits for a retry
 * or another host.
 */
static bool opens_level(const struct refill *refill, struct url_level level)
{
    struct site *site = refill->site;

    if (refill->frontier->options.depth == 0 || !is_behind(level, site->level))
        return true;
    if (refill->nr > 0 || !site_level_ended(site))
        return false;
    site->level = level;
    return true;
}

static enum err take_url(void *ctx, const struct url_claim *claim)
{
    struct refill *refill = ctx;

    refill->walked = claim->kind != URL_BULK;
    if (!opens_level(refill,
                     level_of(claim->kind, claim->depth, claim->nr_hops))) {
        refill->site->is_closed = true;
        return CERR_CANCELED;
    }
    refill->nr++;
    url_place_pass(&refill->site->claimed, claim->key.url_hash, claim->kind,
                   claim->depth, claim->nr_hops);
    if (item_find(refill->frontier, claim->key))
        return CERR_OK; /* is here already: the place was moved back */
    struct item *item =
        item_new(refill->frontier, refill->site, ITEM_URL, claim);
    if (!item)
        return CERR_TOO_BIG;
    refill->site->listed |= claim->line > 0;
    items_add(&refill->fresh, item);
    return CERR_OK;
}

static size_t refill_size(const struct frontier *frontier,
                          const struct site *site)
{
    size_t nr = (size_t)site->batch;
    size_t room = frontier->cap_items - frontier->nr_items; /* not 0 */

    if (site->clock.state == HOST_DOWN || site->gate == GATE_CLOSED)
        nr = FRONTIER_BATCH_MAX; /* they end without being asked */
    else if (site->clock.delay_ms > 0 &&
             FRONTIER_LINGER_MS / site->clock.delay_ms < (int64_t)nr)
        nr = (size_t)(1 + FRONTIER_LINGER_MS / site->clock.delay_ms);
    return nr < room / 4 ? nr : room / 4;
}

/* The walk came to its end: again, where something was added meanwhile? Only
 * there: all else that it would pass has ended, and may be a million lines of
 * a dead host. */
static bool walk_again(struct site *site)
{
    site->claimed.walk = site->behind;
    site->behind = HASH_RANGE_NONE;
    return !hash_range_is_empty(site->claimed.walk);
}

static enum err refill_site(struct frontier *frontier, struct site *site,
                            int64_t now_ms)
{
    struct refill refill = {.frontier = frontier, .site = site};
    struct storage_taker taker = {.on_url = take_url, .ctx = &refill};
    size_t max = refill_size(frontier, site);
    struct item *item;

    site->is_closed = false;
    enum err err = storage_claim_urls(frontier->storage, site->id,
                                      &site->claimed, max, &taker);
    if (site->is_closed)
        err = CERR_OK;
    else if (refill.nr < max)
        refill.walked = true;
    bool again = !err && refill.walked && walk_again(site);
    if (site->is_closed)
        site->is_closed = !again;
    else if (refill.nr < max && !err)
        site->more = again;
    if (site->batch < FRONTIER_BATCH_MAX)
        site->batch *= 2;
    while ((item = items_take(&refill.fresh)) != NULL && !err)
        err = gate_admit(frontier, item, now_ms);
    if (!err)
        err = follow_host(frontier, site, now_ms);
    site_ask_for_more(frontier, site);
    if (site_level_ended(site))
        site_mark_idle(frontier, site);
    return err;
}

static enum err feed_sites(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int i = 0; i < FRONTIER_REFILLS && claim_has_room(frontier) && !err;
         i++) {
        struct site *site = site_take_hungry(frontier);
        if (!site)
            break;
        if (site->more)
            err = refill_site(frontier, site, now_ms);
        else
            site_mark_idle(frontier, site);
    }
    return err;
}

/* The place is turned back for a URL before it. But the walk first goes on to
 * its end, or each batch of a list that is being loaded would turn it back. */
static void note_to_claim(struct site *site, const struct url_record *url,
                          enum url_kind kind)
{
    if (kind == URL_BULK)
        note_behind(site, url->key.url_hash);
    else
        url_place_turn_back(&site->claimed, url->key.url_hash, kind, url->depth,
                            url->nr_hops);
}

void claim_note_added(struct frontier *frontier, const struct url_record *url,
                      enum storage_added added, int64_t now_ms)
{
    struct site *site = site_find(frontier, url->key.host_id);

    if (added != STORAGE_ADOPTED)
        frontier->stats.nr_queued++;
    if (!site) {
        if (now_ms < frontier->claim_ms)
            frontier->claim_ms = now_ms;
        return;
    }
    site->listed |= url->line > 0;
    site->more = true;
    enum url_kind kind = added == STORAGE_ADDED ? url->kind : URL_LISTED;
    note_to_claim(site, url, kind);
    if (!is_behind(level_of(kind, url->depth, url->nr_hops), site->level))
        site->is_closed = false;
    site_ask_for_more(frontier, site);
}

/* ---- the turn ---- */

static bool all_fresh(const struct items *items)
{
    for (const struct item *item = items->head; item; item = item->next)
        if (item->started)
            return false;
    return true;
}

/* Nothing to do, or nothing that could not as well wait in storage. */
static enum err look_at_idle(struct frontier *frontier, struct site *site,
                             int64_t now_ms)
{
    bool waits = site->clock.due_ms > now_ms;
    bool loose = site->nr_items == site->queue.nr && all_fresh(&site->queue);

    if (site->place != PLACE_NOWHERE || site->is_hungry)
        return CERR_OK;
    if (site_level_ended(site) && site->more) {
        site_mark_hungry(frontier, site);
    } else if (!loose && waits && site_is_ready(site)) {
        schedule_wait(frontier, site);
    } else if (!loose || (site->nr_items > 0 && !waits)) {
        schedule_site(frontier, site, now_ms);
    } else if (waits &&
               site->clock.due_ms - now_ms <= schedule_linger_ms(frontier)) {
        schedule_wait(frontier, site);
    } else {
        return claim_release_site(frontier, site, now_ms);
    }
    return CERR_OK;
}

static enum err look_at_all_idle(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int nr = frontier->idle.nr; nr > 0 && !err; nr--)
        err = look_at_idle(frontier, site_take_idle(frontier), now_ms);
    return err;
}

/* Whether nothing is left anywhere: storage has the last word. */
static enum err look_for_end(struct frontier *frontier, int64_t now_ms)
{
    struct storage_counts counts;
    size_t nr_woken = 0;

    if (!frontier->list_ended || frontier->nr_items > 0 ||
        frontier->hungry.nr > 0 || frontier->lines.nr > 0 ||
        frontier->links.nr > 0 || frontier->claim_ms <= now_ms)
        return CERR_OK;
    if (frontier->claim_ms < INT64_MAX && frontier->stats.nr_queued > 0)
        return CERR_OK; /* some host waits in storage for its time */
    enum err err = storage_sweep(frontier->storage,
                                 frontier_wall_ms(frontier, now_ms), &nr_woken);
    if (!err && nr_woken > 0)
        frontier->claim_ms = now_ms;
    if (err || nr_woken > 0)
        return err;
    if (frontier->claim_ms == INT64_MAX) {
        frontier->done = true;
        return CERR_OK;
    }
    err = storage_count(frontier->storage, &counts);
    if (!err) {
        frontier->stats.nr_queued = counts.nr_urls - counts.nr_ended;
        frontier->done = frontier->stats.nr_queued <= 0;
    }
    return err;
}

enum err claim_turn(struct frontier *frontier, int64_t now_ms)
{
    enum err err = batch_flush(frontier, &frontier->links, now_ms);

    if (!err)
        err = renew_leases(frontier, now_ms);

    if (!err)
        err = look_at_all_idle(frontier, now_ms);
    if (err || frontier->stopped)
        return err;
    if (now_ms >= frontier->claim_ms && claim_wants_hosts(frontier))
        err = claim_hosts(frontier, now_ms);
    if (!err && !frontier->limit_hit)
        err = feed_sites(frontier, now_ms);
    if (!err && !frontier->done && !frontier->limit_hit)
        err = look_for_end(frontier, now_ms);
    return err;
}
