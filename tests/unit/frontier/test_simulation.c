/*
 * The frontier alone, against a world of 100,000 hosts with heavy-tailed sizes
 * and latencies, in virtual time: nobody is asked faster than the clock
 * allows, the pool is full while any host is due, and the whole takes little
 * longer than it must.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier.h"
#include "crawler/frontier/frontier_internal.h"
#include "frontier_fake_storage.h"

#define NR_HOSTS    100000
#define CONCURRENCY 256
#define WALL_MS     INT64_C(1790000000000)
#define LOOK_MS     97 /* between two looks at all hosts, when there is room */

struct sim_host {
    int nr_urls, nr_started, nr_ended, in_flight;
    int64_t last_start_ms, latency_ms;
};

struct sim_flight {
    uint64_t id;
    struct sim_host *host;
    struct sim_flight *next_free;
};

struct sim {
    int64_t delay_ms;
    int per_host, min_urls, max_urls; /* of one host */
    double tail; /* exponent of the sizes: smaller is heavier */

    struct sim_host hosts[NR_HOSTS];
    struct sim_flight flights[CONCURRENCY], *free_flights;
    struct heap answers;
    struct storage *storage;
    struct frontier *frontier;
    uint64_t random;
    int64_t now_ms, look_ms, busy_ms;
    int64_t nr_urls, nr_visits, nr_looks;
    int nr_in_flight;
};

static double sim_random(struct sim *sim)
{
    sim->random = sim->random * UINT64_C(6364136223846793005) + 1442695041;
    return (double)(sim->random >> 11) * 0x1p-53;
}

/* Pareto: P(X > x) = (least / x) ^ exponent. */
static double heavy_tailed(struct sim *sim, double least, double exponent,
                           double most)
{
    double value = least * pow(1 - sim_random(sim), -1 / exponent);

    return value < most ? value : most;
}

static enum err end_visit(void *ctx, const struct visit *visit)
{
    struct sim *sim = ctx;

    assert_true(fake_storage_end(
        sim->storage, (struct url_key){visit->host_id, visit->url_hash}));
    assert_int_equal(visit->outcome, OUTCOME_OK);
    sim->nr_visits++;
    return CERR_OK;
}

static void make_world(struct sim *sim)
{
    for (int i = 0; i < NR_HOSTS; i++) {
        struct sim_host *host = &sim->hosts[i];
        host->nr_urls =
            (int)heavy_tailed(sim, sim->min_urls, sim->tail, sim->max_urls);
        host->latency_ms = (int64_t)heavy_tailed(sim, 30, 1.5, 600);
        host->last_start_ms = INT64_MIN / 2;
        sim->nr_urls += host->nr_urls;
    }
    for (int i = 0; i < CONCURRENCY; i++) {
        sim->flights[i].next_free = sim->free_flights;
        sim->free_flights = &sim->flights[i];
    }
}

static void load_list(struct sim *sim)
{
    char line[64];
    int64_t nr = 0;

    for (int i = 0; i < NR_HOSTS; i++)
        for (int k = 0; k < sim->hosts[i].nr_urls; k++) {
            int len = snprintf(line, sizeof(line), "http://%d.test/%d", i, k);
            assert_int_equal(
                frontier_add_line(sim->frontier,
                                  (struct bytes){line, (size_t)len}, ++nr, 0),
                CERR_OK);
        }
    assert_int_equal(frontier_flush_lines(sim->frontier, 0), CERR_OK);
    frontier_list_ended(sim->frontier);
}

static void start(struct sim *sim, const struct frontier_fetch *fetch)
{
    struct sim_host *host = &sim->hosts[atoi(fetch->url + strlen("http://"))];
    struct sim_flight *flight = sim->free_flights;

    assert_non_null(flight); /* or more than --concurrency */
    sim->free_flights = flight->next_free;
    flight->id = fetch->id;
    flight->host = host;
    assert_true(sim->now_ms - host->last_start_ms >= sim->delay_ms);
    assert_true(host->in_flight < sim->per_host);
    host->last_start_ms = sim->now_ms;
    host->in_flight++;
    host->nr_started++;
    sim->nr_in_flight++;
    int64_t latency_ms = host->latency_ms;
    latency_ms += (int64_t)(0.2 * sim_random(sim) * (double)latency_ms);
    sim->busy_ms += latency_ms;
    heap_add(&sim->answers, sim->now_ms + latency_ms, flight);
}

static void take_answers(struct sim *sim)
{
    struct sim_flight *flight;
    struct page page;

    page_init(&page);
    page.status = 200;
    while ((flight = heap_take(&sim->answers, sim->now_ms)) != NULL) {
        page.first_byte_us = (uint32_t)flight->host->latency_ms * 1000;
        flight->host->in_flight--;
        flight->host->nr_ended++;
        flight->next_free = sim->free_flights;
        sim->free_flights = flight;
        sim->nr_in_flight--;
        assert_int_equal(
            frontier_answer(sim->frontier, flight->id, 0, &page, sim->now_ms),
            CERR_OK);
    }
}

static void look_for_neglected(struct sim *sim)
{
    if (sim->nr_in_flight == CONCURRENCY || sim->now_ms < sim->look_ms)
        return;
    sim->look_ms = sim->now_ms + LOOK_MS;
    sim->nr_looks++;
    for (int i = 0; i < NR_HOSTS; i++) {
        const struct sim_host *host = &sim->hosts[i];
        if (host->nr_started < host->nr_urls &&
            host->in_flight < sim->per_host &&
            sim->now_ms - host->last_start_ms >= sim->delay_ms)
            fail_msg("%d.test is due at %lld and the pool has room (%d)", i,
                     (long long)sim->now_ms, sim->nr_in_flight);
    }
}

/* Of 100,000 hosts and their URLs only a bounded part is in memory. */
static void look_at_memory(const struct sim *sim)
{
    const struct frontier *frontier = sim->frontier;

    assert_true(frontier->hosts.nr <= FRONTIER_HOSTS_MIN);
    assert_true(frontier->items.nr <= FRONTIER_HOSTS_MIN * FRONTIER_ITEMS_EACH);
    assert_true(frontier->schedule.due.nr <= FRONTIER_HOSTS_MIN);
}

static void run(struct sim *sim)
{
    struct frontier_fetch fetch;

    while (frontier_ended(sim->frontier) == FRONTIER_RUNNING) {
        look_at_memory(sim);
        assert_int_equal(frontier_turn(sim->frontier, sim->now_ms), CERR_OK);
        while (frontier_next(sim->frontier, sim->now_ms, &fetch))
            start(sim, &fetch);
        int64_t wait_ms = frontier_wait_ms(sim->frontier, sim->now_ms);
        if (wait_ms == 0 || frontier_ended(sim->frontier) != FRONTIER_RUNNING)
            continue;
        look_for_neglected(sim);
        int64_t next_ms = heap_due_ms(&sim->answers);
        if (wait_ms > 0 && sim->now_ms + wait_ms < next_ms)
            next_ms = sim->now_ms + wait_ms;
        assert_true(next_ms < INT64_MAX);
        sim->now_ms = next_ms;
        take_answers(sim);
    }
}

/* Nobody could be faster: all fetches side by side, and each host in turn. */
static int64_t best_ms(const struct sim *sim)
{
    int64_t best = sim->busy_ms / CONCURRENCY;

    for (int i = 0; i < NR_HOSTS; i++) {
        const struct sim_host *host = &sim->hosts[i];
        int64_t spaced = (host->nr_urls - 1) * sim->delay_ms + host->latency_ms;
        int64_t packed = host->nr_urls * host->latency_ms / sim->per_host;
        if (spaced > best)
            best = spaced;
        if (packed > best)
            best = packed;
    }
    return best;
}

static void simulate(struct sim *sim)
{
    char message[STORAGE_MESSAGE_BYTES];
    struct frontier_options options = {
        .concurrency = CONCURRENCY,
        .any_host.limits.per_host = sim->per_host,
        .any_host.limits.delay_ms = sim->delay_ms,
        .any_host.ignore_robots = true,
        .wall_offset_ms = WALL_MS,
        .seed = 1,
        .on_visit = end_visit,
        .ctx = sim,
    };

    sim->random = 1;
    make_world(sim);
    sim->storage = fake_storage_new(NR_HOSTS, (size_t)sim->nr_urls);
    assert_int_equal(
        frontier_open(&sim->frontier, &options, sim->storage, message),
        CERR_OK);
    load_list(sim);
    run(sim);

    print_message("%lld URLs in %lld s, best %lld s, %lld looks\n",
                  (long long)sim->nr_urls, (long long)sim->now_ms / 1000,
                  (long long)best_ms(sim) / 1000, (long long)sim->nr_looks);
    assert_int_equal(frontier_ended(sim->frontier), FRONTIER_DONE);
    assert_int_equal(sim->nr_visits, sim->nr_urls);
    assert_int_equal(fake_storage_nr_to_do(sim->storage), 0);
    assert_true(sim->now_ms * 10 <= best_ms(sim) * 11);
    assert_int_equal(frontier_release(sim->frontier, sim->now_ms), CERR_OK);
    frontier_free(sim->frontier);
    fake_storage_free(sim->storage);
    heap_release(&sim->answers);
    free(sim);
}

static void frontier_keeps_the_pool_full_without_a_delay(void **state)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));

    (void)state;
    sim->per_host = 6;
    sim->min_urls = 1;
    sim->max_urls = 300;
    sim->tail = 1.2;
    simulate(sim);
}

static void frontier_keeps_the_pool_full_with_long_delays(void **state)
{
    struct sim *sim = xcalloc(1, sizeof(*sim));

    (void)state;
    sim->per_host = 2;
    sim->delay_ms = 5000;
    sim->min_urls = 3;
    sim->max_urls = 8;
    sim->tail = 2;
    simulate(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frontier_keeps_the_pool_full_without_a_delay),
        cmocka_unit_test(frontier_keeps_the_pool_full_with_long_delays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
