/*
 * follow: what pages lead to: links, redirects and sitemaps, on their way to
 * the door.
 *
 * Scope, traps and nofollow are judged here, before a URL costs a probe of the
 * database. A link of a page is in scope when it is so relative to where the
 * page came from, or to the URL that was listed: from page to page that keeps
 * a crawl where its seed was, also when the seed redirects to another host.
 */
#ifndef CRAWLER_FRONTIER_FOLLOW_H
#define CRAWLER_FRONTIER_FOLLOW_H

#include "crawler/frontier/frontier_internal.h"
#include "storage/record.h"

/* CERR_INVALID: a pattern does not compile; `message` says why. */
enum err follow_init(struct frontier *frontier,
                     char message[STORAGE_MESSAGE_BYTES]) CERR_CHECK;
void follow_release(struct frontier *frontier);

/* A line of the list was read: its URL is in frontier->url. */
void judge_add_folder(struct frontier *frontier);

/* Offers what the answer of an item leads to; called before the item ends. */
enum err follow_page(struct frontier *frontier, const struct item *item,
                     const struct page *page, int64_t now_ms) CERR_CHECK;
/* The target of a discovered URL's redirect is a URL of its own. */
enum err follow_discovered(struct frontier *frontier, const struct item *item,
                           const struct page *page, int64_t now_ms) CERR_CHECK;
/* The hops of a listed URL were asked too: they are known and ended. */
enum err follow_end_hops(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms) CERR_CHECK;
/* Counts a discovered URL that storage did not know. */
void judge_count_page(struct frontier *frontier, int64_t host_id,
                      struct bytes url);

/* Offers the sitemaps of a listed host whose rules are known. */
enum err offer_sitemaps(struct frontier *frontier, struct host *host,
                        int64_t now_ms) CERR_CHECK;
bool follow_is_sitemap(const struct item *item);
enum err follow_sitemap(struct frontier *frontier, const struct item *item,
                        const struct page *page, int64_t now_ms) CERR_CHECK;

/* One URL that is offered to the door. */
struct offer {
    struct bytes url;
    struct url_key parent;
    uint64_t context;               /* of the judgement: page's host */
    const struct url *seed, *seed2; /* for scope; NULL: not judged */
    enum url_kind kind;
    int depth, nr_hops;
};
enum err follow_offer(struct frontier *frontier, const struct offer *offer,
                      int64_t now_ms) CERR_CHECK;
/* Parses where the item's answer came from, for follow_offer(). */
bool follow_seeds(struct frontier *frontier, const struct item *item,
                  struct offer *offer);

#endif
