/*
 * Failures that may pass: which are tried again, when, and which of the URLs
 * that were there when a worker died are to blame.
 */
#include <string.h>

#include "crawler/frontier/frontier_internal.h"
#include "storage/results.h"

#define RETRY_CAP_MS 300000 /* the longest pause between two tries */
#define LIST_WAIT_MS 200    /* between two looks whether a host is listed */
/* With so many deaths a URL in quarantine is to blame, even if by SIGKILL. */
#define KILLS_MAX    5

/* Whether the same request could do better later. 408, 429 and 5xx speak of the
 * moment (RFC 9110, 15.5.9 and 15.6; RFC 6585, 4); all other statuses speak of
 * the URL. */
bool retry_may_help(const struct page *page)
{
    if (page->error != ERROR_NONE)
        return error_info(page->error)->retryable ||
               (page->flags & PAGE_MAY_PASS) != 0;
    return page->status == 408 || page->status == 429 || page->status >= 500;
}

/* Each such failure has an absence of its own, so that asking again ends. */
bool retry_is_of_absence(const struct page *page)
{
    return (page->flags & PAGE_WAS_AWAY) != 0 && page->error != ERROR_NONE &&
           retry_may_help(page);
}

/* Whether a retry would hold memory for too long. An item that has begun waits
 * in memory, and many hosts that ask for long waits would take all of it from
 * the others. */
static bool waits_too_long(const struct frontier *frontier,
                           const struct host *host, int64_t now_ms)
{
    return host->clock.due_ms > now_ms + FRONTIER_LINGER_MS &&
           frontier_is_crowded(frontier);
}

/* The pause doubles with each retry of the URL, and jitter spreads what failed
 * together. The host's own clock comes on top. */
bool retry_judge(struct frontier *frontier, const struct item *item,
                 const struct page *page, int64_t now_ms,
                 struct verdict *verdict)
{
    const struct host *host = item->host;
    int nr_retries = item->tries.nr_retries;

    if (!retry_may_help(page) || nr_retries >= host->rules.retries ||
        host->clock.state == HOST_DOWN ||
        waits_too_long(frontier, host, now_ms))
        return false;
    verdict->action = VERDICT_RETRY;
    verdict->is_attempt = item->kind == ITEM_URL;
    verdict->due_ms =
        now_ms + host_backoff_ms(frontier->options.retry_delay_ms, nr_retries,
                                 RETRY_CAP_MS, frontier_random(frontier));
    return true;
}

/* The guard refused the address before anything was sent, so the next request
 * does not count as a new try. While lines are still to come, one of them may
 * name the host and so allow it. */
void retry_when_listed(const struct frontier *frontier, int64_t now_ms,
                       struct verdict *verdict)
{
    verdict->action =
        frontier->run.list_has_ended ? VERDICT_ADMIT : VERDICT_RETRY;
    verdict->is_further_try = false;
    verdict->due_ms = now_ms + LIST_WAIT_MS;
}

/*
 * A dead worker takes every URL along that it held, and only one of them, if
 * any, is to blame. The first death is forgiven. After the second the URL is
 * put in quarantine until it can run with nothing else in flight: a death then
 * is its own, unless the worker was killed: that may have come from outside, so
 * it takes a few, with the other suspects in between.
 */
bool retry_judge_crash(const struct item *item, const struct page *page,
                       struct verdict *verdict)
{
    bool was_killed = (page->flags & PAGE_KILLED) != 0;
    int nr_crashes = item->tries.nr_crashes + 1;

    if (item->state == ITEM_RUNS_ALONE &&
        (!was_killed || nr_crashes >= KILLS_MAX))
        return false;
    verdict->action = nr_crashes < 2 ? VERDICT_ADMIT : VERDICT_QUARANTINE;
    verdict->is_attempt = true;
    return true;
}

/* Tries are written with the attempt, so that a URL that kills us with its
 * workers is seen in the next session. */
enum err retry_put_attempt(struct frontier *frontier, const struct item *item,
                           const struct page *page, int64_t now_ms)
{
    const char *code = error_code(page->error);
    int64_t started_ms = item->times.started_ms;
    enum err err = storage_put_attempt(
        frontier->storage, &(struct attempt_record){
                               .key = item->key,
                               .attempt = item->tries.nr,
                               .at = frontier_wall_ms(frontier, started_ms),
                               .status = page->status,
                               .error = {code, strlen(code)},
                               .detail = page->detail,
                               .elapsed_ms = (double)(now_ms - started_ms),
                           });

    if (!err)
        err = storage_put_tries(frontier->storage, item->key, item->tries.nr);
    return err;
}
