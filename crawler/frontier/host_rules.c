/* Goes over the sections from the most general to the most special one. */
#include "crawler/frontier/host_rules.h"

#include <string.h>

#include "crawler/frontier/frontier_options.h"

/* Cuts the host out of a key such as "http://example.com:80" or
 * "https://[::1]:443". */
static struct bytes host_of(struct bytes key)
{
    const char *text = key.data;
    const char *slashes = memchr(text, '/', key.len);
    size_t from = slashes ? (size_t)(slashes - text) + 2 : 0, to = key.len;

    while (to > from && text[to - 1] != ':')
        to--;
    return (struct bytes){text + from, to > from ? to - 1 - from : 0};
}

/* "*.example.com" is every name below example.com, and not that name. */
static bool matches(const char *pattern, struct bytes host)
{
    size_t len = strlen(pattern);
    const char *text = host.data;

    if (pattern[0] != '*')
        return len == host.len && memcmp(pattern, text, len) == 0;
    len--; /* the rest of the pattern begins with its dot */
    return host.len > len &&
           memcmp(pattern + 1, text + host.len - len, len) == 0;
}

/* A setting that a section does not have is -1. */
static void override_int(int *to, int64_t value)
{
    if (value >= 0)
        *to = (int)value;
}

static void override_ms(int64_t *to, int64_t value)
{
    if (value >= 0)
        *to = value;
}

/* Settings that the section has replace those of more general ones. */
static void apply(struct host_rules *rules, const struct host_settings *set,
                  size_t place)
{
    override_ms(&rules->limits.delay_ms, set->delay_ms);
    override_ms(&rules->limits.max_wait_ms, set->max_crawl_delay_ms);
    override_ms(&rules->limits.max_retry_after_ms, set->max_retry_after_ms);
    override_int(&rules->limits.per_host, set->per_host);
    override_int(&rules->retries, set->retries);
    if (set->ignore_robots >= 0)
        rules->ignore_robots = set->ignore_robots > 0;
    if (set->headers.nr_items > 0)
        rules->header_set = (uint32_t)place + 1;
}

bool host_rules_match(const char *pattern, struct bytes host_key)
{
    return matches(pattern, host_of(host_key));
}

void host_rules_find(const struct frontier_options *options,
                     struct bytes host_key, struct host_rules *rules)
{
    struct bytes host = host_of(host_key);

    *rules = options->any_host;
    for (size_t i = 0; i < options->nr_hosts; i++)
        if (matches(options->hosts[i].pattern, host))
            apply(rules, &options->hosts[i], i);
}
