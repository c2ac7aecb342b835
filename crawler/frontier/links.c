/*
 * What a page leads to: its links, its canonical URL, its refresh; and where
 * the redirect of a found URL leads, which is a URL of its own.
 */
#include "base/hash.h"
#include "crawler/frontier/frontier_internal.h"

static enum err offer_links(struct frontier *frontier, const struct item *item,
                            const struct page *page)
{
    bool obey = !item->host->rules.ignore_robots, is_bad = false;
    struct bytes links = page->links;
    struct page_link link;
    struct url seeds[2];
    struct offer offer = {
        .parent = item->key,
        .source = {.kind = URL_FOUND, .depth = item->source.depth + 1},
    };
    enum err err = CERR_OK;

    if ((obey && (page->robots & PAGE_NOFOLLOW)) ||
        !offer_set_seeds(item, seeds, &offer))
        return CERR_OK;
    while (!err && page_next_link(&links, &link, &is_bad)) {
        offer.url = link.url;
        if (!obey || !(link.rel & LINK_NOFOLLOW))
            err = offer_url(frontier, &offer);
    }
    offer.url = page->canonical;
    if (!err && offer.url.len > 0)
        err = offer_url(frontier, &offer);
    offer.url = page->refresh;
    if (!err && offer.url.len > 0)
        err = offer_url(frontier, &offer);
    return err;
}

/* A page of the same level has led there by a link, which is one hop more. It
 * may still wait in the batch: what is late comes behind it. */
static enum err bring_forward(struct frontier *frontier,
                              const struct offer *offer)
{
    struct keyed_url url;

    if (url_reader_read(frontier->reader, offer->url, &url) != ERROR_NONE)
        return CERR_OK;
    return batch_add_late(&frontier->links, &url, &offer->parent,
                          &offer->source);
}

/* The hops at a depth are counted, so that a chain ends. */
static enum err offer_target(struct frontier *frontier, const struct item *item,
                             const struct page *page)
{
    struct url seeds[2];
    struct offer offer = {
        .url = page->location,
        .parent = item->key,
        .source = {.kind = URL_FOUND,
                   .depth = item->source.depth,
                   .nr_hops = item->source.nr_hops + 1},
    };

    if (!offer_set_seeds(item, seeds, &offer))
        return CERR_OK;
    if (judge_has_seen(
            frontier->judge,
            hash_sip(frontier->hash_key, offer.url.data, offer.url.len)))
        return bring_forward(frontier, &offer);
    return offer_url(frontier, &offer);
}

enum err links_offer(struct frontier *frontier, const struct item *item,
                     const struct page *page)
{
    const struct frontier_options *options = &frontier->options;

    if (page->outcome == OUTCOME_OK &&
        frontier_follows_to(options, item->source.depth + 1))
        return offer_links(frontier, item, page);
    if (page->outcome == OUTCOME_REDIRECT && page->error == ERROR_NONE &&
        page->location.len > 0 && item->source.line == 0 &&
        options->max_redirects > 0)
        return offer_target(frontier, item, page);
    return CERR_OK;
}
