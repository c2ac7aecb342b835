/*
 * Sitemaps are URLs like others, known by their kind: so they are stored,
 * fetched once, by robots.txt and the host's clock, and survive a restart.
 * Their entries enter like links of depth 1 (sitemaps.org, "protocol").
 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "crawler/frontier/frontier_internal.h"
#include "crawler/sitemap/sitemap.h"

/* Levels of indexes: an index of indexes of sitemaps. */
#define SITEMAP_NESTING  3
#define SITEMAP_PATH     "/sitemap.xml"
#define INFLATE_BYTES    65536
#define GZIP_WINDOW_BITS (15 + 16) /* zlib: of gzip, the largest */

/* ---- which ---- */

/* A sitemap has no page that it was found on; its host stands for it. */
static enum err offer_sitemap(struct frontier *frontier,
                              const struct host *host, struct bytes url)
{
    struct offer offer = {
        .url = url,
        .parent = {.host_id = host->id},
        .source = {.kind = URL_SITEMAP},
    };

    return offer_url(frontier, &offer);
}

/* Offers the sitemaps that robots.txt names, or else the usual place
 * /sitemap.xml. */
enum err sitemaps_offer(struct frontier *frontier, struct host *host)
{
    char text[URL_HOST_KEY_BYTES + sizeof(SITEMAP_PATH)];
    const struct robots *rules = host->robots.rules;
    size_t nr = rules ? robots_nr_sitemaps(rules) : 0;
    enum err err = CERR_OK;

    if (!frontier->options.sitemaps || !host->is_listed || host->has_sitemaps ||
        host->robots.state != ROBOTS_KNOWN)
        return CERR_OK;
    host->has_sitemaps = true;
    for (size_t i = 0; i < nr && !err; i++)
        err = offer_sitemap(frontier, host, robots_sitemap(rules, i));
    if (nr > 0)
        return err;
    int len = snprintf(text, sizeof(text), "%s" SITEMAP_PATH, host->key);
    return offer_sitemap(frontier, host, (struct bytes){text, (size_t)len});
}

/* ---- entries ---- */

struct sitemap_walk {
    struct frontier *frontier;
    const struct item *item;
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

static bool is_same_host(const struct url *a, const struct url *b)
{
    return a->scheme == b->scheme && a->port == b->port &&
           a->host_len == b->host_len &&
           memcmp(a->text + a->host_at, b->text + b->host_at, a->host_len) == 0;
}

/* Offers one entry. An entry of another host whose robots.txt vouches for the
 * sitemap is in scope of itself. */
static enum err offer_entry(void *ctx, const struct sitemap_entry *entry)
{
    struct sitemap_walk *walk = ctx;
    struct offer *offer = &walk->offer;

    if (url_parse(&walk->entry, entry->loc.data, entry->loc.len, &walk->url) !=
        URL_OK)
        return CERR_OK;
    /* A sitemap speaks for its own folder, an index for its own host; for
     * another host only if that one's robots.txt names it. */
    bool covers = entry->is_sitemap ? is_same_host(&walk->url, &walk->entry)
                                    : sitemap_covers(&walk->url, &walk->entry);
    bool named =
        !covers && is_named_by(walk->frontier, &walk->entry, &walk->url);
    if (!covers && !named)
        return CERR_OK;
    if (entry->is_sitemap && walk->item->source.depth >= SITEMAP_NESTING)
        return CERR_OK;
    offer->seed2 = named ? &walk->entry : NULL;
    offer->url = (struct bytes){walk->entry.text, walk->entry.len};
    offer->source.depth = entry->is_sitemap ? walk->item->source.depth + 1 : 1;
    offer->source.kind = entry->is_sitemap ? URL_SITEMAP : URL_FOUND;
    return offer_url(walk->frontier, offer);
}

/* Reads a packed sitemap, whatever its name and type say; what it unpacks to is
 * bounded by the reader. */
static enum err feed_gzip(struct sitemap *sitemap, struct bytes body)
{
    unsigned char out[INFLATE_BYTES];
    z_stream stream = {
        .next_in = (unsigned char *)(uintptr_t)body.data,
        .avail_in = (uInt)body.len,
    };
    int result = Z_OK;
    enum err err = CERR_OK;

    if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
        return CERR_NOMEM;
    while (!err && result == Z_OK && !sitemap_is_over(sitemap)) {
        stream.next_out = out;
        stream.avail_out = sizeof(out);
        result = inflate(&stream, Z_NO_FLUSH);
        err = sitemap_feed(sitemap, out, sizeof(out) - stream.avail_out);
        if (stream.avail_in == 0 && stream.avail_out > 0)
            break;
    }
    inflateEnd(&stream);
    return err; /* damaged gzip: what came before counts */
}

static bool is_gzip(struct bytes body)
{
    return body.len > 2 && memcmp(body.data, "\x1f\x8b", 2) == 0;
}

/* Offers all entries of a sitemap. One that cannot be read to its end has said
 * what came before. */
enum err sitemaps_read(struct frontier *frontier, const struct item *item,
                       const struct page *page)
{
    struct sitemap_walk walk = {
        .frontier = frontier,
        .item = item,
        .offer.parent = item->key,
    };
    struct bytes target = item_target(item);
    struct url seeds[2];

    if (page->outcome != OUTCOME_OK || page->body.len == 0 ||
        url_parse(&walk.url, target.data, target.len, NULL) != URL_OK ||
        !offer_set_seeds(item, seeds, &walk.offer))
        return CERR_OK;
    struct sitemap *sitemap = sitemap_new(
        &(struct sitemap_options){.on_entry = offer_entry, .ctx = &walk});
    enum err err = is_gzip(page->body)
                       ? feed_gzip(sitemap, page->body)
                       : sitemap_feed(sitemap, page->body.data, page->body.len);
    if (!err)
        err = sitemap_finish(sitemap);
    sitemap_free(sitemap);
    return err;
}
