/*
 * dict: a table of byte strings that processes share.
 *
 * Made before fork; then any process of the family reads and writes. There is
 * no server process: an operation is a few memory accesses under a mutex that
 * survives the death of its holder. Each operation is atomic, also against
 * SIGKILL: it happened, or it did not.
 *
 * Keys and values are copied in and out, so they need no alignment. What would
 * need two operations, and so lose updates between them, is one here:
 * dict_add_int, dict_compare_set, dict_set_default, dict_update. Threads may
 * share a dict. Not for signal handlers.
 */
#ifndef POOL_SHARED_DICT_H
#define POOL_SHARED_DICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/shared/sync_bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dict;

#define DICT_ENTRIES_DEFAULT 1024
#define DICT_ENTRIES_MAX     (1u << 26)
#define DICT_BYTES_DEFAULT   ((size_t)16 << 20)
#define DICT_BYTES_MAX       ((size_t)1 << 36)

struct dict_options {
    size_t max_entries; /* 0: DICT_ENTRIES_DEFAULT */
    size_t max_bytes;   /* of all keys and values; 0: DICT_BYTES_DEFAULT */
};

/* Makes a dict; `options` may be NULL. CERR_INVALID (above a limit),
 * CERR_NOMEM. */
enum err dict_open(struct dict **dict,
                   const struct dict_options *options) CERR_CHECK;
/* Gives the object up in this process; the other processes keep it. NULL is
 * fine. */
void dict_free(struct dict *dict);

/*
 * All below return CERR_STATE inside a dict_update() callback of the same dict.
 * Those that store return CERR_NO_ROOM when a bound would be passed (entries,
 * or bytes of keys and values); nothing is changed then.
 */
enum err dict_set(struct dict *dict, struct sync_bytes key,
                  struct sync_bytes value) CERR_CHECK;
/* Copies the value of a key out. CERR_NOT_FOUND; CERR_TOO_BIG: it is longer
 * than room->cap, and room->len says how long. */
enum err dict_get(struct dict *dict, struct sync_bytes key,
                  struct sync_room *room) CERR_CHECK;
/* Deletes a key with its value. CERR_NOT_FOUND. */
enum err dict_delete(struct dict *dict, struct sync_bytes key) CERR_CHECK;
/* Copies the value of a key out and deletes the key. Errors as dict_get(); a
 * value that does not fit stays. */
enum err dict_pop(struct dict *dict, struct sync_bytes key,
                  struct sync_room *room) CERR_CHECK;

/* ---- numbers ---- */

/*
 * A number is a value of 8 bytes, an int64_t of this machine: dict_get() and
 * dict_set() see these bytes. A value of another length is no number: what
 * reads it answers CERR_INVALID and changes nothing.
 */

/* Stores a number, whatever was there before. Errors as dict_set(). */
enum err dict_set_int(struct dict *dict, struct sync_bytes key,
                      int64_t number) CERR_CHECK;
/* Reads a number. CERR_NOT_FOUND; CERR_INVALID: the value is no number. After
 * an error *number is what it was. */
enum err dict_get_int(struct dict *dict, struct sync_bytes key,
                      int64_t *number) CERR_CHECK;
/*
 * Adds to a number, at once for all processes, and gives the sum (`sum` may be
 * NULL). A missing one counts as 0. CERR_INVALID (no number), CERR_TOO_BIG (the
 * sum would overflow), CERR_NO_ROOM (for a new key).
 */
enum err dict_add_int(struct dict *dict, struct sync_bytes key, int64_t delta,
                      int64_t *sum) CERR_CHECK;
/* ---- two operations in one ---- */

/* Stores `value` if the present value is `expected`; NULL for `expected`
 * means that the key is missing. CERR_EXISTS: it is something else. */
enum err dict_compare_set(struct dict *dict, struct sync_bytes key,
                          const struct sync_bytes *expected,
                          struct sync_bytes value) CERR_CHECK;
/* Stores `value` if the key is missing, then gets the present value (`room`
 * may be NULL). As dict_set and dict_get. */
enum err dict_set_default(struct dict *dict, struct sync_bytes key,
                          struct sync_bytes value,
                          struct sync_room *room) CERR_CHECK;

/*
 * Makes a new value of the old one (NULL: missing), under the mutex. Sets
 * *value to bytes that stay valid until dict_update() returns; value->data
 * NULL deletes the key. Any other result than CERR_OK changes nothing and is
 * what dict_update() returns. Must be short: others wait. Must return: an
 * exception of C++ or a longjmp(3) out of it would keep the mutex for ever.
 */
typedef enum err (*dict_update_fn)(void *ctx, const struct sync_bytes *old,
                                   struct sync_bytes *value);
/* Calls `update` with the mutex held. CERR_NOMEM (no memory for a copy of the
 * old value), what `update` returned, or CERR_STATE or CERR_NO_ROOM as above.
 */
enum err dict_update(struct dict *dict, struct sync_bytes key,
                     dict_update_fn update, void *ctx) CERR_CHECK;

/* ---- the whole dict ---- */

/* Removes all entries at once. CERR_STATE: inside a dict_update() callback. */
enum err dict_clear(struct dict *dict) CERR_CHECK;
/* The number of entries, and the bytes of their keys and values. */
size_t dict_size(const struct dict *dict);
size_t dict_bytes(const struct dict *dict);

/* A walk over all entries, in no particular order; start with zeros. */
struct dict_cursor {
    size_t next;
    uint64_t version;
};

/*
 * Copies the next entry (`key`, `value` may be NULL). New values may appear
 * during a walk, but once a key came or went it answers CERR_STATE.
 * CERR_NOT_FOUND at the end; CERR_TOO_BIG: call again with more room.
 */
enum err dict_next(struct dict *dict, struct dict_cursor *cursor,
                   struct sync_room *key, struct sync_room *value) CERR_CHECK;

#ifdef __cplusplus
}
#endif

#endif
