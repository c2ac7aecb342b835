/*
 * The verdict on an answer: a redirect is followed, a passing failure tried
 * again, a crash looked into, and everything else ends the item.
 */
#include "crawler/frontier/frontier_internal.h"

static void end_with_page(const struct page *page, struct verdict *verdict)
{
    verdict->action = VERDICT_END;
    verdict->has_leads = true;
    verdict->ending = (struct ending){
        .outcome = page->outcome,
        .error = page->error,
        .may_pass = (page->flags & PAGE_MAY_PASS) != 0,
        .detail = page->detail,
        .page = page,
        .worker = verdict->ending.worker,
    };
}

/* Ends an item with its page but another error. The page is borrowed, so the
 * error is set in a copy. */
static void end_with_error(const struct page *page, enum error error,
                           struct verdict *verdict)
{
    verdict->page = *page;
    verdict->page.outcome = OUTCOME_ERROR;
    verdict->page.error = error;
    end_with_page(&verdict->page, verdict);
}

/* ---- redirects ---- */

/* A listed URL is followed to its end; each hop waits for the robots admission
 * and the clock of its own host. */
static void judge_redirect_of_listed(struct frontier *frontier,
                                     const struct item *item,
                                     const struct page *page,
                                     struct verdict *verdict)
{
    enum error error = redirect_read(frontier, item, page,
                                     (size_t)frontier->options.max_redirects,
                                     &verdict->target);

    if (!error) {
        verdict->action = VERDICT_REDIRECT;
        return;
    }
    verdict->action = VERDICT_END;
    verdict->has_leads = false;
    verdict->ending = (struct ending){
        .outcome = OUTCOME_ERROR,
        .error = error,
        .detail = page->location,
        .page = page,
        .worker = verdict->ending.worker,
    };
}

/* Judges a redirect. A found URL ends with it, as the target is a URL of its
 * own; with --max-redirects 0 a redirect is an answer like any other. */
static void judge_redirect(struct frontier *frontier, const struct item *item,
                           const struct page *page, struct verdict *verdict)
{
    int max_redirects = frontier->options.max_redirects;

    if (max_redirects > 0 && (item->source.line > 0 || item_is_sitemap(item)))
        judge_redirect_of_listed(frontier, item, page, verdict);
    else if (max_redirects > 0 && item->source.nr_hops >= max_redirects)
        end_with_error(page, ERROR_REDIRECT_LIMIT, verdict);
    else
        end_with_page(page, verdict);
}

/* ---- kinds of items ---- */

/* An answer that was cancelled says nothing: the URL is asked again. Redirects
 * come before retries, for a 3xx is not asked again. */
static void judge_url(struct frontier *frontier, const struct item *item,
                      const struct page *page, int64_t now_ms,
                      struct verdict *verdict)
{
    if (page->error == ERROR_CANCELED)
        verdict->action = VERDICT_ADMIT;
    else if (page->error == ERROR_BLOCKED_ADDRESS && item->tries.list_was_open)
        retry_when_listed(frontier, now_ms, verdict);
    else if (page->outcome == OUTCOME_REDIRECT && page->error == ERROR_NONE &&
             page->location.len > 0)
        judge_redirect(frontier, item, page, verdict);
    else if (!retry_judge(frontier, item, page, now_ms, verdict))
        end_with_page(page, verdict);
}

/* A redirect that cannot be followed is an answer with an error of its own:
 * robots_policy() says what that means. */
static void judge_robots(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms,
                         struct verdict *verdict)
{
    enum error error;

    if (page->error == ERROR_CANCELED) {
        verdict->action = VERDICT_ADMIT;
    } else if (page->outcome == OUTCOME_REDIRECT && page->location.len > 0) {
        error = redirect_read(frontier, item, page, ROBOTS_REDIRECTS_MAX,
                              &verdict->target);
        verdict->action = VERDICT_REDIRECT;
        if (!error)
            return;
        verdict->page = *page;
        verdict->page.error = error;
        end_with_page(&verdict->page, verdict);
    } else if (!retry_judge(frontier, item, page, now_ms, verdict)) {
        end_with_page(page, verdict);
    }
}

/* Ends a suspect: it alone was in flight when its worker died again. */
static void judge_poison(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms,
                         struct verdict *verdict)
{
    enum error error =
        page->error == ERROR_SANDBOX ? ERROR_SANDBOX : ERROR_POISON;

    end_with_error(page, error, verdict);
    if (item->kind == ITEM_ROBOTS)
        judge_robots(frontier, item, &verdict->page, now_ms, verdict);
}

/* A death of the worker is no answer of the host: it is looked at before all
 * else. */
void answer_judge(struct frontier *frontier, const struct item *item,
                  const struct page *page, int64_t now_ms,
                  struct verdict *verdict)
{
    bool is_crash =
        page->error == ERROR_WORKER_CRASH || page->error == ERROR_SANDBOX;

    verdict->is_attempt = false;
    verdict->is_further_try = true;
    if (is_crash) {
        if (!retry_judge_crash(item, page, verdict))
            judge_poison(frontier, item, page, now_ms, verdict);
    } else if (item->kind == ITEM_URL) {
        judge_url(frontier, item, page, now_ms, verdict);
    } else {
        judge_robots(frontier, item, page, now_ms, verdict);
    }
}
