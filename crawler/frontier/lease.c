/*
 * Leases: hosts come out of storage when there is room, are renewed while they
 * are ours, and go back with what is known of them and the time when they may
 * be asked again. The URLs of a host are refill.c's.
 */
#include <string.h>

#include "crawler/frontier/frontier_internal.h"

/* ---- the list of leases ---- */

static void unlink_lease(struct frontier *frontier, struct host *host)
{
    struct host_list *leases = &frontier->leases;
    struct host_lease *lease = &host->lease;

    if (lease->prev)
        lease->prev->lease.next = lease->next;
    else
        leases->head = lease->next;
    if (lease->next)
        lease->next->lease.prev = lease->prev;
    else
        leases->tail = lease->prev;
    leases->nr--;
}

/* Adds a host at the end: all leases are equally long, so the order of adding
 * is that of renewal. */
static void link_lease(struct frontier *frontier, struct host *host,
                       int64_t now_ms)
{
    struct host_list *leases = &frontier->leases;
    struct host_lease *lease = &host->lease;

    lease->renew_ms = now_ms + STORAGE_LEASE_MS / 3;
    lease->prev = leases->tail;
    lease->next = NULL;
    if (leases->tail)
        leases->tail->lease.next = host;
    else
        leases->head = host;
    leases->tail = host;
    leases->nr++;
}

/* Renews the leases that are due. That is a third of their length after they
 * began, so that a turn that is delayed does not lose one. */
enum err lease_renew(struct frontier *frontier, int64_t now_ms)
{
    struct host *host;

    while ((host = frontier->leases.head) != NULL &&
           host->lease.renew_ms <= now_ms) {
        enum err err =
            storage_renew_host(frontier->storage, host->id, host->lease.token,
                               frontier_wall_ms(frontier, now_ms));
        if (err)
            return err;
        unlink_lease(frontier, host);
        link_lease(frontier, host, now_ms);
    }
    return CERR_OK;
}

/* ---- writing ---- */

/* Fills what the database keeps of a host; due_at is left to the caller. */
static void fill_record(const struct frontier *frontier,
                        const struct host *host, struct host_record *record)
{
    *record = (struct host_record){
        .host_id = host->id,
        .key = {host->key, strlen(host->key)},
        .listed = host->is_listed,
        .token = host->lease.token,
        .delay_ms = host->clock.delay_ms,
        .nr_errors = host->clock.nr_errors,
        .robots_status = host->robots.status,
        .robots_at = host->robots.fetched_at,
        .robots_until = host->robots.until,
        .walk = host->walk.place.walk,
    };
    if (host->clock.due_ms > INT64_MIN)
        record->not_before = frontier_wall_ms(frontier, host->clock.due_ms);
}

enum err lease_put_host(struct frontier *frontier, const struct host *host,
                        struct bytes robots)
{
    struct host_record record;

    fill_record(frontier, host, &record);
    record.robots = robots;
    return storage_put_host(frontier->storage, &record);
}

/* due_at says when the host may be leased again: when its clock allows it, at
 * once if it has URLs to do, or not before a new URL wakes it. */
enum err lease_release(struct frontier *frontier, struct host *host, bool to_do,
                       int64_t now_ms)
{
    struct host_record record;

    fill_record(frontier, host, &record);
    record.due_at = STORAGE_HOST_IDLE;
    if (host->clock.due_ms > now_ms)
        record.due_at = frontier_wall_ms(frontier, host->clock.due_ms);
    else if (to_do)
        record.due_at = frontier_wall_ms(frontier, now_ms);
    if (record.due_at < STORAGE_HOST_IDLE) {
        int64_t due_ms = record.due_at - frontier->options.wall_offset_ms;
        if (due_ms < frontier->lease_ms)
            frontier->lease_ms = due_ms;
    }
    hash_range_add(&record.walk, host->walk.missed);
    unlink_lease(frontier, host);
    host_free(frontier, host);
    return storage_release_host(frontier->storage, &record);
}

/* ---- leasing ---- */

/* One request for hosts, for the callback of storage. */
struct lease_batch {
    struct frontier *frontier;
    int64_t now_ms;
    size_t nr;
    struct host *host; /* the host that was leased last */
};

/*
 * A host that asked for a pause is leased before its end when a redirect leads
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

/* Takes a leased host in. The delay of its robots.txt is written at once where
 * storage does not have it, as a process that is killed must not forget it. */
static enum err accept_host(void *ctx, const struct host_record *record)
{
    struct lease_batch *batch = ctx;
    struct frontier *frontier = batch->frontier;
    struct host *host = host_find(frontier, record->host_id);
    struct bytes no_robots = {"", 0};

    batch->nr++;
    batch->host = host;
    if (host) { /* the lease of this host ran out while the process slept */
        host->lease.token = record->token;
        return CERR_OK;
    }
    host = host_new(frontier, record);
    enum err err = admission_restore(frontier, host, record, batch->now_ms);
    link_lease(frontier, host, batch->now_ms);
    restore_pause(frontier, host, record, batch->now_ms);
    host->walk.has_more = true;
    host_mark_hungry(frontier, host);
    batch->host = host;
    if (!err && host->clock.delay_ms > record->delay_ms)
        err = lease_put_host(frontier, host,
                             no_robots); /* before the process can be killed */
    return err;
}

/* CERR_BUSY ends the crawl: one process has a database for itself
 * (storage/crawl_lock.h), so nobody else can have the host. */
enum err lease_host(struct frontier *frontier, struct host **host,
                    const struct keyed_url *url, int64_t now_ms)
{
    struct lease_batch batch = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = accept_host, .ctx = &batch};

    *host = host_find(frontier, url->key.host_id);
    if (*host)
        return CERR_OK;
    enum err err =
        storage_lease_host(frontier->storage, url->key.host_id, url->host_key,
                           frontier_wall_ms(frontier, now_ms), &taker);
    *host = batch.host;
    return err;
}

/* Hosts that are wanted on top of those that have something to start. More
 * than can be asked at once would only fill memory, and scatter what each
 * commit writes all over the database. */
static int nr_hosts_wanted(const struct frontier *frontier)
{
    return 2 * frontier->options.concurrency - schedule_nr_ready(frontier) -
           frontier->schedule.hungry.nr;
}

/* Parsed robots.txt files are the largest part of what a host may cost, so they
 * have a bound of their own. */
bool lease_wants_hosts(const struct frontier *frontier)
{
    return frontier->hosts.nr < frontier->hosts.cap &&
           frontier->hosts.rules_bytes < FRONTIER_RULES_BYTES &&
           frontier_has_room(frontier) && frontier->run.limit == LIMIT_NONE &&
           nr_hosts_wanted(frontier) > 0;
}

/* Asks storage when the next host is due, after it had none to give. */
static enum err set_next_lease(struct frontier *frontier, int64_t now_ms)
{
    int64_t due_at = STORAGE_HOST_IDLE;
    enum err err = storage_next_due(frontier->storage, &due_at);

    frontier->lease_ms = INT64_MAX;
    if (due_at < STORAGE_HOST_IDLE)
        frontier->lease_ms = due_at - frontier->options.wall_offset_ms;
    if (frontier->lease_ms <= now_ms)
        frontier->lease_ms = now_ms + 1;
    return err;
}

/* lease_ms is when the first host is due that nobody holds; before that storage
 * is not asked in vain. */
enum err lease_hosts(struct frontier *frontier, int64_t now_ms)
{
    struct lease_batch batch = {frontier, now_ms, 0, NULL};
    struct storage_taker taker = {.on_host = accept_host, .ctx = &batch};
    size_t max = (size_t)(frontier->hosts.cap - frontier->hosts.nr);

    if (now_ms < frontier->lease_ms || !lease_wants_hosts(frontier))
        return CERR_OK;
    if (max > FRONTIER_LEASE_HOSTS)
        max = FRONTIER_LEASE_HOSTS;
    if (max > (size_t)nr_hosts_wanted(frontier))
        max = (size_t)nr_hosts_wanted(frontier);

    enum err err = storage_lease_hosts(
        frontier->storage, frontier_wall_ms(frontier, now_ms), max, &taker);
    if (err)
        return err;
    if (batch.nr == max)
        return CERR_OK;
    return set_next_lease(frontier, now_ms);
}
