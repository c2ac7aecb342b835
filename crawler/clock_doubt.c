/* Counts each host once, in the order in which the run meets them. */
#include "crawler/clock_doubt.h"

#include <string.h>

/* libcurl passes on what the TLS library says about the two dates of a
 * certificate. */
static bool has_words(struct bytes text, const char *words)
{
    return memmem(text.data, text.len, words, strlen(words)) != NULL;
}

bool clock_doubt_is_about_time(struct bytes detail)
{
    return has_words(detail, "has expired") ||
           has_words(detail, "not yet valid");
}

void clock_doubt_add(struct clock_doubt *doubt, int64_t host_id,
                     bool is_outdated)
{
    for (size_t i = 0; i < doubt->nr_hosts; i++)
        if (doubt->hosts[i] == host_id)
            return;
    /* A sample is enough: who is right about the time does not change within a
     * run. */
    if (doubt->nr_hosts == CLOCK_DOUBT_HOSTS)
        return;
    doubt->hosts[doubt->nr_hosts++] = host_id;
    doubt->nr_outdated += is_outdated;
}

bool clock_doubt_holds(const struct clock_doubt *doubt)
{
    return doubt->nr_outdated >= CLOCK_DOUBT_HOSTS_MIN &&
           doubt->nr_outdated * 2 > doubt->nr_hosts;
}
