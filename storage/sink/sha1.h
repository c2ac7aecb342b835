/*
 * sha1: the digest by which WARC files name their payloads. Archives agreed on
 * SHA-1 long ago; it must not guard anything against an attacker.
 *
 * OpenSSL is included in sha1.c alone, so that its headers, with the many names
 * they define, stay out of all other files.
 */
#ifndef STORAGE_SINK_SHA1_H
#define STORAGE_SINK_SHA1_H

#include <stdbool.h>
#include <stddef.h>

#define SHA1_BYTES 20

/* False only when there is no memory; the call may be tried again. One thread.
 */
bool sha1_sum(const void *data, size_t len, unsigned char out[SHA1_BYTES]);

/* The digest of several pieces, one behind the other. NULL and false as above;
 * sha1_end() frees it whatever happens. */
struct sha1; /* opaque */
struct sha1 *sha1_begin(void);
bool sha1_add(struct sha1 *sha1, const void *data, size_t len);
bool sha1_end(struct sha1 *sha1, unsigned char out[SHA1_BYTES]);

#endif
