/*
 * visit: what became of one URL, as the frontier tells it when it has ended.
 *
 * The parse callback gets one of these for every URL, whatever happened to it.
 * All of it is borrowed for the call.
 */
#ifndef CRAWLER_PAGE_VISIT_H
#define CRAWLER_PAGE_VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/page/page.h"

#define VISIT_HOPS_MAX 20 /* upper bound of --max-redirects */

/* One redirect that was followed. */
struct visit_hop {
    struct bytes from_url, to_url;
    int status;
    double elapsed_ms;
};

struct visit {
    int64_t host_id, url_hash; /* key of the URL */
    struct bytes url;          /* canonical */
    struct bytes listed;       /* as listed; "" if the same, or not listed */
    int64_t line;              /* of the list; 0: discovered */
    int depth;                 /* hops from the list */
    struct bytes final_url;    /* where `page` came from */

    enum outcome outcome; /* after policy and redirects */
    enum error error;
    bool may_pass;           /* as PAGE_MAY_PASS says */
    struct bytes detail;     /* for people: page's, or the rule that decided */
    const struct page *page; /* last answer; NULL if nothing was ever asked */

    int tries; /* requests started, hops not counted */
    const struct visit_hop *hops;
    size_t nr_hops;
    int64_t fetched_at; /* wall ms of the last answer; 0: none */
    double elapsed_ms;  /* first start to end */
    double wait_ms;     /* of it: waiting for the host's turn */
    int worker;         /* slot of the last fetch; -1: none */
};

/* Called once for each URL that has ended. An error stops the crawl. */
typedef enum err (*visit_fn)(void *ctx, const struct visit *visit);

#endif
