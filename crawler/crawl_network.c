/*
 * Our own network, seen by the run: what the kernel and those who have answered
 * before say of it goes to the frontier, which decides; what it decided is told
 * to people, and ends the run after --network-timeout.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crawler/crawl_internal.h"
#include "crawler/fetch/guard.h"
#include "storage/results.h"

/* A peer behind a proxy is the proxy, on a port that is not that of the URL. */
static bool is_proxied(const struct crawl *crawl)
{
    const struct fetch_options *fetch = &crawl->settings.fetch;

    return fetch->proxies.http || fetch->proxies.https;
}

/* Whether the parent may connect to the address that a worker says it has had
 * the answer from. A worker may have been taken over: so the address has to be
 * public, or be the host of the URL itself, which is not the worker's to say.
 * This is asked once a second at most. */
static bool may_be_probed(const struct crawl *crawl, struct bytes ip,
                          struct bytes url)
{
    const struct text_list *allowed = &crawl->config->allow_private;
    const char *host = memmem(url.data, url.len, "://", 3);
    const char *end = (const char *)url.data + url.len;
    char text[PAGE_IP_BYTES + 1];
    struct guard *guard;
    bool may;

    if (!host || ip.len == 0 || ip.len >= sizeof(text))
        return false;
    host += 3;
    host += host < end && *host == '[';
    if ((size_t)(end - host) > ip.len && memcmp(host, ip.data, ip.len) == 0 &&
        strchr(":/]", host[ip.len]))
        return true;
    memcpy(text, ip.data, ip.len);
    text[ip.len] = '\0';
    if (guard_new(&guard, (const char *const *)allowed->items,
                  allowed->nr_items, NULL))
        return false;
    may = guard_allows_text(guard, text);
    guard_free(guard);
    return may;
}

/* The kernel is asked only for a failure: an answer has found its way. */
void crawl_see_answer(struct crawl *crawl, const struct page *page,
                      struct bytes url, int64_t now_ms)
{
    struct network *network = frontier_network(crawl->frontier);
    struct network_probe *probe = &crawl->loop.network.probe;

    if (page->status > 0) {
        if (network_probe_wants(probe, now_ms) && !is_proxied(crawl) &&
            may_be_probed(crawl, page->ip, url))
            network_probe_note(probe, page->ip, url, now_ms);
        network->has_route = true;
    } else if (page->error) {
        network->has_route = network_probe_route(probe, page->ip, now_ms);
    }
    network->can_be_asked = probe->nr_peers > 0;
}

/* Whether nobody was heard for so long that the peers are probed. Nobody can be
 * heard while nothing is in flight. */
static bool is_quiet(const struct crawl *crawl, const struct network *network,
                     int64_t now_ms)
{
    if (crawl->loop.network.probe.nr_peers == 0 ||
        crawl->stop.phase != CRAWL_RUNNING)
        return false;
    if (network->state != NETWORK_UP)
        return true;
    return pool_pending(crawl->pool) > 0 &&
           network->heard_ms < now_ms - NETWORK_QUIET_MS;
}

/* Says in the log and the database that the network went, or came. */
static void say(struct crawl *crawl, const struct network *network)
{
    bool is_down = network->state == NETWORK_DOWN;
    const char *detail =
        is_down ? network->has_route
                      ? "no host answers: requests wait until one does"
                      : "no route to anywhere: requests wait for one"
                : "it is there again";

    if (is_down == crawl->loop.network.is_said)
        return;
    crawl->loop.network.is_said = is_down;
    log_warn("network: %s", detail);
    if (storage_put_event(crawl->storage, clock_wall_ms(),
                          is_down ? "warning" : "info", "network", detail))
        log_debug("the event could not be stored");
}

bool crawl_watch_network(struct crawl *crawl, int64_t now_ms)
{
    struct network *network = frontier_network(crawl->frontier);
    struct network_probe *probe = &crawl->loop.network.probe;
    struct bytes nowhere = {"", 0};

    if (is_quiet(crawl, network, now_ms) && network_probe_turn(probe, now_ms))
        network_heard(network, now_ms);
    if (network->state == NETWORK_DOWN && !network->has_route) {
        network->has_route = network_probe_route(probe, nowhere, now_ms);
        /* where nobody can be asked, a route is all that can be waited for */
        if (network->has_route && probe->nr_peers == 0)
            network_heard(network, now_ms);
    }
    say(crawl, network);
    return network->state == NETWORK_DOWN &&
           crawl->stop.phase == CRAWL_RUNNING &&
           now_ms - network->since_ms >= crawl->config->network_timeout_ms;
}

int64_t crawl_network_wait_ms(const struct crawl *crawl, int64_t now_ms)
{
    const struct network *network = frontier_network(crawl->frontier);

    if (network->state != NETWORK_UP)
        return 250;
    return is_quiet(crawl, network, now_ms) ? 250 : -1;
}
