/* What is left to do, what it waits for, and the counts that people see.
 * Nothing here changes anything. */
#include "crawler/frontier/frontier_internal.h"

/* Where pages have no place left, a robots.txt may still have one. */
bool status_has_place(const struct frontier *frontier)
{
    return frontier->flights.nr < frontier->options.concurrency &&
           (!schedule_pages_full(frontier) || frontier->schedule.asking.nr > 0);
}

/* The ring is empty and places are free, so workers wait for lines of the list.
 */
bool frontier_wants_more(const struct frontier *frontier)
{
    return frontier->flights.nr < frontier->options.concurrency &&
           !schedule_has_any(frontier);
}

/* ---- waits ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Returns when something could be started; INT64_MAX: not before an answer. */
static int64_t next_start_ms(const struct frontier *frontier, int64_t now_ms)
{
    const struct flights *flights = &frontier->flights;
    const struct item *suspect = frontier->quarantine.head;
    int64_t at = heap_due_ms(&frontier->schedule.due);

    if (!status_has_place(frontier) || flights->one_runs_alone)
        return INT64_MAX;
    if (schedule_has_any(frontier))
        at = now_ms;
    if (suspect && flights->nr == 0)
        at = earlier(at, suspect->host->clock.due_ms);
    if ((double)at < flights->next_ms)
        at = (int64_t)flights->next_ms + 1;
    if (!network_may_start(&frontier->run.network, at > now_ms ? at : now_ms) &&
        at < frontier->run.network.probe_ms)
        at = frontier->run.network.probe_ms;
    if (frontier->schedule.hungry.nr > 0 && frontier_has_room(frontier) &&
        frontier->run.limit == LIMIT_NONE)
        at = now_ms;
    if (lease_wants_hosts(frontier))
        at = earlier(at, frontier->lease_ms);
    return at;
}

/* Whether a turn has something to do at once. */
static bool wants_turn(const struct frontier *frontier)
{
    return frontier->lines.is_pushed || frontier->links.nr > 0 ||
           frontier->schedule.idle.nr > 0 ||
           frontier->schedule.changed.nr > 0 ||
           frontier->run.limit == LIMIT_REACHED;
}

int64_t frontier_wait_ms(const struct frontier *frontier, int64_t now_ms)
{
    const struct run *run = &frontier->run;
    int64_t at = INT64_MAX;

    if (run->state == RUN_GOING)
        at = next_start_ms(frontier, now_ms);
    if (run->state != RUN_STOPPED)
        at = earlier(at, heap_due_ms(&frontier->retries));
    if (wants_turn(frontier))
        at = now_ms;
    if (frontier->leases.head)
        at = earlier(at, frontier->leases.head->lease.renew_ms);
    if (at == INT64_MAX)
        return -1;
    return at > now_ms ? at - now_ms : 0;
}

/* A run that has dropped what a limit left is done all the same when nothing
 * was left. */
enum frontier_end frontier_ended(const struct frontier *frontier)
{
    const struct run *run = &frontier->run;

    if (run->is_done)
        return FRONTIER_DONE;
    if (run->state == RUN_STOPPED && frontier->flights.nr == 0)
        return FRONTIER_LIMIT;
    if (run->limit == LIMIT_DROPPED && frontier->items.nr == 0)
        return run->list_has_ended && frontier->stats.nr_queued <= 0
                   ? FRONTIER_DONE
                   : FRONTIER_LIMIT;
    return FRONTIER_RUNNING;
}

struct network *frontier_network(struct frontier *frontier)
{
    return &frontier->run.network;
}

/* ---- counts ---- */

int frontier_nr_asked_hosts(const struct frontier *frontier)
{
    int nr_hosts = frontier->hosts.nr - (int)frontier->schedule.due.nr;

    return nr_hosts < frontier->flights.nr ? nr_hosts : frontier->flights.nr;
}

/* The throttled host is the one that waits longest of those that have something
 * to start. */
void frontier_get_stats(const struct frontier *frontier,
                        struct frontier_stats *stats)
{
    const struct heap *due = &frontier->schedule.due;
    const struct host *worst = NULL;

    *stats = frontier->stats;
    stats->nr_in_flight = frontier->flights.nr;
    stats->nr_hosts_waiting = (int)due->nr;
    stats->nr_hosts_active = frontier->hosts.nr - (int)due->nr;
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

const char *frontier_slowest_host(const struct frontier *frontier,
                                  int64_t *latency_ms)
{
    const struct host_table *hosts = &frontier->hosts;
    const struct host *slowest = NULL;

    for (size_t i = 0; i <= hosts->bucket_mask; i++)
        for (const struct host *host = hosts->buckets[i]; host;
             host = host->hash_next)
            if (host->clock.recent_ms > 0 &&
                (!slowest || host->clock.recent_ms > slowest->clock.recent_ms))
                slowest = host;
    *latency_ms = slowest ? (int64_t)slowest->clock.recent_ms : 0;
    return slowest ? slowest->key : "";
}
