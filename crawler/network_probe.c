/* The probes of network_probe.h: sockets that connect and are closed. */
#include "crawler/network_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOTE_MS  1000 /* between two peers that are noted */
#define TRY_MS   2000 /* between two rounds of connections */
#define ROUTE_MS 500  /* what the kernel said counts so long */

void network_probe_init(struct network_probe *probe)
{
    *probe = (struct network_probe){
        .noted_ms = INT64_MIN / 2,
        .tried_ms = INT64_MIN / 2,
        .route_ms = INT64_MIN / 2,
    };
    for (int i = 0; i < NETWORK_PROBE_PEERS; i++)
        probe->peers[i].fd = -1;
}

static void drop(struct network_peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

void network_probe_close(struct network_probe *probe)
{
    for (int i = 0; i < NETWORK_PROBE_PEERS; i++)
        drop(&probe->peers[i]);
}

/* Reads "192.0.2.1" or "2001:db8::1". */
static bool read_address(struct bytes ip, uint16_t port,
                         struct sockaddr_in6 *out)
{
    char text[PAGE_IP_BYTES + 8];

    *out = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                 .sin6_port = htons(port)};
    if (ip.len == 0 || ip.len > PAGE_IP_BYTES)
        return false;
    snprintf(text, sizeof(text), "%s%.*s",
             memchr(ip.data, ':', ip.len) ? "" : "::ffff:", (int)ip.len,
             (const char *)ip.data);
    return inet_pton(AF_INET6, text, &out->sin6_addr) == 1;
}

bool network_probe_wants(const struct network_probe *probe, int64_t now_ms)
{
    return now_ms >= probe->noted_ms + NOTE_MS;
}

/* Where the host of a canonical URL ends, "https://[::1]:8443/path". */
static size_t host_end(struct bytes url, size_t begin)
{
    const char *at = url.data;
    size_t i = begin;

    if (i < url.len && at[i] == '[')
        while (i < url.len && at[i] != ']')
            i++;
    while (i < url.len && at[i] != '/' && at[i] != ':')
        i++;
    return i;
}

static uint16_t port_of(struct bytes url)
{
    const char *at = url.data;
    bool is_tls = url.len > 4 && at[4] == 's';
    size_t i = host_end(url, is_tls ? 8 : 7) + 1;
    unsigned port = 0;

    for (; i < url.len && at[i] >= '0' && at[i] <= '9' && port < 65536; i++)
        port = 10 * port + (unsigned)(at[i] - '0');
    if (port > 0 && port < 65536)
        return (uint16_t)port;
    return is_tls ? 443 : 80;
}

/* Whether there are sockets that a probe could use: a kernel without IPv6 has
 * none, and then nobody is noted. */
static bool has_sockets(void)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

void network_probe_note(struct network_probe *probe, struct bytes ip,
                        struct bytes url, int64_t now_ms)
{
    struct network_peer *peer = &probe->peers[probe->next];
    struct sockaddr_in6 address;

    if (!read_address(ip, port_of(url), &address))
        return;
    probe->noted_ms = now_ms;
    if (!has_sockets())
        return;
    for (int i = 0; i < probe->nr_peers; i++)
        if (memcmp(&probe->peers[i].address, &address, sizeof(address)) == 0)
            return;
    drop(peer);
    peer->address = address;
    probe->next = (probe->next + 1) % NETWORK_PROBE_PEERS;
    if (probe->nr_peers < NETWORK_PROBE_PEERS)
        probe->nr_peers++;
}

/* A socket without packets asks for the route alone (connect(2) of a datagram
 * socket). */
static bool has_route_to(const char *text, struct bytes ip)
{
    struct sockaddr_in6 address;
    int no = 0, fd;
    bool has;

    if (text)
        ip = (struct bytes){text, strlen(text)};
    if (!read_address(ip, 9, &address))
        return false;
    fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* it cannot be asked, and nothing is said against it */
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
    has = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ||
          (errno != ENETUNREACH && errno != ENETDOWN);
    close(fd);
    return has;
}

/* The first two are addresses of documentation (RFC 5737, RFC 3849), to which
 * only a default route leads. */
bool network_probe_route(struct network_probe *probe, struct bytes ip,
                         int64_t now_ms)
{
    if (now_ms < probe->route_ms + ROUTE_MS)
        return probe->has_route;
    probe->route_ms = now_ms;
    probe->has_route = has_route_to("192.0.2.1", ip) ||
                       has_route_to("2001:db8::1", ip) ||
                       has_route_to(NULL, ip);
    return probe->has_route;
}

/* Whether the connection that is being tried has shown somebody. */
static bool shows_somebody(struct network_peer *peer)
{
    struct pollfd ready = {.fd = peer->fd, .events = POLLOUT};
    int errnum = 0;
    socklen_t len = sizeof(errnum);

    if (peer->fd < 0 || poll(&ready, 1, 0) <= 0)
        return false;
    getsockopt(peer->fd, SOL_SOCKET, SO_ERROR, &errnum, &len);
    drop(peer);
    return errnum == 0 || errnum == ECONNREFUSED;
}

static void try_peer(struct network_peer *peer)
{
    drop(peer);
    peer->fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (peer->fd >= 0 &&
        connect(peer->fd, (struct sockaddr *)&peer->address,
                sizeof(peer->address)) &&
        errno != EINPROGRESS && errno != ECONNREFUSED)
        drop(peer);
}

bool network_probe_turn(struct network_probe *probe, int64_t now_ms)
{
    bool somebody = false;

    for (int i = 0; i < probe->nr_peers; i++)
        somebody |= shows_somebody(&probe->peers[i]);
    if (!somebody && now_ms >= probe->tried_ms + TRY_MS) {
        probe->tried_ms = now_ms;
        for (int i = 0; i < probe->nr_peers; i++)
            try_peer(&probe->peers[i]);
    }
    return somebody;
}
