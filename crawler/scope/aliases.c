/* An open hash table of pairs of hosts, see aliases.h. Most crawls have none,
 * so that is asked first. */
#include "crawler/scope/aliases.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define ALIASES_FIRST 64 /* slots at the start; a power of two */

struct aliases {
    struct hash_key key;
    uint64_t *slots; /* owned; 0: free; at most half are taken */
    size_t nr, cap;
};

struct aliases *aliases_new(const struct hash_key *key)
{
    struct aliases *aliases = xcalloc(1, sizeof(*aliases));

    aliases->key = *key;
    aliases->cap = ALIASES_FIRST;
    aliases->slots = xcalloc(aliases->cap, sizeof(*aliases->slots));
    return aliases;
}

void aliases_free(struct aliases *aliases)
{
    if (!aliases)
        return;
    free(aliases->slots);
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
    uint64_t hash = (left ^ right) + left * right;

    return hash ? hash : 1;
}

/* Finds the slot of a hash, or the free one where it belongs. */
static uint64_t *slot_of(const struct aliases *aliases, uint64_t hash)
{
    size_t at = hash & (aliases->cap - 1);

    while (aliases->slots[at] != 0 && aliases->slots[at] != hash)
        at = (at + 1) & (aliases->cap - 1);
    return &aliases->slots[at];
}

static void grow(struct aliases *aliases)
{
    struct aliases old = *aliases;

    aliases->cap *= 2;
    aliases->slots = xcalloc(aliases->cap, sizeof(*aliases->slots));
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i])
            *slot_of(aliases, old.slots[i]) = old.slots[i];
    free(old.slots);
}

void aliases_add(struct aliases *aliases, const struct url *a,
                 const struct url *b)
{
    uint64_t hash = hash_pair(aliases, a, b);
    uint64_t *slot = slot_of(aliases, hash);

    if (*slot || aliases->nr == ALIASES_MAX)
        return;
    *slot = hash;
    if (++aliases->nr > aliases->cap / 2)
        grow(aliases);
}

bool aliases_have(const struct aliases *aliases, const struct url *a,
                  const struct url *b)
{
    return aliases->nr > 0 && *slot_of(aliases, hash_pair(aliases, a, b)) != 0;
}
