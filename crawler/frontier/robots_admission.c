/*
 * What a host's robots.txt lets through.
 *
 * The first URL of a host has its robots.txt fetched, by the host's own clock;
 * until the answer is there, the URLs wait. A host that cannot be reached at
 * all ends them with that very reason: that robots.txt was asked first is our
 * affair.
 */
#include "crawler/frontier/robots_admission.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

#define RULES_MS        86400000 /* RFC 9309, 2.4: no longer than 24 hours */
#define RULES_UNSURE_MS 3600000  /* after an answer that is not kept */
#define ROBOTS_PATH     "/robots.txt"

/* ---- the rules of one host ---- */

void robots_admission_release(struct robots_admission *admission)
{
    robots_free(admission->rules);
    free(admission->detail);
}

static void set_rules(struct robots_admission *admission, struct robots *rules)
{
    robots_free(admission->rules);
    admission->rules = rules;
    admission->state = ROBOTS_KNOWN;
}

void robots_admission_allow_all(struct robots_admission *admission)
{
    set_rules(admission, NULL);
}

enum err robots_admission_learn(struct robots_admission *admission, int status,
                                enum error error, struct bytes text,
                                const char *token)
{
    struct robots *rules = NULL;
    enum err err;

    switch (robots_policy(status, error)) {
    case ROBOTS_PARSE:
        err = robots_parse(&rules, text.data, text.len, token);
        if (err)
            return err;
        break;
    case ROBOTS_ALLOW_ALL:
        break;
    case ROBOTS_DISALLOW_ALL:
        admission->state = ROBOTS_UNREACHABLE;
        return CERR_OK;
    }
    set_rules(admission, rules);
    return CERR_OK;
}

/* Cuts out path and query of a canonical URL, which rules are compared with
 * (RFC 9309, 2.2.2). */
static struct bytes path_of(struct bytes url)
{
    const char *at = url.data, *end = at + url.len;
    const char *path = memchr(at, '/', url.len); /* of "://" */

    assert(path && path + 2 < end);
    path = memchr(path + 2, '/', (size_t)(end - path - 2));
    assert(path);
    return (struct bytes){path, (size_t)(end - path)};
}

bool robots_admission_allows(const struct robots_admission *admission,
                             struct bytes url, struct robots_verdict *verdict)
{
    struct bytes path;

    *verdict = (struct robots_verdict){.allowed = true, .rule = {"", 0}};
    if (!admission->rules)
        return true;
    path = path_of(url);
    return robots_allows(admission->rules, path.data, path.len, verdict);
}

int64_t robots_admission_delay_ms(const struct robots_admission *admission)
{
    double delay_s =
        admission->rules ? robots_crawl_delay_s(admission->rules) : -1;

    return delay_s >= 0 ? (int64_t)(delay_s * 1000) : -1;
}

/* ---- of a leased host ---- */

/* Counts the memory of the new rules, which is bounded for all hosts together,
 * and gives Crawl-delay to the clock. */
static void rules_have_changed(struct frontier *frontier, struct host *host,
                               size_t bytes_before)
{
    struct robots_admission *robots = &host->robots;
    int64_t delay_ms = robots_admission_delay_ms(robots);

    frontier->hosts.rules_bytes -= bytes_before;
    if (robots->rules)
        frontier->hosts.rules_bytes += robots_bytes(robots->rules);
    if (delay_ms >= 0)
        host_clock_set_crawl_delay(&host->clock, &host->rules.limits, delay_ms);
}

static size_t bytes_of(const struct host *host)
{
    return host->robots.rules ? robots_bytes(host->robots.rules) : 0;
}

/* Learns an answer. Older rules stay in memory while robots.txt is unreachable,
 * and are not asked. */
static enum err learn(struct frontier *frontier, struct host *host, int status,
                      enum error error, struct bytes text)
{
    size_t before = bytes_of(host);
    enum err err = robots_admission_learn(&host->robots, status, error, text,
                                          frontier->options.product_token);

    if (!err && host->robots.state == ROBOTS_KNOWN)
        rules_have_changed(frontier, host, before);
    return err;
}

static void allow_all(struct frontier *frontier, struct host *host)
{
    size_t before = bytes_of(host);

    robots_admission_allow_all(&host->robots);
    rules_have_changed(frontier, host, before);
}

/* Storage remembers rules for as long as they last, and never that there was no
 * answer. */
enum err admission_restore(struct frontier *frontier, struct host *host,
                           const struct host_record *record, int64_t now_ms)
{
    struct robots_admission *robots = &host->robots;

    if (host->rules.ignore_robots) {
        robots->state = ROBOTS_KNOWN;
        robots->until = INT64_MAX;
        return CERR_OK;
    }
    if (record->robots_until <= frontier_wall_ms(frontier, now_ms))
        return CERR_OK;
    robots->status = record->robots_status;
    robots->fetched_at = record->robots_at;
    robots->until = record->robots_until;
    if (robots_policy(record->robots_status, ERROR_NONE) == ROBOTS_PARSE)
        return learn(frontier, host, record->robots_status, ERROR_NONE,
                     record->robots);
    allow_all(frontier, host);
    return CERR_OK;
}

/* ---- fetching ---- */

enum err admission_fetch(struct frontier *frontier, struct host *host,
                         struct item **item)
{
    char text[URL_HOST_KEY_BYTES + sizeof(ROBOTS_PATH)];
    int len = snprintf(text, sizeof(text), "%s" ROBOTS_PATH, host->key);
    struct keyed_url url;
    enum error error = url_reader_read(frontier->reader,
                                       (struct bytes){text, (size_t)len}, &url);

    if (error) /* cannot be: the key was made of such a URL */
        return CERR_CORRUPT;
    *item = item_new(frontier, host, ITEM_ROBOTS,
                     &(struct stored_url){
                         .key = url.key,
                         .url = url.url,
                     });
    assert(*item); /* there is a slot for each host */
    host->robots.state = ROBOTS_FETCHING;
    return CERR_OK;
}

/* ---- the answer ---- */

/* Chooses the error of the URLs that waited for robots.txt: a failure to reach
 * the host is theirs as well. */
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

/* Makes the words that such a row has: "HTTP 503", "poison: killed by signal
 * 11". The caller frees them. */
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

static void note_unreachable(struct robots_admission *robots,
                             const struct item *item, const struct page *page)
{
    robots->error = reason_of(item, page);
    robots->may_pass = (page->flags & PAGE_MAY_PASS) != 0;
    free(robots->detail);
    robots->detail = robots->error == ERROR_ROBOTS_UNREACHABLE
                         ? detail_of(page)
                         : xmemdup0(page->detail.data, page->detail.len);
    robots->status = page->status ? page->status : -1;
    robots->until =
        0; /* robots.txt is asked for again, and storage remembers nothing */
}

/* Makes a Crawl-delay count from the start of the fetch that told it. */
static void space_from_fetch(struct host *host, const struct item *item)
{
    struct host_clock *clock = &host->clock;
    int64_t due_ms = item->times.started_ms + clock->delay_ms;

    if (item->host == host && clock->delay_ms > 0 && clock->due_ms < due_ms)
        clock->due_ms = due_ms;
}

/* The rules count for the host that was asked first, wherever redirects have
 * led (RFC 9309 2.3.1.2). */
enum err admission_settle(struct frontier *frontier, const struct item *item,
                          const struct page *page, int64_t now_ms,
                          struct robots_news *news)
{
    struct host *host = item->origin;
    struct robots_admission *robots = &host->robots;
    int64_t wall_ms = frontier_wall_ms(frontier, now_ms);

    *news = (struct robots_news){.text = page->body};
    robots->status = page->status;
    robots->fetched_at = wall_ms;
    robots->until = wall_ms + RULES_MS;
    if (page->error == ERROR_BLOCKED_ADDRESS && !item->chain) {
        /* the guard refuses each URL of the host as well, when it is asked for;
         * behind a redirect it says nothing of this host */
        robots->until = wall_ms + RULES_UNSURE_MS;
        robots->status = -1;
        allow_all(frontier, host);
        return CERR_OK;
    }
    enum err err = learn(frontier, host, page->status, page->error, page->body);
    if (!err && robots->state == ROBOTS_UNREACHABLE) {
        note_unreachable(robots, item, page);
        return CERR_OK;
    }
    space_from_fetch(host, item);
    news->is_any = true;
    if (!robots->rules)
        news->text.len = 0;
    else if (news->text.len > ROBOTS_BYTES_MAX)
        news->text.len = ROBOTS_BYTES_MAX;
    return err;
}

/* ---- letting in ---- */

/* Ends an item that was not asked for: a rule of ours makes it skipped, a
 * failure of the host makes it an error. */
static void end_unasked(struct verdict *verdict, enum error error,
                        bool may_pass, struct bytes detail)
{
    bool is_failure = error_info(error)->error_class != CLASS_POLICY;

    verdict->action = VERDICT_END;
    verdict->has_leads = false;
    verdict->ending = (struct ending){
        .outcome = is_failure ? OUTCOME_ERROR : OUTCOME_SKIPPED,
        .error = error,
        .may_pass = may_pass,
        .detail = detail,
        .worker = -1,
    };
}

/* Ends an item of a host that is down. What was tried keeps its own error, the
 * rest was never asked. Another run may have more luck, so it may pass. */
static void end_down(const struct item *item, struct verdict *verdict)
{
    enum error last = item->tries.last_error;
    enum error error = last ? last : ERROR_HOST_DOWN;
    int status = item->host->clock.status;

    verdict->text[0] = '\0';
    if (status > 0) /* the host answers, but only that we are to wait */
        snprintf(verdict->text, sizeof(verdict->text), "HTTP %d each time",
                 status);
    end_unasked(verdict, error, true,
                (struct bytes){verdict->text, strlen(verdict->text)});
    if (item->kind == ITEM_URL)
        return;
    page_init(&verdict->page);
    verdict->page.outcome = OUTCOME_ERROR;
    verdict->page.error = error;
    verdict->ending.page = &verdict->page;
}

/* Judges a URL by the rules of its host. Most hosts have none, so that is
 * looked at first. */
static void judge_by_rules(const struct item *item, struct verdict *verdict)
{
    struct robots_verdict robots;

    if (!item->host->robots.rules ||
        robots_admission_allows(&item->host->robots, item_target(item),
                                &robots))
        verdict->action = VERDICT_QUEUE;
    else
        end_unasked(verdict, ERROR_ROBOTS, false, robots.rule);
}

/* Ends a found URL whose pattern gives one page again and again. */
static bool end_stopped(struct frontier *frontier, const struct item *item,
                        struct verdict *verdict)
{
    char reason[TRAP_REASON_BYTES];

    if (item->source.line > 0 || item->source.kind != URL_FOUND ||
        !judge_is_stopped(frontier->judge, item_url(item), reason))
        return false;
    snprintf(verdict->text, sizeof(verdict->text), "%s", reason);
    end_unasked(verdict, ERROR_TRAP, false,
                (struct bytes){verdict->text, strlen(verdict->text)});
    return true;
}

static void judge_url(struct frontier *frontier, const struct item *item,
                      int64_t now_ms, struct verdict *verdict)
{
    struct robots_admission *robots = &item->host->robots;

    if (robots->state == ROBOTS_KNOWN &&
        robots->until <= frontier_wall_ms(frontier, now_ms))
        robots->state = ROBOTS_UNKNOWN; /* its rules have expired */
    switch (robots->state) {
    case ROBOTS_UNKNOWN:
        verdict->action = VERDICT_WAIT_ROBOTS;
        break;
    case ROBOTS_FETCHING:
        verdict->action = VERDICT_QUEUE; /* host_is_ready() lets it start only
                                            when the answer is there */
        break;
    case ROBOTS_KNOWN:
        judge_by_rules(item, verdict);
        break;
    case ROBOTS_UNREACHABLE:
        end_unasked(verdict, robots->error, robots->may_pass,
                    (struct bytes){robots->detail, strlen(robots->detail)});
        break;
    }
}

/* A host that is down ends all that is asked of it, its robots.txt too. Else
 * robots.txt itself is always allowed (RFC 9309 2.2.2). */
void admission_judge(struct frontier *frontier, const struct item *item,
                     int64_t now_ms, struct verdict *verdict)
{
    if (item->host->clock.state == HOST_DOWN)
        end_down(item, verdict);
    else if (item->kind == ITEM_URL && !end_stopped(frontier, item, verdict))
        judge_url(frontier, item, now_ms, verdict);
    else if (item->kind != ITEM_URL)
        verdict->action = VERDICT_QUEUE;
}
