/*
 * The frontier's driver: it asks the parts for verdicts and is the only one to
 * act on them. Every item moves from state to state here, and nowhere else; the
 * picture is at enum item_state in frontier_internal.h, the one switch in
 * move_item().
 */
#include "crawler/frontier/frontier.h"

#include <assert.h>

#include "crawler/frontier/frontier_internal.h"
#include "storage/results.h"

/* Starts that --rate may make good after a pause, in ms. */
#define RATE_BURST_MS 100
/* Until what failed while nobody answers is asked again, in ms. */
#define HOLD_MS       1000

/* ---- acting on a verdict ---- */

/* Moves an item to QUEUED from any state but FREE. The host may be able to
 * start something now that it could not before, so its place is looked at. */
static void enqueue(struct frontier *frontier, struct item *item,
                    int64_t now_ms)
{
    struct host *host = item->host;

    item->state = ITEM_QUEUED;
    item->times.queued_ms = now_ms;
    items_add(item->kind == ITEM_URL ? &host->queue : &host->robots_queue,
              item);
    schedule_host(frontier, host, now_ms);
}

/* Makes an item for the robots.txt of a host. It is an item like any other, but
 * has a queue of its own that is served first, and places of its own in flight.
 */
static enum err fetch_robots(struct frontier *frontier, struct host *host,
                             int64_t now_ms)
{
    struct item *item;
    enum err err = admission_fetch(frontier, host, &item);

    if (!err)
        enqueue(frontier, item, now_ms);
    return err;
}

/* Takes an item out of the level of its host, which goes on without it: the
 * item waits for a retry, or for another host. */
static void leave_level(struct frontier *frontier, struct item *item)
{
    struct host *origin = item->origin;

    if (item->is_off_level)
        return;
    item->is_off_level = true;
    origin->nr_off_level++;
    if (origin->walk.is_closed && host_level_has_ended(origin))
        host_mark_idle(frontier, origin);
}

/* Moves an item from IN_FLIGHT to RETRYING. fire_retries() takes it off the
 * heap in the turn after due_ms. */
static void wait_for_retry(struct frontier *frontier, struct item *item,
                           int64_t due_ms)
{
    item->state = ITEM_RETRYING;
    leave_level(frontier, item);
    frontier->stats.nr_retries_waiting++;
    heap_add(&frontier->retries, due_ms, item);
}

/* Moves an item from IN_FLIGHT to QUARANTINED, where it waits until nothing
 * else is in flight: see take_quarantined(). Suspects run in the order of their
 * coming. */
static void put_in_quarantine(struct frontier *frontier, struct item *item)
{
    item->state = ITEM_QUARANTINED;
    items_add(&frontier->quarantine, item);
}

/* Sends an item on to the target of its redirect, where it waits for the clock
 * of that host. */
static enum err go_to_target(struct frontier *frontier, struct item *item,
                             const struct page *page,
                             const struct keyed_url *target, int64_t now_ms)
{
    struct host *host = NULL, *before = item->host;
    enum err err = lease_host(frontier, &host, target, now_ms);

    if (err)
        return err;
    private_note_redirect(frontier, before, target);
    redirect_add_hop(item, page, target->url);
    item_set_host(item, host);
    host_mark_idle(frontier, before);
    if (item->kind == ITEM_URL && host != item->origin)
        leave_level(frontier, item);
    return CERR_OK;
}

/* Ends an item and frees it. Its host may have nothing more to do, or may go on
 * to its next level; the turn finds out which. */
static enum err end_item(struct frontier *frontier, struct item *item,
                         const struct ending *ending, int64_t now_ms)
{
    struct host *origin = item->origin, *host = item->host;
    enum err err = ending_report_item(frontier, item, ending, now_ms);

    item_free(frontier, item);
    if (host_level_has_ended(origin))
        host_mark_idle(frontier, origin);
    if (host_level_has_ended(host))
        host_mark_idle(frontier, host);
    return err;
}

/* Ends a hop of a redirect. It was asked for on the way of a listed URL, so it
 * is known and has ended; if it is in memory as a found URL that waits, that
 * item is answered too. */
static enum err end_hop(struct frontier *frontier, const struct item *item,
                        struct visit *visit, int64_t now_ms)
{
    struct keyed_url url;
    bool is_new;

    if (url_reader_read(frontier->reader, visit->url, &url) != ERROR_NONE)
        return CERR_OK;
    struct item *known = item_find(frontier, url.key);
    if (known) {
        if (known->state != ITEM_QUEUED || known->times.has_started ||
            known->source.line > 0)
            return CERR_OK;
        items_remove(&known->host->queue, known);
        return end_item(frontier, known,
                        &(struct ending){.outcome = visit->outcome,
                                         .error = visit->error,
                                         .detail = visit->detail,
                                         .page = visit->page,
                                         .worker = visit->worker},
                        now_ms);
    }
    enum err err = intake_add_hop(frontier, &url, item, now_ms, &is_new);
    if (err || !is_new)
        return err;
    visit->host_id = url.key.host_id;
    visit->url_hash = url.key.url_hash;
    visit->fetched_at = frontier_wall_ms(frontier, now_ms);
    return ending_report(frontier, visit);
}

/* Ends the hops of an item, where links are followed. Elsewhere a hop of a
 * listed URL has no row of its own (docs/decisions/0001). */
static enum err end_hops(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < item->chain->nr_hops && !err; i++) {
        struct page moved;
        struct visit visit;

        redirect_hop_visit(item, i, page, &moved, &visit);
        err = end_hop(frontier, item, &visit, now_ms);
    }
    return err;
}

/* Ends a URL. What its page leads to is offered before the item is freed, as
 * the offers name it as their parent. */
static enum err end_url(struct frontier *frontier, struct item *item,
                        const struct verdict *verdict, int64_t now_ms)
{
    const struct page *page = verdict->ending.page;
    enum err err = CERR_OK;

    if (verdict->has_leads && (page->flags & PAGE_IS_SITEMAP) &&
        item->source.line > 0 && frontier->options.max_sitemaps == 0)
        frontier->stats.left_out.nr_unread_sitemaps++;
    if (verdict->has_leads)
        err = sitemaps_has(frontier, item, page)
                  ? sitemaps_end(frontier, item, page, now_ms)
                  : offer_leads(frontier, item, page);
    if (!err && verdict->has_leads && item->chain && !item_is_checked(item) &&
        frontier->options.depth > 0)
        err = end_hops(frontier, item, page, now_ms);
    return err ? err : end_item(frontier, item, &verdict->ending, now_ms);
}

/* Ends the fetch of a robots.txt. What waits at its host is judged by the new
 * rules in the next turn. */
static enum err settle_robots(struct frontier *frontier, struct item *item,
                              const struct page *page, int64_t now_ms)
{
    struct host *host = item->origin, *last = item->host;
    struct robots_news news;
    enum err err = admission_settle(frontier, item, page, now_ms, &news);

    if (!err && news.is_any)
        err = lease_put_host(frontier, host, news.text);
    item_free(frontier, item);
    if (!err)
        err = sitemaps_offer(frontier, host, now_ms);
    host_mark_changed(frontier, host);
    host_mark_idle(frontier, host);
    host_mark_idle(frontier, last);
    return err;
}

/* Acts on a verdict; the item is in no list. `page` is its answer, or NULL if
 * it has none. REDIRECT and ADMIT become another verdict first. */
static enum err move_item(struct frontier *frontier, struct item *item,
                          const struct page *page, struct verdict *verdict,
                          int64_t now_ms)
{
    enum err err = CERR_OK;

    if (verdict->action == VERDICT_REDIRECT) {
        err = go_to_target(frontier, item, page, &verdict->target, now_ms);
        verdict->action = VERDICT_ADMIT;
    }
    if (!err && verdict->action == VERDICT_ADMIT)
        admission_judge(frontier, item, now_ms, verdict);
    if (err)
        return err;
    switch (verdict->action) {
    case VERDICT_ADMIT:
    case VERDICT_REDIRECT:
        break; /* became another action above */
    case VERDICT_QUEUE:
        enqueue(frontier, item, now_ms);
        break;
    case VERDICT_WAIT_ROBOTS:
        enqueue(frontier, item, now_ms);
        err = fetch_robots(frontier, item->host, now_ms);
        break;
    case VERDICT_RETRY:
        wait_for_retry(frontier, item, verdict->due_ms);
        break;
    case VERDICT_QUARANTINE:
        put_in_quarantine(frontier, item);
        break;
    case VERDICT_END:
        err = item->kind == ITEM_URL
                  ? end_url(frontier, item, verdict, now_ms)
                  : settle_robots(frontier, item, verdict->ending.page, now_ms);
        break;
    }
    return err;
}

/* Judges an item without an answer: a new one, one out of the heap of retries,
 * or one whose host has changed. */
static enum err admit(struct frontier *frontier, struct item *item,
                      int64_t now_ms)
{
    struct verdict verdict;

    verdict.action = VERDICT_ADMIT;
    return move_item(frontier, item, NULL, &verdict, now_ms);
}

static enum err admit_all(struct frontier *frontier, struct items *items,
                          int64_t now_ms)
{
    struct item *item;
    enum err err = CERR_OK;

    while (!err && (item = items_take(items)) != NULL)
        err = admit(frontier, item, now_ms);
    return err;
}

/* ---- out: the next fetch ---- */

/* Counts a start. The rate of the whole run spaces the starts; after a pause a
 * tenth of a second of them may be made good, no more. */
static void count_start(struct flights *flights, const struct item *item,
                        double rate_per_s, int64_t now_ms)
{
    double earliest = (double)now_ms - RATE_BURST_MS;

    flights->nr++;
    flights->nr_robots += item->kind == ITEM_ROBOTS;
    if (rate_per_s <= 0)
        return;
    if (flights->next_ms < earliest)
        flights->next_ms = earliest;
    flights->next_ms += 1000 / rate_per_s;
}

/* The time from the second start on that a URL spends in its queue counts as
 * waiting for the host. Its tries count requests, so one that follows a
 * redirect, or that we refused ourselves, does not count as a new try. */
static void start_item(struct frontier *frontier, struct item *item,
                       enum item_state state, int64_t now_ms)
{
    struct item_tries *tries = &item->tries;
    struct item_times *times = &item->times;

    if (!times->has_started) {
        times->has_started = true;
        times->first_ms = now_ms;
        frontier->flights.nr_started += item->kind == ITEM_URL;
    } else {
        times->waited_ms += (double)(now_ms - times->queued_ms);
    }
    tries->counts_as_try = !tries->is_redirect_start;
    tries->nr += tries->counts_as_try;
    tries->is_redirect_start = false;
    tries->list_was_open = !frontier->run.list_has_ended;
    item->state = state;
    item->links_are_taken = false;
    times->started_ms = now_ms;
    frontier->stats.nr_requests++;
    host_clock_started(&item->host->clock, now_ms);
    network_started(&frontier->run.network, now_ms);
    count_start(&frontier->flights, item, frontier->options.rate_per_s, now_ms);
}

/* While a suspect runs alone nothing else starts: its worker's death could not
 * be told from another one's. */
static bool may_start_any(const struct frontier *frontier, int64_t now_ms)
{
    const struct run *run = &frontier->run;

    return status_has_place(frontier) && run->state == RUN_GOING &&
           run->limit != LIMIT_REACHED && !frontier->flights.one_runs_alone &&
           frontier->flights.next_ms <= (double)now_ms &&
           network_may_start(&frontier->run.network, now_ms);
}

/* Notes that a limit was reached, once; what it drops is dropped once. */
static void note_limit(struct run *run)
{
    if (run->limit == LIMIT_NONE)
        run->limit = LIMIT_REACHED;
}

/* Whether --max-urls is reached. The limit counts URLs and not requests: what
 * has begun may go on. */
static bool is_over_limit(struct frontier *frontier, const struct item *item)
{
    int64_t max_urls = frontier->options.max_urls;

    if (item->times.has_started || item->kind != ITEM_URL || max_urls <= 0 ||
        frontier->flights.nr_started < max_urls)
        return false;
    note_limit(&frontier->run);
    return true;
}

/* Moves the next item of a host from QUEUED to IN_FLIGHT. The host joined its
 * ring some time ago, so everything is looked at again before something starts.
 */
static struct item *take_from_host(struct frontier *frontier, struct host *host,
                                   int64_t now_ms)
{
    struct items *robots = &host->robots_queue;
    struct item *item;

    if (!host_is_ready(host)) {
        host_mark_idle(frontier, host);
        return NULL;
    }
    if (!host_clock_may_start(&host->clock, now_ms) ||
        (!robots->head && is_over_limit(frontier, host->queue.head))) {
        schedule_host(frontier, host, now_ms);
        return NULL;
    }
    item = items_take(robots->head ? robots : &host->queue);
    start_item(frontier, item, ITEM_IN_FLIGHT, now_ms);
    schedule_host(frontier, host, now_ms);
    host_ask_for_more(frontier, host);
    return item;
}

/* A suspect starts only when nothing else is in flight or could be. */
static struct item *take_quarantined(struct frontier *frontier, int64_t now_ms)
{
    struct item *item = frontier->quarantine.head;

    if (!item || frontier->flights.nr > 0 ||
        !host_clock_may_start(&item->host->clock, now_ms))
        return NULL;
    items_take(&frontier->quarantine);
    frontier->flights.one_runs_alone = true;
    start_item(frontier, item, ITEM_RUNS_ALONE, now_ms);
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
    while (!item && frontier->run.limit != LIMIT_REACHED) {
        host = schedule_take(frontier);
        if (!host)
            break;
        item = take_from_host(frontier, host, now_ms);
    }
    if (!item)
        item = take_quarantined(frontier, now_ms);
    if (!item)
        return false;
    fetch_fill(frontier, item, fetch);
    return true;
}

/* ---- in: answers ---- */

/* Every fetch that frontier_next() gave out leaves here, by its answer or
 * because no worker took it. */
static void leave_flight(struct flights *flights, const struct item *item)
{
    flights->nr--;
    flights->nr_robots -= item->kind == ITEM_ROBOTS;
    flights->one_runs_alone = false;
}

/* Bytes count as they came over the wire, so that the limit is about
 * traffic. */
static void count_answer(struct frontier *frontier, const struct item *item,
                         const struct page *page)
{
    struct frontier_stats *stats = &frontier->stats;
    int64_t max_bytes = frontier->options.max_bytes;

    stats->bytes_down += (int64_t)page->wire_bytes;
    stats->nr_answers += item->kind == ITEM_URL && page->status > 0;
    if (max_bytes > 0 && stats->bytes_down >= max_bytes)
        note_limit(&frontier->run);
}

/* What the answer means for the tries of its item. */
static enum err note_try(struct frontier *frontier, struct item *item,
                         const struct page *page, const struct verdict *verdict,
                         int64_t now_ms)
{
    struct item_tries *tries = &item->tries;
    enum err err = CERR_OK;

    tries->nr_crashes +=
        page->error == ERROR_WORKER_CRASH || page->error == ERROR_SANDBOX;
    if (!verdict->is_further_try)
        tries->is_redirect_start = true;
    else if (verdict->action == VERDICT_RETRY)
        tries->nr_retries++;
    if (!verdict->is_attempt)
        return CERR_OK;
    if (item->kind == ITEM_URL)
        err = retry_put_attempt(frontier, item, page, now_ms);
    tries->last_error = page->error;
    return err;
}

/* Puts a URL off that failed while nobody answers: that is no try of it. */
static void hold(struct item *item, struct verdict *verdict, int64_t now_ms)
{
    if (!item->times.held_ms)
        item->times.held_ms = now_ms;
    verdict->action = VERDICT_RETRY;
    verdict->is_attempt = false;
    verdict->is_further_try = false;
    verdict->due_ms = now_ms + HOLD_MS;
}

/* The clock learns first: whether the host is down now is a part of what the
 * verdict depends on. */
static enum err take_answer(struct frontier *frontier, struct item *item,
                            const struct page *page, struct verdict *verdict,
                            int64_t now_ms)
{
    struct host *host = item->host;
    struct bytes no_robots = {"", 0};
    bool is_permitted = false;
    enum err err = CERR_OK;
    bool is_held = politeness_is_of_network(frontier, item, page, now_ms);
    struct politeness_news news =
        politeness_answered(frontier, item, page, is_held, now_ms);

    if (news.must_keep)
        err = lease_put_host(frontier, host, no_robots);
    if (!err && news.is_event)
        err = politeness_put_event(frontier, host, now_ms);
    if (err)
        return err;
    if (page->error == ERROR_BLOCKED_ADDRESS)
        err = private_permit(frontier, host, &is_permitted);
    if (err)
        return err;
    if (is_permitted)
        answer_again(verdict);
    else if (is_held)
        hold(item, verdict, now_ms);
    else
        err = answer_judge(frontier, item, page, now_ms, verdict);
    if (!err)
        err = note_try(frontier, item, page, verdict, now_ms);
    if (!err)
        err = move_item(frontier, item, page, verdict, now_ms);
    if (host->clock.state == HOST_DOWN)
        host_mark_changed(frontier, host);
    schedule_host(frontier, host, now_ms);
    return err;
}

enum err frontier_answer(struct frontier *frontier, uint64_t id, int worker,
                         const struct page *page, int64_t now_ms)
{
    struct item *item = item_by_id(frontier, id);
    struct verdict verdict;

    if (!item)
        return CERR_INVALID;
    /* At most a full batch of links waits for a turn, and what one answer adds
     * to it. */
    if (batch_is_full(&frontier->links)) {
        enum err err = intake_flush_links(frontier, now_ms);
        if (err)
            return err;
    }
    leave_flight(&frontier->flights, item);
    count_answer(frontier, item, page);
    verdict.ending.worker = worker;
    return take_answer(frontier, item, page, &verdict, now_ms);
}

enum err frontier_take_links(struct frontier *frontier, uint64_t id,
                             const struct page *page, struct bytes *rest,
                             size_t max_links)
{
    struct item *item = item_by_id(frontier, id);

    if (!item)
        return CERR_INVALID;
    return item->kind == ITEM_URL && sitemaps_has(frontier, item, page)
               ? sitemaps_take(frontier, item, page, rest, max_links)
               : offer_slice(frontier, item, page, rest, max_links);
}

enum err frontier_store_links(struct frontier *frontier, int64_t now_ms)
{
    return intake_flush_links(frontier, now_ms);
}

/* Undoes frontier_next(): counts, clock and tries become as they were, and the
 * item stands at the front of its queue again. */
void frontier_put_back(struct frontier *frontier, uint64_t id)
{
    struct item *item = item_by_id(frontier, id);

    assert(item);
    struct host *host = item->host;
    leave_flight(&frontier->flights, item);
    frontier->stats.nr_requests--;
    host_clock_put_back(&host->clock);
    item->tries.nr -= item->tries.counts_as_try;
    item->tries.is_redirect_start = !item->tries.counts_as_try;
    item->times.queued_ms = item->times.started_ms;
    if (item->state == ITEM_RUNS_ALONE) {
        item->state = ITEM_QUARANTINED;
        items_add_front(&frontier->quarantine, item);
    } else {
        item->state = ITEM_QUEUED;
        items_add_front(
            item->kind == ITEM_URL ? &host->queue : &host->robots_queue, item);
    }
    schedule_host(frontier, host, item->times.started_ms);
}

/* ---- the turn: items ---- */

/* Judges all items of a host again: its robots admission has changed, or it is
 * down. */
static enum err readmit_host(struct frontier *frontier, struct host *host,
                             int64_t now_ms)
{
    struct items robots = host->robots_queue, queue = host->queue;

    host->robots_queue = host->queue = (struct items){0};
    enum err err = admit_all(frontier, &robots, now_ms);
    if (!err)
        err = admit_all(frontier, &queue, now_ms);
    schedule_host(frontier, host, now_ms);
    return err;
}

/* Judging may end a robots.txt and so change a host once more: then it joins
 * the list again, and the loop goes on to it. */
static enum err readmit_hosts(struct frontier *frontier, int64_t now_ms)
{
    struct host *host;
    enum err err = CERR_OK;

    while (!err && (host = schedule_take_changed(frontier)) != NULL)
        err = readmit_host(frontier, host, now_ms);
    return err;
}

/* Admits the items whose retry is due. Meanwhile their host may have gone down,
 * or its robots.txt may have expired. */
static enum err fire_retries(struct frontier *frontier, int64_t now_ms)
{
    struct item *item;
    enum err err = CERR_OK;

    while (!err && (item = heap_take(&frontier->retries, now_ms)) != NULL) {
        frontier->stats.nr_retries_waiting--;
        err = admit(frontier, item, now_ms);
    }
    return err;
}

/* Ends suspects whose host is down, as all its URLs end. */
static enum err end_suspects(struct frontier *frontier, int64_t now_ms)
{
    struct items *suspects = &frontier->quarantine;
    enum err err = CERR_OK;

    while (!err && suspects->head &&
           suspects->head->host->clock.state == HOST_DOWN)
        err = admit(frontier, items_take(suspects), now_ms);
    return err;
}

/* Frees all queued items that were never started. What was started stays, and
 * is followed to its end. */
static void drop_fresh(struct frontier *frontier, struct items *items)
{
    struct items all = *items;
    struct item *item;

    *items = (struct items){0};
    while ((item = items_take(&all)) != NULL) {
        if (item->times.has_started) {
            items_add(items, item);
        } else {
            refill_note_left(item);
            item_free(frontier, item);
        }
    }
}

/* Gives everything that has not begun back to storage, where it is still to do.
 */
static void drop_all_fresh(struct frontier *frontier)
{
    struct host *host = frontier->leases.head;

    for (; host; host = host->lease.next) {
        drop_fresh(frontier, &host->queue);
        if (host->queue.nr == 0 && host->robots_queue.nr > 0) {
            int nr = host->robots_queue.nr;
            drop_fresh(frontier, &host->robots_queue);
            if (host->robots_queue.nr < nr &&
                host->robots.state == ROBOTS_FETCHING)
                host->robots.state = ROBOTS_UNKNOWN;
        }
        host_mark_idle(frontier, host);
    }
    frontier->run.limit = LIMIT_DROPPED;
}

/* ---- the turn: hosts ---- */

/* A host that the list names has its sitemaps offered as soon as its rules are
 * known, which may be before this refill says that it is listed. While it was
 * hungry, nobody has looked for a place for it. */
static enum err refill_and_admit(struct frontier *frontier, struct host *host,
                                 int64_t now_ms)
{
    struct items fresh = {0};
    enum err err = refill_host(frontier, host, &fresh);

    if (!err)
        err = admit_all(frontier, &fresh, now_ms);
    if (!err)
        err = sitemaps_offer(frontier, host, now_ms);
    host_ask_for_more(frontier, host);
    if (host_level_has_ended(host) || host->lists.place == PLACE_NOWHERE)
        host_mark_idle(frontier, host);
    return err;
}

/* Refills a bounded number of hosts, so that answers are not kept waiting by
 * the database. */
static enum err refill_hosts(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int i = 0; i < FRONTIER_REFILLS && frontier_has_room(frontier) && !err;
         i++) {
        struct host *host = schedule_take_hungry(frontier);
        if (!host)
            break;
        if (host->walk.has_more)
            err = refill_and_admit(frontier, host, now_ms);
        else
            host_mark_idle(frontier, host);
    }
    return err;
}

/* Frees all items of a host, which are still to do in storage, and gives its
 * lease back. */
static enum err release_host(struct frontier *frontier, struct host *host,
                             int64_t now_ms)
{
    bool to_do = host->walk.has_more || host->nr_items > 0;
    struct item *item;

    while ((item = items_take(&host->queue)) != NULL) {
        refill_note_left(item);
        item_free(frontier, item);
    }
    return lease_release(frontier, host, to_do, now_ms);
}

/* Whether all that a host has waits in its queue and was never started: then it
 * may as well wait in storage. */
static bool is_loose(const struct host *host)
{
    if (host->nr_items != host->queue.nr)
        return false;
    for (const struct item *item = host->queue.head; item; item = item->next)
        if (item->times.has_started)
            return false;
    return true;
}

/* Decides what a host without a place waits for: URLs out of storage, its
 * clock, or nothing. Short waits are spent in memory; a host that could as well
 * wait in storage makes room for another. */
static enum err look_at_idle(struct frontier *frontier, struct host *host,
                             int64_t now_ms)
{
    int64_t wait_ms = 0;
    bool loose = is_loose(host);

    if (host->clock.due_ms > now_ms)
        wait_ms = host->clock.due_ms - now_ms;
    if (host->lists.place != PLACE_NOWHERE || host->lists.is_hungry)
        return CERR_OK;
    if (host_level_has_ended(host) && host->walk.has_more)
        host_mark_hungry(frontier, host);
    else if (!loose && wait_ms > 0 && host_is_ready(host))
        schedule_wait(frontier, host);
    else if (!loose || (host->nr_items > 0 && wait_ms == 0))
        schedule_host(frontier, host, now_ms);
    else if (wait_ms > 0 && wait_ms <= schedule_linger_ms(frontier))
        schedule_wait(frontier, host);
    else
        return release_host(frontier, host, now_ms);
    return CERR_OK;
}

static enum err look_at_all_idle(struct frontier *frontier, int64_t now_ms)
{
    enum err err = CERR_OK;

    for (int nr = frontier->schedule.idle.nr; nr > 0 && !err; nr--)
        err = look_at_idle(frontier, schedule_take_idle(frontier), now_ms);
    return err;
}

/* ---- the turn ---- */

/* Finds out whether nothing is left to do; storage has the last word. */
static enum err look_for_end(struct frontier *frontier, int64_t now_ms)
{
    struct storage_counts counts;
    size_t nr_woken = 0;

    if (!frontier->run.list_has_ended || frontier->items.nr > 0 ||
        frontier->schedule.hungry.nr > 0 || frontier->lines.nr > 0 ||
        frontier->links.nr > 0 || frontier->lease_ms <= now_ms)
        return CERR_OK;
    if (frontier->lease_ms < INT64_MAX && frontier->stats.nr_queued > 0)
        return CERR_OK; /* some host waits in storage for its time */
    enum err err = storage_sweep(frontier->storage,
                                 frontier_wall_ms(frontier, now_ms), &nr_woken);
    if (!err && nr_woken > 0)
        frontier->lease_ms = now_ms;
    if (err || nr_woken > 0)
        return err;
    if (frontier->lease_ms == INT64_MAX) {
        frontier->run.is_done = true;
        return CERR_OK;
    }
    err = storage_count(frontier->storage, &counts);
    if (!err) {
        frontier->stats.nr_queued = counts.nr_urls - counts.nr_ended;
        frontier->run.is_done = frontier->stats.nr_queued <= 0;
    }
    return err;
}

/* Does the turn for items. They come before hosts: what is due again may end,
 * and so make room. */
static enum err turn_items(struct frontier *frontier, int64_t now_ms)
{
    enum err err = readmit_hosts(frontier, now_ms);

    if (!err && frontier->run.limit == LIMIT_REACHED)
        drop_all_fresh(frontier);
    if (!err && frontier->run.state != RUN_STOPPED)
        err = fire_retries(frontier, now_ms);
    if (!err)
        err = end_suspects(frontier, now_ms);
    if (!err) /* a robots.txt among them settles its host */
        err = readmit_hosts(frontier, now_ms);
    return err;
}

/* Lines are stored in small steps while workers have something to do, and in
 * large ones while they wait for lines. Links are stored whole: until then a
 * crash would lose them with the pages that have ended. */
static enum err turn_intake(struct frontier *frontier, int64_t now_ms)
{
    struct batch *lines = &frontier->lines;
    size_t max =
        frontier_wants_more(frontier) ? FRONTIER_RECORDS : FRONTIER_LINES_STEP;
    enum err err = CERR_OK;

    if (lines->is_pushed)
        err = intake_step(frontier, lines, max, now_ms);
    return err ? err : intake_flush_links(frontier, now_ms);
}

/* Leases are renewed before anything else is asked of storage: a turn that
 * takes long must not lose one. */
static enum err turn_hosts(struct frontier *frontier, int64_t now_ms)
{
    const struct run *run = &frontier->run;
    enum err err = lease_renew(frontier, now_ms);

    if (!err)
        err = look_at_all_idle(frontier, now_ms);
    if (err || run->state == RUN_STOPPED || run->holds)
        return err;
    err = lease_hosts(frontier, now_ms);
    if (!err && run->limit == LIMIT_NONE)
        err = refill_hosts(frontier, now_ms);
    if (!err && !run->is_done && run->limit == LIMIT_NONE)
        err = look_for_end(frontier, now_ms);
    return err;
}

enum err frontier_turn(struct frontier *frontier, int64_t now_ms)
{
    enum err err = turn_items(frontier, now_ms);

    if (!err)
        err = turn_intake(frontier, now_ms);
    return err ? err : turn_hosts(frontier, now_ms);
}

/* ---- the end of the run ---- */

void frontier_stop(struct frontier *frontier)
{
    frontier->run.state = RUN_STOPPED;
}

void frontier_pause(struct frontier *frontier, bool paused)
{
    if (frontier->run.state != RUN_STOPPED)
        frontier->run.state = paused ? RUN_PAUSED : RUN_GOING;
}

/* Drops all items at the end of a run: whatever is in memory is still to do in
 * storage. */
static void forget_items(struct frontier *frontier)
{
    struct host *host = frontier->leases.head;

    for (; host; host = host->lease.next) {
        host->walk.has_more |= host->nr_items > 0;
        host->nr_items = host->nr_off_level = 0;
        host->queue = host->robots_queue = (struct items){0};
    }
    for (uint32_t i = 0; i < frontier->items.nr_slots; i++) {
        struct item *item = &frontier->items.slots[i];
        if (item->state != ITEM_FREE)
            refill_note_left(item);
        item->state = ITEM_FREE;
    }
    frontier->quarantine = (struct items){0};
    frontier->items.nr = 0;
    frontier->flights.nr = frontier->flights.nr_robots = 0;
}

/* Rows that lead into a loop became known as such when a later answer closed
 * it. */
static enum err end_loops(struct frontier *frontier)
{
    struct frontier_stats *stats = &frontier->stats;
    int64_t nr = 0;
    enum err err = CERR_OK;

    if (frontier->options.depth == 0 ||
        stats->nr_by_error[ERROR_REDIRECT_LOOP] == 0)
        return CERR_OK;
    err = storage_end_loops(frontier->storage, &nr);
    if (nr > stats->nr_visits[OUTCOME_REDIRECT])
        nr = stats->nr_visits[OUTCOME_REDIRECT]; /* of earlier sessions */
    stats->nr_visits[OUTCOME_REDIRECT] -= nr;
    stats->nr_visits[OUTCOME_ERROR] += nr;
    stats->nr_by_error[ERROR_REDIRECT_LOOP] += nr;
    return err;
}

enum err frontier_release(struct frontier *frontier, int64_t now_ms)
{
    enum err err = readmit_hosts(frontier, now_ms);

    if (!err)
        err = intake_flush(frontier, &frontier->lines, now_ms);
    if (!err)
        err = intake_flush_links(frontier, now_ms);
    if (!err)
        err = end_loops(frontier);
    frontier->run.state = RUN_STOPPED;
    heap_release(&frontier->schedule.due);
    heap_release(&frontier->retries);
    forget_items(frontier);
    while (frontier->leases.head && !err)
        err = release_host(frontier, frontier->leases.head, now_ms);
    frontier->schedule = (struct schedule){0};
    return err;
}
