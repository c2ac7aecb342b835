/*
 * host_rules: what the user's settings come to for one host.
 *
 * Pure. A pattern is a host in its canonical form, or "*." and one: all names
 * below it. Patterns stand in an order in which later ones win, setting by
 * setting.
 */
#ifndef CRAWLER_FRONTIER_HOST_RULES_H
#define CRAWLER_FRONTIER_HOST_RULES_H

#include "base/wire.h"
#include "crawler/politeness/host_clock.h"

struct frontier_options;

struct host_rules {
    struct host_limits
        limits;  /* zeros stand for the defaults of frontier_base.c */
    int retries; /* tries after the first one; -1: the default */
    bool ignore_robots;
    uint32_t header_set; /* goes into its fetches: 1 + the place of the host's
                            headers in options->hosts; 0: no own headers */
};

/* Finds what counts for the host, of all that the user has set. `host_key` is
 * such as "http://example.com:80". */
void host_rules_find(const struct frontier_options *options,
                     struct bytes host_key, struct host_rules *rules);

/* Whether the host is one that the pattern names. */
bool host_rules_match(const char *pattern, struct bytes host_key);

#endif
