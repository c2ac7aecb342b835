/*
 * Who is next. A site stands in one of two places: in a ring, from which sites
 * are taken in turn so that none holds up another, or in the heap of those that
 * wait for their clock. Both are O(log n) at most. There is a ring for
 * robots.txt and there are two for pages: a host with nothing in flight comes
 * before one that could do with another connection, so that each keeps the one
 * it has at work before the next is made.
 */
#include "crawler/frontier/frontier_internal.h"

#define PAGES_PER_CONNECTION 2 /* that wait, at least, before the next one */

/* It has something that its gate lets start. */
bool site_is_ready(const struct site *site)
{
    if (site->urgent.head)
        return true;
    return site->queue.head && site->gate == GATE_RULES;
}

/* To make one more connection takes two round trips, or three: those that it
 * has are through with a few more pages by then. */
static bool is_worth_a_connection(const struct site *site)
{
    const struct host_clock *clock = &site->clock;

    return clock->in_flight < clock->most_in_flight || site->more ||
           site->urgent.head ||
           site->queue.nr > PAGES_PER_CONNECTION * clock->in_flight;
}

static void ring_add(struct site_list *ring, struct site *site)
{
    site->place = PLACE_RING;
    site->ring = ring;
    site->ring_next = NULL;
    site->ring_prev = ring->tail;
    if (ring->tail)
        ring->tail->ring_next = site;
    else
        ring->head = site;
    ring->tail = site;
    ring->nr++;
}

static void ring_remove(struct site *site)
{
    struct site_list *ring = site->ring;

    if (site->ring_prev)
        site->ring_prev->ring_next = site->ring_next;
    else
        ring->head = site->ring_next;
    if (site->ring_next)
        site->ring_next->ring_prev = site->ring_prev;
    else
        ring->tail = site->ring_prev;
    ring->nr--;
    site->ring = NULL;
    site->place = PLACE_NOWHERE;
}

static struct site_list *ring_of(struct frontier *frontier,
                                 const struct site *site)
{
    if (site->urgent.head)
        return &frontier->asking;
    return site->clock.in_flight > 0 ? &frontier->busy : &frontier->ready;
}

void schedule_site(struct frontier *frontier, struct site *site, int64_t now_ms)
{
    if (site->ring == &frontier->busy && site->clock.in_flight == 0)
        ring_remove(site); /* its turn comes sooner now */
    if (site->place != PLACE_NOWHERE || !site_is_ready(site) ||
        !host_clock_has_room(&site->clock) || !is_worth_a_connection(site))
        return;
    if (site->clock.due_ms <= now_ms) {
        ring_add(ring_of(frontier, site), site);
    } else if (site->clock.due_ms - now_ms <= schedule_linger_ms(frontier)) {
        schedule_wait(frontier, site);
    } else if (site->clock.in_flight == 0) {
        site_mark_idle(frontier, site); /* may go back to storage meanwhile */
    }                                   /* else the answer will ask again */
}

void schedule_wait(struct frontier *frontier, struct site *site)
{
    site->place = PLACE_DUE;
    heap_add(&frontier->due, site->clock.due_ms, site);
}

int64_t schedule_linger_ms(const struct frontier *frontier)
{
    return claim_is_crowded(frontier) ? FRONTIER_CROWDED_MS
                                      : FRONTIER_LINGER_MS;
}

void schedule_due(struct frontier *frontier, int64_t now_ms)
{
    struct site *site;

    while ((site = heap_take(&frontier->due, now_ms)) != NULL) {
        site->place = PLACE_NOWHERE;
        schedule_site(frontier, site, now_ms);
        if (site->place == PLACE_NOWHERE)
            site_mark_idle(frontier, site);
    }
}

bool schedule_pages_full(const struct frontier *frontier)
{
    return frontier->nr_in_flight - frontier->nr_robots_in_flight >=
           frontier->options.concurrency;
}

/* First who has nothing in flight, then who was never asked, then who could do
 * with one more connection. NULL: nobody may. */
static const struct site_list *ring_next(const struct frontier *frontier)
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

struct site *schedule_take(struct frontier *frontier)
{
    const struct site_list *ring = ring_next(frontier);
    struct site *site = ring ? ring->head : NULL;

    if (site)
        ring_remove(site);
    return site;
}

bool site_level_ended(const struct site *site)
{
    return site->nr_items == site->nr_late;
}

void site_ask_for_more(struct frontier *frontier, struct site *site)
{
    if (site->more && !site->is_closed && site->queue.nr < site->batch / 2)
        site_mark_hungry(frontier, site);
}

void site_mark_hungry(struct frontier *frontier, struct site *site)
{
    struct site_list *list = &frontier->hungry;

    if (site->is_hungry)
        return;
    site->is_hungry = true;
    site->hungry_next = NULL;
    if (list->tail)
        list->tail->hungry_next = site;
    else
        list->head = site;
    list->tail = site;
    list->nr++;
}

struct site *site_take_hungry(struct frontier *frontier)
{
    struct site_list *list = &frontier->hungry;
    struct site *site = list->head;

    if (!site)
        return NULL;
    list->head = site->hungry_next;
    if (!list->head)
        list->tail = NULL;
    list->nr--;
    site->is_hungry = false;
    return site;
}

void site_mark_idle(struct frontier *frontier, struct site *site)
{
    if (site->is_idle)
        return;
    site->is_idle = true;
    site->idle_next = frontier->idle.head;
    frontier->idle.head = site;
    frontier->idle.nr++;
}

struct site *site_take_idle(struct frontier *frontier)
{
    struct site *site = frontier->idle.head;

    if (!site)
        return NULL;
    frontier->idle.head = site->idle_next;
    frontier->idle.nr--;
    site->is_idle = false;
    return site;
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
