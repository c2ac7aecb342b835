/*
 * sync_bytes: how keys and values go in and out of shared memory.
 *
 * What goes in is copied during the call; what comes out is copied into room
 * that the caller gives. So a value is a value: to change a copy changes
 * nothing for the others. Not safe or unsafe by itself: plain data.
 */
#ifndef POOL_SHARED_SYNC_BYTES_H
#define POOL_SHARED_SYNC_BYTES_H

#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes that go in. */
struct sync_bytes {
    const void *data; /* may be NULL when `len` is 0 */
    size_t len;
};

/* Room for bytes that come out. */
struct sync_room {
    void *data; /* owned by the caller; may be NULL when `cap` is 0 */
    size_t cap; /* bytes of room */
    size_t len; /* set: the full length, also when CERR_TOO_BIG says that it is
                   above `cap` and nothing was copied */
};

/* The bytes of a string, without its NUL. Borrows `text`. */
static inline struct sync_bytes sync_text(const char *text)
{
    struct sync_bytes bytes = {text, strlen(text)};

    return bytes;
}

#ifdef __cplusplus
}
#endif

#endif
