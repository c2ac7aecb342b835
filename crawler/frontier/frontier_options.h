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

#include "crawler/frontier/host_rules.h"
#include "crawler/page/host_settings.h"
#include "crawler/page/visit.h"
#include "crawler/scope/scope.h"
#include "crawler/scope/trap.h"

/* While a robots.txt waits to be fetched, pages leave an eighth of the places
 * to them (one at least): no page of its host can begin before. */
#define FRONTIER_ROBOTS_SHARE 8

/* What the rows and outputs want of each page besides what is followed. */
struct frontier_wants {
    bool links;     /* to be stored, with their texts */
    bool head_scan; /* title, canonical, robots ... */
    bool body, raw; /* for outputs that keep them */
};

/* Zero means the named default where 0 makes no sense. */
struct frontier_options {
    int concurrency;   /* fetches in flight in all, those of robots.txt and of
                          sitemaps too; 256 */
    double rate_per_s; /* of the whole run; 0: no limit */

    struct host_rules any_host;        /* of hosts without own settings */
    const struct host_settings *hosts; /* later ones win */
    size_t nr_hosts;

    /* Names that may lead to private addresses where the list has them;
     * borrowed, may be NULL. */
    const struct local_names *local_names;

    const char *product_token; /* for robots.txt; "crawl" */
    int max_redirects;         /* -1: default 10; 0: follow none */
    int64_t retry_delay_ms;    /* doubles, with jitter */

    int depth;        /* links are followed so far; 0: list only */
    int max_sitemaps; /* of each listed host; 0: none is read */
    struct scope_options scope;
    struct trap_limits traps;
    struct frontier_wants wants;

    int64_t max_urls;  /* fetched in this run; 0: no limit */
    int64_t max_bytes; /* received in this run; 0: no limit */

    int64_t wall_offset_ms; /* wall clock less monotonic clock */
    uint64_t seed;          /* of the jitter; fixed in tests */

    visit_fn on_visit; /* every URL that ended */
    void *ctx;
};

#endif
