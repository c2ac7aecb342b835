/* A set of pairs of hosts by keyed hashes, see aliases.h. Most crawls have
 * none, so that is asked first. */
#include "crawler/scope/aliases.h"

#include <stdlib.h>

#include "base/hash_set.h"
#include "base/xalloc.h"

#define ALIASES_FIRST 64 /* slots at the start; a power of two */

struct aliases {
    struct hash_key key;
    struct hash_set hashes; /* owned */
};

struct aliases *aliases_new(const struct hash_key *key)
{
    struct aliases *aliases = xcalloc(1, sizeof(*aliases));

    aliases->key = *key;
    hash_set_init(&aliases->hashes, ALIASES_FIRST);
    return aliases;
}

void aliases_free(struct aliases *aliases)
{
    if (!aliases)
        return;
    hash_set_release(&aliases->hashes);
    free(aliases);
}

static uint64_t hash_host(const struct aliases *aliases, const struct url *url)
{
    bool is_usual = url->port == (url->scheme == URL_HTTPS ? 443 : 80);
    uint64_t parts[2] = {
        is_usual ? 0 : url->port,
        hash_sip(&aliases->key, url->text + url->host_at, url->host_len),
    };

    return hash_sip(&aliases->key, parts, sizeof(parts));
}

/* The order of the two does not count. */
static uint64_t hash_pair(const struct aliases *aliases, const struct url *a,
                          const struct url *b)
{
    uint64_t left = hash_host(aliases, a), right = hash_host(aliases, b);

    return (left ^ right) + left * right;
}

void aliases_add(struct aliases *aliases, const struct url *a,
                 const struct url *b)
{
    if (aliases->hashes.nr < ALIASES_MAX)
        hash_set_add(&aliases->hashes, hash_pair(aliases, a, b));
}

bool aliases_have(const struct aliases *aliases, const struct url *a,
                  const struct url *b)
{
    return aliases->hashes.nr > 0 &&
           hash_set_has(&aliases->hashes, hash_pair(aliases, a, b));
}
