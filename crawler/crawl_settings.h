/*
 * crawl_settings: the configuration in the words of the parts that obey it.
 *
 * This is the one place where an option of the user becomes a setting of the
 * frontier or of the workers. A run and `crawl why` take it from here, so that
 * both judge by the same settings.
 */
#ifndef CRAWLER_CRAWL_SETTINGS_H
#define CRAWLER_CRAWL_SETTINGS_H

#include "crawler/cli/config.h"
#include "crawler/fetch/fetch_worker.h"
#include "crawler/frontier/frontier_options.h"

#define CRAWL_USER_AGENT "crawl/" CRAWL_VERSION

struct crawl_settings {
    struct fetch_options
        fetch; /* all but the sandbox board, which is made with the pool */
    struct frontier_options
        frontier; /* all but the callback, the clock and the seed */
    struct fetch_headers *header_sets; /* owned; one for each section [host], in
                                          the order of the configuration */
    char *proxies[3]; /* owned; of the environment: http, https, none */
    struct local_names *local_names; /* owned */
    char product_token[64]; /* the name that groups of robots.txt are matched
                               with */
};

/* Borrows the config's texts and lists. What is filled in must not be moved.
 * Free it with crawl_settings_release(). */
void crawl_settings_init(struct crawl_settings *settings,
                         const struct config *config);
void crawl_settings_release(struct crawl_settings *settings);

/* How many worker processes a run has: as many as there are cores if the user
 * does not say. */
int crawl_nr_workers(const struct config *config);
/* The path of the first output, or crawl.db if none is named. */
const char *crawl_main_output(const struct config *config);

#endif
