/*
 * parse: the parse callback, the one place where a page becomes a record.
 *
 * The crawl calls it once for each URL that has ended, in the parent, with
 * borrowed page data. Somebody who embeds the crawl passes another function of
 * the same type; it may look at everything in `visit`, and must hand a record
 * to storage (or call parse_visit() for it), since that is what makes a URL
 * done.
 */
#ifndef CRAWLER_PARSE_H
#define CRAWLER_PARSE_H

#include "base/err.h"
#include "crawler/page/visit.h"
#include "storage/storage.h"

/* What an error stops: the whole crawl. */
typedef enum err (*parse_fn)(void *ctx, struct storage *storage,
                             const struct visit *visit);

/* The default: `url:length` and all that belongs to it. `ctx` is a const
 * struct parse_options, or NULL for none of it. */
struct parse_options {
    bool store_links;
    bool store_body;
};
enum err parse_visit(void *ctx, struct storage *storage,
                     const struct visit *visit) CERR_CHECK;

#endif
