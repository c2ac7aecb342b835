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

/* Ends an item with a redirect that is not followed. Its row keeps where it
 * would have led. */
static void refuse_redirect(const struct page *page, enum error error,
                            struct verdict *verdict)
{
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

/* Judges a redirect of a found URL, which ends with it: the target is a URL of
 * its own (docs/decisions/0001). */
static enum err judge_redirect_of_found(struct frontier *frontier,
                                        const struct item *item,
                                        const struct page *page,
                                        struct verdict *verdict)
{
    size_t max_hops = (size_t)frontier->options.max_redirects;
    enum error error =
        redirect_read(frontier, item, page, max_hops, &verdict->target);
    bool is_loop = false;
    enum err err = CERR_OK;

    if (!error && item->source.nr_hops >= (int)max_hops)
        error = ERROR_REDIRECT_LIMIT;
    if (!error)
        err = redirect_find_loop(frontier, item, verdict->target.key, &is_loop);
    if (is_loop)
        error = ERROR_REDIRECT_LOOP;
    if (error)
        refuse_redirect(page, error, verdict);
    else
        end_with_page(page, verdict);
    return err;
}

/* Whether the item itself is asked on where its redirect leads: a listed URL
 * and a sitemap are, and so is what is only checked. So is a found URL whose
 * redirect gave a cookie, as the server may want to see it at the same URL. */
static bool goes_on(const struct item *item, const struct page *page)
{
    return item->source.line > 0 || item_is_sitemap(item) ||
           item_is_checked(item) || item->chain ||
           (page->flags & PAGE_SETS_COOKIE);
}

/* Judges a redirect. Each hop waits for the robots admission and the clock of
 * its own host. With --max-redirects 0 a redirect is an answer like any other.
 */
static enum err judge_redirect(struct frontier *frontier,
                               const struct item *item, const struct page *page,
                               struct verdict *verdict)
{
    int max_redirects = frontier->options.max_redirects;
    enum error error;

    if (max_redirects == 0) {
        end_with_page(page, verdict);
        return CERR_OK;
    }
    if (!goes_on(item, page))
        return judge_redirect_of_found(frontier, item, page, verdict);
    error = redirect_read(frontier, item, page, (size_t)max_redirects,
                          &verdict->target);
    verdict->action = VERDICT_REDIRECT;
    if (error)
        refuse_redirect(page, error, verdict);
    return CERR_OK;
}

/* ---- kinds of items ---- */

/* An answer that was cancelled says nothing: the URL is asked again. Redirects
 * come before retries, for a 3xx is not asked again. */
static enum err judge_url(struct frontier *frontier, const struct item *item,
                          const struct page *page, int64_t now_ms,
                          struct verdict *verdict)
{
    if (page->error == ERROR_CANCELED)
        verdict->action = VERDICT_ADMIT;
    else if (page->error == ERROR_BLOCKED_ADDRESS && item->tries.list_was_open)
        retry_when_listed(frontier, now_ms, verdict);
    else if (page->outcome == OUTCOME_REDIRECT && page->error == ERROR_NONE &&
             page->location.len > 0)
        return judge_redirect(frontier, item, page, verdict);
    else if (!retry_judge(frontier, item, page, now_ms, verdict))
        end_with_page(page, verdict);
    return CERR_OK;
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

void answer_again(struct verdict *verdict)
{
    verdict->action = VERDICT_ADMIT;
    verdict->is_attempt = false;
    verdict->is_further_try = false;
}

/* A death of the worker is no answer of the host: it is looked at before all
 * else. */
enum err answer_judge(struct frontier *frontier, const struct item *item,
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
    } else if (retry_is_of_absence(page)) {
        verdict->action = VERDICT_ADMIT;
        verdict->is_further_try = false;
    } else if (item->kind == ITEM_URL) {
        return judge_url(frontier, item, page, now_ms, verdict);
    } else {
        judge_robots(frontier, item, page, now_ms, verdict);
    }
    return CERR_OK;
}
