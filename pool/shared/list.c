/*
 * The array behind list.h, in one shared mapping with one mutex.
 *
 * DESIGN. Two arrays of bodies, one of which counts. `shape` says which and
 * how long it is, in one word. At the end of the list an operation changes the
 * array behind the end and then `shape`; in the middle it builds the other
 * array and then flips `shape`. So one store makes each operation count, and
 * whoever takes the mutex after a killed holder finds either the old list or
 * the new one. The free blocks are derived from it.
 */
#include "pool/shared/list.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "pool/shared/sync_block.h"
#include "pool/shared/sync_region.h"

#define BLOCK_BYTES 64

struct list {
    size_t region_bytes;
    size_t max_items, max_bytes;
    _Atomic uint64_t *arrays[2]; /* bodies */

    pthread_mutex_t mutex;  /* protects everything below */
    _Atomic uint64_t shape; /* length * 2 + array that counts */
    size_t bytes;
    uint64_t version; /* counts the values that came or went */
    struct sync_blocks blocks;
};

/* This needs no mutex: `shape` is one word, which one store changes. */
size_t list_size(const struct list *list)
{
    return sync_load(&list->shape) >> 1;
}

/* The one of the two arrays that counts. */
static _Atomic uint64_t *present(const struct list *list)
{
    return list->arrays[sync_load(&list->shape) & 1];
}

/*
 * Derives the free blocks and the sum of bytes from the array that counts. The
 * version goes up because the dead holder may have changed the list without
 * counting that, and a walk must not go on over it.
 */
static void rebuild(struct list *list)
{
    _Atomic uint64_t *array = present(list);

    list->bytes = 0;
    list->version++;
    sync_blocks_mark_start(&list->blocks);
    for (size_t i = 0; i < list_size(list); i++) {
        sync_body_mark(&list->blocks, sync_load(&array[i]));
        list->bytes += sync_body_len(sync_load(&array[i]));
    }
    sync_blocks_mark_end(&list->blocks);
}

/* Takes the mutex, and repairs what a killed holder left half done. */
static void list_lock(struct list *list)
{
    enum err err = sync_mutex_lock(&list->mutex);

    /* No callback runs under this mutex. */
    assert(err != CERR_STATE);
    if (err != CERR_OWNERDEAD)
        return;
    rebuild(list);
    sync_mutex_repaired(&list->mutex);
}

/* Counts a negative place from the end. CERR_NOT_FOUND unless it is one of `nr`
 * places. */
static enum err find(int64_t place, size_t nr, size_t *at)
{
    if (place < 0)
        place += (int64_t)nr;
    if (place < 0 || place >= (int64_t)nr)
        return CERR_NOT_FOUND;
    *at = (size_t)place;
    return CERR_OK;
}

/* Whether the bound allows `more` bytes once `less` are gone; written so that
 * no sum can overflow. */
static bool fits(const struct list *list, size_t more, size_t less)
{
    return more <= SYNC_BODY_MAX && more <= list->max_bytes &&
           list->bytes - less <= list->max_bytes - more;
}

/*
 * Builds the other array with one value more (`body`, at `place`) or one less
 * (the one at `place`), then makes it the one that counts. A death on the way
 * leaves the old array as it was.
 */
static void change_shape(struct list *list, size_t place, size_t nr_new,
                         uint64_t body)
{
    uint64_t side = sync_load(&list->shape) & 1;
    const _Atomic uint64_t *from = list->arrays[side];
    _Atomic uint64_t *to = list->arrays[1 - side];
    size_t nr = list_size(list);
    size_t skip = nr_new < nr ? 1 : 0; /* a removal leaves `place` out */

    for (size_t i = 0; i < place; i++)
        atomic_init(&to[i], sync_load(&from[i]));
    if (skip == 0)
        atomic_init(&to[place], body);
    for (size_t i = place + skip; i < nr; i++)
        atomic_init(&to[i + 1 - 2 * skip], sync_load(&from[i]));
    sync_commit(&list->shape, (uint64_t)nr_new << 1 | (1 - side));
}

/* Inserts a value. At the end it is written behind the array and does not count
 * until the length says so; anywhere else the other array is built. */
static enum err insert(struct list *list, size_t place, struct sync_bytes value)
{
    size_t nr = list_size(list);
    uint64_t body;

    if (nr == list->max_items || !fits(list, value.len, 0))
        return CERR_NO_ROOM;
    body = sync_body_new(&list->blocks, value.data, value.len);
    assert(body != 0); /* there are blocks for all bounds */
    if (place == nr) {
        sync_commit(&present(list)[nr], body);
        sync_commit(&list->shape, sync_load(&list->shape) + 2); /* one longer */
    } else {
        change_shape(list, place, nr + 1, body);
    }
    list->bytes += value.len;
    list->version++;
    return CERR_OK;
}

/* The blocks are freed after the store that makes the removal count: a death
 * between the two leaves blocks that a repair finds unused. */
static void remove_value(struct list *list, size_t place)
{
    size_t nr = list_size(list);
    uint64_t body = sync_load(&present(list)[place]);

    if (place == nr - 1)
        sync_commit(&list->shape, sync_load(&list->shape) - 2);
    else
        change_shape(list, place, nr - 1, 0);
    sync_body_free(&list->blocks, body);
    list->bytes -= sync_body_len(body);
    list->version++;
}

static enum err replace(struct list *list, size_t place,
                        struct sync_bytes value)
{
    _Atomic uint64_t *word = &present(list)[place];
    uint64_t old = sync_load(word), body;

    if (!fits(list, value.len, sync_body_len(old)))
        return CERR_NO_ROOM;
    body = sync_body_new(&list->blocks, value.data, value.len);
    assert(body != 0);
    sync_commit(word, body);
    sync_body_free(&list->blocks, old);
    list->bytes += value.len - sync_body_len(old);
    return CERR_OK;
}

/* Copies a value into the caller's room, all of it or nothing. CERR_TOO_BIG: it
 * does not fit. */
static enum err copy_out(const struct list *list, size_t place,
                         struct sync_room *room)
{
    uint64_t body = sync_load(&present(list)[place]);

    if (!room)
        return CERR_OK;
    room->len = sync_body_len(body);
    if (room->len > room->cap)
        return CERR_TOO_BIG;
    sync_body_read(&list->blocks, body, room->data);
    return CERR_OK;
}

enum err list_append(struct list *list, struct sync_bytes value)
{
    enum err err;

    list_lock(list);
    err = insert(list, list_size(list), value);
    sync_mutex_unlock(&list->mutex);
    return err;
}

enum err list_insert(struct list *list, int64_t place, struct sync_bytes value)
{
    size_t at, nr;
    enum err err;

    list_lock(list);
    nr = list_size(list);
    at = nr;
    err = place == (int64_t)nr ? CERR_OK : find(place, nr, &at);
    if (err == CERR_OK)
        err = insert(list, at, value);
    sync_mutex_unlock(&list->mutex);
    return err;
}

enum err list_set(struct list *list, int64_t place, struct sync_bytes value)
{
    size_t at;
    enum err err;

    list_lock(list);
    err = find(place, list_size(list), &at);
    if (err == CERR_OK)
        err = replace(list, at, value);
    sync_mutex_unlock(&list->mutex);
    return err;
}

/* Copies an element and, where `is_popped`, removes it in the same hold. */
static enum err read_value(struct list *list, int64_t place, bool is_popped,
                           struct sync_room *room)
{
    size_t at;
    enum err err;

    list_lock(list);
    err = find(place, list_size(list), &at);
    if (err == CERR_OK)
        err = copy_out(list, at, room);
    if (err == CERR_OK && is_popped)
        remove_value(list, at);
    sync_mutex_unlock(&list->mutex);
    return err;
}

enum err list_get(struct list *list, int64_t place, struct sync_room *room)
{
    return read_value(list, place, false, room);
}

enum err list_pop(struct list *list, int64_t place, struct sync_room *room)
{
    return read_value(list, place, true, room);
}

/* Adds to a number in its place. The number is one aligned word, so one store
 * changes it, and a death leaves the old one or the new one. */
static enum err add_number(struct list *list, size_t place, int64_t delta,
                           int64_t *sum)
{
    uint64_t body = sync_load(&present(list)[place]);
    _Atomic uint64_t *word = sync_body_head(&list->blocks, body);

    if (sync_body_len(body) != sizeof(*sum))
        return CERR_INVALID;
    if (__builtin_add_overflow((int64_t)sync_load(word), delta, sum))
        return CERR_TOO_BIG;
    sync_commit(word, (uint64_t)*sum);
    return CERR_OK;
}

enum err list_add_int(struct list *list, int64_t place, int64_t delta,
                      int64_t *sum)
{
    int64_t result;
    size_t at;
    enum err err;

    list_lock(list);
    err = find(place, list_size(list), &at);
    if (err == CERR_OK)
        err = add_number(list, at, delta, &result);
    sync_mutex_unlock(&list->mutex);
    if (err == CERR_OK && sum)
        *sum = result;
    return err;
}

enum err list_compare_set(struct list *list, int64_t place,
                          struct sync_bytes expected, struct sync_bytes value)
{
    size_t at;
    enum err err;

    list_lock(list);
    err = find(place, list_size(list), &at);
    if (err == CERR_OK &&
        !sync_body_equals(&list->blocks, sync_load(&present(list)[at]),
                          expected.data, expected.len))
        err = CERR_EXISTS;
    if (err == CERR_OK)
        err = replace(list, at, value);
    sync_mutex_unlock(&list->mutex);
    return err;
}

void list_clear(struct list *list)
{
    list_lock(list);
    /* No value counts any more; the repair's own work frees their blocks. */
    sync_commit(&list->shape, 0);
    rebuild(list);
    sync_mutex_unlock(&list->mutex);
}

enum err list_next(struct list *list, struct list_cursor *cursor,
                   struct sync_room *value)
{
    enum err err = CERR_OK;

    list_lock(list);
    /* A cursor that has not begun takes the version it finds. */
    if (cursor->next == 0)
        cursor->version = list->version;
    if (cursor->version != list->version)
        err = CERR_STATE;
    else if (cursor->next == list_size(list))
        err = CERR_NOT_FOUND;
    else
        err = copy_out(list, cursor->next, value);
    if (err == CERR_OK)
        cursor->next++;
    sync_mutex_unlock(&list->mutex);
    return err;
}

/* Fixes where everything lies behind the struct and returns the length of it
 * all. The pointers are offsets until the memory is there. */
static size_t lay_out(struct list *list)
{
    size_t end = sizeof(*list);

    /* The last block of each value may be partly filled. One value more than
     * the bounds allow: a replacement is written beside the old one. */
    list->blocks.size = BLOCK_BYTES;
    list->blocks.nr =
        2 * sync_blocks_for(list->max_bytes, BLOCK_BYTES) + list->max_items + 1;
    for (int i = 0; i < 2; i++)
        list->arrays[i] = (_Atomic uint64_t *)sync_region_reserve(
            &end, list->max_items, sizeof(uint64_t));
    sync_blocks_reserve(&list->blocks, &end);
    return end;
}

enum err list_open(struct list **out, const struct list_options *options)
{
    static const struct list_options none;
    struct list plan = {.version = 1};
    struct list *list;
    enum err err;

    *out = NULL;
    if (!options)
        options = &none;
    if (options->max_items > LIST_ITEMS_MAX ||
        options->max_bytes > LIST_BYTES_MAX)
        return CERR_INVALID;
    plan.max_items =
        options->max_items ? options->max_items : LIST_ITEMS_DEFAULT;
    plan.max_bytes =
        options->max_bytes ? options->max_bytes : LIST_BYTES_DEFAULT;
    plan.region_bytes = lay_out(&plan);
    list = sync_region_map(plan.region_bytes);
    if (!list)
        return CERR_NOMEM;
    memcpy(list, &plan, sizeof(plan));
    for (int i = 0; i < 2; i++)
        list->arrays[i] = (void *)((char *)list + (size_t)plan.arrays[i]);
    err = sync_mutex_init(&list->mutex, PTHREAD_MUTEX_ERRORCHECK);
    if (err) {
        sync_region_unmap(list, plan.region_bytes);
        return err;
    }
    sync_blocks_init(&list->blocks, list);
    *out = list;
    return CERR_OK;
}

void list_free(struct list *list)
{
    if (list)
        sync_region_unmap(list, list->region_bytes);
}
