/*
 * hash: SipHash-2-4, the keyed 64-bit hash behind every key in the database.
 *
 * Keyed, because the hashed URLs come from outside: without the key nobody
 * can prepare URLs that fall on one another (Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF", 2012). The key is made once per database
 * and stored in it. Content hashes are another matter and use xxhash.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

/* Fills the key from the kernel's random source. */
void hash_key_random(struct hash_key *key);
uint64_t hash_sip(const struct hash_key *key, const void *data, size_t len);

#endif
