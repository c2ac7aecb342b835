/*
 * One URL that a page, a redirect or a sitemap led to: scope, traps and what
 * was seen are judged here, before it costs a probe of the database. What is
 * left joins frontier->links, which the next turn stores.
 *
 * A link of a page is in scope when it is so relative to where the page came
 * from, or to the URL that was listed: from page to page that keeps a crawl
 * where its seed was, also when the seed redirects to another host.
 */
#include <string.h>

#include "base/hash.h"
#include "crawler/frontier/frontier_internal.h"

/* Known, or refused on a page of the same host. */
static bool was_judged(const struct judge *judge, const struct offer *offer,
                       uint64_t hash)
{
    return judge_has_seen(judge, hash) ||
           judge_has_seen(judge, hash ^ offer->context);
}

static enum err add_to_links(struct frontier *frontier,
                             const struct offer *offer,
                             const struct keyed_url *url)
{
    struct batch *links = &frontier->links;
    const struct url *parsed = &frontier->reader->url;
    char reason[TRAP_REASON_BYTES] = "";
    int64_t host_id = url->key.host_id;

    /* What waits in the batch is not counted yet: near a limit it has to be. */
    if (judge_is_near_limit(frontier->judge, host_id, parsed,
                            (int64_t)links->nr))
        return batch_add_late(links, url, &offer->parent, &offer->source);
    if (judge_trap(frontier->judge, host_id, parsed, reason) == TRAP_NONE)
        reason[0] = '\0';
    return batch_add(links, url, (struct bytes){reason, strlen(reason)},
                     &offer->parent, &offer->source);
}

enum err offer_url(struct frontier *frontier, const struct offer *offer)
{
    struct judge *judge = frontier->judge;
    uint64_t hash =
        hash_sip(frontier->hash_key, offer->url.data, offer->url.len);
    struct keyed_url url;

    if (was_judged(judge, offer, hash))
        return CERR_OK;
    /* What comes from a worker is read anew: it must be the canonical form. */
    if (url_reader_read(frontier->reader, offer->url, &url) != ERROR_NONE ||
        (offer->seed && !judge_in_scope(judge, &frontier->reader->url,
                                        offer->seed, offer->seed2, NULL))) {
        judge_note_seen(judge, hash ^ offer->context);
        return CERR_OK;
    }
    judge_note_seen(judge, hash);
    if (hash != (uint64_t)url.key.url_hash)
        judge_note_seen(judge, (uint64_t)url.key.url_hash);
    return add_to_links(frontier, offer, &url);
}

static bool read_seed(struct url *seed, struct bytes text)
{
    return url_parse(seed, text.data, text.len, NULL) == URL_OK;
}

bool offer_set_seeds(const struct item *item, struct url seeds[2],
                     struct offer *offer)
{
    offer->context = (uint64_t)item->host->id * UINT64_C(0x9E3779B97F4A7C15);
    offer->seed = &seeds[0];
    if (!read_seed(&seeds[0], item_target(item)))
        return false;
    if (item->host == item->origin)
        return true;
    offer->context ^= (uint64_t)item->origin->id;
    offer->seed2 = &seeds[1];
    return read_seed(&seeds[1], item_url(item));
}
