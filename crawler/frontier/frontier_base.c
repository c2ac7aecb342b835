/* What every file of the frontier may ask: the options with their defaults,
 * wall time, random numbers, and whether memory has room. */
#include "crawler/frontier/frontier_internal.h"

#define DEFAULT_CONCURRENCY     256
#define DEFAULT_PER_HOST        6
#define DEFAULT_MAX_DELAY_MS    60000
#define DEFAULT_RETRY_AFTER_MS  3600000
#define DEFAULT_REDIRECTS       10
#define DEFAULT_RETRIES         2
#define DEFAULT_RETRY_DELAY_MS  1000
#define DEFAULT_MAX_HOST_ERRORS 5

/* Puts the defaults in. A zero of the user counts only where the options say so
 * (as max_redirects). A chain of redirects is also bounded by what a visit has
 * room for. */
void frontier_set_defaults(struct frontier_options *options)
{
    if (options->concurrency <= 0)
        options->concurrency = DEFAULT_CONCURRENCY;
    if (options->any_host.limits.per_host <= 0)
        options->any_host.limits.per_host = DEFAULT_PER_HOST;
    if (options->any_host.limits.max_wait_ms <= 0)
        options->any_host.limits.max_wait_ms = DEFAULT_MAX_DELAY_MS;
    if (options->any_host.limits.max_retry_after_ms <= 0)
        options->any_host.limits.max_retry_after_ms = DEFAULT_RETRY_AFTER_MS;
    if (!options->product_token)
        options->product_token = "crawl";
    if (options->max_redirects < 0)
        options->max_redirects = DEFAULT_REDIRECTS;
    if (options->max_redirects > VISIT_HOPS_MAX)
        options->max_redirects = VISIT_HOPS_MAX;
    if (options->any_host.retries < 0)
        options->any_host.retries = DEFAULT_RETRIES;
    if (options->retry_delay_ms <= 0)
        options->retry_delay_ms = DEFAULT_RETRY_DELAY_MS;
    if (options->any_host.limits.max_errors <= 0)
        options->any_host.limits.max_errors = DEFAULT_MAX_HOST_ERRORS;
}

bool frontier_has_offers(const struct frontier_options *options)
{
    return options->depth > 0 || options->max_sitemaps > 0;
}

bool frontier_follows_to(const struct frontier_options *options, int depth)
{
    return depth <= options->depth;
}

void frontier_judge_options(const struct frontier_options *options,
                            struct judge_options *judge)
{
    *judge = (struct judge_options){
        .scope = options->scope,
        .traps = options->traps,
        .has_offers = frontier_has_offers(options),
    };
}

int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms)
{
    return now_ms + frontier->options.wall_offset_ms;
}

/* The generator is xorshift64* (Vigna, 2016): jitter needs no better one. The
 * top 53 bits make a double below 1. */
double frontier_random(struct frontier *frontier)
{
    uint64_t x = frontier->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    frontier->random = x;
    return (double)(x * UINT64_C(0x2545F4914F6CDD1D) >> 11) * 0x1p-53;
}

/* Slots above cap_urls are kept for robots.txt and for the targets of
 * redirects, which must never fail for want of room. */
bool frontier_has_room(const struct frontier *frontier)
{
    return frontier->items.nr < frontier->items.cap_urls;
}

/* Memory counts as short from three quarters on, so that hosts are given back
 * before it is gone. */
bool frontier_is_crowded(const struct frontier *frontier)
{
    return frontier->hosts.nr >= frontier->hosts.cap / 4 * 3 ||
           frontier->hosts.rules_bytes >= FRONTIER_RULES_BYTES / 4 * 3 ||
           frontier->items.nr >= frontier->items.cap_urls / 4 * 3;
}
