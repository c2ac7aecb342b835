/*
 * crawl_lock: one crawl at a time on one database.
 *
 * The lock is a flock() on a descriptor of our own, held for as long as the
 * database is open. It is independent of SQLite's POSIX locks, which protect
 * single transactions and are dropped whenever any descriptor of the file is
 * closed. So this descriptor is closed after SQLite is, never before.
 */
#ifndef STORAGE_CRAWL_LOCK_H
#define STORAGE_CRAWL_LOCK_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "storage/failure.h"

struct crawl_lock {
    int fd; /* owned; holds the lock; -1: not locked */
};

/*
 * Opens or makes the regular file and locks it. `made` tells whether it is
 * new. CERR_BUSY: another process has it, which the failure's sentence names.
 * CERR_INVALID: a folder, device or symbolic link. CERR_STATE: the file system
 * has no locks. Other errors come from errno. Every error sets `failure`, and
 * a file that this call made is gone again.
 */
enum err crawl_lock_take(struct crawl_lock *lock, const char *path, bool *made,
                         struct failure *failure) CERR_CHECK;
/* Whether a process has the lock, and which one. Does not open the file. */
bool crawl_lock_is_held(const char *path, pid_t *holder);
/* Whether SQLite can lock the file where it lies. Not to be called while this
 * process has it open as a database, as the closing drops SQLite's locks. */
bool crawl_lock_is_possible(const char *path);
/* Gives the lock back; fine when there is none. */
void crawl_lock_drop(struct crawl_lock *lock);

#endif
