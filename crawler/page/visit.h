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

/* One redirect that was followed. Both URLs are canonical; status is the HTTP
 * status of the answer that redirected. */
struct visit_hop {
    struct bytes from_url, to_url;
    int status;
    bool sets_cookie; /* see PAGE_SETS_COOKIE */
    double elapsed_ms;
};

/* Everything that is known of a URL when it has ended. */
struct visit {
    int64_t host_id, url_hash; /* key of the URL */
    struct bytes url;          /* canonical */
    struct bytes listed; /* the text of the list; "" if it is the canonical URL,
                            or the URL was not listed */
    int64_t line;        /* number of the line in the list, from 1; 0: a link or
                            redirect led here */
    int depth;           /* hops from the list */
    struct bytes final_url; /* the URL that `page` came from, after redirects */

    enum outcome outcome; /* after policy and redirects */
    enum error error;
    bool may_pass;       /* the error may pass by itself: see PAGE_MAY_PASS */
    struct bytes detail; /* a sentence for people: from the page, or which rule
                            decided; "": none */
    const struct page *page; /* last answer; NULL if nothing was ever asked */

    int tries; /* attempts, the first included; a request that follows a
                  redirect is no new attempt */
    const struct visit_hop *hops;
    size_t nr_hops;
    int64_t
        fetched_at; /* when the last answer came, ms since 1970; 0: none came */
    double elapsed_ms; /* from the start of the first attempt to the end of the
                          last */
    double wait_ms;    /* the part of elapsed_ms in which the URL waited for its
                          host */
    int worker; /* slot of the worker that made the last fetch; -1: none */
};

/* Called once for each URL that has ended. An error stops the crawl. */
typedef enum err (*visit_fn)(void *ctx, const struct visit *visit);

#endif
