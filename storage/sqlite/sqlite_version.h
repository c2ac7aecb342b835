/*
 * version: the database library behind storage.
 */
#ifndef STORAGE_SQLITE_SQLITE_VERSION_H
#define STORAGE_SQLITE_SQLITE_VERSION_H

/* "3.40.1"; static. */
const char *storage_library_version(void);

#endif
