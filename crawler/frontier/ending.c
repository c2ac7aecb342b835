/* The end of a URL: each URL ends once in a run, with a visit that counts in
 * the statistics and goes to the parse callback. */
#include <stdio.h>

#include "crawler/frontier/frontier_internal.h"
#include "storage/results.h"

/* The hundreds of a status; 0 for one that HTTP does not have, as 999 (RFC
 * 9110, 15). */
static int class_of(int status)
{
    return status >= 100 && status <= 599 ? status / 100 : 0;
}

enum err ending_report(struct frontier *frontier, const struct visit *visit)
{
    struct frontier_stats *stats = &frontier->stats;

    stats->nr_visits[visit->outcome]++;
    stats->nr_by_error[visit->error]++;
    stats->nr_queued--;
    if (visit->page && visit->page->status > 0)
        stats->nr_status[class_of(visit->page->status)]++;
    return frontier->options.on_visit(frontier->options.ctx, visit);
}

/* Makes the hop of a redirect that an item ended with: it is told where it
 * leads, although the item was not asked there. A Location that is no place to
 * go (a port, a scheme) is the detail of its error instead. */
static bool find_last_hop(const struct item *item, const struct ending *ending,
                          struct visit_hop *hop)
{
    const struct page *page = ending->page;

    if (!page || item->chain || page->location.len == 0 ||
        (ending->error && ending->error != ERROR_REDIRECT_LOOP &&
         ending->error != ERROR_REDIRECT_LIMIT))
        return false;
    *hop = (struct visit_hop){
        .from_url = item_url(item),
        .to_url = page->location,
        .status = page->status,
        .elapsed_ms = page->total_us / 1000.0,
    };
    return true;
}

static enum err put_event(struct frontier *frontier, const struct item *item,
                          const char *what, int64_t now_ms)
{
    struct bytes url = item_url(item);
    char detail[600];

    snprintf(detail, sizeof(detail), "%.*s: %s",
             (int)(url.len < 400 ? url.len : 400), (const char *)url.data,
             what);
    return storage_put_event(frontier->storage,
                             frontier_wall_ms(frontier, now_ms), "warning",
                             "trap", detail);
}

/* What tells a page from others even where it has ids of sessions in its links:
 * they are of one length. */
static uint64_t hash_page(const struct frontier *frontier,
                          const struct page *page)
{
    uint64_t parts[3] = {
        hash_sip(frontier->hash_key, page->title.data, page->title.len),
        page->body_bytes, page->nr_links};

    return hash_sip(frontier->hash_key, parts, sizeof(parts));
}

/* Counts the content of a found page. Where that stops its pattern, what waits
 * at its host is judged again. */
static enum err note_content(struct frontier *frontier, const struct item *item,
                             const struct page *page, int64_t now_ms)
{
    struct bytes hash = {page->hash, sizeof(page->hash)};
    struct bytes url = item_url(item);

    if (judge_note_session(frontier->judge, item->key.host_id, url,
                           hash_page(frontier, page)))
        return put_event(frontier, item,
                         "the same page came under two ids of sessions; they "
                         "are taken out of links to this host",
                         now_ms);
    if (!judge_count_content(frontier->judge, url, hash))
        return CERR_OK;
    host_mark_changed(frontier, item->origin);
    return put_event(frontier, item,
                     "over --max-equal-pages pages of this pattern have equal "
                     "content; no more of them are asked for",
                     now_ms);
}

/* The times of the visit are of the whole item, with its retries and redirects;
 * the page is that of the last answer. */
enum err ending_report_item(struct frontier *frontier, const struct item *item,
                            const struct ending *ending, int64_t now_ms)
{
    const struct redirect_chain *chain = item->chain;
    const struct item_times *times = &item->times;
    struct visit visit = {
        .host_id = item->key.host_id,
        .url_hash = item->key.url_hash,
        .url = item_url(item),
        .listed = item_listed(item),
        .line = item->source.line,
        .depth = item->source.depth,
        .final_url = item_target(item),
        .outcome = ending->outcome,
        .error = ending->error,
        .may_pass = ending->may_pass,
        .detail = ending->detail,
        .page = ending->page,
        .tries = item->tries.nr,
        .hops = chain ? chain->hops : NULL,
        .nr_hops = chain ? chain->nr_hops : 0,
        .fetched_at = ending->page ? frontier_wall_ms(frontier, now_ms) : 0,
        .elapsed_ms =
            times->has_started ? (double)(now_ms - times->first_ms) : 0,
        .wait_ms = times->waited_ms,
        .worker = ending->worker,
    };
    struct visit_hop last;

    if (find_last_hop(item, ending, &last)) {
        visit.hops = &last;
        visit.nr_hops = 1;
        visit.final_url = last.to_url;
    }
    enum err err = ending_report(frontier, &visit);
    if (!err && item->source.kind == URL_FOUND && item->source.line == 0 &&
        ending->outcome == OUTCOME_OK && ending->page &&
        ending->page->body_bytes > 0)
        err = note_content(frontier, item, ending->page, now_ms);
    return err;
}
