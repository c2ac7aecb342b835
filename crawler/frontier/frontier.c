#include "crawler/frontier/frontier.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"
#include "crawler/page/job.h"

#define DEFAULT_CONCURRENCY     256
#define DEFAULT_PER_HOST        6
#define DEFAULT_MAX_DELAY_MS    60000
#define DEFAULT_RETRY_AFTER_MS  3600000
#define DEFAULT_REDIRECTS       10
#define DEFAULT_RETRIES         2
#define DEFAULT_RETRY_DELAY_MS  1000
#define DEFAULT_MAX_HOST_ERRORS 5
#define RATE_BURST_MS           100 /* of --rate, made good after a pause */

static void set_defaults(struct frontier_options *options)
{
    if (options->concurrency <= 0)
        options->concurrency = DEFAULT_CONCURRENCY;
    if (options->any_host.limits.per_host <= 0)
        options->any_host.limits.per_host = DEFAULT_PER_HOST;
    if (options->any_host.limits.max_wait_ms <= 0)
        options->any_host.limits.max_wait_ms = DEFAULT_MAX_DELAY_MS;
    if (options->any_host.limits.max_retry_after_ms <= 0)
        options->any_host.limits.max_retry_after_ms = DEFAULT_RETRY_AFTER_MS;
    if (!options->product_token)
        options->product_token = "crawl";
    if (options->max_redirects < 0)
        options->max_redirects = DEFAULT_REDIRECTS;
    if (options->max_redirects > VISIT_HOPS_MAX)
        options->max_redirects = VISIT_HOPS_MAX;
    if (options->any_host.retries < 0)
        options->any_host.retries = DEFAULT_RETRIES;
    if (options->retry_delay_ms <= 0)
        options->retry_delay_ms = DEFAULT_RETRY_DELAY_MS;
    if (options->any_host.limits.max_errors <= 0)
        options->any_host.limits.max_errors = DEFAULT_MAX_HOST_ERRORS;
}

static enum err count_queued(struct frontier *frontier)
{
    struct storage_counts counts;
    enum err err = storage_count(frontier->storage, &counts);

    if (!err)
        frontier->stats.nr_queued = counts.nr_urls - counts.nr_ended;
    return err;
}

enum err frontier_open(struct frontier **frontier,
                       const struct frontier_options *options,
                       struct storage *storage,
                       char message[STORAGE_MESSAGE_BYTES])
{
    struct frontier *made = xcalloc(1, sizeof(*made));

    message[0] = '\0';
    made->options = *options;
    set_defaults(&made->options);
    made->storage = storage;
    made->hash_key = storage_hash_key(storage);
    made->random = made->options.seed ? made->options.seed : 1;
    made->claim_ms = INT64_MIN;
    made->stats.throttled_host = "";
    table_init(made);
    batch_init(&made->lines, FRONTIER_LINES_FIRST,
               FRONTIER_LINES_BATCH + FRONTIER_LINES_SLACK);
    batch_init(&made->links, FRONTIER_LINKS_BATCH, FRONTIER_LINKS_BATCH);

    enum err err = follow_init(made, message);
    if (!err)
        err = count_queued(made);
    if (err) {
        frontier_free(made);
        return err;
    }
    *frontier = made;
    return CERR_OK;
}

void frontier_free(struct frontier *frontier)
{
    if (!frontier)
        return;
    table_release(frontier);
    heap_release(&frontier->due);
    heap_release(&frontier->retries);
    batch_release(&frontier->lines);
    batch_release(&frontier->links);
    follow_release(frontier);
    free(frontier);
}

/* ---- out ---- */

static uint32_t job_flags(const struct frontier *frontier,
                          const struct item *item)
{
    const struct frontier_options *options = &frontier->options;
    uint32_t flags = 0;

    if (item->host->listed)
        flags |= JOB_PRIVATE_OK;
    if (item->host->listed && item->host == item->origin)
        flags |= JOB_LISTED_AUTH;
    if (item->kind == ITEM_ROBOTS)
        return flags | JOB_ROBOTS;
    if (follow_is_sitemap(item))
        return flags | JOB_SITEMAP;
    if (options->wants.links)
        flags |= JOB_LINKS | JOB_LINK_TEXTS;
    else if (item->depth < options->depth)
        flags |= JOB_LINKS; /* to follow: nobody reads what they say */
    if (options->wants.head_scan)
        flags |= JOB_HEAD_SCAN;
    if (options->wants.body)
        flags |= JOB_BODY;
    if (options->wants.raw)
        flags |= JOB_RAW;
    return flags;
}

static void fill_fetch(const struct frontier *frontier, const struct item *item,
                       struct frontier_fetch *fetch)
{
    struct bytes target = item_target(item);
    const char *etag = item->text + item->url_len + 1 + item->listed_len;
    bool first = target.data == item->text; /* validators are of this URL */

    *fetch = (struct frontier_fetch){
        .id = item_id(item),
        .url = target.data,
        .url_len = target.len,
        .flags = job_flags(frontier, item),
        .header_set = item->host->rules.header_set,
        .affinity = (uint64_t)item->host->id | 1,
        .etag = {etag, first ? item->etag_len : 0},
        .last_modified = {etag + item->etag_len,
                          first ? item->modified_len : 0},
    };
}

static void start_item(struct frontier *frontier, struct item *item,
                       int64_t now_ms)
{
    if (!item->started) {
        item->started = true;
        item->first_ms = now_ms;
        if (item->kind == ITEM_URL)
            frontier->nr_started++;
    } else {
        item->waited_ms += (double)(now_ms - item->queued_ms);
    }
    item->counts_as_try = !item->is_redirect_start;
    item->tries += item->counts_as_try;
    item->is_redirect_start = false;
    item->list_open = !frontier->list_ended;
    item->state = ITEM_IN_FLIGHT;
    item->started_ms = now_ms;
    frontier->nr_in_flight++;
    frontier->nr_robots_in_flight += item->kind == ITEM_ROBOTS;
    frontier->stats.nr_requests++;
    host_clock_started(&item->host->clock, now_ms);
    if (frontier->options.rate_per_s > 0) {
        double earliest = (double)now_ms - RATE_BURST_MS;
        if (frontier->rate_next_ms < earliest)
            frontier->rate_next_ms = earliest;
        frontier->rate_next_ms += 1000 / frontier->options.rate_per_s;
    }
}

int frontier_max_in_flight(int concurrency)
{
    int on_top = concurrency / FRONTIER_ROBOTS_SHARE;

    return concurrency + (on_top > 0 ? on_top : 1);
}

static bool has_place(const struct frontier *frontier)
{
    return frontier->nr_in_flight <
               frontier_max_in_flight(frontier->options.concurrency) &&
           (!schedule_pages_full(frontier) || frontier->asking.nr > 0);
}

static void leave_flight(struct frontier *frontier, const struct item *item)
{
    frontier->nr_in_flight--;
    frontier->nr_robots_in_flight -= item->kind == ITEM_ROBOTS;
}

static bool may_start_any(const struct frontier *frontier, int64_t now_ms)
{
    return has_place(frontier) && !frontier->stopped && !frontier->paused &&
           !frontier->quarantine_runs &&
           (!frontier->limit_hit || frontier->limit_done) &&
           frontier->rate_next_ms <= (double)now_ms;
}

/* The limit counts URLs, not requests: what has begun may go on. */
static bool is_over_limit(struct frontier *frontier, const struct item *item)
{
    int64_t max_urls = frontier->options.max_urls;

    if (item->started || item->kind != ITEM_URL || max_urls <= 0 ||
        frontier->nr_started < max_urls)
        return false;
    frontier->limit_hit = true;
    return true;
}

static struct item *take_from_host(struct frontier *frontier, struct host *host,
                                   int64_t now_ms)
{
    struct item *item;

    if (!host_is_ready(host)) {
        host_mark_idle(frontier, host);
        return NULL;
    }
    if (!host_clock_may_start(&host->clock, now_ms)) {
        schedule_host(frontier, host, now_ms);
        return NULL;
    }
    if (!host->robots_queue.head && is_over_limit(frontier, host->queue.head)) {
        schedule_host(frontier, host, now_ms);
        return NULL;
    }
    item = items_take(host->robots_queue.head ? &host->robots_queue
                                              : &host->queue);
    start_item(frontier, item, now_ms);
    schedule_host(frontier, host, now_ms);
    host_ask_for_more(frontier, host);
    return item;
}

/* A suspect starts only when nothing else is in flight or could be. */
static struct item *take_quarantined(struct frontier *frontier, int64_t now_ms)
{
    struct item *item = frontier->quarantine.head;

    if (!item || frontier->nr_in_flight > 0 ||
        !host_clock_may_start(&item->host->clock, now_ms))
        return NULL;
    items_take(&frontier->quarantine);
    item->in_quarantine = true;
    frontier->quarantine_runs = true;
    start_item(frontier, item, now_ms);
    return item;
}

bool frontier_next(struct frontier *frontier, int64_t now_ms,
                   struct frontier_fetch *fetch)
{
    struct item *item = NULL;
    struct host *host;

    if (!may_start_any(frontier, now_ms))
        return false;
    schedule_due(frontier, now_ms);
    while (!item && !(frontier->limit_hit && !frontier->limit_done)) {
        host = schedule_take(frontier);
        if (!host)
            break;
        item = take_from_host(frontier, host, now_ms);
    }
    if (!item)
        item = take_quarantined(frontier, now_ms);
    if (!item)
        return false;
    fill_fetch(frontier, item, fetch);
    return true;
}

enum err frontier_answer(struct frontier *frontier, uint64_t id, int worker,
                         const struct page *page, int64_t now_ms)
{
    struct item *item = item_by_id(frontier, id);

    if (!item)
        return CERR_INVALID;
    leave_flight(frontier, item);
    frontier->quarantine_runs = false;
    frontier->stats.bytes_down += (int64_t)page->wire_bytes;
    frontier->stats.nr_answers += item->kind == ITEM_URL && page->status > 0;
    if (frontier->options.max_bytes > 0 &&
        frontier->stats.bytes_down >= frontier->options.max_bytes)
        frontier->limit_hit = true;
    return answer_take(frontier, item, worker, page, now_ms);
}

void frontier_put_back(struct frontier *frontier, uint64_t id)
{
    struct item *item = item_by_id(frontier, id);

    assert(item);
    struct host *host = item->host;
    leave_flight(frontier, item);
    frontier->stats.nr_requests--;
    frontier->quarantine_runs = false;
    host_clock_put_back(&host->clock);
    item->tries -= item->counts_as_try;
    item->is_redirect_start = !item->counts_as_try;
    item->queued_ms = item->started_ms;
    item->state = item->in_quarantine ? ITEM_QUARANTINED : ITEM_QUEUED;
    if (item->in_quarantine)
        items_add_front(&frontier->quarantine, item);
    else
        items_add_front(
            item->kind == ITEM_URL ? &host->queue : &host->robots_queue, item);
    item->in_quarantine = false;
    schedule_host(frontier, host, item->started_ms);
}

/* ---- housekeeping ---- */

static void drop_fresh(struct frontier *frontier, struct items *items)
{
    struct items all = *items;
    struct item *item;

    *items = (struct items){0};
    while ((item = items_take(&all)) != NULL) {
        if (item->started)
            items_add(items, item);
        else
            item_free(frontier, item);
    }
}

/* What has not begun goes back to storage, where it is still to do. */
static void drop_all_fresh(struct frontier *frontier)
{
    for (size_t i = 0; i <= frontier->host_mask; i++) {
        struct host *host = frontier->host_buckets[i];
        for (; host; host = host->hash_next) {
            drop_fresh(frontier, &host->queue);
            if (host->queue.nr == 0 && host->robots_queue.nr > 0) {
                int nr = host->robots_queue.nr;
                drop_fresh(frontier, &host->robots_queue);
                if (host->robots_queue.nr < nr &&
                    host->robots_state == ROBOTS_FETCHING)
                    host->robots_state = ROBOTS_UNKNOWN;
            }
            host_mark_idle(frontier, host);
        }
    }
    frontier->limit_done = true;
}

bool frontier_wants_more(const struct frontier *frontier)
{
    return frontier->nr_in_flight < frontier->options.concurrency &&
           !schedule_has_any(frontier);
}

enum err frontier_turn(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    if (frontier->limit_hit && !frontier->limit_done)
        drop_all_fresh(frontier);
    if (!frontier->stopped)
        err = answer_fire_retries(frontier, now_ms);
    while (!err && frontier->quarantine.head &&
           frontier->quarantine.head->host->clock.state == HOST_DOWN)
        err = robots_admit(frontier, items_take(&frontier->quarantine), now_ms);
    if (!err && frontier->lines.is_pushed)
        err = batch_step(frontier, &frontier->lines,
                         frontier_wants_more(frontier) ? FRONTIER_RECORDS
                                                       : FRONTIER_LINES_STEP,
                         now_ms);
    if (!err)
        err = claim_turn(frontier, now_ms);
    return err;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When something could be started; INT64_MAX: not before an answer. */
static int64_t next_start_ms(const struct frontier *frontier, int64_t now_ms)
{
    int64_t at = heap_due_ms(&frontier->due);

    if (!has_place(frontier) || frontier->quarantine_runs)
        return INT64_MAX;
    if (schedule_has_any(frontier))
        at = now_ms;
    if (frontier->quarantine.head && frontier->nr_in_flight == 0)
        at = earlier(at, frontier->quarantine.head->host->clock.due_ms);
    if ((double)at < frontier->rate_next_ms)
        at = (int64_t)frontier->rate_next_ms + 1;
    if (frontier->hungry.nr > 0 && frontier_has_room(frontier) &&
        !frontier->limit_hit)
        at = now_ms;
    if (lease_wants_hosts(frontier))
        at = earlier(at, frontier->claim_ms);
    return at;
}

int64_t frontier_wait_ms(const struct frontier *frontier, int64_t now_ms)
{
    int64_t at = INT64_MAX;

    if (!frontier->stopped && !frontier->paused)
        at = next_start_ms(frontier, now_ms);
    if (!frontier->stopped)
        at = earlier(at, heap_due_ms(&frontier->retries));
    if (frontier->lines.is_pushed || frontier->idle.nr > 0 ||
        frontier->links.nr > 0 ||
        (frontier->limit_hit && !frontier->limit_done))
        at = now_ms;
    if (frontier->leases.head)
        at = earlier(at, frontier->leases.head->renew_ms);
    if (at == INT64_MAX)
        return -1;
    return at > now_ms ? at - now_ms : 0;
}

enum frontier_end frontier_ended(const struct frontier *frontier)
{
    if (frontier->done)
        return FRONTIER_DONE;
    if (frontier->stopped && frontier->nr_in_flight == 0)
        return FRONTIER_LIMIT;
    if (frontier->limit_done && frontier->nr_items == 0)
        return frontier->list_ended && frontier->stats.nr_queued <= 0
                   ? FRONTIER_DONE
                   : FRONTIER_LIMIT;
    return FRONTIER_RUNNING;
}

void frontier_stop(struct frontier *frontier)
{
    frontier->stopped = true;
}

void frontier_pause(struct frontier *frontier, bool paused)
{
    frontier->paused = paused;
}

/* Whatever is in memory is still to do in storage. */
static void forget_items(struct frontier *frontier)
{
    struct host *host = frontier->leases.head;

    for (; host; host = host->lease_next) {
        host->more |= host->nr_items > 0;
        host->nr_items = host->nr_off_level = 0;
        host->queue = host->robots_queue = (struct items){0};
    }
    for (uint32_t i = 0; i < frontier->nr_slots; i++) {
        if (frontier->items[i].state != ITEM_FREE)
            claim_note_left(&frontier->items[i]);
        frontier->items[i].state = ITEM_FREE;
    }
    frontier->quarantine = (struct items){0};
    frontier->nr_items = 0;
    frontier->nr_in_flight = 0;
    frontier->nr_robots_in_flight = 0;
}

enum err frontier_release(struct frontier *frontier, int64_t now_ms)
{
    enum err err = batch_flush(frontier, &frontier->lines, now_ms);

    if (!err)
        err = batch_flush(frontier, &frontier->links, now_ms);
    frontier->stopped = true;
    heap_release(&frontier->due);
    heap_release(&frontier->retries);
    forget_items(frontier);
    while (frontier->leases.head && !err)
        err = lease_release_host(frontier, frontier->leases.head, now_ms);
    frontier->ready = frontier->asking = frontier->busy = (struct host_list){0};
    frontier->hungry = frontier->idle = (struct host_list){0};
    return err;
}

void frontier_get_stats(const struct frontier *frontier,
                        struct frontier_stats *stats)
{
    const struct heap *due = &frontier->due;
    const struct host *worst = NULL;

    *stats = frontier->stats;
    stats->nr_in_flight = frontier->nr_in_flight;
    stats->nr_hosts_waiting = (int)due->nr;
    stats->nr_hosts_active = frontier->nr_hosts - (int)due->nr;
    for (size_t i = 0; i < due->nr; i++) {
        const struct host *host = due->entries[i].what;
        if (host_is_ready(host) &&
            (!worst || host->clock.due_ms > worst->clock.due_ms))
            worst = host;
    }
    if (!worst)
        return;
    stats->throttled_host = worst->key;
    stats->throttled_status = worst->clock.status > 0 ? worst->clock.status : 0;
    stats->throttled_until_ms = worst->clock.due_ms;
}
