/*
 * Which host is next. A host stands in one of two places: in a ring, from which
 * hosts are taken in turn so that none holds up another, or in the heap of
 * those that wait for their clock. Both are O(log n) at most. There is a ring
 * for robots.txt and there are two for pages: a host with nothing in flight
 * comes before one that could do with another connection, so that each keeps
 * the one it has at work before the next is made. Three more lists say what the
 * next turn has to look at.
 */
#include "crawler/frontier/frontier_internal.h"

/* Pages that must wait before one more connection is made. */
#define PAGES_PER_CONNECTION 2

bool host_is_ready(const struct host *host)
{
    if (host->lists.is_changed) /* what waits there is not judged yet */
        return false;
    if (host->robots_queue.head)
        return true;
    return host->queue.head && host->robots.state == ROBOTS_KNOWN;
}

/* Whether one more connection would help. To make it takes two or three round
 * trips; by then the connections that are there have fetched a few more pages.
 */
static bool is_worth_a_connection(const struct host *host)
{
    const struct host_clock *clock = &host->clock;

    return clock->in_flight < clock->most_in_flight || host->walk.has_more ||
           host->robots_queue.head ||
           host->queue.nr > PAGES_PER_CONNECTION * clock->in_flight;
}

/* ---- rings ---- */

/* Adds a host at the end of the ring: whoever is there already comes first. */
static void ring_add(struct host_list *ring, struct host *host)
{
    struct host_lists *lists = &host->lists;

    lists->place = PLACE_RING;
    lists->ring = ring;
    lists->ring_next = NULL;
    lists->ring_prev = ring->tail;
    if (ring->tail)
        ring->tail->lists.ring_next = host;
    else
        ring->head = host;
    ring->tail = host;
    ring->nr++;
}

static void ring_remove(struct host *host)
{
    struct host_lists *lists = &host->lists;
    struct host_list *ring = lists->ring;

    if (lists->ring_prev)
        lists->ring_prev->lists.ring_next = lists->ring_next;
    else
        ring->head = lists->ring_next;
    if (lists->ring_next)
        lists->ring_next->lists.ring_prev = lists->ring_prev;
    else
        ring->tail = lists->ring_prev;
    ring->nr--;
    lists->ring = NULL;
    lists->place = PLACE_NOWHERE;
}

static struct host_list *ring_of(struct schedule *schedule,
                                 const struct host *host)
{
    if (host->robots_queue.head)
        return &schedule->asking;
    return host->clock.in_flight > 0 ? &schedule->busy : &schedule->ready;
}

/* A host in the heap stays there, also when something else comes to start: its
 * clock has not come yet. */
void schedule_host(struct frontier *frontier, struct host *host, int64_t now_ms)
{
    struct schedule *schedule = &frontier->schedule;
    const struct host_clock *clock = &host->clock;

    if (host->lists.ring == &schedule->busy && clock->in_flight == 0)
        ring_remove(
            host); /* it moves to the ring of hosts with nothing in flight */
    if (host->lists.place != PLACE_NOWHERE || !host_is_ready(host) ||
        !host_clock_has_room(clock) || !is_worth_a_connection(host))
        return;
    if (clock->due_ms <= now_ms) {
        ring_add(ring_of(schedule, host), host);
    } else if (clock->due_ms - now_ms <= schedule_linger_ms(frontier)) {
        schedule_wait(frontier, host);
    } else if (clock->in_flight == 0) {
        host_mark_idle(frontier, host); /* may go back to storage meanwhile */
    }                                   /* else the answer will ask again */
}

void schedule_wait(struct frontier *frontier, struct host *host)
{
    host->lists.place = PLACE_DUE;
    heap_add(&frontier->schedule.due, host->clock.due_ms, host);
}

int64_t schedule_linger_ms(const struct frontier *frontier)
{
    return frontier_is_crowded(frontier) ? FRONTIER_CROWDED_MS
                                         : FRONTIER_LINGER_MS;
}

void schedule_due(struct frontier *frontier, int64_t now_ms)
{
    struct host *host;

    while ((host = heap_take(&frontier->schedule.due, now_ms)) != NULL) {
        host->lists.place = PLACE_NOWHERE;
        schedule_host(frontier, host, now_ms);
        if (host->lists.place == PLACE_NOWHERE)
            host_mark_idle(frontier, host);
    }
}

/* --concurrency bounds all that is in flight. While a robots.txt waits, pages
 * leave it a part of the places; see FRONTIER_ROBOTS_SHARE. */
bool schedule_pages_full(const struct frontier *frontier)
{
    int concurrency = frontier->options.concurrency;
    int kept_free =
        (concurrency + FRONTIER_ROBOTS_SHARE - 1) / FRONTIER_ROBOTS_SHARE;
    int nr_pages = frontier->flights.nr - frontier->flights.nr_robots;

    return nr_pages >= (frontier->schedule.asking.nr > 0
                            ? concurrency - kept_free
                            : concurrency);
}

/* Chooses the ring: first hosts with nothing in flight, then those whose
 * robots.txt is to be fetched, then those that could do with one more
 * connection. Returns NULL if no host may start anything. */
static const struct host_list *ring_next(const struct frontier *frontier)
{
    const struct schedule *schedule = &frontier->schedule;
    bool pages_full = schedule_pages_full(frontier);

    if (frontier->flights.nr >= frontier->options.concurrency)
        return NULL;
    if (schedule->ready.head && !pages_full)
        return &schedule->ready;
    if (schedule->asking.head)
        return &schedule->asking;
    return schedule->busy.head && !pages_full ? &schedule->busy : NULL;
}

bool schedule_has_any(const struct frontier *frontier)
{
    return ring_next(frontier) != NULL;
}

int schedule_nr_ready(const struct frontier *frontier)
{
    const struct schedule *schedule = &frontier->schedule;

    return schedule->ready.nr + schedule->asking.nr + schedule->busy.nr;
}

struct host *schedule_take(struct frontier *frontier)
{
    const struct host_list *ring = ring_next(frontier);
    struct host *host = ring ? ring->head : NULL;

    if (host)
        ring_remove(host);
    return host;
}

/* ---- what the next turn looks at ---- */

/* A host is refilled when its queue is down to half a batch, so that the next
 * one is there before the queue is empty. */
void host_ask_for_more(struct frontier *frontier, struct host *host)
{
    const struct host_walk *walk = &host->walk;

    if (walk->has_more && !walk->is_closed && host->queue.nr < walk->batch / 2)
        host_mark_hungry(frontier, host);
}

void host_mark_hungry(struct frontier *frontier, struct host *host)
{
    struct host_list *list = &frontier->schedule.hungry;

    if (host->lists.is_hungry)
        return;
    host->lists.is_hungry = true;
    host->lists.hungry_next = NULL;
    if (list->tail)
        list->tail->lists.hungry_next = host;
    else
        list->head = host;
    list->tail = host;
    list->nr++;
}

struct host *schedule_take_hungry(struct frontier *frontier)
{
    struct host_list *list = &frontier->schedule.hungry;
    struct host *host = list->head;

    if (!host)
        return NULL;
    list->head = host->lists.hungry_next;
    if (!list->head)
        list->tail = NULL;
    list->nr--;
    host->lists.is_hungry = false;
    return host;
}

/* Idle hosts are kept in no order: a turn looks at all of them. */
void host_mark_idle(struct frontier *frontier, struct host *host)
{
    struct host_list *list = &frontier->schedule.idle;

    if (host->lists.is_idle)
        return;
    host->lists.is_idle = true;
    host->lists.idle_next = list->head;
    list->head = host;
    list->nr++;
}

struct host *schedule_take_idle(struct frontier *frontier)
{
    struct host_list *list = &frontier->schedule.idle;
    struct host *host = list->head;

    if (!host)
        return NULL;
    list->head = host->lists.idle_next;
    list->nr--;
    host->lists.is_idle = false;
    return host;
}

/* Changed hosts are judged in the order of their coming. Until then nothing of
 * them starts: see host_is_ready(). */
void host_mark_changed(struct frontier *frontier, struct host *host)
{
    struct host_list *list = &frontier->schedule.changed;

    if (host->lists.is_changed)
        return;
    host->lists.is_changed = true;
    host->lists.changed_next = NULL;
    if (list->tail)
        list->tail->lists.changed_next = host;
    else
        list->head = host;
    list->tail = host;
    list->nr++;
}

struct host *schedule_take_changed(struct frontier *frontier)
{
    struct host_list *list = &frontier->schedule.changed;
    struct host *host = list->head;

    if (!host)
        return NULL;
    list->head = host->lists.changed_next;
    if (!list->head)
        list->tail = NULL;
    list->nr--;
    host->lists.is_changed = false;
    return host;
}
