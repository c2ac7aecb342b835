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
#include "crawler/frontier/frontier_options.h"
#include "crawler/frontier/host.h"

struct host_rules {
    struct host_limits limits;
    int retries;
    bool ignore_robots;
    uint32_t header_set;
};

/* `host_key` is "http://example.com:80". */
void host_rules_find(const struct frontier_options *options,
                     struct bytes host_key, struct host_rules *rules);

/* Whether a pattern speaks of it. */
bool host_rules_match(const char *pattern, struct bytes host_key);

#endif
