/*
 * local_names: which names belong to the user's own network.
 *
 * Such a host may have a private address where the list names it. Any other
 * name may not: whoever owns a public name can let it lead to 169.254.169.254
 * tomorrow. Local names are addresses, localhost, names without a dot,
 * names below the search domains of resolv.conf(5), and those that hosts(5) or
 * --resolve give an address. Pure: it gets the texts of the two files.
 */
#ifndef CRAWLER_SCOPE_LOCAL_NAMES_H
#define CRAWLER_SCOPE_LOCAL_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/wire.h"

/* More names than these are passed over. */
#define LOCAL_NAMES_MAX 100000

struct local_names; /* opaque */

/* Owned by the caller. Never NULL. */
struct local_names *local_names_new(void);
void local_names_free(struct local_names *names);

/* Adds the names of a hosts file. */
void local_names_add_hosts(struct local_names *names, struct bytes text);
/* Adds the search domains of a resolv.conf, of which the last line counts, or
 * else its domain. */
void local_names_add_search(struct local_names *names, struct bytes text);
/* Adds the host of an entry of --resolve, "host:port:address". */
void local_names_add_resolve(struct local_names *names, const char *entry);

/* To be called after the last addition. */
void local_names_sort(struct local_names *names);

/* Whether the host of a canonical URL is one of them; an IPv6 address stands in
 * brackets. NULL has the addresses, localhost and names without a dot. */
bool local_names_has(const struct local_names *names, struct bytes host);

#endif
