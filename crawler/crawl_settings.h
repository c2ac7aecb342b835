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
    struct fetch_options fetch;        /* without the sandbox's board */
    struct frontier_options frontier;  /* without callback, clock and seed */
    struct fetch_headers *header_sets; /* owned; of the host of its place */
    char product_token[64];            /* what robots.txt knows us by */
};

/* Borrows the config's texts and lists. What is filled in must not be moved.
 * Free it with crawl_settings_release(). */
void crawl_settings_init(struct crawl_settings *settings,
                         const struct config *config);
void crawl_settings_release(struct crawl_settings *settings);

/* Worker processes: as many as there are cores if the user does not say. */
int crawl_nr_workers(const struct config *config);
/* The first output, or else crawl.db. */
const char *crawl_main_output(const struct config *config);

#endif
