/*
 * Which proxy a URL is asked by, if any: see fetch_internal.h.
 *
 * The variables http_proxy, https_proxy, all_proxy and no_proxy have no
 * standard. They are read as curl(1) reads them, with one difference: this
 * machine itself, localhost and the loopback addresses, is never asked by a
 * proxy that the environment names, as browsers have it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "crawler/fetch/fetch_internal.h"
#include "crawler/url/url.h"

/* The host of a canonical URL, an IPv6 address without its brackets. */
static struct bytes host_of(const char *url)
{
    const char *at = strstr(url, "://");
    struct bytes host;

    at = at ? at + 3 : url;
    if (*at == '[')
        return (struct bytes){at + 1, strcspn(at + 1, "]")};
    host = (struct bytes){at, strcspn(at, ":/?#")};
    return host;
}

struct address {
    int family; /* AF_INET, AF_INET6; 0: it is none */
    unsigned char bytes[16];
};

static struct address read_address(struct bytes text)
{
    struct address address = {0};
    char copy[INET6_ADDRSTRLEN];

    if (text.len >= sizeof(copy))
        return address;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, address.bytes) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, copy, address.bytes) == 1)
        address.family = AF_INET6;
    return address;
}

static bool is_this_machine(struct bytes host)
{
    static const struct bytes local = {"localhost", 9},
                              v4 = {"127.0.0.0/8", 11}, v6 = {"::1", 3};

    return url_host_is_below(host, local) || guard_is_in_range(host, v4) ||
           guard_is_in_range(host, v6);
}

/* Whether an entry of no_proxy, between commas or blanks, names the host. */
static bool is_named(struct bytes host, const char *list)
{
    while (list && *list) {
        struct bytes entry;

        list += strspn(list, ", \t");
        entry = (struct bytes){list, strcspn(list, ", \t")};
        list += entry.len;
        if ((entry.len == 1 && *(const char *)entry.data == '*') ||
            url_host_is_below(host, entry) || guard_is_in_range(host, entry))
            return true;
    }
    return false;
}

const char *proxy_choose(const struct fetch_options *options, const char *url)
{
    const struct fetch_proxies *proxies = &options->proxies;
    const char *proxy =
        strncmp(url, "https:", 6) == 0 ? proxies->https : proxies->http;
    struct bytes host;

    if (!proxy || !proxies->from_environment)
        return proxy;
    host = host_of(url);
    return is_this_machine(host) || is_named(host, proxies->none) ? NULL
                                                                  : proxy;
}

bool proxy_may_ask(const struct guard *guard, const char *url, bool is_listed)
{
    struct bytes host = host_of(url);
    struct address address = read_address(host);
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    const struct sockaddr *at = (const struct sockaddr *)&ipv4;

    if (address.family == AF_INET)
        memcpy(&ipv4.sin_addr, address.bytes, sizeof(ipv4.sin_addr));
    else if (address.family == AF_INET6)
        memcpy(&ipv6.sin6_addr, address.bytes, sizeof(ipv6.sin6_addr));
    else if (url_host_is_below(host, (struct bytes){"localhost", 9}))
        ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        return true; /* a name, which the proxy looks up */
    if (address.family == AF_INET6)
        at = (const struct sockaddr *)&ipv6;
    return is_listed ? guard_allows_listed(guard, at) : guard_allows(guard, at);
}
