/*
 * The table behind dict.h: a hash table in one shared mapping, with one mutex.
 *
 * DESIGN. The entries are the truth, everything else is an index.
 *
 * An entry is in use when it has a `value` and is of the present `epoch`. Each
 * operation has one store that makes it count: of `value` (insert, replace,
 * delete), of the number inside a value (add), or of `epoch` (clear). The
 * hash chains, the free entries and blocks and the counters can be rebuilt
 * from the entries, and are, by whoever takes the mutex after its holder was
 * killed.
 *
 * A new value is written beside the old one, so there are blocks for one more
 * value than the bounds allow.
 */
#include "pool/shared/dict.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "pool/shared/sync_block.h"
#include "pool/shared/sync_region.h"

#define NONE        UINT32_MAX
#define BLOCK_BYTES 64

struct entry {
    _Atomic uint64_t value; /* body; 0: free */
    uint64_t key;           /* body; counts only while `value` is not 0 */
    uint64_t hash;          /* of the key, so that few keys are compared */
    uint64_t epoch;         /* the dict's epoch when it was inserted */
    uint32_t next;          /* in its hash chain, or in the list of free ones */
};

struct dict {
    size_t region_bytes;
    size_t max_entries, max_bytes;
    size_t nr_buckets; /* a power of 2 */
    uint32_t *buckets;
    struct entry *entries;
    struct hash_key hash_key; /* random, so that nobody can aim at one chain */

    pthread_mutex_t mutex;    /* protects everything below */
    _Atomic uint64_t epoch;   /* counts the calls of dict_clear() */
    _Atomic size_t nr, bytes; /* read without the mutex too */
    uint64_t version;         /* counts the keys that came or went */
    uint32_t first_free;
    struct sync_blocks blocks;
};

static bool in_use(const struct dict *dict, const struct entry *entry)
{
    return sync_load(&entry->value) != 0 &&
           entry->epoch == sync_load(&dict->epoch);
}

static size_t entry_bytes(const struct entry *entry)
{
    return sync_body_len(entry->key) + sync_body_len(sync_load(&entry->value));
}

/* A counter has one writer, the holder of the mutex, so an ordinary load and
 * store will do; it is atomic for dict_size(), which reads without the mutex.
 */
static void count(_Atomic size_t *counter, size_t more, size_t less)
{
    size_t now = atomic_load_explicit(counter, memory_order_relaxed);

    atomic_store_explicit(counter, now + more - less, memory_order_relaxed);
}

static uint32_t *bucket_of(struct dict *dict, uint64_t hash)
{
    return &dict->buckets[hash & (dict->nr_buckets - 1)];
}

/* Puts an entry that has its key, hash and value into the index. */
static void link_entry(struct dict *dict, uint32_t i)
{
    struct entry *entry = &dict->entries[i];
    uint32_t *bucket = bucket_of(dict, entry->hash);

    entry->next = *bucket;
    *bucket = i;
    count(&dict->nr, 1, 0);
    count(&dict->bytes, entry_bytes(entry), 0);
}

/*
 * Derives everything from the entries; see DESIGN. The version goes up because
 * the dead holder may have inserted or deleted a key without counting it, and
 * a walk must not go on over that.
 */
static void rebuild(struct dict *dict)
{
    dict->first_free = NONE;
    atomic_store_explicit(&dict->nr, 0, memory_order_relaxed);
    atomic_store_explicit(&dict->bytes, 0, memory_order_relaxed);
    dict->version++;
    for (size_t i = 0; i < dict->nr_buckets; i++)
        dict->buckets[i] = NONE;
    sync_blocks_mark_start(&dict->blocks);
    /* From the end, so that the lowest entries are used first and the pages of
     * the others stay untouched. */
    for (uint32_t i = (uint32_t)dict->max_entries; i-- > 0;) {
        struct entry *entry = &dict->entries[i];

        if (in_use(dict, entry)) {
            sync_body_mark(&dict->blocks, entry->key);
            sync_body_mark(&dict->blocks, sync_load(&entry->value));
            link_entry(dict, i);
        } else {
            sync_commit(&entry->value, 0);
            entry->next = dict->first_free;
            dict->first_free = i;
        }
    }
    sync_blocks_mark_end(&dict->blocks);
}

/* Takes the mutex, and repairs what a killed holder left half done. CERR_STATE:
 * this thread holds it already, because it is inside a dict_update() callback.
 */
static enum err dict_lock(struct dict *dict)
{
    enum err err = sync_mutex_lock(&dict->mutex);

    if (err != CERR_OWNERDEAD)
        return err;
    rebuild(dict);
    sync_mutex_repaired(&dict->mutex);
    return CERR_OK;
}

/* A key with its hash, and the link that leads to its entry, if any. */
struct place {
    struct sync_bytes key;
    uint64_t hash;
    uint32_t *link;
    struct entry *entry; /* NULL: missing */
};

static struct place find(struct dict *dict, struct sync_bytes key)
{
    struct place place = {.key = key};

    place.hash = hash_sip(&dict->hash_key, key.data, key.len);
    place.link = bucket_of(dict, place.hash);
    while (*place.link != NONE) {
        struct entry *entry = &dict->entries[*place.link];

        if (entry->hash == place.hash &&
            sync_body_equals(&dict->blocks, entry->key, key.data, key.len)) {
            place.entry = entry;
            break;
        }
        place.link = &entry->next;
    }
    return place;
}

/* Whether the bounds allow `more` bytes once `less` are gone; written so that
 * no sum can overflow. */
static bool fits(const struct dict *dict, size_t more, size_t less)
{
    size_t bytes = atomic_load_explicit(&dict->bytes, memory_order_relaxed);

    return more <= SYNC_BODY_MAX && more <= dict->max_bytes &&
           bytes - less <= dict->max_bytes - more;
}

static enum err insert(struct dict *dict, const struct place *place,
                       struct sync_bytes value)
{
    uint32_t i = dict->first_free;
    struct entry *entry;
    uint64_t body;
    size_t bytes;

    if (i == NONE ||
        __builtin_add_overflow(place->key.len, value.len, &bytes) ||
        !fits(dict, bytes, 0))
        return CERR_NO_ROOM;
    entry = &dict->entries[i];
    /* Until the commit everybody who looks finds a free entry here. */
    entry->key = sync_body_new(&dict->blocks, place->key.data, place->key.len);
    body = sync_body_new(&dict->blocks, value.data, value.len);
    assert(entry->key != 0 && body != 0); /* there are blocks for all bounds */
    entry->hash = place->hash;
    entry->epoch = sync_load(&dict->epoch);
    dict->first_free = entry->next;
    sync_commit(&entry->value, body);
    link_entry(dict, i);
    dict->version++;
    return CERR_OK;
}

/* The old value is freed only after the store that makes the new one count: a
 * death between the two leaves blocks that a repair finds unused. */
static enum err replace(struct dict *dict, struct entry *entry,
                        struct sync_bytes value)
{
    uint64_t old = sync_load(&entry->value), body;

    if (!fits(dict, value.len, sync_body_len(old)))
        return CERR_NO_ROOM;
    body = sync_body_new(&dict->blocks, value.data, value.len);
    assert(body != 0);
    sync_commit(&entry->value, body);
    sync_body_free(&dict->blocks, old);
    count(&dict->bytes, value.len, sync_body_len(old));
    return CERR_OK;
}

static enum err store(struct dict *dict, const struct place *place,
                      struct sync_bytes value)
{
    if (place->entry)
        return replace(dict, place->entry, value);
    return insert(dict, place, value);
}

/* Frees an entry. It is free from the commit on, even if a death leaves an
 * index that still leads to it: a repair then builds one without it. */
static void remove_entry(struct dict *dict, const struct place *place)
{
    struct entry *entry = place->entry;
    uint64_t old = sync_load(&entry->value);
    size_t bytes = entry_bytes(entry);
    uint32_t i = *place->link;

    sync_commit(&entry->value, 0);
    *place->link = entry->next;
    entry->next = dict->first_free;
    dict->first_free = i;
    sync_body_free(&dict->blocks, old);
    sync_body_free(&dict->blocks, entry->key);
    count(&dict->nr, 0, 1);
    count(&dict->bytes, 0, bytes);
    dict->version++;
}

/* Copies a value into the caller's room, all of it or nothing. CERR_TOO_BIG: it
 * does not fit. */
static enum err copy_out(const struct dict *dict, uint64_t body,
                         struct sync_room *room)
{
    if (!room)
        return CERR_OK;
    room->len = sync_body_len(body);
    if (room->len > room->cap)
        return CERR_TOO_BIG;
    sync_body_read(&dict->blocks, body, room->data);
    return CERR_OK;
}

enum err dict_set(struct dict *dict, struct sync_bytes key,
                  struct sync_bytes value)
{
    struct place place;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    err = store(dict, &place, value);
    sync_mutex_unlock(&dict->mutex);
    return err;
}

/* Copies the value of a key out, and then deletes the key if `pop`. */
static enum err get(struct dict *dict, struct sync_bytes key,
                    struct sync_room *room, bool pop)
{
    struct place place;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    if (!place.entry)
        err = CERR_NOT_FOUND;
    else
        err = copy_out(dict, sync_load(&place.entry->value), room);
    if (err == CERR_OK && pop)
        remove_entry(dict, &place);
    sync_mutex_unlock(&dict->mutex);
    return err;
}

enum err dict_get(struct dict *dict, struct sync_bytes key,
                  struct sync_room *room)
{
    return get(dict, key, room, false);
}

enum err dict_pop(struct dict *dict, struct sync_bytes key,
                  struct sync_room *room)
{
    return get(dict, key, room, true);
}

enum err dict_delete(struct dict *dict, struct sync_bytes key)
{
    return get(dict, key, NULL, true);
}

enum err dict_set_int(struct dict *dict, struct sync_bytes key, int64_t number)
{
    struct sync_bytes value = {&number, sizeof(number)};

    return dict_set(dict, key, value);
}

enum err dict_get_int(struct dict *dict, struct sync_bytes key, int64_t *number)
{
    int64_t found;
    struct sync_room room = {.data = &found, .cap = sizeof(found)};
    enum err err = dict_get(dict, key, &room);

    if (err == CERR_TOO_BIG || (err == CERR_OK && room.len != sizeof(found)))
        return CERR_INVALID;
    if (err == CERR_OK)
        *number = found;
    return err;
}

/* Adds to a number in its place. The number is one aligned word, so one store
 * changes it, and a death leaves the old one or the new one. */
static enum err add_number(struct dict *dict, const struct place *place,
                           int64_t delta, int64_t *sum)
{
    uint64_t body;
    _Atomic uint64_t *word;

    *sum = delta;
    if (!place->entry)
        return insert(dict, place, (struct sync_bytes){sum, sizeof(*sum)});
    body = sync_load(&place->entry->value);
    if (sync_body_len(body) != sizeof(*sum))
        return CERR_INVALID;
    word = sync_body_head(&dict->blocks, body);
    if (__builtin_add_overflow((int64_t)sync_load(word), delta, sum))
        return CERR_TOO_BIG;
    sync_commit(word, (uint64_t)*sum);
    return CERR_OK;
}

enum err dict_add_int(struct dict *dict, struct sync_bytes key, int64_t delta,
                      int64_t *sum)
{
    struct place place;
    int64_t result;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    err = add_number(dict, &place, delta, &result);
    sync_mutex_unlock(&dict->mutex);
    if (err == CERR_OK && sum)
        *sum = result;
    return err;
}

/* Whether the entry has the value that the caller expects. A caller who expects
 * none is right when the key is missing. */
static bool is_as_expected(const struct dict *dict, const struct entry *entry,
                           const struct sync_bytes *expected)
{
    if (!entry || !expected)
        return !entry && !expected;
    return sync_body_equals(&dict->blocks, sync_load(&entry->value),
                            expected->data, expected->len);
}

enum err dict_compare_set(struct dict *dict, struct sync_bytes key,
                          const struct sync_bytes *expected,
                          struct sync_bytes value)
{
    struct place place;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    if (is_as_expected(dict, place.entry, expected))
        err = store(dict, &place, value);
    else
        err = CERR_EXISTS;
    sync_mutex_unlock(&dict->mutex);
    return err;
}

enum err dict_set_default(struct dict *dict, struct sync_bytes key,
                          struct sync_bytes value, struct sync_room *room)
{
    struct place place;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    if (!place.entry) {
        /* insert() does not say which entry it took. */
        err = insert(dict, &place, value);
        if (err == CERR_OK)
            place = find(dict, key);
    }
    if (err == CERR_OK)
        err = copy_out(dict, sync_load(&place.entry->value), room);
    sync_mutex_unlock(&dict->mutex);
    return err;
}

/* Copies the old value into one piece of memory, which the caller owns: in the
 * table it may lie in several blocks. CERR_NOMEM. */
static enum err copy_old(const struct dict *dict, const struct entry *entry,
                         struct sync_bytes *old, void **copy)
{
    uint64_t body = sync_load(&entry->value);

    old->len = sync_body_len(body);
    *copy = malloc(old->len + 1);
    if (!*copy)
        return CERR_NOMEM;
    sync_body_read(&dict->blocks, body, *copy);
    old->data = *copy;
    return CERR_OK;
}

static enum err update_place(struct dict *dict, struct place *place,
                             dict_update_fn update, void *ctx)
{
    struct sync_bytes old = {NULL, 0}, value = {NULL, 0};
    void *copy = NULL;
    enum err err = CERR_OK;

    if (place->entry)
        err = copy_old(dict, place->entry, &old, &copy);
    if (err == CERR_OK)
        err = update(ctx, place->entry ? &old : NULL, &value);
    if (err == CERR_OK && value.data)
        err = store(dict, place, value);
    else if (err == CERR_OK && place->entry)
        remove_entry(dict, place);
    free(copy);
    return err;
}

enum err dict_update(struct dict *dict, struct sync_bytes key,
                     dict_update_fn update, void *ctx)
{
    struct place place;
    enum err err = dict_lock(dict);

    if (err)
        return err;
    place = find(dict, key);
    err = update_place(dict, &place, update, ctx);
    sync_mutex_unlock(&dict->mutex);
    return err;
}

enum err dict_clear(struct dict *dict)
{
    enum err err = dict_lock(dict);

    if (err)
        return err;
    /* With this store the epoch of every entry has passed, so all are free. */
    sync_commit(&dict->epoch, sync_load(&dict->epoch) + 1);
    rebuild(dict);
    sync_mutex_unlock(&dict->mutex);
    return CERR_OK;
}

size_t dict_size(const struct dict *dict)
{
    return atomic_load_explicit(&dict->nr, memory_order_relaxed);
}

size_t dict_bytes(const struct dict *dict)
{
    return atomic_load_explicit(&dict->bytes, memory_order_relaxed);
}

enum err dict_next(struct dict *dict, struct dict_cursor *cursor,
                   struct sync_room *key, struct sync_room *value)
{
    size_t i;
    enum err key_err, err = dict_lock(dict);

    if (err)
        return err;
    /* A cursor that has not begun takes the version it finds. */
    if (cursor->next == 0)
        cursor->version = dict->version;
    for (i = cursor->next; i < dict->max_entries; i++)
        if (in_use(dict, &dict->entries[i]))
            break;
    if (cursor->version != dict->version) {
        err = CERR_STATE;
    } else if (i == dict->max_entries) {
        err = CERR_NOT_FOUND;
    } else {
        key_err = copy_out(dict, dict->entries[i].key, key);
        err = copy_out(dict, sync_load(&dict->entries[i].value), value);
        err = key_err ? key_err : err;
        if (err == CERR_OK)
            cursor->next = i + 1;
    }
    sync_mutex_unlock(&dict->mutex);
    return err;
}

/*
 * Fixes where everything lies behind the struct and returns the length of it
 * all. The pointers are offsets until the memory is there. Blocks: each entry
 * may leave two of them partly filled (key and value), and a replacement needs
 * as many again for the value beside the old one.
 */
static size_t lay_out(struct dict *dict)
{
    size_t end = sizeof(*dict);

    dict->nr_buckets = 1;
    while (dict->nr_buckets < dict->max_entries)
        dict->nr_buckets *= 2;
    dict->blocks.size = BLOCK_BYTES;
    dict->blocks.nr = 2 * sync_blocks_for(dict->max_bytes, BLOCK_BYTES) +
                      2 * dict->max_entries + 1;
    dict->buckets = (uint32_t *)sync_region_reserve(&end, dict->nr_buckets,
                                                    sizeof(uint32_t));
    dict->entries = (struct entry *)sync_region_reserve(&end, dict->max_entries,
                                                        sizeof(struct entry));
    sync_blocks_reserve(&dict->blocks, &end);
    return end;
}

enum err dict_open(struct dict **out, const struct dict_options *options)
{
    static const struct dict_options none;
    struct dict plan = {.epoch = 1};
    struct dict *dict;
    enum err err;

    *out = NULL;
    if (!options)
        options = &none;
    if (options->max_entries > DICT_ENTRIES_MAX ||
        options->max_bytes > DICT_BYTES_MAX)
        return CERR_INVALID;
    plan.max_entries =
        options->max_entries ? options->max_entries : DICT_ENTRIES_DEFAULT;
    plan.max_bytes =
        options->max_bytes ? options->max_bytes : DICT_BYTES_DEFAULT;
    /* The struct is made here and copied into the memory whose size it says. */
    hash_key_random(&plan.hash_key);
    plan.region_bytes = lay_out(&plan);
    dict = sync_region_map(plan.region_bytes);
    if (!dict)
        return CERR_NOMEM;
    memcpy(dict, &plan, sizeof(plan));
    dict->buckets = (void *)((char *)dict + (size_t)plan.buckets);
    dict->entries = (void *)((char *)dict + (size_t)plan.entries);
    err = sync_mutex_init(&dict->mutex, PTHREAD_MUTEX_ERRORCHECK);
    if (err) {
        sync_region_unmap(dict, plan.region_bytes);
        return err;
    }
    sync_blocks_init(&dict->blocks, dict);
    rebuild(dict);
    *out = dict;
    return CERR_OK;
}

void dict_free(struct dict *dict)
{
    if (dict)
        sync_region_unmap(dict, dict->region_bytes);
}
