/*
 * sync_block: byte strings in shared memory, in chains of equal blocks.
 *
 * A chain needs no contiguous room, so memory never gets fragmented: what was
 * promised to fit does fit, in whatever order things were freed.
 *
 * Surviving a kill: a chain gets an owner by one store of its `body`, a 64-bit
 * word (first block and length), into a place of the object, and is free again
 * by one store of 0 there. Everything else, the free list first of all, can be
 * derived from the bodies that are in use: mark_start, mark each, mark_end. The
 * caller holds the mutex of the object that owns the blocks.
 */
#ifndef POOL_SHARED_SYNC_BLOCK_H
#define POOL_SHARED_SYNC_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SYNC_BODY_MAX UINT32_MAX /* bytes of one body, at most */

struct sync_blocks {
    uint32_t nr_free;
    uint32_t first_free;
    size_t size;         /* bytes of a block, a multiple of 8 */
    size_t nr;           /* below UINT32_MAX */
    uint32_t *next;      /* for each block: the one behind it */
    unsigned char *mark; /* for each block: in use; only during a repair */
    unsigned char *data;
};

/* The number of blocks that hold `len` bytes; at least one. */
size_t sync_blocks_for(size_t len, size_t block_bytes);
/* Reserves room for them behind `end`; the fields get offsets. */
void sync_blocks_reserve(struct sync_blocks *blocks, size_t *end);
/* Makes the offsets pointers into `region`, and all blocks free. */
void sync_blocks_init(struct sync_blocks *blocks, void *region);

/* A chain with room for `len` bytes, not yet anybody's; 0 when there is none.
 */
uint64_t sync_body_room(struct sync_blocks *blocks, size_t len);
/* Takes a chain as sync_body_room() does, and copies the bytes into it. */
uint64_t sync_body_new(struct sync_blocks *blocks, const void *data,
                       size_t len);
/* Fills the body; its owner needs no mutex for that. */
void sync_body_write(const struct sync_blocks *blocks, uint64_t body,
                     const void *data);
/* Makes a body shorter; only for one that lies in one block. */
uint64_t sync_body_cut(uint64_t body, size_t len);
/* Frees a body; the caller has overwritten the word that owned it. */
void sync_body_free(struct sync_blocks *blocks, uint64_t body);
size_t sync_body_len(uint64_t body);
void sync_body_read(const struct sync_blocks *blocks, uint64_t body, void *out);
bool sync_body_equals(const struct sync_blocks *blocks, uint64_t body,
                      const void *data, size_t len);
/* The first block of a body, aligned to 8 bytes. A body that is no longer than
 * a block lies there as a whole. */
void *sync_body_head(const struct sync_blocks *blocks, uint64_t body);

/* These three rebuild the free list after a death: start, mark each body in
 * use, finish. */
void sync_blocks_mark_start(struct sync_blocks *blocks);
void sync_body_mark(struct sync_blocks *blocks, uint64_t body);
void sync_blocks_mark_end(struct sync_blocks *blocks);

#endif
