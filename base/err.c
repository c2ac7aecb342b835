/*
 * The two tables behind err.h: what each code is called, and which code stands
 * for a value of errno.
 */
#include "base/err.h"

#include <errno.h>
#include <stddef.h>

static const char *const texts[CERR_NR] = {
    [CERR_OK] = "no error",
    [CERR_NOMEM] = "out of memory",
    [CERR_TOO_BIG] = "larger than its limit",
    [CERR_AGAIN] = "not ready, try again",
    [CERR_TIMEOUT] = "time limit reached",
    [CERR_INVALID] = "invalid argument",
    [CERR_STATE] = "not allowed in this state",
    [CERR_PERM] = "not permitted",
    [CERR_CANCELED] = "canceled",
    [CERR_CLOSED] = "closed by the other side",
    [CERR_OWNERDEAD] = "the holder of the lock died",
    [CERR_CORRUPT] = "damaged data",
    [CERR_NOT_FOUND] = "not found",
    [CERR_EXISTS] = "exists already",
    [CERR_BUSY] = "in use by another process",
    [CERR_FULL] = "no space left on the device",
    [CERR_IO] = "input/output error",
    [CERR_FORMAT] = "not a file of this program or of a newer version",
    [CERR_LIMIT] = "a limit of the system is reached",
    [CERR_NO_ROOM] = "full: a bound that it was opened with is reached",
    [CERR_NOT_LENT] = "not lent: finished before, or taken back",
};

/* Only a mistake of the caller can bring a number that is no code. But the text
 * is asked for while an error is reported, and that must not crash. */
const char *err_str(enum err err)
{
    if ((unsigned)err >= CERR_NR || !texts[err])
        return "unknown error";
    return texts[err];
}

/* A file that would be too large (EFBIG) is told as a full device: the limit
 * is the file system's or RLIMIT_FSIZE, and the way out is the same. */
enum err err_from_errno(int errnum)
{
    static const struct {
        int errnum;
        enum err err;
    } map[] = {
        {ENOMEM, CERR_NOMEM},         {EMSGSIZE, CERR_TOO_BIG},
        {EFBIG, CERR_FULL},           {ENOSPC, CERR_FULL},
        {EDQUOT, CERR_FULL},          {EAGAIN, CERR_AGAIN},
        {ETIMEDOUT, CERR_TIMEOUT},    {EINVAL, CERR_INVALID},
        {EPERM, CERR_PERM},           {EACCES, CERR_PERM},
        {EROFS, CERR_PERM},           {ECANCELED, CERR_CANCELED},
        {EPIPE, CERR_CLOSED},         {ECONNRESET, CERR_CLOSED},
        {EOWNERDEAD, CERR_OWNERDEAD}, {ENOENT, CERR_NOT_FOUND},
        {EEXIST, CERR_EXISTS},        {EBUSY, CERR_BUSY},
        {EMFILE, CERR_LIMIT},         {ENFILE, CERR_LIMIT},
    };

    if (errnum == 0)
        return CERR_OK;
    for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
        if (map[i].errnum == errnum)
            return map[i].err;
    return CERR_IO;
}
