/*
 * The allocator behind arena.h: first fit over the bytes of one arena.
 *
 * DESIGN. The arena is a chain of extents in address order, each free or
 * taken; two neighbours are never both free. Extents live in one array and
 * refer to each other by index. `extent_at` maps the first unit (64 bytes) of
 * an extent to it; it is large but only touched where pieces begin, and those
 * lie low. A search starts at the first free extent.
 */
#include "pool/channel/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

#define NO_EXTENT UINT32_MAX

struct extent {
    uint32_t unit;     /* the unit at which it begins */
    uint32_t nr_units; /* its length; 0: the entry is not in the chain */
    uint32_t next;     /* index of the extent behind it, or of the next unused
                          entry */
    uint32_t prev;     /* index of the extent before it */
    bool taken;
};

struct arena {
    struct extent *extents;
    uint32_t unused;     /* first entry that is not in the chain */
    uint32_t first_free; /* no free extent lies before this one */
    uint32_t nr_pieces;
    uint32_t max_pieces;
    uint32_t *extent_at; /* owned; index + 1; 0: no extent begins there */
    size_t nr_units;
};

/* Makes the whole arena one free extent. */
static void arena_reset(struct arena *arena, uint32_t nr_extents)
{
    for (uint32_t i = 0; i < nr_extents; i++)
        arena->extents[i].next = i + 1 < nr_extents ? i + 1 : NO_EXTENT;
    arena->unused = 1;
    arena->extents[0] = (struct extent){
        .nr_units = (uint32_t)arena->nr_units,
        .next = NO_EXTENT,
        .prev = NO_EXTENT,
    };
    arena->extent_at[0] = 1;
    arena->first_free = 0;
}

enum err arena_new(struct arena **out, size_t size, uint32_t max_pieces)
{
    /* n taken extents have at most n + 1 free ones between and beside them */
    uint32_t nr_extents = 2 * max_pieces + 2;
    struct arena *arena = calloc(1, sizeof(*arena));

    *out = NULL;
    if (!arena)
        return CERR_NOMEM;
    arena->max_pieces = max_pieces;
    arena->nr_units = size / ARENA_ALIGN;
    arena->extents = calloc(nr_extents, sizeof(*arena->extents));
    arena->extent_at =
        mmap(NULL, arena->nr_units * sizeof(uint32_t), PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (arena->extent_at == MAP_FAILED)
        arena->extent_at = NULL;
    if (!arena->extents || !arena->extent_at) {
        arena_free(arena);
        return CERR_NOMEM;
    }
    arena_reset(arena, nr_extents);
    *out = arena;
    return CERR_OK;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    if (arena->extent_at)
        munmap(arena->extent_at, arena->nr_units * sizeof(uint32_t));
    free(arena->extents);
    free(arena);
}

/* Splits an extent: all behind its first `nr_units` becomes a free one. */
static void extent_split(struct arena *arena, uint32_t index, uint32_t nr_units)
{
    struct extent *extent = &arena->extents[index];
    uint32_t rest_index = arena->unused;
    struct extent *rest = &arena->extents[rest_index];

    arena->unused = rest->next;
    *rest = (struct extent){
        .unit = extent->unit + nr_units,
        .nr_units = extent->nr_units - nr_units,
        .next = extent->next,
        .prev = index,
    };
    if (rest->next != NO_EXTENT)
        arena->extents[rest->next].prev = rest_index;
    extent->next = rest_index;
    extent->nr_units = nr_units;
    arena->extent_at[rest->unit] = rest_index + 1;
}

/* Joins an extent with the one behind it. */
static void extent_merge_next(struct arena *arena, uint32_t index)
{
    struct extent *extent = &arena->extents[index];
    uint32_t gone_index = extent->next;
    struct extent *gone = &arena->extents[gone_index];

    extent->nr_units += gone->nr_units;
    extent->next = gone->next;
    if (gone->next != NO_EXTENT)
        arena->extents[gone->next].prev = index;
    arena->extent_at[gone->unit] = 0;
    gone->nr_units = 0;
    gone->next = arena->unused;
    arena->unused = gone_index;
}

uint32_t arena_take(struct arena *arena, size_t len)
{
    size_t nr_units = len ? (len + ARENA_ALIGN - 1) / ARENA_ALIGN : 1;
    uint32_t index = arena->first_free;
    bool passed_free = false;
    struct extent *extent;

    /* the array has entries for max_pieces pieces and no more */
    if (nr_units > arena->nr_units || arena->nr_pieces == arena->max_pieces)
        return ARENA_NONE;
    for (; index != NO_EXTENT; index = extent->next) {
        extent = &arena->extents[index];
        if (!extent->taken && extent->nr_units >= nr_units)
            break;
        passed_free = passed_free || !extent->taken;
    }
    if (index == NO_EXTENT)
        return ARENA_NONE;
    if (extent->nr_units > nr_units)
        extent_split(arena, index, (uint32_t)nr_units);
    extent->taken = true;
    arena->nr_pieces++;
    /* If one was passed, a free extent that was too small lies before this one,
     * and stays the first. */
    if (!passed_free)
        arena->first_free = extent->next;
    return extent->unit * ARENA_ALIGN;
}

/* The taken extent that begins at `offset`, or NO_EXTENT. */
static uint32_t find_taken(const struct arena *arena, uint32_t offset)
{
    uint32_t unit = offset / ARENA_ALIGN;
    uint32_t index;

    if (offset % ARENA_ALIGN != 0 || unit >= arena->nr_units ||
        arena->extent_at[unit] == 0)
        return NO_EXTENT;
    index = arena->extent_at[unit] - 1;
    return arena->extents[index].taken ? index : NO_EXTENT;
}

enum err arena_give(struct arena *arena, uint32_t offset)
{
    uint32_t index = find_taken(arena, offset);
    struct extent *extent;

    if (index == NO_EXTENT)
        return CERR_INVALID;
    extent = &arena->extents[index];
    extent->taken = false;
    arena->nr_pieces--;
    /* the extent joins its free neighbours, so that two never touch */
    if (extent->next != NO_EXTENT && !arena->extents[extent->next].taken) {
        if (arena->first_free == extent->next)
            arena->first_free = index;
        extent_merge_next(arena, index);
    }
    if (extent->prev != NO_EXTENT && !arena->extents[extent->prev].taken) {
        index = extent->prev;
        extent_merge_next(arena, index);
    }
    if (arena->first_free == NO_EXTENT ||
        arena->extents[index].unit < arena->extents[arena->first_free].unit)
        arena->first_free = index;
    return CERR_OK;
}

size_t arena_piece_bytes(const struct arena *arena, uint32_t offset)
{
    uint32_t index = find_taken(arena, offset);

    if (index == NO_EXTENT)
        return 0;
    return (size_t)arena->extents[index].nr_units * ARENA_ALIGN;
}
