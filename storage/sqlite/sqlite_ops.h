/*
 * sqlite_ops: the SQLite back end, for whoever chooses one.
 */
#ifndef STORAGE_SQLITE_SQLITE_OPS_H
#define STORAGE_SQLITE_SQLITE_OPS_H

#include "storage/storage_ops.h"

/* All functions of the back end, and the names that choose it. */
extern const struct storage_ops sqlite_storage;

#endif
