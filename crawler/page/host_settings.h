/*
 * host_settings: what the user has set for one host, or for all names below
 * it.
 *
 * The configuration reads it, the frontier and the workers borrow it; what
 * counts for a host in the end is in frontier/host_rules.h. Plain data.
 */
#ifndef CRAWLER_PAGE_HOST_SETTINGS_H
#define CRAWLER_PAGE_HOST_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

struct text_list {
    const char **items;
    size_t nr_items;
};

/* Numbers that are not set are -1. */
struct host_settings {
    const char *pattern; /* canonical: "example.com", "*.example.com" */
    int64_t delay_ms, max_crawl_delay_ms, max_retry_after_ms;
    int64_t per_host, retries;
    int64_t ignore_robots;    /* 0 or 1 */
    struct text_list headers; /* "Name: value", on top of the general ones */
};

#endif
