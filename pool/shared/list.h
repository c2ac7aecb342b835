/*
 * list: an array of byte strings that processes share.
 *
 * Made before fork; then any process of the family reads and writes. As in
 * dict.h there is no server, values are copied in and out, and each operation
 * is atomic, also against SIGKILL. Places count from 0; a negative one counts
 * from the end, -1 is the last.
 *
 * Values need no alignment, as they are copied.
 * At the end an append or a pop costs the same for every length; in the middle
 * it costs 8 bytes of copying for each value. Threads may share a list. Not
 * for signal handlers.
 */
#ifndef POOL_SHARED_LIST_H
#define POOL_SHARED_LIST_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pool/shared/sync_bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct list;

#define LIST_ITEMS_DEFAULT 1024
#define LIST_ITEMS_MAX     (1u << 26)
#define LIST_BYTES_DEFAULT ((size_t)16 << 20)
#define LIST_BYTES_MAX     ((size_t)1 << 36)

struct list_options {
    size_t max_items; /* 0: LIST_ITEMS_DEFAULT */
    size_t max_bytes; /* of all values; 0: LIST_BYTES_DEFAULT */
};

/* Makes a list; `options` may be NULL. CERR_INVALID (above a limit),
 * CERR_NOMEM. */
enum err list_open(struct list **list,
                   const struct list_options *options) CERR_CHECK;
/* Gives the object up in this process; the other processes keep it. NULL is
 * fine. */
void list_free(struct list *list);

/* Puts a value at the end. CERR_NO_ROOM: a bound would be passed, and nothing
 * is changed. */
enum err list_append(struct list *list, struct sync_bytes value) CERR_CHECK;
/* Inserts before the value at `place`, or at the end when `place` is the
 * length. CERR_NO_ROOM, CERR_NOT_FOUND (no such place). */
enum err list_insert(struct list *list, int64_t place,
                     struct sync_bytes value) CERR_CHECK;
/* Replaces the value at `place`. CERR_NO_ROOM, CERR_NOT_FOUND. */
enum err list_set(struct list *list, int64_t place,
                  struct sync_bytes value) CERR_CHECK;
/* Copies a value out. CERR_NOT_FOUND; CERR_TOO_BIG: it is longer than
 * room->cap, and room->len says how long. */
enum err list_get(struct list *list, int64_t place,
                  struct sync_room *room) CERR_CHECK;
/* Copies a value out and removes it; with `room` NULL it is only removed. A
 * value that does not fit stays. */
enum err list_pop(struct list *list, int64_t place,
                  struct sync_room *room) CERR_CHECK;

/*
 * Adds to a number, an int64_t of this machine in 8 bytes, and gives the sum
 * (`sum` may be NULL). CERR_NOT_FOUND, CERR_INVALID (not 8 bytes), CERR_TOO_BIG
 * (the sum would overflow).
 */
enum err list_add_int(struct list *list, int64_t place, int64_t delta,
                      int64_t *sum) CERR_CHECK;
/* Stores `value` if the present one is `expected`. CERR_EXISTS: it is
 * something else. CERR_NO_ROOM, CERR_NOT_FOUND. */
enum err list_compare_set(struct list *list, int64_t place,
                          struct sync_bytes expected,
                          struct sync_bytes value) CERR_CHECK;

/* Removes all values at once. */
void list_clear(struct list *list);
/* The number of values. */
size_t list_size(const struct list *list);

/* A walk over all values from the first on; start with zeros. */
struct list_cursor {
    size_t next;
    uint64_t version;
};

/*
 * Copies the next value. Values may be replaced during a walk, but once one
 * came or went it answers CERR_STATE. CERR_NOT_FOUND at the end; CERR_TOO_BIG:
 * call again with more room.
 */
enum err list_next(struct list *list, struct list_cursor *cursor,
                   struct sync_room *value) CERR_CHECK;

#ifdef __cplusplus
}
#endif

#endif
