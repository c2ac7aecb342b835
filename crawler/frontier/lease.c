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

bool frontier_is_crowded(const struct frontier *frontier)
{
    return frontier->nr_hosts >= frontier->cap_hosts / 4 * 3 ||
           frontier->rules_bytes >= FRONTIER_RULES_BYTES / 4 * 3 ||
           frontier->nr_items >= frontier->cap_urls / 4 * 3;
}

/* The slots behind are kept for robots.txt and the like. */
bool frontier_has_room(const struct frontier *frontier)
{
    return frontier->nr_items < frontier->cap_urls;
}

/* ---- leases ---- */

static void unlink_lease(struct frontier *frontier, struct host *host)
{
    struct host_list *leases = &frontier->leases;

    if (host->lease_prev)
        host->lease_prev->lease_next = host->lease_next;
    else
        leases->head = host->lease_next;
    if (host->lease_next)
        host->lease_next->lease_prev = host->lease_prev;
    else
        leases->tail = host->lease_prev;
    leases->nr--;
}

/* All leases are equally long: the order of adding is that of renewal. */
static void link_lease(struct frontier *frontier, struct host *host,
                       int64_t now_ms)
{
    struct host_list *leases = &frontier->leases;

    host->renew_ms = now_ms + STORAGE_LEASE_MS / 3;
    host->lease_prev = leases->tail;
    host->lease_next = NULL;
    if (leases->tail)
        leases->tail->lease_next = host;
    else
        leases->head = host;
    leases->tail = host;
    leases->nr++;
}

static enum err renew_leases(struct frontier *frontier, int64_t now_ms)
{
    struct host *host;

    while ((host = frontier->leases.head) != NULL && host->renew_ms <= now_ms) {
        enum err err =
            storage_renew_host(frontier->storage, host->id, host->token,
                               frontier_wall_ms(frontier, now_ms));
        if (err)
            return err;
        unlink_lease(frontier, host);
        link_lease(frontier, host, now_ms);
    }
    return CERR_OK;
}

void lease_fill_record(const struct frontier *frontier, const struct host *host,
                       struct host_record *record)
{
    *record = (struct host_record){
        .host_id = host->id,
        .key = {host->key, strlen(host->key)},
        .listed = host->listed,
        .token = host->token,
        .delay_ms = host->clock.delay_ms,
        .nr_errors = host->clock.nr_errors,
        .robots_status = host->robots_status,
        .robots_at = host->robots_at,
        .robots_until = host->robots_until,
        .walk = host->claimed.walk,
    };
    if (host->clock.due_ms > INT64_MIN)
        record->not_before = frontier_wall_ms(frontier, host->clock.due_ms);
}

enum err lease_put_host(struct frontier *frontier, const struct host *host)
{
    struct host_record record;

    lease_fill_record(frontier, host, &record);
    return storage_put_host(frontier->storage, &record);
}

/* A bulk URL where the walk has been, or does not come by. */
static void note_missed(struct host *host, int64_t url_hash)
{
    struct hash_range walk = host->claimed.walk;

    if (url_hash < walk.from || url_hash > walk.to)
        hash_range_add(&host->missed, hash_range_of(url_hash));
}

void claim_note_left(const struct item *item)
{
    if (item->kind == ITEM_URL && item->url_kind == URL_BULK)
        note_missed(item->origin, item->key.url_hash);
}

enum err lease_release_host(struct frontier *frontier, struct host *host,
                            int64_t now_ms)
{
    struct host_record record;
    bool to_do = host->more || host->nr_items > 0;
    struct item *item;

    lease_fill_record(frontier, host, &record);
    record.due_at = STORAGE_HOST_IDLE;
    if (host->clock.due_ms > now_ms)
        record.due_at = frontier_wall_ms(frontier, host->clock.due_ms);
    else if (to_do)
        record.due_at = frontier_wall_ms(frontier, now_ms);
    if (record.due_at < STORAGE_HOST_IDLE) {
        int64_t due_ms = record.due_at - frontier->options.wall_offset_ms;
        if (due_ms < frontier->claim_ms)
            frontier->claim_ms = due_ms;
    }
    while ((item = items_take(&host->queue)) != NULL) {
        claim_note_left(item);
        item_free(frontier, item);
    }
    hash_range_add(&record.walk, host->missed);
    unlink_lease(frontier, host);
    host_free(frontier, host);
    return storage_release_host(frontier->storage, &record);
}

/* ---- hosts ---- */

struct host_claim {
    struct frontier *frontier;
    int64_t now_ms;
    size_t nr;
    struct host *host; /* the last one */
};

/*
 * A host that asked for a pause is claimed before its end when a redirect leads
 * to it, or when the process died meanwhile. No pause is longer than its cap,
 * also where the wall clock was set back.
 */
static void restore_pause(const struct frontier *frontier, struct host *host,
                          const struct host_record *record, int64_t now_ms)
{
    const struct host_limits *limits = &host->rules.limits;
    int64_t due_ms = record->not_before - frontier->options.wall_offset_ms;
    int64_t cap_ms = limits->max_wait_ms > limits->delay_ms
                         ? limits->max_wait_ms
                         : limits->delay_ms;

    if (cap_ms < limits->max_retry_after_ms)
        cap_ms = limits->max_retry_after_ms;

    if (due_ms > now_ms)
        host->clock.due_ms =
            due_ms < now_ms + cap_ms ? due_ms : now_ms + cap_ms;
}

static enum err take_host(void *ctx, const struct host_record *record)
{
    struct host_claim *claim = ctx;
    struct frontier *frontier = claim->frontier;
    struct host *host = host_find(frontier, record->host_id);

    claim->nr++;
    claim->host = host;
    if (host) { /* its lease ran out while the process slept */
        host->token = record->token;
        return CERR_OK;
    }
    host = host_new(frontier, record);
    enum err err = robots_restore(frontier, host, record, claim->now_ms);
    link_lease(frontier, host, claim->now_ms);
    restore_pause(frontier, host, record, claim->now_ms);
    host->more = true;
    host_mark_hungry(frontier, host);
    claim->host = host;
    if (!err && host->clock.delay_ms > record->delay_ms)
        err = lease_put_host(frontier, host); /* a kill must not forget it */
    return err;
}

enum err lease_host(struct frontier *frontier, struct host **host,
                    const struct keyed_url *url, int64_t now_ms)
{
    struct host_claim claim = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = take_host, .ctx = &claim};

    *host = host_find(frontier, url->key.host_id);
    if (*host)
        return CERR_OK;
    enum err err =
        storage_claim_host(frontier->storage, url->key.host_id, url->host_key,
                           frontier_wall_ms(frontier, now_ms), &taker);
    *host = claim.host;
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

bool lease_wants_hosts(const struct frontier *frontier)
{
    return frontier->nr_hosts < frontier->cap_hosts &&
           frontier->rules_bytes < FRONTIER_RULES_BYTES &&
           frontier_has_room(frontier) && !frontier->limit_hit &&
           nr_hosts_wanted(frontier) > 0;
}

static enum err claim_hosts(struct frontier *frontier, int64_t now_ms)
{
    struct host_claim claim = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = take_host, .ctx = &claim};
    size_t max = (size_t)(frontier->cap_hosts - frontier->nr_hosts);

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
    struct host *host;
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
    struct host *host = refill->host;

    if (refill->frontier->options.depth == 0 ||
        !is_behind(level, host->current_level))
        return true;
    if (refill->nr > 0 || !host_level_has_ended(host))
        return false;
    host->current_level = level;
    return true;
}

static enum err take_url(void *ctx, const struct url_claim *claim)
{
    struct refill *refill = ctx;

    refill->walked = claim->kind != URL_BULK;
    if (!opens_level(refill,
                     level_of(claim->kind, claim->depth, claim->nr_hops))) {
        refill->host->is_closed = true;
        return CERR_CANCELED;
    }
    refill->nr++;
    url_place_pass(&refill->host->claimed, claim->key.url_hash, claim->kind,
                   claim->depth, claim->nr_hops);
    if (item_find(refill->frontier, claim->key))
        return CERR_OK; /* is here already: the place was moved back */
    struct item *item =
        item_new(refill->frontier, refill->host, ITEM_URL, claim);
    if (!item)
        return CERR_TOO_BIG;
    refill->host->listed |= claim->line > 0;
    items_add(&refill->fresh, item);
    return CERR_OK;
}

static size_t refill_size(const struct frontier *frontier,
                          const struct host *host)
{
    size_t nr = (size_t)host->batch;
    size_t room = frontier->cap_items - frontier->nr_items; /* not 0 */

    if (host->clock.state == HOST_DOWN ||
        host->robots_state == ROBOTS_UNREACHABLE)
        nr = FRONTIER_BATCH_MAX; /* they end without being asked */
    else if (host->clock.delay_ms > 0 &&
             FRONTIER_LINGER_MS / host->clock.delay_ms < (int64_t)nr)
        nr = (size_t)(1 + FRONTIER_LINGER_MS / host->clock.delay_ms);
    return nr < room / 4 ? nr : room / 4;
}

/* The walk came to its end: again, where something was added meanwhile? Only
 * there: all else that it would pass has ended, and may be a million lines of
 * a dead host. */
static bool walk_again(struct host *host)
{
    host->claimed.walk = host->missed;
    host->missed = HASH_RANGE_NONE;
    return !hash_range_is_empty(host->claimed.walk);
}

static enum err refill_host(struct frontier *frontier, struct host *host,
                            int64_t now_ms)
{
    struct refill refill = {.frontier = frontier, .host = host};
    struct storage_taker taker = {.on_url = take_url, .ctx = &refill};
    size_t max = refill_size(frontier, host);
    struct item *item;

    host->is_closed = false;
    enum err err = storage_claim_urls(frontier->storage, host->id,
                                      &host->claimed, max, &taker);
    if (host->is_closed)
        err = CERR_OK;
    else if (refill.nr < max)
        refill.walked = true;
    bool again = !err && refill.walked && walk_again(host);
    if (host->is_closed)
        host->is_closed = !again;
    else if (refill.nr < max && !err)
        host->more = again;
    if (host->batch < FRONTIER_BATCH_MAX)
        host->batch *= 2;
    while ((item = items_take(&refill.fresh)) != NULL && !err)
        err = robots_admit(frontier, item, now_ms);
    if (!err)
        err = offer_sitemaps(frontier, host, now_ms);
    host_ask_for_more(frontier, host);
    if (host_level_has_ended(host))
        host_mark_idle(frontier, host);
    return err;
}

static enum err refill_hosts(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int i = 0; i < FRONTIER_REFILLS && frontier_has_room(frontier) && !err;
         i++) {
        struct host *host = host_take_hungry(frontier);
        if (!host)
            break;
        if (host->more)
            err = refill_host(frontier, host, now_ms);
        else
            host_mark_idle(frontier, host);
    }
    return err;
}

/* The place is turned back for a URL before it. But the walk first goes on to
 * its end, or each batch of a list that is being loaded would turn it back. */
static void note_to_claim(struct host *host, const struct url_record *url,
                          enum url_kind kind)
{
    if (kind == URL_BULK)
        note_missed(host, url->key.url_hash);
    else
        url_place_turn_back(&host->claimed, url->key.url_hash, kind, url->depth,
                            url->nr_hops);
}

void claim_note_added(struct frontier *frontier, const struct url_record *url,
                      enum storage_added added, int64_t now_ms)
{
    struct host *host = host_find(frontier, url->key.host_id);

    if (added != STORAGE_ADOPTED)
        frontier->stats.nr_queued++;
    if (!host) {
        if (now_ms < frontier->claim_ms)
            frontier->claim_ms = now_ms;
        return;
    }
    host->listed |= url->line > 0;
    host->more = true;
    enum url_kind kind = added == STORAGE_ADDED ? url->kind : URL_LISTED;
    note_to_claim(host, url, kind);
    if (!is_behind(level_of(kind, url->depth, url->nr_hops),
                   host->current_level))
        host->is_closed = false;
    host_ask_for_more(frontier, host);
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
static enum err look_at_idle(struct frontier *frontier, struct host *host,
                             int64_t now_ms)
{
    bool waits = host->clock.due_ms > now_ms;
    bool loose = host->nr_items == host->queue.nr && all_fresh(&host->queue);

    if (host->place != PLACE_NOWHERE || host->is_hungry)
        return CERR_OK;
    if (host_level_has_ended(host) && host->more) {
        host_mark_hungry(frontier, host);
    } else if (!loose && waits && host_is_ready(host)) {
        schedule_wait(frontier, host);
    } else if (!loose || (host->nr_items > 0 && !waits)) {
        schedule_host(frontier, host, now_ms);
    } else if (waits &&
               host->clock.due_ms - now_ms <= schedule_linger_ms(frontier)) {
        schedule_wait(frontier, host);
    } else {
        return lease_release_host(frontier, host, now_ms);
    }
    return CERR_OK;
}

static enum err look_at_all_idle(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int nr = frontier->idle.nr; nr > 0 && !err; nr--)
        err = look_at_idle(frontier, host_take_idle(frontier), now_ms);
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
    if (now_ms >= frontier->claim_ms && lease_wants_hosts(frontier))
        err = claim_hosts(frontier, now_ms);
    if (!err && !frontier->limit_hit)
        err = refill_hosts(frontier, now_ms);
    if (!err && !frontier->done && !frontier->limit_hit)
        err = look_for_end(frontier, now_ms);
    return err;
}
