/* What every file of the frontier may ask: the time of the wall, chance, and
 * whether memory has room. */
#include "crawler/frontier/frontier_internal.h"

int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms)
{
    return now_ms + frontier->options.wall_offset_ms;
}

/* xorshift64*: jitter needs no better one (Vigna, 2016). */
double frontier_random(struct frontier *frontier)
{
    uint64_t x = frontier->random;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    frontier->random = x;
    return (double)(x * UINT64_C(0x2545F4914F6CDD1D) >> 11) * 0x1p-53;
}

/* The slots behind cap_urls are kept for robots.txt and the like. */
bool frontier_has_room(const struct frontier *frontier)
{
    return frontier->items.nr < frontier->items.cap_urls;
}

bool frontier_is_crowded(const struct frontier *frontier)
{
    return frontier->hosts.nr >= frontier->hosts.cap / 4 * 3 ||
           frontier->hosts.rules_bytes >= FRONTIER_RULES_BYTES / 4 * 3 ||
           frontier->items.nr >= frontier->items.cap_urls / 4 * 3;
}
