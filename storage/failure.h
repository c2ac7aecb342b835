/*
 * failure: what stopped a storage, with its sentence for the user.
 *
 * A storage and its back end share one. Whoever of the two meets an error
 * after which nothing may be written sets it; the first one stays. The storage
 * looks at it after each call, rolls back, and refuses what comes later.
 */
#ifndef STORAGE_FAILURE_H
#define STORAGE_FAILURE_H

#include "base/err.h"
#include "storage/storage.h"

struct failure {
    enum err err; /* CERR_OK: nothing has failed */
    char message[STORAGE_MESSAGE_BYTES];
};

/* Keeps `err` and its sentence if it is the first. Returns the first one. */
enum err failure_set(struct failure *failure, enum err err, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

#endif
