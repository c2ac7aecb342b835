/*
 * aliases: hosts that stand for one another in --scope host.
 *
 * A listed URL that redirects within its registrable domain, from the apex to
 * www, say, takes the scope along: links to either name belong to the crawl.
 * Such pairs of hosts are kept as keyed hashes. Pure.
 */
#ifndef CRAWLER_SCOPE_ALIASES_H
#define CRAWLER_SCOPE_ALIASES_H

#include <stdbool.h>

#include "base/hash.h"
#include "crawler/url/url.h"

#define ALIASES_MAX ((size_t)1 << 20) /* 32 MiB; later pairs are not kept */

struct aliases; /* opaque */

/* Never NULL. Copies the key. */
struct aliases *aliases_new(const struct hash_key *key);
void aliases_free(struct aliases *aliases);
/* Makes the hosts of two canonical URLs stand for one another. */
void aliases_add(struct aliases *aliases, const struct url *a,
                 const struct url *b);
/* Whether they do. http and https of a name, each on its default port, are one
 * host. */
bool aliases_have(const struct aliases *aliases, const struct url *a,
                  const struct url *b);

#endif
