/*
 * Answers whose links would keep others waiting stand here and are taken in
 * slices, so that a page of 100,000 links costs its own host time and no other
 * one (docs/decisions/0041).
 *
 * DESIGN. A huge answer waits, and so does one with links of a host that has
 * had much of this process lately. It keeps its place in flight: its host gets
 * no further one meanwhile, and a kill asks for the page again. The answers of
 * one host stand behind its first one; a ring of those goes round, a slice for
 * each. While other hosts are heard, slices are followed by a pause, which
 * leaves to each of them as much of this process as to a host that waits here.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "crawler/crawl_internal.h"

/* An answer with more bytes of links than these waits: some 4,000 links. */
#define HUGE_LINK_BYTES   ((size_t)256 << 10)
/* One with more than these waits if its host has cost more than that lately: a
 * third of the time, as costs fade by half in each period. */
#define FEW_LINK_BYTES    4096
#define HOST_COST_US      50000
#define COST_FADE_US      100000
/* Encoded bytes that are stored in 1 us, where all links are new. */
#define LINK_BYTES_A_US   10
/* Links of one host before the next host's, and how many are stored together:
 * fewer would cost more each, as they lie all over the table. */
#define SLICE_LINKS       64
#define STORED_LINKS      4096
/* For so long slices are taken before others are looked at. */
#define SLICES_US         5000
/* A pause is so many times what came before it, at most. */
#define PAUSE_SHARE_MAX   15
/* With more bytes than these waiting, there is no pause: memory comes first. Of
 * --max-memory it is a quarter. */
#define WAITING_BYTES_MAX ((size_t)256 << 20)

/* One answer. Its page has views of the copies. */
struct waiting_answer {
    struct waiting_answer *next;                 /* in the ring */
    struct waiting_answer *behind, *behind_last; /* of the same host, for the
                                                    one in the ring */
    struct crawl_flight *flight;
    int worker;
    struct page page;
    struct bytes rest; /* links that are not taken yet */
    struct crawl_copy fields, payload;
};

/* ---- the ring ---- */

static void append(struct crawl_waiting *waiting, struct waiting_answer *answer)
{
    answer->next = NULL;
    if (waiting->last)
        waiting->last->next = answer;
    else
        waiting->first = answer;
    waiting->last = answer;
}

static struct waiting_answer *take_first(struct crawl_waiting *waiting)
{
    struct waiting_answer *answer = waiting->first;

    waiting->first = answer->next;
    if (!waiting->first)
        waiting->last = NULL;
    return answer;
}

/* Puts an answer behind the one of its host, or at the end of the ring. */
static void add(struct crawl_waiting *waiting, struct waiting_answer *answer)
{
    struct waiting_answer *of_host = waiting->first;

    while (of_host && of_host->flight->host != answer->flight->host)
        of_host = of_host->next;
    if (!of_host) {
        waiting->nr_hosts++;
        append(waiting, answer);
        return;
    }
    if (of_host->behind)
        of_host->behind_last->next = answer;
    else
        of_host->behind = answer;
    of_host->behind_last = answer;
}

static void free_answer(struct crawl_waiting *waiting,
                        struct waiting_answer *answer)
{
    waiting->bytes -= answer->fields.cap + answer->payload.cap;
    free(answer->fields.data);
    free(answer->payload.data);
    free(answer);
}

/* ---- in ---- */

/* Adds to what a host has cost lately, and returns that. Two hosts that share a
 * slot forget each other. */
static int64_t charge(struct crawl_waiting *waiting, uint64_t host,
                      int64_t cost_us, int64_t now_us)
{
    struct host_cost *slot = &waiting->costs[host / 2 % CRAWL_HOST_COSTS];
    int64_t nr_periods = (now_us - slot->at_us) / COST_FADE_US;

    if (slot->host != host || nr_periods > 30)
        *slot = (struct host_cost){.host = host, .at_us = now_us};
    else if (nr_periods > 0) {
        slot->us >>= nr_periods;
        slot->at_us += nr_periods * COST_FADE_US;
    }
    slot->us += cost_us;
    return slot->us;
}

bool crawl_must_wait(struct crawl *crawl, const struct crawl_flight *flight,
                     const struct page *page, int64_t now_us)
{
    size_t bytes = page->links.len;
    int64_t cost_us = charge(&crawl->answers.waiting, flight->host,
                             (int64_t)(bytes / LINK_BYTES_A_US), now_us);

    return bytes > HUGE_LINK_BYTES ||
           (bytes > FEW_LINK_BYTES && cost_us > HOST_COST_US);
}

enum err crawl_wait(struct crawl *crawl, struct crawl_flight *flight,
                    int worker, const struct page *page, int64_t begin_us)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;
    struct waiting_answer *answer = calloc(1, sizeof(*answer));
    int64_t now_us = clock_mono_us();

    if (!answer)
        return CERR_NOMEM;
    answer->flight = flight;
    answer->worker = worker;
    answer->page = *page;
    answer->rest = page->links;
    answer->fields = crawl->answers.fields;
    answer->payload = crawl->answers.payload;
    crawl->answers.fields = crawl->answers.payload = (struct crawl_copy){0};
    waiting->bytes += answer->fields.cap + answer->payload.cap;
    add(waiting, answer);
    /* what it has cost to check so many links is the host's as well */
    waiting->debt_us += now_us - begin_us;
    return CERR_OK;
}

void crawl_note_direct(struct crawl *crawl)
{
    crawl->answers.waiting.is_heard = true;
}

/* ---- out ---- */

/* Ends the URL of an answer whose links are taken. The next answer of its host
 * takes its place in the ring. */
static enum err end_first(struct crawl *crawl)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;
    struct waiting_answer *answer = take_first(waiting);
    struct waiting_answer *behind = answer->behind;
    enum err err =
        frontier_answer(crawl->frontier, answer->flight->fetch_id,
                        answer->worker, &answer->page, clock_mono_ms());

    crawl_free_flight(crawl, answer->flight);
    if (behind) {
        behind->behind = behind->next;
        behind->behind_last = answer->behind_last;
        append(waiting, behind);
    } else {
        waiting->nr_hosts--;
    }
    free_answer(waiting, answer);
    return err;
}

/* Takes a slice of the first answer in the ring, which goes to its end. */
static enum err take_slice(struct crawl *crawl)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;
    struct waiting_answer *answer = waiting->first;
    enum err err =
        frontier_take_links(crawl->frontier, answer->flight->fetch_id,
                            &answer->page, &answer->rest, SLICE_LINKS);

    if (err)
        return err;
    if (answer->rest.len == 0)
        return end_first(crawl);
    append(waiting, take_first(waiting));
    waiting->nr_taken += SLICE_LINKS;
    return CERR_OK;
}

/* How many times the cost of a slice others get before the next one: each of
 * the hosts that are asked as much as each that waits here. */
static int64_t pause_share(const struct crawl *crawl)
{
    const struct crawl_waiting *waiting = &crawl->answers.waiting;
    int64_t max_bytes = crawl->config->max_memory_bytes / 4;
    int others = frontier_nr_asked_hosts(crawl->frontier) - waiting->nr_hosts;
    int share = waiting->nr_hosts ? others / waiting->nr_hosts : others;

    if (max_bytes == 0)
        max_bytes = WAITING_BYTES_MAX;
    if (waiting->bytes > (size_t)max_bytes || share < 0)
        return 0;
    return share < PAUSE_SHARE_MAX ? share : PAUSE_SHARE_MAX;
}

enum err crawl_take_waiting(struct crawl *crawl)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;
    int64_t begin_us, now_us;
    enum err err = CERR_OK;

    if (!waiting->first)
        return CERR_OK;
    begin_us = now_us = clock_mono_us();
    if (waiting->is_heard && begin_us < waiting->next_us)
        return CERR_OK;
    for (int nr = 0; !err && waiting->first && nr < STORED_LINKS &&
                     now_us - begin_us < SLICES_US;
         nr += SLICE_LINKS) {
        err = take_slice(crawl);
        now_us = clock_mono_us();
    }
    if (!err)
        err = frontier_store_links(crawl->frontier, clock_mono_ms());
    now_us = clock_mono_us();
    waiting->next_us =
        now_us + (now_us - begin_us + waiting->debt_us) * pause_share(crawl);
    waiting->debt_us = 0;
    waiting->is_heard = false;
    return err;
}

void crawl_note_commit(struct crawl *crawl, int64_t took_us, size_t nr_rows)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;
    int64_t nr_taken = waiting->nr_taken;

    waiting->nr_taken = 0;
    if (nr_taken == 0)
        return;
    waiting->debt_us += nr_taken < (int64_t)nr_rows
                            ? took_us * nr_taken / (int64_t)nr_rows
                            : took_us;
}

int64_t crawl_waiting_wait_ms(const struct crawl *crawl)
{
    const struct crawl_waiting *waiting = &crawl->answers.waiting;
    int64_t now_us;

    if (!waiting->first)
        return -1;
    now_us = clock_mono_us();
    if (!waiting->is_heard || waiting->next_us <= now_us)
        return 0;
    return (waiting->next_us - now_us + 999) / 1000;
}

void crawl_drop_waiting(struct crawl *crawl)
{
    struct crawl_waiting *waiting = &crawl->answers.waiting;

    while (waiting->first) {
        struct waiting_answer *answer = take_first(waiting), *next;

        for (struct waiting_answer *of_host = answer->behind; of_host;
             of_host = next) {
            next = of_host->next;
            free_answer(waiting, of_host);
        }
        free_answer(waiting, answer);
    }
    waiting->nr_hosts = 0;
}
