/*
 * hash_set: a set of 64-bit hashes that grows.
 *
 * The hashes are keyed, so nobody outside can choose them; two members with one
 * hash count as one. Pure.
 */
#ifndef BASE_HASH_SET_H
#define BASE_HASH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An open hash table, at most half full. */
struct hash_set {
    uint64_t *slots; /* owned; 0: free */
    size_t nr, cap;
};

/* Makes an empty set with room for half of `nr_slots`, a power of two. */
void hash_set_init(struct hash_set *set, size_t nr_slots);
void hash_set_release(struct hash_set *set);
void hash_set_add(struct hash_set *set, uint64_t hash);
bool hash_set_has(const struct hash_set *set, uint64_t hash);

#endif
