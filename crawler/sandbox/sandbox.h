/*
 * sandbox: takes away from a worker what fetching pages does not need.
 *
 * Entered once, by one thread, after everything is loaded that has to be:
 * what is read later is the resolver's configuration and the CA file, nothing
 * else. No way back. Each part is there or not, by kernel and rights; whoever
 * calls decides whether that is enough. docs/decisions/0006-sandbox.md tells
 * why it is as it is.
 *
 * A forbidden system call ends the process by SIGSYS; its number stays in the
 * board, memory that the parent shares with all workers. The parent believes
 * none of it: it is words for people.
 */
#ifndef CRAWLER_SANDBOX_SANDBOX_H
#define CRAWLER_SANDBOX_SANDBOX_H

#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define SANDBOX_FILES_MAX    6 /* that can be read from inside */
#define SANDBOX_USER_DEFAULT "nobody"
#define SANDBOX_TEXT_BYTES   128 /* enough for sandbox_describe() */
#define SANDBOX_CALL_BYTES   40  /* enough for the name of a system call */

enum sandbox_part {
    SANDBOX_NO_NEW_PRIVS = 1 << 0, /* and not dumpable */
    SANDBOX_LIMITS = 1 << 1,       /* rlimits: no file, no core, memory */
    SANDBOX_FILES = 1 << 2,        /* Landlock: the few files above, to read */
    SANDBOX_LISTEN = 1 << 3,       /* Landlock: no TCP port of its own */
    SANDBOX_SIGNALS = 1 << 4,      /* Landlock: none to other processes */
    SANDBOX_CALLS = 1 << 5,        /* seccomp: the system calls it needs */
    SANDBOX_USER = 1 << 6,         /* another user than root */
    SANDBOX_CAPABILITIES = 1 << 7, /* none, whoever the user is */
};

#define SANDBOX_ALL ((uint32_t)(SANDBOX_CAPABILITIES << 1) - 1)
/* Without these it is no sandbox: what `require` wants, on any kernel that is
 * supported. The rest is taken where it can be had. */
#define SANDBOX_REQUIRED                                                       \
    ((uint32_t)(SANDBOX_NO_NEW_PRIVS | SANDBOX_LIMITS | SANDBOX_FILES |        \
                SANDBOX_CALLS | SANDBOX_CAPABILITIES))

/* ---- what workers leave behind for the parent ---- */

struct sandbox_board; /* opaque; shared memory, a line for each worker */

/* Makes the board; call it before the workers are forked. NULL: no memory. */
struct sandbox_board *sandbox_board_new(int nr_workers);
void sandbox_board_free(struct sandbox_board *board);
/* Parts that hold in this worker, or held in the one before it while it is
 * starting; 0: none. */
uint32_t sandbox_board_parts(const struct sandbox_board *board, int worker);
/* Takes the number of a forbidden call off the line of a worker that died. To
 * be called before another worker gets its place and its line. */
void sandbox_board_take(struct sandbox_board *board, int worker);
/* The name of the call that was taken off the line last, as "execve"; "" if
 * that worker made none, or none that it could tell. */
void sandbox_board_call(const struct sandbox_board *board, int worker,
                        char *out, size_t cap);

/* ---- the sandbox ---- */

/* Processes and threads of the workers' user; others may run as it, too. */
#define SANDBOX_PROCESSES 8192

struct sandbox_options {
    /* The user to become if this is root. NULL: SANDBOX_USER_DEFAULT where that
     * works and can read the CA file, else stay. */
    const char *user;
    const char *ca_file;         /* to be read later; NULL: none */
    uint64_t memory_bytes;       /* address space beyond what is mapped now */
    struct sandbox_board *board; /* NULL: none */
    int worker;                  /* its line there */
};

struct sandbox {
    uint32_t parts; /* enum sandbox_part: those that hold */
    /* The files that can be read, and which ones they were at the start. */
    struct sandbox_file {
        const char *path; /* borrowed */
        dev_t device;
        ino_t inode;        /* 0: there was none */
        int64_t changed_ns; /* as its mtime; 0: a change of its text is of no
                               account */
    } files[SANDBOX_FILES_MAX];
    size_t nr_files;
    bool is_stale; /* as sandbox_is_stale() found, and stays so */
};

/*
 * Shuts the calling process in. CERR_NOT_FOUND: no such user; CERR_PERM: not
 * root and another user is wanted, that user cannot read the CA file, or a step
 * failed half-way; CERR_NOMEM. On any error the process must end.
 */
enum err sandbox_enter(struct sandbox *sandbox,
                       const struct sandbox_options *options) CERR_CHECK;
/* Only notes the resolver's files, for sandbox_is_stale(): for a worker that is
 * not shut in, whose resolver reads them once all the same. */
void sandbox_watch(struct sandbox *sandbox);

/*
 * True from the moment on when one of its files has been replaced by another,
 * as by a renewed lease: Landlock knows files, not names, so the new one
 * cannot be read; or when one that the resolver read at its start has another
 * text. Look-ups would go astray, so the worker should leave and be replaced. A
 * few stat() calls, no more.
 */
bool sandbox_is_stale(struct sandbox *sandbox);

/*
 * The user of that name, until the next call; NULL with errno 0: there is none,
 * else: no memory to know. The system's own users are read without NSS, which
 * in glibc 2.36 crashes where memory is short.
 */
const struct passwd *sandbox_find_user(const char *name);

/* What sandbox_enter() should reach here, without entering. */
uint32_t sandbox_offered(const char *user);
/* "files, system calls"; "" for 0. Cut at `cap`. */
void sandbox_describe(uint32_t parts, char *out, size_t cap);

#endif
