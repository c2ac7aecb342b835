/*
 * The ranges behind guard.h. Every address is compared as sixteen bytes: an
 * IPv4 address stands in its IPv4-mapped form (RFC 4291 2.5.5.2).
 */
#include "crawler/fetch/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define RANGE_TEXT_BYTES 64
#define IPV4_BITS        96 /* bits of the prefix before an IPv4 address */

/* The addresses whose first `bits` bits are those of `bytes`. */
struct range {
    unsigned char bytes[16];
    int bits;
};

/* What is not the public internet: the IANA special-purpose registries (RFC
 * 6890), multicast, and what clouds serve their machines from. */
static const char *const refused_text[] = {
    "0.0.0.0/8",        /* this host and network */
    "10.0.0.0/8",       /* private */
    "100.64.0.0/10",    /* carrier NAT; a metadata service lives in it */
    "127.0.0.0/8",      /* loopback */
    "168.63.129.16/32", /* platform service of a cloud, in public space */
    "169.254.0.0/16",   /* link-local; metadata services */
    "172.16.0.0/12",    /* private */
    "192.0.0.0/24",     /* protocol assignments; a metadata service */
    "192.0.2.0/24",     /* documentation */
    "192.88.99.0/24",   /* 6to4 relays */
    "192.168.0.0/16",   /* private */
    "198.18.0.0/15",    /* benchmarks */
    "198.51.100.0/24",  /* documentation */
    "203.0.113.0/24",   /* documentation */
    "224.0.0.0/4",      /* multicast */
    "240.0.0.0/4",      /* reserved, broadcast */
    "2001::/23",        /* protocol assignments: Teredo, ORCHID, benchmarks */
    "2001:db8::/32",    /* documentation */
    "3fff::/20",        /* documentation */
};

/* Of these even a listed host needs an allowed range: they are the machine's
 * own neighbours and what clouds tell their machines, keys included. */
static const char *const never_text[] = {
    "169.254.0.0/16",     /* link-local; metadata services */
    "168.63.129.16/32",   /* platform service of a cloud */
    "192.0.0.192/32",     /* a metadata service */
    "100.100.100.200/32", /* a metadata service */
    "fe80::/10",          /* link-local, RFC 4291 2.5.6 */
    "fd00:ec2::254/128",  /* a metadata service */
};

/* Private ranges of IPv6, which all lie outside of global unicast. */
static const char *const private6_text[] = {"::1/128", "fe80::/10", "fc00::/7"};

#define NR_NEVER    (sizeof(never_text) / sizeof(never_text[0]))
#define NR_PRIVATE6 (sizeof(private6_text) / sizeof(private6_text[0]))

/* All that is public in IPv6 lies in here: global unicast (RFC 4291 2.4). */
static const char *const unicast_text = "2000::/3";

#define NR_REFUSED (sizeof(refused_text) / sizeof(refused_text[0]))

struct guard {
    struct range refused[NR_REFUSED];
    struct range never[NR_NEVER];
    struct range private6[NR_PRIVATE6];
    struct range unicast;
    struct range mapped, nat64, six_to_four;
    struct range *allowed; /* owned */
    size_t nr_allowed;
};

static void map_ipv4(unsigned char out[16], const void *ipv4)
{
    memset(out, 0, 10);
    memset(out + 10, 0xff, 2);
    memcpy(out + 12, ipv4, 4);
}

/* Returns how many bits lie before the address proper, -1 if it is none. */
static int parse_address(unsigned char out[16], const char *text)
{
    struct in_addr ipv4;

    if (inet_pton(AF_INET, text, &ipv4) == 1) {
        map_ipv4(out, &ipv4);
        return IPV4_BITS;
    }
    return inet_pton(AF_INET6, text, out) == 1 ? 0 : -1;
}

/* Reads digits alone: strtol() would also take signs and blanks. */
static int parse_bits(const char *text)
{
    int bits = 0;

    if (!*text || strlen(text) > 3)
        return -1;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        bits = bits * 10 + (*text - '0');
    }
    return bits;
}

static bool parse_range(struct range *range, const char *text)
{
    char address[RANGE_TEXT_BYTES];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    int before;
    int bits;

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    before = parse_address(range->bytes, address);
    if (before < 0)
        return false;
    bits = slash ? parse_bits(slash + 1) : 128 - before;
    range->bits = before + bits;
    return bits >= 0 && range->bits <= 128;
}

static bool contains(const struct range *range, const unsigned char bytes[16])
{
    size_t whole = (size_t)range->bits / 8;
    int rest = range->bits % 8;

    if (memcmp(range->bytes, bytes, whole) != 0)
        return false;
    return rest == 0 ||
           ((range->bytes[whole] ^ bytes[whole]) >> (8 - rest)) == 0;
}

static bool contains_any(const struct range *ranges, size_t nr,
                         const unsigned char bytes[16])
{
    for (size_t i = 0; i < nr; i++)
        if (contains(&ranges[i], bytes))
            return true;
    return false;
}

static bool allows_bytes(const struct guard *guard,
                         const unsigned char bytes[16])
{
    unsigned char inner[16];

    if (contains_any(guard->allowed, guard->nr_allowed, bytes))
        return true;
    /* A translator (RFC 6052, RFC 3056) sends packets on to the IPv4 address
     * inside, so that one is judged. */
    if (contains(&guard->nat64, bytes)) {
        map_ipv4(inner, bytes + 12);
        return allows_bytes(guard, inner);
    }
    if (contains(&guard->six_to_four, bytes)) {
        map_ipv4(inner, bytes + 2);
        return allows_bytes(guard, inner);
    }
    if (!contains(&guard->mapped, bytes) && !contains(&guard->unicast, bytes))
        return false;
    return !contains_any(guard->refused, NR_REFUSED, bytes);
}

/* The IPv4 address inside of a translator's counts, as in allows_bytes(). */
static void unwrap(const struct guard *guard, unsigned char bytes[16])
{
    unsigned char inner[16];

    if (contains(&guard->nat64, bytes))
        map_ipv4(inner, bytes + 12);
    else if (contains(&guard->six_to_four, bytes))
        map_ipv4(inner, bytes + 2);
    else
        return;
    memcpy(bytes, inner, sizeof(inner));
}

static bool allows_listed_bytes(const struct guard *guard,
                                const unsigned char bytes[16])
{
    unsigned char inner[16];

    if (contains_any(guard->allowed, guard->nr_allowed, bytes))
        return true;
    memcpy(inner, bytes, sizeof(inner));
    unwrap(guard, inner);
    return contains_any(guard->allowed, guard->nr_allowed, inner) ||
           !contains_any(guard->never, NR_NEVER, inner);
}

/* The address is copied, as the caller's need not be aligned for its family. */
static bool read_sockaddr(const struct sockaddr *address,
                          unsigned char bytes[16])
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;

        memcpy(&ipv4, address, sizeof(ipv4));
        map_ipv4(bytes, &ipv4.sin_addr);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;

        memcpy(&ipv6, address, sizeof(ipv6));
        memcpy(bytes, ipv6.sin6_addr.s6_addr, 16);
        return true;
    }
    return false;
}

bool guard_allows(const struct guard *guard, const struct sockaddr *address)
{
    unsigned char bytes[16];

    return read_sockaddr(address, bytes) && allows_bytes(guard, bytes);
}

bool guard_allows_listed(const struct guard *guard,
                         const struct sockaddr *address)
{
    unsigned char bytes[16];

    return read_sockaddr(address, bytes) && allows_listed_bytes(guard, bytes);
}

const char *guard_range(const struct guard *guard,
                        const struct sockaddr *address)
{
    unsigned char bytes[16];

    if (!read_sockaddr(address, bytes))
        return "";
    for (size_t i = 0; i < NR_REFUSED; i++)
        if (contains(&guard->refused[i], bytes))
            return refused_text[i];
    for (size_t i = 0; i < NR_PRIVATE6; i++)
        if (contains(&guard->private6[i], bytes))
            return private6_text[i];
    return "";
}

bool guard_allows_text(const struct guard *guard, const char *address)
{
    unsigned char bytes[16];

    return parse_address(bytes, address) >= 0 && allows_bytes(guard, bytes);
}

bool guard_is_in_range(struct bytes address, struct bytes range)
{
    char text[RANGE_TEXT_BYTES], limits[RANGE_TEXT_BYTES];
    struct range parsed;
    unsigned char bytes[16];

    if (address.len == 0 || address.len >= sizeof(text) || range.len == 0 ||
        range.len >= sizeof(limits))
        return false;
    memcpy(text, address.data, address.len);
    text[address.len] = '\0';
    memcpy(limits, range.data, range.len);
    limits[range.len] = '\0';
    return parse_address(bytes, text) >= 0 && parse_range(&parsed, limits) &&
           contains(&parsed, bytes);
}

/* The program's own ranges: a typing error in them is a bug. */
static void parse_own(struct range *range, const char *text)
{
    if (!parse_range(range, text))
        abort();
}

enum err guard_new(struct guard **out, const char *const *allowed,
                   size_t nr_allowed, size_t *bad)
{
    struct guard *guard = xcalloc(1, sizeof(*guard));

    for (size_t i = 0; i < NR_REFUSED; i++)
        parse_own(&guard->refused[i], refused_text[i]);
    for (size_t i = 0; i < NR_NEVER; i++)
        parse_own(&guard->never[i], never_text[i]);
    for (size_t i = 0; i < NR_PRIVATE6; i++)
        parse_own(&guard->private6[i], private6_text[i]);
    parse_own(&guard->unicast, unicast_text);
    parse_own(&guard->mapped, "::ffff:0:0/96");
    parse_own(&guard->nat64, "64:ff9b::/96");
    parse_own(&guard->six_to_four, "2002::/16");
    guard->allowed =
        xcalloc(nr_allowed ? nr_allowed : 1, sizeof(*guard->allowed));
    guard->nr_allowed = nr_allowed;
    for (size_t i = 0; i < nr_allowed; i++) {
        if (parse_range(&guard->allowed[i], allowed[i]))
            continue;
        if (bad)
            *bad = i;
        guard_free(guard);
        return CERR_INVALID;
    }
    *out = guard;
    return CERR_OK;
}

void guard_free(struct guard *guard)
{
    if (!guard)
        return;
    free(guard->allowed);
    free(guard);
}
