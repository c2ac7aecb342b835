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

/* Texts that the configuration owns, in the order in which they were given. */
struct text_list {
    const char **items;
    size_t nr_items;
};

/* What one section [host PATTERN] of the configuration sets. A number that the
 * section does not set is -1. The configuration owns all texts. */
struct host_settings {
    const char *pattern; /* canonical: "example.com", "*.example.com" */
    int64_t delay_ms, max_crawl_delay_ms, max_retry_after_ms;
    int64_t per_host, retries;
    int64_t ignore_robots;    /* 0 or 1 */
    struct text_list headers; /* "Name: value", on top of the general ones */
};

#endif
