#include "crawler/frontier/host_rules.h"

#include <string.h>

/* The host in "http://example.com:80", "https://[::1]:443". */
static struct bytes host_of(struct bytes key)
{
    const char *text = key.data;
    const char *slashes = memchr(text, '/', key.len);
    size_t from = slashes ? (size_t)(slashes - text) + 2 : 0, to = key.len;

    while (to > from && text[to - 1] != ':')
        to--;
    return (struct bytes){text + from, to > from ? to - 1 - from : 0};
}

static bool matches(const char *pattern, struct bytes host)
{
    size_t len = strlen(pattern);
    const char *text = host.data;

    if (pattern[0] != '*')
        return len == host.len && memcmp(pattern, text, len) == 0;
    len--; /* with its dot */
    return host.len > len &&
           memcmp(pattern + 1, text + host.len - len, len) == 0;
}

static void take_int(int *to, int value)
{
    if (value >= 0)
        *to = value;
}

static void take_ms(int64_t *to, int64_t value)
{
    if (value >= 0)
        *to = value;
}

static void take(struct host_rules *rules, const struct frontier_host *host)
{
    take_ms(&rules->limits.delay_ms, host->delay_ms);
    take_ms(&rules->limits.max_wait_ms, host->max_crawl_delay_ms);
    take_ms(&rules->limits.max_retry_after_ms, host->max_retry_after_ms);
    if (host->per_host > 0)
        rules->limits.per_host = host->per_host;
    take_int(&rules->retries, host->retries);
    if (host->ignore_robots >= 0)
        rules->ignore_robots = host->ignore_robots > 0;
    if (host->header_set > 0)
        rules->header_set = host->header_set;
}

bool host_rules_match(const char *pattern, struct bytes host_key)
{
    return matches(pattern, host_of(host_key));
}

void host_rules_find(const struct frontier_options *options,
                     struct bytes host_key, struct host_rules *rules)
{
    struct bytes host = host_of(host_key);

    *rules = (struct host_rules){
        .limits = {.per_host = options->per_host,
                   .delay_ms = options->delay_ms,
                   .max_wait_ms = options->max_crawl_delay_ms,
                   .max_retry_after_ms = options->max_retry_after_ms,
                   .max_errors = options->max_host_errors},
        .retries = options->retries,
        .ignore_robots = options->ignore_robots,
    };
    for (size_t i = 0; i < options->nr_hosts; i++)
        if (matches(options->hosts[i].pattern, host))
            take(rules, &options->hosts[i]);
}
