/*
 * err: the one vocabulary for "our own environment failed".
 *
 * A failed fetch is data and never an enum err; a bug is an assert. What is
 * left, the disk that is full or the fork that is refused, is one of these.
 * Every function that returns one is marked warn_unused_result.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
    ERR_OK = 0,
    ERR_NOMEM,     /* an allocation failed */
    ERR_TOO_BIG,   /* a named limit would be passed */
    ERR_AGAIN,     /* full or not ready now; try again later */
    ERR_TIMEOUT,   /* the time limit given by the caller ran out */
    ERR_INVALID,   /* an argument breaks the documented contract */
    ERR_STATE,     /* legal call, wrong moment (submit after close, ...) */
    ERR_PERM,      /* not allowed for this caller (another process, ...) */
    ERR_CANCELED,  /* canceled by the caller */
    ERR_LOST,      /* a worker process died with it */
    ERR_CLOSED,    /* the other end is closed for good */
    ERR_OWNERDEAD, /* the holder of a lock died; the caller holds it now */
    ERR_CORRUPT,   /* bytes from outside break their format */
    ERR_NOT_FOUND, /* no such key, file, row */
    ERR_EXISTS,    /* is there already */
    ERR_BUSY,      /* in use by somebody else */
    ERR_FULL,      /* no space left on the device, quota reached */
    ERR_IO,        /* read, write, sync or another system call failed */
    ERR_FORMAT,    /* a file is not ours, or of a newer version */
    ERR_LIMIT,     /* the system's limit (descriptors, processes) is reached */
    ERR_NR         /* number of codes, not a code */
};

#define ERR_CHECK __attribute__((warn_unused_result))

/* A short English sentence part, "no space left on the device". Never NULL. */
const char *err_str(enum err err);

/* The code that fits a value of errno; ERR_IO for those without their own. */
enum err err_from_errno(int errnum);

#endif
