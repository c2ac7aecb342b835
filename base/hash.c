/*
 * SipHash-2-4 as its authors wrote it down: two rounds for each word of eight
 * bytes, four at the end. The constants are ASCII, "somepseudorandomlygene..."
 * in their paper; the test has the vectors of their own implementation.
 */
#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

#include "base/clock.h"

void hash_key_random(struct hash_key *key)
{
    /* getrandom() fails on kernels before 3.17 or under a filter. A key from
     * the clocks can be guessed, but every key in the database still works. */
    if (getrandom(key, sizeof(*key), 0) != (ssize_t)sizeof(*key)) {
        key->k0 = (uint64_t)clock_mono_us() * 0x9e3779b97f4a7c15U;
        key->k1 = (uint64_t)clock_wall_ms() ^ key->k0;
    }
}

static inline uint64_t rotate(uint64_t x, int by)
{
    return (x << by) | (x >> (64 - by));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* SipHash reads its words in little-endian order on every machine. The loop
 * becomes one load where that is the machine's own order. */
static uint64_t load_le(const unsigned char *at, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

uint64_t hash_sip(const struct hash_key *key, const void *data, size_t len)
{
    const unsigned char *at = data;
    uint64_t v[4] = {
        key->k0 ^ 0x736f6d6570736575U, key->k1 ^ 0x646f72616e646f6dU,
        key->k0 ^ 0x6c7967656e657261U, key->k1 ^ 0x7465646279746573U};
    uint64_t word;

    for (size_t left = len; left >= 8; left -= 8, at += 8) {
        word = load_le(at, 8);
        v[3] ^= word;
        sip_round(v);
        sip_round(v);
        v[0] ^= word;
    }
    /* The last word has the bytes that are left, and the length on top. */
    word = load_le(at, len & 7) | (uint64_t)len << 56;
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
