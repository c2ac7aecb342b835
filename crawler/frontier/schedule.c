/*
 * Who is next. A host stands in one of two places: in a ring, from which hosts
 * are taken in turn so that none holds up another, or in the heap of those that
 * wait for their clock. Both are O(log n) at most. There is a ring for
 * robots.txt and there are two for pages: a host with nothing in flight comes
 * before one that could do with another connection, so that each keeps the one
 * it has at work before the next is made.
 */
#include "crawler/frontier/frontier_internal.h"

#define PAGES_PER_CONNECTION 2 /* that wait, at least, before the next one */

/* It has something that its gate lets start. */
bool host_is_ready(const struct host *host)
{
    if (host->robots_queue.head)
        return true;
    return host->queue.head && host->robots_state == ROBOTS_KNOWN;
}

/* To make one more connection takes two round trips, or three: those that it
 * has are through with a few more pages by then. */
static bool is_worth_a_connection(const struct host *host)
{
    const struct host_clock *clock = &host->clock;

    return clock->in_flight < clock->most_in_flight || host->more ||
           host->robots_queue.head ||
           host->queue.nr > PAGES_PER_CONNECTION * clock->in_flight;
}

static void ring_add(struct host_list *ring, struct host *host)
{
    host->place = PLACE_RING;
    host->ring = ring;
    host->ring_next = NULL;
    host->ring_prev = ring->tail;
    if (ring->tail)
        ring->tail->ring_next = host;
    else
        ring->head = host;
    ring->tail = host;
    ring->nr++;
}

static void ring_remove(struct host *host)
{
    struct host_list *ring = host->ring;

    if (host->ring_prev)
        host->ring_prev->ring_next = host->ring_next;
    else
        ring->head = host->ring_next;
    if (host->ring_next)
        host->ring_next->ring_prev = host->ring_prev;
    else
        ring->tail = host->ring_prev;
    ring->nr--;
    host->ring = NULL;
    host->place = PLACE_NOWHERE;
}

static struct host_list *ring_of(struct frontier *frontier,
                                 const struct host *host)
{
    if (host->robots_queue.head)
        return &frontier->asking;
    return host->clock.in_flight > 0 ? &frontier->busy : &frontier->ready;
}

void schedule_host(struct frontier *frontier, struct host *host, int64_t now_ms)
{
    if (host->ring == &frontier->busy && host->clock.in_flight == 0)
        ring_remove(host); /* its turn comes sooner now */
    if (host->place != PLACE_NOWHERE || !host_is_ready(host) ||
        !host_clock_has_room(&host->clock) || !is_worth_a_connection(host))
        return;
    if (host->clock.due_ms <= now_ms) {
        ring_add(ring_of(frontier, host), host);
    } else if (host->clock.due_ms - now_ms <= schedule_linger_ms(frontier)) {
        schedule_wait(frontier, host);
    } else if (host->clock.in_flight == 0) {
        host_mark_idle(frontier, host); /* may go back to storage meanwhile */
    }                                   /* else the answer will ask again */
}

void schedule_wait(struct frontier *frontier, struct host *host)
{
    host->place = PLACE_DUE;
    heap_add(&frontier->due, host->clock.due_ms, host);
}

int64_t schedule_linger_ms(const struct frontier *frontier)
{
    return frontier_is_crowded(frontier) ? FRONTIER_CROWDED_MS
                                         : FRONTIER_LINGER_MS;
}

void schedule_due(struct frontier *frontier, int64_t now_ms)
{
    struct host *host;

    while ((host = heap_take(&frontier->due, now_ms)) != NULL) {
        host->place = PLACE_NOWHERE;
        schedule_host(frontier, host, now_ms);
        if (host->place == PLACE_NOWHERE)
            host_mark_idle(frontier, host);
    }
}

bool schedule_pages_full(const struct frontier *frontier)
{
    return frontier->nr_in_flight - frontier->nr_robots_in_flight >=
           frontier->options.concurrency;
}

/* First who has nothing in flight, then who was never asked, then who could do
 * with one more connection. NULL: nobody may. */
static const struct host_list *ring_next(const struct frontier *frontier)
{
    bool pages_full = schedule_pages_full(frontier);

    if (frontier->ready.head && !pages_full)
        return &frontier->ready;
    if (frontier->asking.head)
        return &frontier->asking;
    return frontier->busy.head && !pages_full ? &frontier->busy : NULL;
}

bool schedule_has_any(const struct frontier *frontier)
{
    return ring_next(frontier) != NULL;
}

int schedule_nr_ready(const struct frontier *frontier)
{
    return frontier->ready.nr + frontier->asking.nr + frontier->busy.nr;
}

struct host *schedule_take(struct frontier *frontier)
{
    const struct host_list *ring = ring_next(frontier);
    struct host *host = ring ? ring->head : NULL;

    if (host)
        ring_remove(host);
    return host;
}

bool host_level_has_ended(const struct host *host)
{
    return host->nr_items == host->nr_off_level;
}

void host_ask_for_more(struct frontier *frontier, struct host *host)
{
    if (host->more && !host->is_closed && host->queue.nr < host->batch / 2)
        host_mark_hungry(frontier, host);
}

void host_mark_hungry(struct frontier *frontier, struct host *host)
{
    struct host_list *list = &frontier->hungry;

    if (host->is_hungry)
        return;
    host->is_hungry = true;
    host->hungry_next = NULL;
    if (list->tail)
        list->tail->hungry_next = host;
    else
        list->head = host;
    list->tail = host;
    list->nr++;
}

struct host *host_take_hungry(struct frontier *frontier)
{
    struct host_list *list = &frontier->hungry;
    struct host *host = list->head;

    if (!host)
        return NULL;
    list->head = host->hungry_next;
    if (!list->head)
        list->tail = NULL;
    list->nr--;
    host->is_hungry = false;
    return host;
}

void host_mark_idle(struct frontier *frontier, struct host *host)
{
    if (host->is_idle)
        return;
    host->is_idle = true;
    host->idle_next = frontier->idle.head;
    frontier->idle.head = host;
    frontier->idle.nr++;
}

struct host *host_take_idle(struct frontier *frontier)
{
    struct host *host = frontier->idle.head;

    if (!host)
        return NULL;
    frontier->idle.head = host->idle_next;
    frontier->idle.nr--;
    host->is_idle = false;
    return host;
}

/* xorshift64*: jitter needs no better one (Vigna, 2016). */
double frontier_random(struct frontier *frontier)
{
    uint64_t x = frontier->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    frontier->random = x;
    return (double)(x * UINT64_C(0x2545F4914F6CDD1D) >> 11) * 0x1p-53;
}
