/*
 * frontier_options: what the user may ask of a frontier.
 *
 * How much at once, how politely, how deep, and where the limits are. It knows
 * neither a command line nor a configuration file. Plain data, safe wherever
 * its memory is; texts and arrays are borrowed for the frontier's life.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_OPTIONS_H
#define CRAWLER_FRONTIER_FRONTIER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/page/host_settings.h"
#include "crawler/page/visit.h"

/* Fetches of robots.txt have places of their own on top of the concurrency, an
 * eighth of it (one at least): they are small, and with many hosts they would
 * take a good part of the places from pages. */
#define FRONTIER_ROBOTS_SHARE 8

enum frontier_scope {
    SCOPE_HOST,   /* same scheme-less host and port as the seed */
    SCOPE_DOMAIN, /* same registrable domain (public suffix list) */
    SCOPE_PREFIX, /* below the seed's folder */
    SCOPE_ANY,
};

/* Zero means the named default where 0 makes no sense. */
struct frontier_options {
    int concurrency;            /* fetches in flight in all; 256; robots.txt
                                   comes on top: FRONTIER_ROBOTS_SHARE */
    int per_host;               /* fetches in flight to one host; 6 */
    int64_t delay_ms;           /* between two requests to one host; 0 */
    int64_t max_crawl_delay_ms; /* cap on Crawl-delay and on back-off */
    int64_t max_retry_after_ms; /* cap on what Retry-After asks for; 1 h */
    double rate_per_s;          /* of the whole run; 0: no limit */

    bool ignore_robots;
    const char *product_token;         /* for robots.txt; "crawl" */
    int max_redirects;                 /* -1: default 10; 0: follow none */
    int retries;                       /* after the first try */
    int64_t retry_delay_ms;            /* doubles, with jitter */
    int max_host_errors;               /* then the host is taken as down */
    const struct host_settings *hosts; /* later ones win */
    size_t nr_hosts;

    int depth;                /* links are followed so far; 0: list only */
    bool sitemaps;            /* read sitemaps of the listed hosts */
    bool store_links;         /* ask workers for links without following */
    bool head_scan;           /* title, canonical, robots ... of each page */
    bool want_body, want_raw; /* for outputs that keep them */
    enum frontier_scope scope;
    const char *const *include, *const *exclude; /* PCRE2 */
    size_t nr_include, nr_exclude;

    int max_pages_per_host, max_path_depth, max_repeated_segments;
    int max_query_variants; /* of one path on a host */
    int max_url_length;     /* in bytes, of a followed URL */
    int64_t max_urls;       /* fetched in this run; 0: no limit */
    int64_t max_bytes;      /* received in this run; 0: no limit */

    int64_t wall_offset_ms; /* wall clock less monotonic clock */
    uint64_t seed;          /* of the jitter; fixed in tests */

    visit_fn on_visit; /* every URL that ended */
    void *ctx;
};

#endif
