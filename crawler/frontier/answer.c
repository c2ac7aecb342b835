/*
 * What an answer leads to: a redirect is followed, a passing failure tried
 * again, a crash looked into, and everything else ends the URL.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"
#include "crawler/frontier/http_date.h"
#include "storage/results.h"

#define RETRY_CAP_MS 300000 /* the longest pause between two tries */
#define LIST_WAIT_MS 200    /* between two looks whether a host is listed */
#define KILLS_MAX    5      /* deaths by SIGKILL that a URL may be near */

/* ---- the end ---- */

static struct bytes text_behind_url(const struct item *item, uint32_t at,
                                    uint32_t len)
{
    return (struct bytes){item->text + item->url_len + 1 + at, len};
}

enum err answer_visit(struct frontier *frontier, const struct visit *visit)
{
    struct frontier_stats *stats = &frontier->stats;

    stats->nr_visits[visit->outcome]++;
    stats->nr_by_error[visit->error]++;
    stats->nr_queued--;
    if (visit->line > 0 && visit->page)
        stats->nr_status[visit->page->status / 100 % 6]++;
    return frontier->options.on_visit(frontier->options.ctx, visit);
}

enum err answer_end(struct frontier *frontier, struct item *item,
                    const struct ending *ending, int64_t now_ms)
{
    struct host *origin = item->origin, *host = item->host;
    const struct chain *chain = item->chain;
    struct visit visit = {
        .host_id = item->key.host_id,
        .url_hash = item->key.url_hash,
        .url = item_url(item),
        .listed = text_behind_url(item, 0, item->listed_len),
        .line = item->line,
        .depth = item->depth,
        .final_url = item_target(item),
        .outcome = ending->outcome,
        .error = ending->error,
        .may_pass = ending->may_pass,
        .detail = ending->detail,
        .page = ending->page,
        .tries = item->tries,
        .hops = chain ? chain->hops : NULL,
        .nr_hops = chain ? chain->nr_hops : 0,
        .fetched_at = ending->page ? frontier_wall_ms(frontier, now_ms) : 0,
        .elapsed_ms = item->started ? (double)(now_ms - item->first_ms) : 0,
        .wait_ms = item->waited_ms,
        .worker = ending->worker,
    };

    enum err err = answer_visit(frontier, &visit);
    item_free(frontier, item);
    if (host_level_has_ended(origin))
        host_mark_idle(frontier, origin);
    if (host_level_has_ended(host))
        host_mark_idle(frontier, host);
    return err;
}

static enum err end_with_page(struct frontier *frontier, struct item *item,
                              int worker, const struct page *page,
                              int64_t now_ms)
{
    enum err err = follow_page(frontier, item, page, now_ms);

    if (!err && item->chain && frontier->options.depth > 0)
        err = follow_end_hops(frontier, item, page, now_ms);
    if (err)
        return err;
    return answer_end(
        frontier, item,
        &(struct ending){.outcome = page->outcome,
                         .error = page->error,
                         .may_pass = (page->flags & PAGE_MAY_PASS) != 0,
                         .detail = page->detail,
                         .page = page,
                         .worker = worker},
        now_ms);
}

/* ---- the host's clock ---- */

static bool answer_is_retryable(const struct page *page)
{
    if (page->error != ERROR_NONE)
        return error_info(page->error)->retryable ||
               (page->flags & PAGE_MAY_PASS) != 0;
    return page->status == 408 || page->status == 429 || page->status >= 500;
}

static enum host_answer_kind kind_of_status(int status)
{
    if (status == 429 || status == 503)
        return HOST_ANSWER_BUSY;
    return status >= 500 ? HOST_ANSWER_TROUBLE : HOST_ANSWER_CALM;
}

static enum host_answer_kind kind_of_answer(const struct page *page)
{
    if (page->error == ERROR_NONE)
        return kind_of_status(page->status);
    switch (error_info(page->error)->error_class) {
    case CLASS_DNS:
    case CLASS_CONNECT:
    case CLASS_TLS:
        return HOST_ANSWER_UNREACHABLE;
    case CLASS_TIMEOUT: /* not a byte came: as good as no connection */
        return page->status ? HOST_ANSWER_TROUBLE : HOST_ANSWER_UNREACHABLE;
    case CLASS_HTTP:
    case CLASS_BODY: /* what it sends may be odd, but it answers */
        return answer_is_retryable(page) ? HOST_ANSWER_TROUBLE
                                         : HOST_ANSWER_CALM;
    case CLASS_NONE:
    case CLASS_INPUT:
    case CLASS_POLICY:
    case CLASS_INTERNAL:
    case CLASS_NR:
        break;
    }
    return HOST_ANSWER_NOTHING;
}

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

static enum err tell_clock(struct frontier *frontier, const struct item *item,
                           const struct page *page, int64_t now_ms)
{
    struct host_answer answer = {
        .kind = kind_of_answer(page),
        .status = page->status,
        .started_ms = item->started_ms,
        .now_ms = now_ms,
        .latency_ms = latency_of(page),
        .retry_after_ms = -1,
    };

    if (answer.kind == HOST_ANSWER_BUSY) {
        answer.jitter = frontier_random(frontier);
        if (page->retry_after.len)
            answer.retry_after_ms = http_retry_after_ms(
                page->retry_after, frontier_wall_ms(frontier, now_ms));
    }
    host_clock_answered(&item->host->clock, &item->host->rules.limits, &answer);
    /* What it asks for outlives us. */
    if (answer.kind == HOST_ANSWER_BUSY && item->host->clock.due_ms > now_ms)
        return lease_put_host(frontier, item->host);
    return CERR_OK;
}

/* ---- again ---- */

static enum err put_attempt(struct frontier *frontier, const struct item *item,
                            const struct page *page, int64_t now_ms)
{
    const char *code = error_code(page->error);

    enum err err = storage_put_attempt(
        frontier->storage,
        &(struct attempt_record){
            .key = item->key,
            .attempt = item->tries,
            .at = frontier_wall_ms(frontier, item->started_ms),
            .status = page->status,
            .error = {code, strlen(code)},
            .detail = page->detail,
            .elapsed_ms = (double)(now_ms - item->started_ms),
        });
    if (!err)
        err = storage_put_tries(frontier->storage, item->key, item->tries);
    return err;
}

void answer_retry_later(struct frontier *frontier, struct item *item,
                        int64_t now_ms)
{
    int64_t wait_ms =
        host_backoff_ms(frontier->options.retry_delay_ms, item->nr_retries,
                        RETRY_CAP_MS, frontier_random(frontier));

    item->nr_retries++;
    item->state = ITEM_WAITING;
    item_set_off_level(frontier, item);
    frontier->stats.nr_retries_waiting++;
    heap_add(&frontier->retries, now_ms + wait_ms, item);
}

enum err answer_fire_retries(struct frontier *frontier, int64_t now_ms)
{
    struct item *item;
    enum err err = CERR_OK;

    while (!err && (item = heap_take(&frontier->retries, now_ms)) != NULL) {
        frontier->stats.nr_retries_waiting--;
        err = robots_admit(frontier, item, now_ms);
    }
    return err;
}

static enum err end_poison(struct frontier *frontier, struct item *item,
                           int worker, const struct page *page, int64_t now_ms)
{
    struct page last = *page;

    last.outcome = OUTCOME_ERROR;
    if (last.error != ERROR_SANDBOX)
        last.error = ERROR_POISON;
    return item->kind == ITEM_URL
               ? end_with_page(frontier, item, worker, &last, now_ms)
               : robots_answer(frontier, item, &last, now_ms);
}

/*
 * A dead worker takes every URL along that it held, and only one of them, if
 * any, is to blame. The first death is forgiven. After the second the URL is
 * held back until it can run with nothing else in flight: a death then is its
 * own, unless the worker was killed: that may have come from outside, so it
 * takes a few, with the other suspects in between.
 */
static enum err answer_crashed(struct frontier *frontier, struct item *item,
                               int worker, const struct page *page,
                               int64_t now_ms)
{
    bool killed = (page->flags & PAGE_KILLED) != 0;
    enum err err = CERR_OK;

    item->nr_crashes++;
    if (item->in_quarantine && (!killed || item->nr_crashes >= KILLS_MAX))
        return end_poison(frontier, item, worker, page, now_ms);
    if (item->kind == ITEM_URL)
        err = put_attempt(frontier, item, page, now_ms);
    if (err)
        return err;
    item->last_error = page->error;
    if (item->nr_crashes < 2)
        return robots_admit(frontier, item, now_ms);
    item->in_quarantine = false;
    item->state = ITEM_QUARANTINED;
    items_add(&frontier->quarantine, item);
    return CERR_OK;
}

/* ---- redirects ---- */

static bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

static bool was_asked(const struct item *item, struct bytes url)
{
    if (bytes_equal(item_url(item), url))
        return true;
    for (size_t i = 0; item->chain && i < item->chain->nr_hops; i++)
        if (bytes_equal(item->chain->hops[i].to_url, url))
            return true;
    return false;
}

void answer_add_hop(struct item *item, const struct page *page,
                    struct bytes target)
{
    if (!item->chain)
        item->chain = xcalloc(1, sizeof(*item->chain));

    struct chain *chain = item->chain;
    char *text = xmemdup0(target.data, target.len);
    chain->hops[chain->nr_hops] = (struct visit_hop){
        .from_url = item_target(item),
        .to_url = {text, target.len},
        .status = page->status,
        .elapsed_ms = page->total_us / 1000.0,
    };
    chain->texts[chain->nr_hops++] = text;
    item->is_redirect_start = true;
}

/* Whether and where the redirect leads; what it breaks, or ERROR_NONE. */
enum error answer_read_redirect(struct frontier *frontier,
                                const struct item *item,
                                const struct page *page, size_t max_hops,
                                struct keyed_url *target)
{
    enum error error = url_key_read(frontier, page->location, target);

    if (error == ERROR_BAD_URL || error == ERROR_TOO_LONG)
        return ERROR_BAD_REDIRECT;
    if (error)
        return error;
    if (was_asked(item, target->url))
        return ERROR_REDIRECT_LOOP;
    if (item->chain && item->chain->nr_hops >= max_hops)
        return ERROR_REDIRECT_LIMIT;
    return ERROR_NONE;
}

/* A listed URL is followed to its end; each hop waits for the gate and the
 * clock of its own host. */
static enum err follow_redirect(struct frontier *frontier, struct item *item,
                                int worker, const struct page *page,
                                int64_t now_ms)
{
    struct keyed_url target;
    struct host *host = NULL, *before = item->host;
    enum error error = answer_read_redirect(
        frontier, item, page, (size_t)frontier->options.max_redirects, &target);

    if (error)
        return answer_end(frontier, item,
                          &(struct ending){.outcome = OUTCOME_ERROR,
                                           .error = error,
                                           .detail = page->location,
                                           .page = page,
                                           .worker = worker},
                          now_ms);
    enum err err = lease_host(frontier, &host, &target, now_ms);
    if (err)
        return err;
    answer_add_hop(item, page, target.url);
    item_move(item, host);
    host_mark_idle(frontier, before);
    if (host != item->origin)
        item_set_off_level(frontier, item);
    return robots_admit(frontier, item, now_ms);
}

/* A discovered URL ends with its redirect: the target is a URL of its own. */
static enum err end_redirected(struct frontier *frontier, struct item *item,
                               int worker, const struct page *page,
                               int64_t now_ms)
{
    struct page last = *page;
    enum err err = CERR_OK;

    if (item->nr_hops >= frontier->options.max_redirects) {
        last.outcome = OUTCOME_ERROR;
        last.error = ERROR_REDIRECT_LIMIT;
    } else {
        err = follow_discovered(frontier, item, page, now_ms);
    }
    if (err)
        return err;
    return end_with_page(frontier, item, worker, &last, now_ms);
}

static enum err take_redirect(struct frontier *frontier, struct item *item,
                              int worker, const struct page *page,
                              int64_t now_ms)
{
    if (frontier->options.max_redirects == 0)
        return end_with_page(frontier, item, worker, page, now_ms);
    if (item->line > 0 || follow_is_sitemap(item))
        return follow_redirect(frontier, item, worker, page, now_ms);
    return end_redirected(frontier, item, worker, page, now_ms);
}

/* A private host was refused because no line of the list had named it: while
 * lines are still to come, one of them may. */
static enum err wait_for_list(struct frontier *frontier, struct item *item,
                              int64_t now_ms)
{
    item->is_redirect_start = true; /* it is no further try */
    if (frontier->list_ended)
        return robots_admit(frontier, item, now_ms);
    item->state = ITEM_WAITING;
    item_set_off_level(frontier, item);
    frontier->stats.nr_retries_waiting++;
    heap_add(&frontier->retries, now_ms + LIST_WAIT_MS, item);
    return CERR_OK;
}

/* What has begun waits in memory. Many hosts that ask for long waits would
 * take all of it from the others. */
static bool waits_too_long(const struct frontier *frontier,
                           const struct host *host, int64_t now_ms)
{
    return host->clock.due_ms > now_ms + FRONTIER_LINGER_MS &&
           frontier_is_crowded(frontier);
}

bool answer_may_retry(const struct frontier *frontier, const struct item *item,
                      const struct page *page, int64_t now_ms)
{
    return answer_is_retryable(page) &&
           item->nr_retries < item->host->rules.retries &&
           item->host->clock.state != HOST_DOWN &&
           !waits_too_long(frontier, item->host, now_ms);
}

static enum err answer_url(struct frontier *frontier, struct item *item,
                           int worker, const struct page *page, int64_t now_ms)
{
    if (page->error == ERROR_CANCELED)
        return robots_admit(frontier, item, now_ms);
    if (page->error == ERROR_BLOCKED_ADDRESS && item->list_open)
        return wait_for_list(frontier, item, now_ms);
    if (page->outcome == OUTCOME_REDIRECT && page->error == ERROR_NONE &&
        page->location.len > 0)
        return take_redirect(frontier, item, worker, page, now_ms);
    if (answer_may_retry(frontier, item, page, now_ms)) {
        enum err err = put_attempt(frontier, item, page, now_ms);
        item->last_error = page->error;
        answer_retry_later(frontier, item, now_ms);
        return err;
    }
    return end_with_page(frontier, item, worker, page, now_ms);
}

enum err answer_take(struct frontier *frontier, struct item *item, int worker,
                     const struct page *page, int64_t now_ms)
{
    struct host *host = item->host;
    enum err err = tell_clock(frontier, item, page, now_ms);

    if (err)
        return err;
    if (page->error == ERROR_WORKER_CRASH || page->error == ERROR_SANDBOX)
        err = answer_crashed(frontier, item, worker, page, now_ms);
    else if (item->kind == ITEM_URL)
        err = answer_url(frontier, item, worker, page, now_ms);
    else
        err = robots_answer(frontier, item, page, now_ms);
    if (!err && host->clock.state == HOST_DOWN)
        err = robots_admit_again(frontier, host, now_ms);
    if (!err)
        schedule_host(frontier, host, now_ms);
    return err;
}
