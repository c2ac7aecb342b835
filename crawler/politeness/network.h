/*
 * network: whether it is our own network that fails, and not the hosts.
 *
 * A failure without any sign of life (a time limit, no route, no name server)
 * is the host's own while somebody else answers. While nobody does, it is in
 * doubt: it says nothing about the host, and is asked again. When that lasts,
 * and for several hosts, or the kernel has no route at all, the network is
 * down: then one request at a time goes out as a probe, until something answers
 * (docs/decisions/0038).
 *
 *   UP --a silent failure--> DOUBT --NETWORK_DOUBT_MS, or no route--> DOWN
 *    ^----------------- any sign of life ----------------------------'
 *
 * Pure: it knows no socket and no clock of the system. One thread.
 */
#ifndef CRAWLER_POLITENESS_NETWORK_H
#define CRAWLER_POLITENESS_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* A sign of life is so long news, in ms. */
#define NETWORK_NEWS_MS  4000
#define NETWORK_QUIET_MS 2500  /* without one the caller probes, if it can */
#define NETWORK_DOUBT_MS 10000 /* from the first silent failure to DOWN */
#define NETWORK_HOSTS    5    /* that must fail meanwhile, unless no route is */
#define NETWORK_PROBE_MS 2000 /* between two probes */

enum network_state { NETWORK_UP, NETWORK_DOUBT, NETWORK_DOWN };

struct network {
    enum network_state state;
    bool has_route; /* set by the caller: the kernel has a route to somewhere;
                       true at first */
    bool can_be_asked; /* set by the caller: somebody has answered before, and
                          he is probed */
    int64_t heard_ms;  /* last sign of life */
    int64_t since_ms;  /* DOUBT, DOWN: the first silent failure */
    int64_t probe_ms;  /* DOWN: no request starts before */
    int64_t failing[NETWORK_HOSTS]; /* ids of hosts that failed since */
    int nr_failing;
};

void network_init(struct network *network);
/* Somebody has answered, or refused, or a name server knew a name. */
void network_heard(struct network *network, int64_t now_ms);
/* A request that has failed without a sign of life. */
struct network_failure {
    int64_t host_id;
    int64_t started_ms;
    int64_t held_ms; /* when it was first said of this URL that it is in doubt;
                        0: never */
};
/* Returns whether the failure says nothing about the host. */
bool network_failed(struct network *network,
                    const struct network_failure *failure, int64_t now_ms);
/* Whether a request may start now. */
bool network_may_start(const struct network *network, int64_t now_ms);
void network_started(struct network *network, int64_t now_ms);

#endif
