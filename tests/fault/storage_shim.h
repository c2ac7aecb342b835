/*
 * storage_shim: breaks the disk under one process at a chosen moment.
 *
 * The program's own write, pwrite64, fsync, fdatasync and ftruncate take the
 * place of libc's, for SQLite too, and count their calls on regular files.
 * When the count is reached, the chosen thing happens.
 */
#ifndef TESTS_FAULT_STORAGE_SHIM_H
#define TESTS_FAULT_STORAGE_SHIM_H

#include <stdbool.h>

enum shim_fault {
    SHIM_NONE,
    SHIM_KILL,         /* SIGKILL instead of the call */
    SHIM_POWER_CUT,    /* what was not synced is undone, then SIGKILL */
    SHIM_FULL,         /* from now on every write fails with ENOSPC */
    SHIM_SYNC,         /* from now on every sync fails with EIO */
    SHIM_KILL_AT_SYNC, /* SIGKILL instead of a sync; writes do not count */
};

/* Strikes at the `at`-th call from now. `files` has a bit for each file that
 * a power cut may undo, by its inode modulo 8. */
void shim_set(enum shim_fault fault, long at, unsigned files);
/* Calls counted since shim_set. */
long shim_calls(void);

/* For a program with children: strikes only in the process that calls this;
 * with `group` a kill takes its whole process group. */
void shim_own(bool group);
bool shim_is_owner(void);
void shim_kill(void);

#endif
