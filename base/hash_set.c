/* Open addressing with steps of one. The hash 0, which marks a free slot, is
 * kept as 1. */
#include "base/hash_set.h"

#include <stdlib.h>

#include "base/xalloc.h"

void hash_set_init(struct hash_set *set, size_t nr_slots)
{
    *set = (struct hash_set){
        .slots = xcalloc(nr_slots, sizeof(*set->slots)),
        .cap = nr_slots,
    };
}

void hash_set_release(struct hash_set *set)
{
    free(set->slots);
    *set = (struct hash_set){0};
}

/* Finds the slot of a hash, or the free one where it belongs. */
static uint64_t *slot_of(const struct hash_set *set, uint64_t hash)
{
    size_t at = hash & (set->cap - 1);

    while (set->slots[at] != 0 && set->slots[at] != hash)
        at = (at + 1) & (set->cap - 1);
    return &set->slots[at];
}

static void grow(struct hash_set *set)
{
    struct hash_set old = *set;

    hash_set_init(set, 2 * old.cap);
    set->nr = old.nr;
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i])
            *slot_of(set, old.slots[i]) = old.slots[i];
    free(old.slots);
}

/* It grows when it is half full, so that a free slot is always near. */
void hash_set_add(struct hash_set *set, uint64_t hash)
{
    uint64_t member = hash ? hash : 1;
    uint64_t *slot = slot_of(set, member);

    if (*slot)
        return;
    *slot = member;
    if (++set->nr > set->cap / 2)
        grow(set);
}

bool hash_set_has(const struct hash_set *set, uint64_t hash)
{
    return *slot_of(set, hash ? hash : 1) != 0;
}
