/*
 * sandbox: takes away from a worker what fetching pages does not need.
 *
 * Entered once, by one thread, after everything is loaded that has to be:
 * what is read later is the resolver's configuration and the CA file, nothing
 * else. No way back. Each part is there or not, by kernel and rights; whoever
 * calls decides whether that is enough.
 */
#ifndef CRAWLER_FETCH_SANDBOX_H
#define CRAWLER_FETCH_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum sandbox_part {
    SANDBOX_NO_NEW_PRIVS = 1 << 0, /* and not dumpable */
    SANDBOX_LIMITS = 1 << 1,       /* rlimits: no file, no core, memory */
    SANDBOX_FILES = 1 << 2,        /* Landlock: the few files above, to read */
    SANDBOX_LISTEN = 1 << 3,       /* Landlock: no TCP port of its own */
    SANDBOX_SIGNALS = 1 << 4,      /* Landlock: none to other processes */
    SANDBOX_CALLS = 1 << 5,        /* seccomp: the system calls it needs */
    SANDBOX_USER = 1 << 6,         /* another user than root */
};

/* Without these it is no sandbox: what `require` wants, on any kernel that is
 * supported. The rest is taken where it can be had. */
#define SANDBOX_REQUIRED                                                       \
    ((uint32_t)(SANDBOX_NO_NEW_PRIVS | SANDBOX_LIMITS | SANDBOX_FILES |        \
                SANDBOX_CALLS))

#define SANDBOX_ADDRESS_BYTES ((uint64_t)8 << 30) /* of address space */

struct sandbox_options {
    const char *user;    /* to become if root; NULL: stay */
    const char *ca_file; /* to be read later; NULL: none */
};

/*
 * `*reached` gets the parts (enum sandbox_part) that hold now. ERR_NOT_FOUND:
 * no such user; ERR_PERM: the user cannot read the CA file, or a step failed
 * half-way; then the process must end.
 */
enum err sandbox_enter(const struct sandbox_options *options,
                       uint32_t *reached) ERR_CHECK;

/* What sandbox_enter() could reach here, without entering; SANDBOX_USER only
 * when `user` is given and this process is root. */
uint32_t sandbox_offered(const char *user);
/* "files, calls"; "" for 0. Cut at `cap`. */
void sandbox_describe(uint32_t parts, char *out, size_t cap);

#endif
