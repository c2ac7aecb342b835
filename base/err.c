#include "base/err.h"

#include <errno.h>
#include <stddef.h>

static const char *const texts[ERR_NR] = {
    [ERR_OK] = "no error",
    [ERR_NOMEM] = "out of memory",
    [ERR_TOO_BIG] = "larger than its limit",
    [ERR_AGAIN] = "not ready, try again",
    [ERR_TIMEOUT] = "time limit reached",
    [ERR_INVALID] = "invalid argument",
    [ERR_STATE] = "not allowed in this state",
    [ERR_PERM] = "not permitted",
    [ERR_CANCELED] = "canceled",
    [ERR_LOST] = "lost with its worker",
    [ERR_CLOSED] = "closed by the other side",
    [ERR_OWNERDEAD] = "the holder of the lock died",
    [ERR_CORRUPT] = "damaged data",
    [ERR_NOT_FOUND] = "not found",
    [ERR_EXISTS] = "exists already",
    [ERR_BUSY] = "in use by another process",
    [ERR_FULL] = "no space left on the device",
    [ERR_IO] = "input/output error",
    [ERR_FORMAT] = "not a file of this program or of a newer version",
    [ERR_LIMIT] = "a limit of the system is reached",
};

const char *err_str(enum err err)
{
    if ((unsigned)err >= ERR_NR || !texts[err])
        return "unknown error";
    return texts[err];
}

enum err err_from_errno(int errnum)
{
    static const struct {
        int errnum;
        enum err err;
    } map[] = {
        {ENOMEM, ERR_NOMEM},         {EMSGSIZE, ERR_TOO_BIG},
        {EFBIG, ERR_FULL},           {ENOSPC, ERR_FULL},
        {EDQUOT, ERR_FULL},          {EAGAIN, ERR_AGAIN},
        {ETIMEDOUT, ERR_TIMEOUT},    {EINVAL, ERR_INVALID},
        {EPERM, ERR_PERM},           {EACCES, ERR_PERM},
        {EROFS, ERR_PERM},           {ECANCELED, ERR_CANCELED},
        {EPIPE, ERR_CLOSED},         {ECONNRESET, ERR_CLOSED},
        {EOWNERDEAD, ERR_OWNERDEAD}, {ENOENT, ERR_NOT_FOUND},
        {EEXIST, ERR_EXISTS},        {EBUSY, ERR_BUSY},
        {EMFILE, ERR_LIMIT},         {ENFILE, ERR_LIMIT},
    };

    if (errnum == 0)
        return ERR_OK;
    for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
        if (map[i].errnum == errnum)
            return map[i].err;
    return ERR_IO;
}
