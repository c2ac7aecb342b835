/*
 * err: the one vocabulary for "our own environment failed".
 *
 * A failed fetch is data and never an enum err; a bug is an assert. What is
 * left, the disk that is full or the fork that is refused, is one of these.
 * Every function that returns one is marked warn_unused_result.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

enum err {
    CERR_OK = 0,
    CERR_NOMEM,     /* an allocation failed */
    CERR_TOO_BIG,   /* a named limit would be passed */
    CERR_AGAIN,     /* full or not ready now; try again later */
    CERR_TIMEOUT,   /* the time limit given by the caller ran out */
    CERR_INVALID,   /* an argument breaks the documented contract */
    CERR_STATE,     /* legal call, wrong moment (submit after close, ...) */
    CERR_PERM,      /* not allowed for this caller (another process, ...) */
    CERR_CANCELED,  /* canceled by the caller */
    CERR_CLOSED,    /* the other end is closed for good */
    CERR_OWNERDEAD, /* the holder of a lock died; the caller holds it now */
    CERR_CORRUPT,   /* bytes from outside break their format */
    CERR_NOT_FOUND, /* no such key, file, row */
    CERR_EXISTS,    /* is there already */
    CERR_BUSY,      /* in use by somebody else */
    CERR_FULL,      /* no space left on the device, quota reached */
    CERR_IO,        /* read, write, sync or another system call failed */
    CERR_FORMAT,    /* a file is not ours, or of a newer version */
    CERR_LIMIT,     /* the system's limit (descriptors, processes) is reached */
    CERR_NO_ROOM,   /* a bound of the shared object is reached */
    CERR_NOT_LENT,  /* no such item is lent: finished before, or taken back */
    CERR_NR         /* number of codes, not a code */
};

#define CERR_CHECK __attribute__((warn_unused_result))

/* A short English sentence part, "no space left on the device". Never NULL. */
const char *err_str(enum err err);

/* The code that fits a value of errno; CERR_IO for those without their own. */
enum err err_from_errno(int errnum);

#ifdef __cplusplus
}
#endif

#endif
