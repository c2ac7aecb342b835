/*
 * The gate of a host: what its robots.txt lets through (RFC 9309).
 *
 * The first URL of a host has its robots.txt fetched, by the host's own clock;
 * until the answer is there, the URLs wait. A host that cannot be reached at
 * all ends them with that very reason: that robots.txt was asked first is our
 * affair.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"

#define RULES_MS        86400000 /* RFC 9309 2.4: no longer than 24 hours */
#define RULES_UNSURE_MS 3600000  /* where there was no answer to keep */
#define ROBOTS_PATH     "/robots.txt"

/* ---- rules ---- */

static void set_rules(struct frontier *frontier, struct host *host,
                      struct robots *robots)
{
    double delay_s = robots ? robots_crawl_delay_s(robots) : -1;

    if (host->robots)
        frontier->rules_bytes -= robots_bytes(host->robots);
    if (robots)
        frontier->rules_bytes += robots_bytes(robots);
    robots_free(host->robots);
    host->robots = robots;
    host->robots_state = ROBOTS_KNOWN;
    if (delay_s >= 0)
        host_clock_set_crawl_delay(&host->clock, &host->rules.limits,
                                   (int64_t)(delay_s * 1000));
}

static enum err parse_rules(struct frontier *frontier, struct host *host,
                            struct bytes text)
{
    struct robots *robots = NULL;
    enum err err = robots_parse(&robots, text.data, text.len,
                                frontier->options.product_token);

    if (!err)
        set_rules(frontier, host, robots);
    return err;
}

enum err robots_restore(struct frontier *frontier, struct host *host,
                        const struct host_record *record, int64_t now_ms)
{
    int status = record->robots_status;

    if (host->rules.ignore_robots) {
        host->robots_state = ROBOTS_KNOWN;
        host->robots_until = INT64_MAX;
        return CERR_OK;
    }
    if (record->robots_until <= frontier_wall_ms(frontier, now_ms))
        return CERR_OK;
    host->robots_status = status;
    host->robots_at = record->robots_at;
    host->robots_until = record->robots_until;
    if (robots_policy(status, ERROR_NONE) == ROBOTS_PARSE)
        return parse_rules(frontier, host, record->robots);
    set_rules(frontier, host, NULL);
    return CERR_OK;
}

/* ---- asking ---- */

static enum err ask(struct frontier *frontier, struct host *host,
                    int64_t now_ms)
{
    char text[FRONTIER_HOST_KEY_BYTES + sizeof(ROBOTS_PATH)];
    int len = snprintf(text, sizeof(text), "%s" ROBOTS_PATH, host->key);
    struct keyed_url url;
    enum error error =
        url_key_read(frontier, (struct bytes){text, (size_t)len}, &url);

    if (error) /* cannot be: the key was made of such a URL */
        return CERR_CORRUPT;
    struct item *item = item_new(frontier, host, ITEM_ROBOTS,
                                 &(struct url_claim){
                                     .key = url.key,
                                     .url = url.url,
                                 });
    assert(item); /* there is a slot for each host */
    host->robots_state = ROBOTS_FETCHING;
    return robots_admit(frontier, item, now_ms);
}

/* ---- the answer ---- */

static enum err put_rules(struct frontier *frontier, const struct host *host,
                          struct bytes text)
{
    struct host_record record;

    lease_fill_record(frontier, host, &record);
    record.robots = text;
    return storage_put_host(frontier->storage, &record);
}

/* The host's own failure is what its URLs shall be told. */
static enum error reason_of(const struct item *item, const struct page *page)
{
    if (item->host != item->origin || page->error == ERROR_NONE)
        return ERROR_ROBOTS_UNREACHABLE;
    switch (error_info(page->error)->error_class) {
    case CLASS_DNS:
    case CLASS_CONNECT:
    case CLASS_TLS:
    case CLASS_TIMEOUT:
        return page->error;
    case CLASS_NONE:
    case CLASS_INPUT:
    case CLASS_HTTP:
    case CLASS_BODY:
    case CLASS_POLICY:
    case CLASS_INTERNAL:
    case CLASS_NR:
        break;
    }
    return page->error == ERROR_HOST_DOWN ? ERROR_HOST_DOWN
                                          : ERROR_ROBOTS_UNREACHABLE;
}

/* "HTTP 503", "poison: killed by signal 11" */
static char *detail_of(const struct page *page)
{
    char text[PAGE_DETAIL_BYTES + 64];

    if (page->error == ERROR_NONE)
        snprintf(text, sizeof(text), "HTTP %d", page->status);
    else
        snprintf(text, sizeof(text), "%s%s%.*s", error_code(page->error),
                 page->detail.len ? ": " : "", (int)page->detail.len,
                 (const char *)page->detail.data);
    return xmemdup0(text, strlen(text));
}

static void note_unreachable(struct host *host, const struct item *item,
                             const struct page *page)
{
    host->robots_state = ROBOTS_UNREACHABLE;
    host->robots_error = reason_of(item, page);
    host->robots_may_pass = (page->flags & PAGE_MAY_PASS) != 0;
    free(host->robots_detail);
    host->robots_detail = host->robots_error == ERROR_ROBOTS_UNREACHABLE
                              ? detail_of(page)
                              : xmemdup0(page->detail.data, page->detail.len);
    host->robots_status = page->status ? page->status : -1;
    host->robots_until = 0; /* to be asked again, not remembered */
}

static enum err take_rules(struct frontier *frontier, struct item *item,
                           const struct page *page, int64_t now_ms)
{
    struct host *host = item->origin;
    int64_t wall_ms = frontier_wall_ms(frontier, now_ms);
    enum err err = CERR_OK;

    host->robots_status = page->status;
    host->robots_at = wall_ms;
    host->robots_until = wall_ms + RULES_MS;
    if (page->error == ERROR_BLOCKED_ADDRESS) {
        /* let each URL be told so itself */
        host->robots_until = wall_ms + RULES_UNSURE_MS;
        host->robots_status = -1;
        set_rules(frontier, host, NULL);
        return CERR_OK;
    }
    switch (robots_policy(page->status, page->error)) {
    case ROBOTS_PARSE:
        err = parse_rules(frontier, host, page->body);
        break;
    case ROBOTS_ALLOW_ALL:
        set_rules(frontier, host, NULL);
        break;
    case ROBOTS_DISALLOW_ALL:
        note_unreachable(host, item, page);
        return CERR_OK;
    }
    /* A Crawl-delay counts from the fetch that told it. */
    if (item->host == host && host->clock.delay_ms > 0 &&
        host->clock.due_ms < item->started_ms + host->clock.delay_ms)
        host->clock.due_ms = item->started_ms + host->clock.delay_ms;
    if (err)
        return err;
    struct bytes text = page->body;
    if (!host->robots)
        text.len = 0;
    else if (text.len > ROBOTS_BYTES_MAX)
        text.len = ROBOTS_BYTES_MAX;
    return put_rules(frontier, host, text);
}

/* Goes on at the redirect's target, whose clock it waits for. */
static enum err follow(struct frontier *frontier, struct item *item,
                       const struct page *page, int64_t now_ms,
                       enum error *error)
{
    struct host *host = NULL, *before = item->host;
    struct keyed_url target;

    *error = answer_read_redirect(frontier, item, page, ROBOTS_REDIRECTS_MAX,
                                  &target);
    if (*error)
        return CERR_OK;
    enum err err = lease_host(frontier, &host, &target, now_ms);
    if (err)
        return err;
    answer_add_hop(item, page, target.url);
    item_move(item, host);
    host_mark_idle(frontier, before);
    return robots_admit(frontier, item, now_ms);
}

static enum err settle(struct frontier *frontier, struct item *item,
                       const struct page *page, int64_t now_ms)
{
    struct host *host = item->origin, *last = item->host;
    enum err err = take_rules(frontier, item, page, now_ms);

    item_free(frontier, item);
    if (!err)
        err = offer_sitemaps(frontier, host, now_ms);
    if (!err)
        err = robots_admit_again(frontier, host, now_ms);
    schedule_host(frontier, host, now_ms);
    host_mark_idle(frontier, host);
    host_mark_idle(frontier, last);
    return err;
}

enum err robots_answer(struct frontier *frontier, struct item *item,
                       const struct page *page, int64_t now_ms)
{
    struct page last = *page;

    if (page->error == ERROR_CANCELED)
        return robots_admit(frontier, item, now_ms);
    if (page->outcome == OUTCOME_REDIRECT && page->location.len > 0) {
        enum err err = follow(frontier, item, page, now_ms, &last.error);
        if (err || last.error == ERROR_NONE)
            return err;
    } else if (answer_may_retry(frontier, item, page, now_ms)) {
        answer_retry_later(frontier, item, now_ms);
        return CERR_OK;
    }
    return settle(frontier, item, &last, now_ms);
}

/* ---- letting in ---- */

/* For an error, with what belongs to it. */
static enum err end_unasked(struct frontier *frontier, struct item *item,
                            struct ending ending, int64_t now_ms)
{
    bool is_failure = error_info(ending.error)->error_class != CLASS_POLICY;

    ending.outcome = is_failure ? OUTCOME_ERROR : OUTCOME_SKIPPED;
    ending.worker = -1;
    return answer_end(frontier, item, &ending, now_ms);
}

/* What is left of a host that is down: what was tried keeps its own reason,
 * the rest was never asked. A try was left for all of it. */
static enum err end_down(struct frontier *frontier, struct item *item,
                         int64_t now_ms)
{
    enum error error = item->last_error ? item->last_error : ERROR_HOST_DOWN;
    int status = item->host->clock.status;
    char detail[32] = "";

    if (status > 0) /* it answers, but only that we are to wait */
        snprintf(detail, sizeof(detail), "HTTP %d each time", status);
    if (item->kind == ITEM_URL) {
        struct bytes text = {detail, strlen(detail)};

        return end_unasked(
            frontier, item,
            (struct ending){.error = error, .may_pass = true, .detail = text},
            now_ms);
    }
    struct page page;
    page_init(&page);
    page.outcome = OUTCOME_ERROR;
    page.error = error;
    return settle(frontier, item, &page, now_ms);
}

/* Path and query of a canonical URL. */
static struct bytes path_of(struct bytes url)
{
    const char *at = url.data, *end = at + url.len;
    const char *path = memchr(at, '/', url.len); /* of "://" */

    assert(path && path + 2 < end);
    path = memchr(path + 2, '/', (size_t)(end - path - 2));
    assert(path);
    return (struct bytes){path, (size_t)(end - path)};
}

static enum err judge(struct frontier *frontier, struct item *item,
                      int64_t now_ms, bool *ended)
{
    struct host *host = item->host;
    struct robots_verdict verdict;
    struct bytes path = path_of(item_target(item));

    *ended = host->robots &&
             !robots_allows(host->robots, path.data, path.len, &verdict);
    if (!*ended)
        return CERR_OK;
    return end_unasked(
        frontier, item,
        (struct ending){.error = ERROR_ROBOTS, .detail = verdict.rule}, now_ms);
}

static void enqueue(struct frontier *frontier, struct item *item,
                    int64_t now_ms)
{
    struct host *host = item->host;

    item->state = ITEM_QUEUED;
    item->queued_ms = now_ms;
    items_add(item->kind == ITEM_URL ? &host->queue : &host->robots_queue,
              item);
    schedule_host(frontier, host, now_ms);
}

static enum err end_unreachable(struct frontier *frontier, struct item *item,
                                int64_t now_ms)
{
    const struct host *host = item->host;
    struct bytes detail = {host->robots_detail, strlen(host->robots_detail)};

    return end_unasked(frontier, item,
                       (struct ending){.error = host->robots_error,
                                       .may_pass = host->robots_may_pass,
                                       .detail = detail},
                       now_ms);
}

static enum err admit_url(struct frontier *frontier, struct item *item,
                          int64_t now_ms)
{
    struct host *host = item->host;
    bool ended = false;
    enum err err;

    if (host->robots_state == ROBOTS_KNOWN &&
        host->robots_until <= frontier_wall_ms(frontier, now_ms))
        host->robots_state = ROBOTS_UNKNOWN; /* its rules have expired */
    switch (host->robots_state) {
    case ROBOTS_UNKNOWN:
        enqueue(frontier, item, now_ms);
        return ask(frontier, host, now_ms);
    case ROBOTS_UNREACHABLE:
        return end_unreachable(frontier, item, now_ms);
    case ROBOTS_KNOWN:
        err = judge(frontier, item, now_ms, &ended);
        if (err || ended)
            return err;
        break;
    case ROBOTS_FETCHING:
        break;
    }
    enqueue(frontier, item, now_ms);
    return CERR_OK;
}

enum err robots_admit(struct frontier *frontier, struct item *item,
                      int64_t now_ms)
{
    if (item->host->clock.state == HOST_DOWN)
        return end_down(frontier, item, now_ms);
    if (item->kind == ITEM_URL)
        return admit_url(frontier, item, now_ms);
    enqueue(frontier, item, now_ms);
    return CERR_OK;
}

enum err robots_admit_again(struct frontier *frontier, struct host *host,
                            int64_t now_ms)
{
    struct items robots_queue = host->robots_queue, queue = host->queue;
    struct item *item;
    enum err err = CERR_OK;

    host->robots_queue = host->queue = (struct items){0};
    while (!err && (item = items_take(&robots_queue)) != NULL)
        err = robots_admit(frontier, item, now_ms);
    while (!err && (item = items_take(&queue)) != NULL)
        err = robots_admit(frontier, item, now_ms);
    return err;
}
