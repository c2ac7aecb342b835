/* How a frontier begins and ends: its memory, and what earlier sessions have
 * left in storage. */
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"

/* ---- what storage knows ---- */

/* A list of an earlier session is not read again, so its folders come from
 * storage. */
static enum err add_listed(void *ctx, const struct stored_url *stored)
{
    struct frontier *frontier = ctx;
    struct url *url = &frontier->reader->url;

    if (url_parse(url, stored->url.data, stored->url.len, NULL) == URL_OK)
        judge_add_folder(frontier->judge, url);
    return CERR_OK;
}

/* A listed URL that landed elsewhere has taken its scope along. */
static enum err add_landing(void *ctx, struct bytes listed, struct bytes landed)
{
    struct frontier *frontier = ctx;
    char key[URL_HOST_KEY_BYTES];
    struct keyed_url to;
    struct url from;

    if (url_parse(&from, listed.data, listed.len, NULL) != URL_OK ||
        url_reader_read(frontier->reader, landed, &to) != ERROR_NONE)
        return CERR_OK;
    (void)judge_add_landing(frontier->judge, &from, &frontier->reader->url);
    private_note(frontier,
                 (struct bytes){key, url_host_key(&from, key, sizeof(key))},
                 &to);
    return CERR_OK;
}

/* Limits against traps count all that a crawl found, over all its sessions. */
static enum err count_found(void *ctx, const struct stored_url *stored)
{
    struct frontier *frontier = ctx;

    judge_count_page(frontier->judge, stored->key.host_id, stored->url);
    return CERR_OK;
}

/* Reads what earlier sessions have left: what they found counts for the traps,
 * and the list that they read is the scope. Most crawls find nothing, so
 * storage is asked only where something may be found. */
static enum err read_past(struct frontier *frontier)
{
    const struct frontier_options *options = &frontier->options;
    struct storage_counts counts;
    enum err err = storage_count(frontier->storage, &counts);

    if (err)
        return err;
    frontier->stats.nr_queued = counts.nr_urls - counts.nr_ended;
    if (!frontier_has_offers(options))
        return CERR_OK;
    if (counts.nr_urls != counts.nr_lines - counts.nr_bad_lines) {
        frontier->run.has_checked = true; /* it may have */
        err = storage_each_url(frontier->storage, false, count_found, frontier);
    }
    if (!err && counts.nr_ended > 0 && options->depth > 0)
        err = storage_each_landing(frontier->storage, add_landing, frontier);
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
    struct judge_options judge;

    made->options = *options;
    frontier_set_defaults(&made->options);
    made->storage = storage;
    made->hash_key = storage_hash_key(storage);
    network_init(&made->run.network);
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

    made->refusals = intake_refusals(made);
    frontier_judge_options(&made->options, &judge);
    enum err err = judge_new(&made->judge, &judge, made->hash_key, why);
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
    refusals_free(frontier->refusals);
    free(frontier->own_ports.host_ids);
    free(frontier->reader);
    free(frontier);
}
