/* What the kernel promises of poll() and write(), for each kind of file. */
#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* So much goes into a pipe that poll() calls writable, without waiting, even
 * where O_NONBLOCK cannot be had: it has a free buffer of one page then
 * (pipe(7)). A terminal gives no such promise; it takes a line. */
#define PIPE_BYTES     4096
#define TERMINAL_BYTES 256

/* A pipe or a terminal is opened anew by its name in /proc, which makes an open
 * file of its own. That fails for a terminal of another user, and where /proc
 * is missing; the descriptor is shared then. */
int outlet_open(int fd)
{
    struct stat file;
    char path[40];
    int own = -1;

    if (fstat(fd, &file))
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (S_ISFIFO(file.st_mode) || S_ISCHR(file.st_mode))
        own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own >= 3)
        return own;
    if (own >= 0) /* it must not take the place of a standard one */
        fd = own;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

    if (own >= 0)
        close(own);
    return copy;
}

/* How much of `len` bytes may be written at once, so that write() returns. */
static size_t piece_of(int fd, const struct stat *file, size_t len)
{
    int flags = fcntl(fd, F_GETFL);
    size_t most = len;

    if (flags >= 0 && (flags & O_NONBLOCK))
        return len;
    if (S_ISFIFO(file->st_mode))
        most = PIPE_BYTES;
    else if (S_ISCHR(file->st_mode) && isatty(fd))
        most = TERMINAL_BYTES;
    return len < most ? len : most;
}

ssize_t outlet_write(int fd, const void *data, size_t len)
{
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    struct stat file;
    ssize_t done;

    if (fstat(fd, &file))
        return -1;
    /* an error or a reader that has left counts as ready: write() tells it */
    if (!S_ISREG(file.st_mode) && poll(&ready, 1, 0) == 0)
        return 0;
    if (S_ISSOCK(file.st_mode))
        done = send(fd, data, len, MSG_DONTWAIT);
    else
        done = write(fd, data, piece_of(fd, &file, len));
    return done < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : done;
}
