/*
 * arena: hands out pieces of one long stretch of memory.
 *
 * Works on offsets only: the stretch may be shared, the book-keeping is not,
 * so nobody else can damage it. The lowest piece that is large enough is
 * taken, which keeps the pages in use few and warm in the cache. One thread.
 */
#ifndef POOL_CHANNEL_ARENA_H
#define POOL_CHANNEL_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define ARENA_ALIGN 64 /* of every piece */
#define ARENA_NONE  UINT32_MAX

struct arena;

/* Manages offsets 0 to `size` - 1 (a multiple of ARENA_ALIGN, below 4 GiB) in
 * at most `max_pieces` pieces at once. CERR_NOMEM. */
enum err arena_new(struct arena **arena, size_t size,
                   uint32_t max_pieces) CERR_CHECK;
void arena_free(struct arena *arena);

/* The offset of a piece of `len` bytes, or ARENA_NONE when there is no room. */
uint32_t arena_take(struct arena *arena, size_t len);
/* Gives a piece back. CERR_INVALID: no piece begins there. */
enum err arena_give(struct arena *arena, uint32_t offset) CERR_CHECK;
/* Bytes of the piece that begins at `offset`; 0 if none does. */
size_t arena_piece_bytes(const struct arena *arena, uint32_t offset);

#endif
