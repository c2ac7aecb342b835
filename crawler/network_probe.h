/*
 * network_probe: asks the kernel, and somebody who has answered before, whether
 * the network is there.
 *
 * The frontier decides what that means (crawler/politeness/network.h); this
 * module only looks. It never blocks and sends no byte of a request. One
 * thread.
 */
#ifndef CRAWLER_NETWORK_PROBE_H
#define CRAWLER_NETWORK_PROBE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "crawler/page/page.h"

#define NETWORK_PROBE_PEERS 4

struct network_probe {
    struct network_peer {
        struct sockaddr_in6 address; /* of IPv4 as it is mapped */
        int fd; /* a connection that is being tried; -1: none */
    } peers[NETWORK_PROBE_PEERS];
    int nr_peers, next;
    int64_t noted_ms, tried_ms, route_ms;
    bool has_route; /* as it was at route_ms */
};

void network_probe_init(struct network_probe *probe);
void network_probe_close(struct network_probe *probe);
/* Whether one more who has answered would be noted now: now and then is enough.
 */
bool network_probe_wants(const struct network_probe *probe, int64_t now_ms);
/* Notes who has answered for the URL, which is canonical. */
void network_probe_note(struct network_probe *probe, struct bytes ip,
                        struct bytes url, int64_t now_ms);
/* Whether the kernel has a route to somewhere, or to that address. Asks it
 * again after a while only. */
bool network_probe_route(struct network_probe *probe, struct bytes ip,
                         int64_t now_ms);
/* Tries those who have answered, every few seconds. Returns whether one is
 * there: it has accepted or refused a connection. */
bool network_probe_turn(struct network_probe *probe, int64_t now_ms);

#endif
