/*
 * What an answer tells its host's clock: whether the host is well, asks us to
 * wait, is in trouble, or was not reached at all.
 */
#include <stdio.h>

#include "crawler/frontier/frontier_internal.h"
#include "crawler/politeness/http_date.h"
#include "crawler/politeness/rate_limit.h"
#include "storage/results.h"

/* A host that is slowed down again and again has one event in this time. */
#define EVENT_MS 60000

/* Reads a status: 429 (RFC 6585, 4) and 503 (RFC 9110, 15.6.4) ask for a pause,
 * other 5xx are trouble of the host, and all else is calm. */
static enum host_answer_kind kind_of_status(int status)
{
    if (status == 429 || status == 503)
        return HOST_ANSWER_BUSY;
    return status >= 500 ? HOST_ANSWER_TROUBLE : HOST_ANSWER_CALM;
}

static enum host_answer_kind kind_of_answer(const struct page *page)
{
    if (retry_is_of_absence(page))
        return HOST_ANSWER_NOTHING;
    if (page->error == ERROR_NONE)
        return kind_of_status(page->status);
    switch (error_info(page->error)->error_class) {
    case CLASS_DNS:
    case CLASS_CONNECT:
    case CLASS_TLS:
        return HOST_ANSWER_UNREACHABLE;
    case CLASS_TIMEOUT: /* no byte came, which is no better than no connection
                         */
        return page->status ? HOST_ANSWER_TROUBLE : HOST_ANSWER_UNREACHABLE;
    case CLASS_HTTP:
    case CLASS_BODY: /* what it sends may be odd, but it answers */
        return retry_may_help(page) ? HOST_ANSWER_TROUBLE : HOST_ANSWER_CALM;
    case CLASS_NONE:
    case CLASS_INPUT:
    case CLASS_POLICY:
    case CLASS_INTERNAL:
    case CLASS_NR:
        break;
    }
    return HOST_ANSWER_NOTHING;
}

/* Whether a page shows that somebody out there lives: 1; that nobody was heard:
 * -1; neither: 0. A refusal and the word that there is no such name are signs
 * of life. */
static int sign_of_life(const struct page *page)
{
    switch (error_info(page->error)->error_class) {
    case CLASS_NONE:
    case CLASS_TLS:
    case CLASS_HTTP:
    case CLASS_BODY:
        return 1;
    case CLASS_DNS:
        return page->error == ERROR_DNS && !(page->flags & PAGE_MAY_PASS) ? 1
                                                                          : -1;
    case CLASS_CONNECT:
        if (page->error == ERROR_CONNECT_TIMEOUT ||
            (page->flags & PAGE_NO_ROUTE))
            return -1;
        return page->error == ERROR_CONNECT ? 1 : 0;
    case CLASS_TIMEOUT:
        return -1;
    case CLASS_INPUT:
    case CLASS_POLICY:
    case CLASS_INTERNAL:
    case CLASS_NR:
        break;
    }
    return 0;
}

bool politeness_is_of_network(struct frontier *frontier,
                              const struct item *item, const struct page *page,
                              int64_t now_ms)
{
    struct network_failure failure = {
        .host_id = item->host->id,
        .started_ms = item->times.started_ms,
        .held_ms = item->times.held_ms,
    };
    int sign = sign_of_life(page);

    if (sign > 0)
        network_heard(&frontier->run.network, now_ms);
    return sign < 0 && network_failed(&frontier->run.network, &failure, now_ms);
}

/* Returns how long the host took for the first byte, in ms from when the
 * connection stood. Name look-up and handshakes are not the load of the host.
 */
static double latency_of(const struct page *page)
{
    uint32_t connected_us = page->dns_us;

    if (page->connect_us > connected_us)
        connected_us = page->connect_us;
    if (page->tls_us > connected_us)
        connected_us = page->tls_us;
    if (page->first_byte_us <= connected_us)
        return 0;
    return (page->first_byte_us - connected_us) / 1000.0;
}

/* Counts what an answer has done to its host's clock, whose window was last cut
 * at `cut_ms` before it. Returns whether the host is asked less from now on. */
static bool count_waits(struct frontier_waits *waits, int64_t cut_ms,
                        const struct host_clock *after,
                        const struct host_answer *answer)
{
    int64_t wait_ms = after->due_ms - answer->now_ms;
    bool is_cut = after->cut_ms != cut_ms;

    if (answer->kind == HOST_ANSWER_BUSY) {
        waits->nr_429 += answer->status == 429;
        waits->nr_503 += answer->status == 503;
        if (wait_ms > waits->longest_wait_ms)
            waits->longest_wait_ms = wait_ms;
        return true;
    }
    /* one that cannot be reached is another matter */
    is_cut = is_cut && answer->kind != HOST_ANSWER_UNREACHABLE;
    waits->nr_slow_downs += is_cut;
    return is_cut;
}

enum err politeness_put_event(struct frontier *frontier,
                              const struct host *host, int64_t now_ms)
{
    const struct host_clock *clock = &host->clock;
    const char *what = clock->status > 0 ? "throttled" : "slowed";
    char detail[URL_HOST_KEY_BYTES + 100];

    if (clock->status > 0)
        snprintf(detail, sizeof(detail),
                 "%s answers %d: nothing is asked of it for %.1f s", host->key,
                 clock->status, (double)(clock->due_ms - now_ms) / 1e3);
    else
        snprintf(detail, sizeof(detail),
                 "%s is slower (%.0f ms, usually %.0f ms) or errs more: %d "
                 "requests at once from now on",
                 host->key, clock->recent_ms, clock->normal_ms,
                 (int)clock->window);
    return storage_put_event(frontier->storage,
                             frontier_wall_ms(frontier, now_ms), "info", what,
                             detail);
}

/* How long the host wants to be left alone, -1: it does not say. */
static int64_t asked_wait_ms(const struct frontier *frontier,
                             const struct page *page, int64_t now_ms)
{
    int64_t wall_ms = frontier_wall_ms(frontier, now_ms);

    if (page->flags & PAGE_QUOTA_SPENT)
        return rate_limit_wait_ms(page->retry_after, wall_ms);
    return http_retry_after_ms(page->retry_after, wall_ms);
}

/* Retry-After is read of 429 and 503 alone, where it is a request to wait (RFC
 * 9110, 10.2.3); a quota that is spent counts behind any answer. A host's wait
 * is written down, for whoever starts the crawl again. */
struct politeness_news politeness_answered(struct frontier *frontier,
                                           const struct item *item,
                                           const struct page *page,
                                           bool is_held, int64_t now_ms)
{
    struct host *host = item->host;
    int64_t cut_ms = host->clock.cut_ms;
    struct host_answer answer = {
        .kind = kind_of_answer(page),
        .status = page->status,
        .started_ms = item->times.started_ms,
        .now_ms = now_ms,
        .latency_ms = latency_of(page),
        .retry_after_ms = -1,
    };
    struct politeness_news news = {0};
    bool may_ask = answer.kind == HOST_ANSWER_BUSY ||
                   (page->flags & PAGE_QUOTA_SPENT) != 0;

    if (answer.kind == HOST_ANSWER_BUSY)
        answer.jitter = frontier_random(frontier);
    if (may_ask && page->retry_after.len > 0)
        answer.retry_after_ms = asked_wait_ms(frontier, page, now_ms);
    if (is_held)
        answer.kind = HOST_ANSWER_NOTHING;
    host_clock_answered(&host->clock, &host->rules.limits, &answer);
    news.must_keep =
        (answer.kind == HOST_ANSWER_BUSY || answer.retry_after_ms > 0) &&
        host->clock.due_ms > now_ms;
    if (count_waits(&frontier->stats.waits, cut_ms, &host->clock, &answer) &&
        (host->told_ms == 0 || now_ms - host->told_ms >= EVENT_MS)) {
        host->told_ms = now_ms;
        news.is_event = true;
    }
    return news;
}
