/*
 * crawl_hosts: the sections of hosts in the configuration, as the frontier and
 * the workers take them.
 */
#ifndef CRAWLER_CRAWL_HOSTS_H
#define CRAWLER_CRAWL_HOSTS_H

#include "crawler/cli/config.h"
#include "crawler/fetch/fetch_worker.h"
#include "crawler/frontier/frontier_options.h"

struct crawl_hosts {
    struct frontier_host *rules;       /* owned */
    struct fetch_headers *header_sets; /* owned; of the rule of its place */
    size_t nr;
};

/* Borrows the config's texts. Free with crawl_hosts_release(). */
void crawl_hosts_init(struct crawl_hosts *hosts, const struct config *config);
void crawl_hosts_release(struct crawl_hosts *hosts);

#endif
