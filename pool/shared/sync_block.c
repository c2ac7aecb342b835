/*
 * The chains behind sync_block.h. A free chain and a body's chain are linked by
 * the same array, so to free a body is to hang its whole chain in front of the
 * free list.
 */
#include "pool/shared/sync_block.h"

#include <assert.h>
#include <string.h>

#include "pool/shared/sync_region.h"

/* A body is first block + 1 in the upper half, length in the lower: never 0. */
static uint32_t body_first(uint64_t body)
{
    assert(body != 0);
    return (uint32_t)(body >> 32) - 1;
}

size_t sync_body_len(uint64_t body)
{
    return (size_t)(body & UINT32_MAX);
}

/* The number of blocks of a body. An empty body has one too. */
static size_t body_blocks(const struct sync_blocks *blocks, uint64_t body)
{
    return sync_blocks_for(sync_body_len(body), blocks->size);
}

static unsigned char *block_data(const struct sync_blocks *blocks, uint32_t i)
{
    return blocks->data + i * blocks->size;
}

size_t sync_blocks_for(size_t len, size_t block_bytes)
{
    return len == 0 ? 1 : (len - 1) / block_bytes + 1;
}

void sync_blocks_reserve(struct sync_blocks *blocks, size_t *end)
{
    /* Indices are 32 bits, and the last one means "none". */
    if (blocks->nr >= UINT32_MAX) {
        *end = SIZE_MAX;
        return;
    }
    blocks->next =
        (uint32_t *)sync_region_reserve(end, blocks->nr, sizeof(uint32_t));
    blocks->mark = (unsigned char *)sync_region_reserve(end, blocks->nr, 1);
    blocks->data =
        (unsigned char *)sync_region_reserve(end, blocks->nr, blocks->size);
}

void sync_blocks_init(struct sync_blocks *blocks, void *region)
{
    char *base = region;

    blocks->next = (uint32_t *)(void *)(base + (size_t)blocks->next);
    blocks->mark = (unsigned char *)base + (size_t)blocks->mark;
    blocks->data = (unsigned char *)base + (size_t)blocks->data;
    sync_blocks_mark_start(blocks);
    sync_blocks_mark_end(blocks);
}

/* Takes a chain from the free list. The chain keeps its links: only the body's
 * length says where it ends. */
uint64_t sync_body_room(struct sync_blocks *blocks, size_t len)
{
    size_t need = sync_blocks_for(len, blocks->size);
    uint32_t first = blocks->first_free, last = first;

    if (need > blocks->nr_free || len > SYNC_BODY_MAX)
        return 0;
    for (size_t i = 1; i < need; i++)
        last = blocks->next[last];
    blocks->first_free = blocks->next[last];
    blocks->nr_free -= (uint32_t)need;
    return ((uint64_t)first + 1) << 32 | len;
}

/* Bytes that lie in one piece from the start of `*block` on, at most `max`;
 * `*block` becomes the one behind them. A chain that was never broken up is one
 * piece: copied as such, items of 20 KB go half as fast again. */
static size_t piece_bytes(const struct sync_blocks *blocks, uint32_t *block,
                          size_t max)
{
    size_t bytes = blocks->size;
    uint32_t last = *block;

    while (bytes < max && blocks->next[last] == last + 1) {
        last++;
        bytes += blocks->size;
    }
    *block = blocks->next[last];
    return bytes < max ? bytes : max;
}

/* The piece is found before it is copied, as `block` moves on behind it. */
void sync_body_write(const struct sync_blocks *blocks, uint64_t body,
                     const void *data)
{
    uint32_t block = body_first(body);
    const unsigned char *from = data;
    size_t part, left = sync_body_len(body);

    for (; left > 0; left -= part) {
        unsigned char *to = block_data(blocks, block);

        part = piece_bytes(blocks, &block, left);
        memcpy(to, from, part);
        from += part;
    }
}

uint64_t sync_body_new(struct sync_blocks *blocks, const void *data, size_t len)
{
    uint64_t body = sync_body_room(blocks, len);

    if (body)
        sync_body_write(blocks, body, data);
    return body;
}

/* The first block stays the first, so only the length changes. */
uint64_t sync_body_cut(uint64_t body, size_t len)
{
    assert(len <= sync_body_len(body));
    return (body & ~(uint64_t)UINT32_MAX) | len;
}

void sync_body_free(struct sync_blocks *blocks, uint64_t body)
{
    size_t nr = body_blocks(blocks, body);
    uint32_t last = body_first(body);

    for (size_t i = 1; i < nr; i++)
        last = blocks->next[last];
    blocks->next[last] = blocks->first_free;
    blocks->first_free = body_first(body);
    blocks->nr_free += (uint32_t)nr;
}

void sync_body_read(const struct sync_blocks *blocks, uint64_t body, void *out)
{
    uint32_t block = body_first(body);
    unsigned char *to = out;
    size_t part, left = sync_body_len(body);

    for (; left > 0; left -= part) {
        const unsigned char *from = block_data(blocks, block);

        part = piece_bytes(blocks, &block, left);
        memcpy(to, from, part);
        to += part;
    }
}

bool sync_body_equals(const struct sync_blocks *blocks, uint64_t body,
                      const void *data, size_t len)
{
    uint32_t block = body_first(body);
    const unsigned char *with = data;
    size_t part;

    if (sync_body_len(body) != len)
        return false;
    for (; len > 0; len -= part) {
        const unsigned char *from = block_data(blocks, block);

        part = piece_bytes(blocks, &block, len);
        if (memcmp(with, from, part) != 0)
            return false;
        with += part;
    }
    return true;
}

void *sync_body_head(const struct sync_blocks *blocks, uint64_t body)
{
    return block_data(blocks, body_first(body));
}

/* A repair takes three steps: sync_blocks_mark_start() marks no block as used,
 * then those of each body that counts are marked, and then all others become
 * the free list. */
void sync_blocks_mark_start(struct sync_blocks *blocks)
{
    memset(blocks->mark, 0, blocks->nr);
}

void sync_body_mark(struct sync_blocks *blocks, uint64_t body)
{
    size_t nr = body_blocks(blocks, body);
    uint32_t block = body_first(body);

    for (size_t i = 0; i < nr; i++) {
        /* Two bodies never share a block, whenever their owner was killed. */
        assert(block < blocks->nr && !blocks->mark[block]);
        blocks->mark[block] = 1;
        block = blocks->next[block];
    }
}

void sync_blocks_mark_end(struct sync_blocks *blocks)
{
    uint32_t first = UINT32_MAX, nr_free = 0;

    /* From the end, so that the lowest blocks are used first and the upper
     * pages stay untouched. */
    for (size_t i = blocks->nr; i-- > 0;) {
        if (blocks->mark[i])
            continue;
        blocks->next[i] = first;
        first = (uint32_t)i;
        nr_free++;
    }
    blocks->first_free = first;
    blocks->nr_free = nr_free;
}
