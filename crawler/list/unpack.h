/*
 * unpack: bytes that may be compressed become the bytes that they were, as they
 * arrive.
 *
 * The first bytes say which it is, never a name: gzip (RFC 1952), bzip2, xz,
 * Zstandard (RFC 8878), or none of them. Each may be several parts one after
 * the other, and zeros may stand behind and between them, with which tar and
 * tapes pad. Memory is bounded by UNPACK_MEMORY_BYTES.
 *
 * Pure: it reads no file. One object, one input, one thread.
 */
#ifndef CRAWLER_LIST_UNPACK_H
#define CRAWLER_LIST_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What a decoder may need. xz -9 needs 65 MiB, zstd --ultra -22 needs 128. */
#define UNPACK_MEMORY_BYTES (INT64_C(128) << 20)

struct unpack; /* opaque */

/* Takes the next plain bytes, borrowed for the call. Anything but CERR_OK ends
 * the unpacking with that result. */
typedef enum err (*unpack_fn)(void *ctx, const void *data, size_t len);

/* Owned by the caller. Never NULL. */
struct unpack *unpack_new(unpack_fn fn, void *ctx);
void unpack_free(struct unpack *unpack);

/*
 * Takes the next bytes. CERR_CORRUPT: they are damaged, and what stood before
 * the damage was handed on. CERR_TOO_BIG: the decoder would need more than
 * UNPACK_MEMORY_BYTES. CERR_NOMEM. Else what `fn` returned. After an error
 * every later call returns the same.
 */
enum err unpack_feed(struct unpack *unpack, const void *data,
                     size_t len) CERR_CHECK;
/* The input has ended. CERR_CORRUPT: it ended within a compressed part. */
enum err unpack_finish(struct unpack *unpack) CERR_CHECK;

/* Whether the bytes are handed on as they are; false before that is known. */
bool unpack_is_plain(const struct unpack *unpack);
/* "gzip", "bzip2", "xz" or "zstd"; "" where it is none of them. */
const char *unpack_name(const struct unpack *unpack);
/* Compressed bytes that were used. After CERR_CORRUPT: where the damage shows,
 * from 0. */
int64_t unpack_bytes(const struct unpack *unpack);

#endif
