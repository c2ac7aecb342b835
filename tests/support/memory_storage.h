/*
 * memory_storage: a second back end of storage, for tests alone.
 *
 * It keeps all rows in one plain struct. A commit copies that struct and
 * writes it to the file as it is, a rollback copies it back. It finds rows by
 * looking at all of them and has room for a few dozen. What it shows: that the
 * contract of storage.h asks nothing that only SQLite can do.
 */
#ifndef TESTS_SUPPORT_MEMORY_STORAGE_H
#define TESTS_SUPPORT_MEMORY_STORAGE_H

#include "storage/storage_ops.h"

extern const struct storage_ops memory_storage;

/* The next commit fails with `err` and leaves all as it was; CERR_OK: none. */
void memory_storage_fail_commit(enum err err);
/* The newest event and sandbox level that were written; "" before. */
const char *memory_storage_last_note(void);

#endif
