/*
 * The verdict behind network.h.
 *
 * A list of which every host is dead must end as ever. So nothing is in doubt
 * where the kernel has a route and nobody has answered yet: then nobody could
 * be asked whether it is us. Where somebody has, the caller probes him while
 * all is silent, and his answer makes the failures those of their hosts.
 */
#include "crawler/politeness/network.h"

void network_init(struct network *network)
{
    *network = (struct network){.heard_ms = INT64_MIN, .has_route = true};
}

void network_heard(struct network *network, int64_t now_ms)
{
    network->state = NETWORK_UP;
    network->heard_ms = now_ms;
}

static void note_host(struct network *network, int64_t host_id)
{
    for (int i = 0; i < network->nr_failing; i++)
        if (network->failing[i] == host_id)
            return;
    if (network->nr_failing < NETWORK_HOSTS)
        network->failing[network->nr_failing++] = host_id;
}

/* Whether somebody gave a sign of life while the request ran, and not long ago;
 * or after it was held the last time. */
static bool was_heard(const struct network *network,
                      const struct network_failure *failure, int64_t now_ms)
{
    int64_t since_ms = now_ms - NETWORK_NEWS_MS;

    if (failure->held_ms)
        since_ms = failure->held_ms;
    else if (failure->started_ms > since_ms)
        since_ms = failure->started_ms;
    return network->heard_ms >= since_ms;
}

static void go_down(struct network *network, int64_t now_ms)
{
    network->state = NETWORK_DOWN;
    network->probe_ms = now_ms + NETWORK_PROBE_MS;
}

bool network_failed(struct network *network,
                    const struct network_failure *failure, int64_t now_ms)
{
    if (network->has_route &&
        (was_heard(network, failure, now_ms) || !network->can_be_asked))
        return false;
    if (network->state == NETWORK_UP) {
        network->state = NETWORK_DOUBT;
        network->since_ms = now_ms;
        network->nr_failing = 0;
    }
    note_host(network, failure->host_id);
    if (network->state == NETWORK_DOUBT && !network->has_route)
        go_down(network, now_ms);
    if (network->state == NETWORK_DOUBT &&
        now_ms - network->since_ms >= NETWORK_DOUBT_MS) {
        if (network->nr_failing < NETWORK_HOSTS)
            return false; /* so few may well be dead, whoever else is */
        go_down(network, now_ms);
    }
    return true;
}

bool network_may_start(const struct network *network, int64_t now_ms)
{
    return network->state != NETWORK_DOWN || now_ms >= network->probe_ms;
}

void network_started(struct network *network, int64_t now_ms)
{
    network->probe_ms = now_ms + NETWORK_PROBE_MS;
}
