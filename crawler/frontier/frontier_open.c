/* The begin and the end of a frontier: defaults, memory, and what earlier
 * sessions have left in storage. */
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

#define DEFAULT_CONCURRENCY     256
#define DEFAULT_PER_HOST        6
#define DEFAULT_MAX_DELAY_MS    60000
#define DEFAULT_RETRY_AFTER_MS  3600000
#define DEFAULT_REDIRECTS       10
#define DEFAULT_RETRIES         2
#define DEFAULT_RETRY_DELAY_MS  1000
#define DEFAULT_MAX_HOST_ERRORS 5

static void set_defaults(struct frontier_options *options)
{
    if (options->concurrency <= 0)
        options->concurrency = DEFAULT_CONCURRENCY;
    if (options->any_host.limits.per_host <= 0)
        options->any_host.limits.per_host = DEFAULT_PER_HOST;
    if (options->any_host.limits.max_wait_ms <= 0)
        options->any_host.limits.max_wait_ms = DEFAULT_MAX_DELAY_MS;
    if (options->any_host.limits.max_retry_after_ms <= 0)
        options->any_host.limits.max_retry_after_ms = DEFAULT_RETRY_AFTER_MS;
    if (!options->product_token)
        options->product_token = "crawl";
    if (options->max_redirects < 0)
        options->max_redirects = DEFAULT_REDIRECTS;
    if (options->max_redirects > VISIT_HOPS_MAX)
        options->max_redirects = VISIT_HOPS_MAX;
    if (options->any_host.retries < 0)
        options->any_host.retries = DEFAULT_RETRIES;
    if (options->retry_delay_ms <= 0)
        options->retry_delay_ms = DEFAULT_RETRY_DELAY_MS;
    if (options->any_host.limits.max_errors <= 0)
        options->any_host.limits.max_errors = DEFAULT_MAX_HOST_ERRORS;
}

/* ---- what storage knows ---- */

static enum err add_listed(void *ctx, const struct url_claim *claim)
{
    struct frontier *frontier = ctx;
    struct url *url = &frontier->reader->url;

    if (url_parse(url, claim->url.data, claim->url.len, NULL) == URL_OK)
        judge_add_folder(frontier->judge, url);
    return CERR_OK;
}

static enum err count_found(void *ctx, const struct url_claim *claim)
{
    struct frontier *frontier = ctx;

    judge_count_page(frontier->judge, claim->key.host_id, claim->url);
    return CERR_OK;
}

/* What earlier sessions found counts for the traps, and the list that they read
 * is the scope. Most have found nothing, and it is looked for only where
 * something may be found. */
static enum err read_past(struct frontier *frontier)
{
    const struct frontier_options *options = &frontier->options;
    struct storage_counts counts;
    enum err err = storage_count(frontier->storage, &counts);

    if (err)
        return err;
    frontier->stats.nr_queued = counts.nr_urls - counts.nr_ended;
    if (options->depth == 0 && !options->sitemaps)
        return CERR_OK;
    if (counts.nr_urls != counts.nr_lines - counts.nr_bad_lines)
        err = storage_each_url(frontier->storage, false, count_found, frontier);
    if (!err && options->scope.scope == SCOPE_PREFIX)
        err = storage_each_url(frontier->storage, true, add_listed, frontier);
    return err;
}

/* ---- begin and end ---- */

enum err frontier_open(struct frontier **frontier,
                       const struct frontier_options *options,
                       struct storage *storage,
                       char message[STORAGE_MESSAGE_BYTES])
{
    struct frontier *made = xcalloc(1, sizeof(*made));
    char why[SCOPE_MESSAGE_BYTES] = "";

    made->options = *options;
    set_defaults(&made->options);
    made->storage = storage;
    made->hash_key = storage_hash_key(storage);
    made->random = made->options.seed ? made->options.seed : 1;
    made->lease_ms = INT64_MIN;
    made->stats.throttled_host = "";
    made->reader = xcalloc(1, sizeof(*made->reader));
    made->reader->hash_key = made->hash_key;
    host_table_init(made);
    item_table_init(made);
    batch_init(&made->lines, FRONTIER_LINES_FIRST,
               FRONTIER_LINES_BATCH + FRONTIER_LINES_SLACK);
    batch_init(&made->links, FRONTIER_LINKS_BATCH, FRONTIER_LINKS_BATCH);

    enum err err = judge_new(&made->judge, &made->options, made->hash_key, why);
    snprintf(message, STORAGE_MESSAGE_BYTES, "%s", why);
    if (!err)
        err = read_past(made);
    if (err) {
        frontier_free(made);
        return err;
    }
    *frontier = made;
    return CERR_OK;
}

void frontier_free(struct frontier *frontier)
{
    if (!frontier)
        return;
    item_table_release(frontier);
    host_table_release(frontier);
    heap_release(&frontier->schedule.due);
    heap_release(&frontier->retries);
    batch_release(&frontier->lines);
    batch_release(&frontier->links);
    judge_free(frontier->judge);
    free(frontier->reader);
    free(frontier);
}
