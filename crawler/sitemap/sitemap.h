/*
 * sitemap: the URLs in a sitemap, found while its bytes arrive.
 *
 * Reads XML sitemaps and sitemap indexes (sitemaps.org), RSS 1.0 and 2.0 and
 * Atom feeds, and plain text lists; which of them it is shows in the first
 * bytes, and so does its encoding, which is UTF-8 unless it says otherwise.
 * XML is scanned, not parsed: elements count by local name whatever
 * their namespace, no DTD is read, no entity but the five predefined and the
 * numeric ones stands for anything, broken nesting is passed over. Memory is
 * constant, nesting has no stack to overflow.
 *
 * Pure: the caller fetches, undoes gzip, resolves and judges what comes out.
 */
#ifndef CRAWLER_SITEMAP_SITEMAP_H
#define CRAWLER_SITEMAP_SITEMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/url/url.h"

#define SITEMAP_BYTES_MAX     ((size_t)50 * 1024 * 1024) /* sitemaps.org */
#define SITEMAP_URLS_MAX      50000                      /* sitemaps.org */
#define SITEMAP_LOC_BYTES     URL_BYTES_MAX /* longer ones are dropped */
#define SITEMAP_LASTMOD_BYTES 64            /* longer ones count as absent */

enum sitemap_kind {
    SITEMAP_UNKNOWN, /* nothing of the kinds below: refuse it */
    SITEMAP_URLSET,
    SITEMAP_INDEX, /* its entries are sitemaps */
    SITEMAP_RSS,
    SITEMAP_ATOM,
    SITEMAP_TEXT,
};

struct sitemap; /* opaque */

/* Borrowed for the call. */
struct sitemap_entry {
    struct bytes loc;     /* trimmed, never empty; relative at times */
    struct bytes lastmod; /* as written; empty if there is none */
    bool is_sitemap;      /* from an index */
};

/* Anything but CERR_OK ends the reading with that result. */
typedef enum err (*sitemap_entry_fn)(void *ctx,
                                     const struct sitemap_entry *entry);

struct sitemap_options {
    sitemap_entry_fn on_entry;
    void *ctx;
    size_t max_bytes; /* 0: SITEMAP_BYTES_MAX */
    size_t max_urls;  /* 0: SITEMAP_URLS_MAX */
};

/* Owned by the caller. Never NULL. Copies `options`. */
struct sitemap *sitemap_new(const struct sitemap_options *options);
void sitemap_free(struct sitemap *sitemap);

/*
 * Takes the next decoded bytes, calls on_entry for what is complete in them.
 * Whatever the bytes are, the result is CERR_OK, what on_entry returned, or
 * CERR_NOMEM.
 */
enum err sitemap_feed(struct sitemap *sitemap, const void *data,
                      size_t len) CERR_CHECK;
/* The input has ended, perhaps in the middle: hands on what was complete. */
enum err sitemap_finish(struct sitemap *sitemap) CERR_CHECK;

/* Final after sitemap_finish(). */
enum sitemap_kind sitemap_kind(const struct sitemap *sitemap);
/* True when max_bytes or max_urls cut it. */
bool sitemap_is_cut(const struct sitemap *sitemap);
/* True when more bytes cannot change anything (limit, unknown format). */
bool sitemap_is_over(const struct sitemap *sitemap);

#endif
