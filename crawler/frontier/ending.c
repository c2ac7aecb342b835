/* The end of a URL: each URL ends once in a run, with a visit that counts in
 * the statistics and goes to the parse callback. */
#include "crawler/frontier/frontier_internal.h"

enum err ending_report(struct frontier *frontier, const struct visit *visit)
{
    struct frontier_stats *stats = &frontier->stats;

    stats->nr_visits[visit->outcome]++;
    stats->nr_by_error[visit->error]++;
    stats->nr_queued--;
    if (visit->line > 0 && visit->page)
        stats->nr_status[visit->page->status / 100 % 6]++;
    return frontier->options.on_visit(frontier->options.ctx, visit);
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

    return ending_report(frontier, &visit);
}
