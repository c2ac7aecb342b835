/*
 * Sitemaps are URLs like others, known by their kind: so they are stored,
 * fetched once, by robots.txt and the host's clock, and survive a restart. The
 * worker unpacks and reads them; their entries come as links, and enter like
 * links of depth 1 (sitemaps.org, "protocol").
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/unfilled.h"
#include "crawler/frontier/frontier_internal.h"
#include "storage/results.h"

/* Levels of indexes: an index of indexes of sitemaps. */
#define SITEMAP_NESTING 3
#define SITEMAP_PATH    "/sitemap.xml"

/* ---- which ---- */

/* Whether the limits of sitemaps, of the host that names it and of the run, let
 * one more be read. */
static bool may_take_one(struct frontier *frontier, struct host *host)
{
    if (host->nr_sitemaps >= frontier->options.max_sitemaps ||
        frontier->run.nr_sitemaps >= FRONTIER_SITEMAPS)
        return false;
    host->nr_sitemaps++;
    frontier->run.nr_sitemaps++;
    return true;
}

/* A sitemap has no page that it was found on; its host stands for it. What
 * robots.txt names may be relative to it (Google's reader allows that). */
static enum err offer_sitemap(struct frontier *frontier, struct host *host,
                              const struct url *base, struct bytes text,
                              int *nr_dropped)
{
    UNFILLED struct url url;
    struct offer offer = {
        .parent = {.host_id = host->id},
        .source = {.kind = URL_SITEMAP},
    };

    if (url_parse(&url, text.data, text.len, base) != URL_OK ||
        !may_take_one(frontier, host)) {
        ++*nr_dropped;
        return CERR_OK;
    }
    url_canonical(&url, &url);
    offer.url = (struct bytes){url.text, url.len};
    return offer_url(frontier, &offer);
}

/* Tells what of a sitemap, or of the sitemaps of a robots.txt, was left out. */
static enum err note_dropped(struct frontier *frontier, struct bytes of,
                             const char *what, int64_t now_ms)
{
    char detail[600];

    snprintf(detail, sizeof(detail), "%.*s: %s",
             (int)(of.len < 400 ? of.len : 400), (const char *)of.data, what);
    return storage_put_event(frontier->storage,
                             frontier_wall_ms(frontier, now_ms), "warning",
                             "sitemap", detail);
}

/* Offers the sitemaps that robots.txt names, or else the usual place
 * /sitemap.xml. */
enum err sitemaps_offer(struct frontier *frontier, struct host *host,
                        int64_t now_ms)
{
    char text[URL_HOST_KEY_BYTES + sizeof(SITEMAP_PATH)], what[120];
    const struct robots *rules = host->robots.rules;
    size_t nr = rules ? robots_nr_sitemaps(rules) : 0;
    UNFILLED struct url base;
    int nr_dropped = 0;
    enum err err = CERR_OK;

    if (frontier->options.max_sitemaps == 0 || !host->is_listed ||
        host->has_sitemaps || host->robots.state != ROBOTS_KNOWN)
        return CERR_OK;
    host->has_sitemaps = true;
    int len = snprintf(text, sizeof(text), "%s" SITEMAP_PATH, host->key);
    if (url_parse(&base, text, (size_t)len, NULL) != URL_OK)
        return CERR_OK;
    for (size_t i = 0; i < nr && !err; i++)
        err = offer_sitemap(frontier, host, &base, robots_sitemap(rules, i),
                            &nr_dropped);
    if (nr == 0)
        return offer_sitemap(frontier, host, &base,
                             (struct bytes){text, (size_t)len}, &nr_dropped);
    if (err || nr_dropped == 0)
        return err;
    snprintf(what, sizeof(what),
             "%d of %zu sitemaps of robots.txt are not read: no URLs, or over "
             "--max-sitemaps",
             nr_dropped, nr);
    return note_dropped(frontier, (struct bytes){host->key, strlen(host->key)},
                        what, now_ms);
}

/* ---- entries ---- */

bool sitemaps_has(const struct frontier *frontier, const struct item *item,
                  const struct page *page)
{
    return item_is_sitemap(item) ||
           (item->source.line > 0 && (page->flags & PAGE_IS_SITEMAP) &&
            frontier->options.max_sitemaps > 0);
}

struct sitemap_walk {
    struct frontier *frontier;
    struct item *item;
    struct url url, entry; /* URL of the sitemap, and of the entry at hand */
    struct offer offer;
};

/* Whether the robots.txt of the host of the entry names this sitemap, and so
 * lets it speak for that host (sitemaps.org, "cross submits"). */
static bool is_named_by(struct frontier *frontier, const struct url *entry,
                        const struct url *sitemap)
{
    char key[URL_HOST_KEY_BYTES];
    size_t len = url_host_key(entry, key, sizeof(key));
    struct bytes no_url = {"", 0};
    struct url_key host_of =
        url_key_of(frontier->hash_key, (struct bytes){key, len}, no_url);
    const struct host *host = host_find(frontier, host_of.host_id);
    const struct robots *rules = host ? host->robots.rules : NULL;

    for (size_t i = 0; rules && i < robots_nr_sitemaps(rules); i++) {
        struct bytes named = robots_sitemap(rules, i);
        if (named.len == sitemap->len &&
            memcmp(named.data, sitemap->text, named.len) == 0)
            return true;
    }
    return false;
}

/* Whether a sitemap may name another one: of its own host, of one whose
 * robots.txt names it, or of one in scope. It is no page, so that --include and
 * --exclude do not count. */
static bool may_name(struct sitemap_walk *walk)
{
    struct judge *judge = walk->frontier->judge;
    struct scope_verdict verdict;

    return scope_is_same_host(&walk->url, &walk->entry) ||
           is_named_by(walk->frontier, &walk->entry, &walk->url) ||
           judge_in_scope(judge, &walk->entry, walk->offer.seed,
                          walk->offer.seed2, &verdict) ||
           verdict.error == ERROR_EXCLUDED;
}

/* Offers an entry that is a sitemap. */
static enum err offer_child(struct sitemap_walk *walk)
{
    struct frontier *frontier = walk->frontier;
    struct item *item = walk->item;
    struct offer offer = walk->offer;

    if (item->source.depth >= SITEMAP_NESTING || !may_name(walk) ||
        !may_take_one(frontier, item->origin)) {
        item->dropped.nr_sitemaps++;
        return CERR_OK;
    }
    offer.seed = NULL;
    offer.source = (struct url_source){.kind = URL_SITEMAP,
                                       .depth = item->source.depth + 1};
    return offer_url(frontier, &offer);
}

/* Offers one entry. The scope of the crawl decides, not the folder of the
 * sitemap. An entry of another host whose robots.txt vouches for the sitemap is
 * in scope of itself. */
static enum err offer_entry(struct sitemap_walk *walk,
                            const struct page_link *link)
{
    struct offer *offer = &walk->offer;

    walk->item->dropped.nr_entries++;
    if (url_parse(&walk->entry, link->url.data, link->url.len, NULL) != URL_OK)
        return CERR_OK;
    offer->url = link->url;
    if (link->kind == LINK_SITEMAP)
        return offer_child(walk);
    offer->seed2 = !scope_is_same_host(&walk->url, &walk->entry) &&
                           is_named_by(walk->frontier, &walk->entry, &walk->url)
                       ? &walk->entry
                       : NULL;
    offer->source = (struct url_source){.kind = URL_FOUND, .depth = 1};
    offer->nr_out = &walk->item->dropped.nr_out;
    return offer_url(walk->frontier, offer);
}

enum err sitemaps_take(struct frontier *frontier, struct item *item,
                       const struct page *page, struct bytes *rest, size_t max)
{
    UNFILLED struct sitemap_walk walk;
    UNFILLED struct page_link link;
    UNFILLED struct url seeds[2];
    struct bytes target = item_target(item);
    bool is_bad = false;
    enum err err = CERR_OK;

    walk.frontier = frontier;
    walk.item = item;
    walk.offer = (struct offer){.parent = item->key};
    if (page->outcome != OUTCOME_OK || item->links_are_taken ||
        url_parse(&walk.url, target.data, target.len, NULL) != URL_OK ||
        !offer_set_seeds(item, seeds, &walk.offer))
        rest->len = 0;
    for (size_t i = 0; i < max && rest->len > 0 && !err; i++)
        if (page_next_link(rest, &link, &is_bad))
            err = offer_entry(&walk, &link);
        else
            rest->len = 0;
    item->links_are_taken = !err && rest->len == 0;
    return err;
}

enum err sitemaps_end(struct frontier *frontier, struct item *item,
                      const struct page *page, int64_t now_ms)
{
    const struct sitemap_drops *dropped = &item->dropped;
    struct bytes rest = page->links;
    char what[160];
    enum err err = sitemaps_take(frontier, item, page, &rest, SIZE_MAX);

    if (err || dropped->nr_out + dropped->nr_sitemaps == 0)
        return err;
    snprintf(what, sizeof(what),
             "of %d entries %d are out of scope; of its sitemaps %d are of "
             "other hosts, nested too deep or over --max-sitemaps",
             dropped->nr_entries, dropped->nr_out, dropped->nr_sitemaps);
    return note_dropped(frontier, item_target(item), what, now_ms);
}
