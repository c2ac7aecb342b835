/*
 * sha1: the digest that WARC files name their payloads by. Not for secrets.
 *
 * Apart from the rest, because <openssl/types.h> and base/err.h both have an
 * CERR_STATE.
 */
#ifndef STORAGE_SINK_SHA1_H
#define STORAGE_SINK_SHA1_H

#include <stdbool.h>
#include <stddef.h>

#define SHA1_BYTES 20

/* False only when there is no memory; may be tried again. One thread. */
bool sha1_sum(const void *data, size_t len, unsigned char out[SHA1_BYTES]);

#endif
