/*
 * Preloaded into crawl: lets the Nth call of a kind fail, in one process of the
 * run, once or from then on.
 *
 * FAILING_CALL="malloc 120 parent once" and so on; FAILING_STATE names a file
 * of two numbers for each kind and role, which all processes share: the calls
 * so far, and in the last place whether it has struck. What is counted without
 * being failed says how far N can go.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    MALLOC,
    WRITE,
    FSYNC,
    FORK,
    SOCKET,
    OPEN,
    EPOLL,
    MMAP,
    SEND,
    KINDS
};
enum role { PARENT, SPAWNER, WORKER, ROLES };

static const char *const kinds[KINDS] = {"malloc", "write",  "fsync",
                                         "fork",   "socket", "open",
                                         "epoll",  "mmap",   "send"};
static const char *const roles[ROLES] = {"parent", "spawner", "worker"};
static const int errors[KINDS] = {ENOMEM, ENOSPC, EIO,    EAGAIN, EMFILE,
                                  EMFILE, ENOMEM, ENOMEM, ENOBUFS};

struct state {
    _Atomic uint64_t calls[KINDS][ROLES];
    _Atomic uint64_t has_struck;
};

static struct state *state; /* NULL: nothing is counted */
static enum kind target = KINDS;
static enum role target_role, role;
static uint64_t target_nr;
static bool is_lasting, is_failing; /* the second: in this process */

/* The function behind ours: of the sanitizer, or of libc. */
#define REAL(name)                                                             \
    static __typeof__(&(name)) real;                                           \
    if (!real)                                                                 \
    real = (__typeof__(&(name)))dlsym(RTLD_NEXT, #name)

/* Counts a call; true if it is to fail. */
static bool strikes(enum kind kind)
{
    uint64_t nr;

    if (!state)
        return false;
    nr = atomic_fetch_add(&state->calls[kind][role], 1) + 1;
    if (kind != target || role != target_role)
        return false;
    if (nr == target_nr) {
        atomic_store(&state->has_struck, 1);
        is_failing = is_lasting;
    } else if (!is_failing) {
        return false;
    }
    errno = errors[kind];
    return true;
}

void *malloc(size_t len)
{
    REAL(malloc);
    return strikes(MALLOC) ? NULL : real(len);
}

void *calloc(size_t nr, size_t len)
{
    REAL(calloc);
    return strikes(MALLOC) ? NULL : real(nr, len);
}

void *realloc(void *old, size_t len)
{
    REAL(realloc);
    return strikes(MALLOC) ? NULL : real(old, len);
}

void *reallocarray(void *old, size_t nr, size_t len)
{
    REAL(reallocarray);
    return strikes(MALLOC) ? NULL : real(old, nr, len);
}

ssize_t write(int fd, const void *data, size_t len)
{
    REAL(write);
    /* what goes to standard error has no other way to be said */
    return fd != STDERR_FILENO && strikes(WRITE) ? -1 : real(fd, data, len);
}

ssize_t writev(int fd, const struct iovec *parts, int nr)
{
    REAL(writev);
    return strikes(WRITE) ? -1 : real(fd, parts, nr);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    REAL(pwrite64);
    return strikes(WRITE) ? -1 : real(fd, data, len, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
    REAL(pwrite);
    return strikes(WRITE) ? -1 : real(fd, data, len, at);
}

int fsync(int fd)
{
    REAL(fsync);
    return strikes(FSYNC) ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return strikes(FSYNC) ? -1 : real(fd);
}

pid_t fork(void)
{
    pid_t pid;

    REAL(fork);
    if (strikes(FORK))
        return -1;
    pid = real();
    if (pid == 0 && role < WORKER)
        role++;
    return pid;
}

int socket(int family, int type, int protocol)
{
    REAL(socket);
    return strikes(SOCKET) ? -1 : real(family, type, protocol);
}

int socketpair(int family, int type, int protocol, int pair[2])
{
    REAL(socketpair);
    return strikes(SOCKET) ? -1 : real(family, type, protocol, pair);
}

/* The mode is there only with flags that ask for one; to read it is harmless
 * on every machine that this runs on. */
#define OPEN_MODE(flags)                                                       \
    va_list more;                                                              \
    mode_t mode;                                                               \
    va_start(more, flags);                                                     \
    mode = va_arg(more, mode_t);                                               \
    va_end(more)

int open(const char *path, int flags, ...)
{
    OPEN_MODE(flags);
    REAL(open);
    return strikes(OPEN) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    OPEN_MODE(flags);
    REAL(open64);
    return strikes(OPEN) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    OPEN_MODE(flags);
    REAL(openat);
    return strikes(OPEN) ? -1 : real(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *how)
{
    REAL(fopen);
    return strikes(OPEN) ? NULL : real(path, how);
}

FILE *fopen64(const char *path, const char *how)
{
    REAL(fopen64);
    return strikes(OPEN) ? NULL : real(path, how);
}

int memfd_create(const char *name, unsigned flags)
{
    REAL(memfd_create);
    return strikes(OPEN) ? -1 : real(name, flags);
}

int epoll_create1(int flags)
{
    REAL(epoll_create1);
    return strikes(EPOLL) ? -1 : real(flags);
}

int epoll_ctl(int set, int what, int fd, struct epoll_event *event)
{
    REAL(epoll_ctl);
    return strikes(EPOLL) ? -1 : real(set, what, fd, event);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t from)
{
    REAL(mmap);
    return strikes(MMAP) ? MAP_FAILED
                         : real(at, len, protection, flags, fd, from);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd,
             off64_t from)
{
    REAL(mmap64);
    return strikes(MMAP) ? MAP_FAILED
                         : real(at, len, protection, flags, fd, from);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    REAL(send);
    return strikes(SEND) ? -1 : real(fd, data, len, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    REAL(sendmsg);
    return strikes(SEND) ? -1 : real(fd, message, flags);
}

static int index_of(const char *name, const char *const *names, int nr)
{
    int i = 0;

    while (i < nr && strcmp(name, names[i]) != 0)
        i++;
    return i;
}

/* A worker in its sandbox could look nothing up. */
static void resolve_all(void)
{
    int pair[2];
    int fd = memfd_create("failing", 0);
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t done;

    free(calloc(1, 1));
    free(reallocarray(realloc(malloc(1), 2), 2, 2));
    done = write(fd, "", 1) + writev(fd, &part, 0) + pwrite(fd, "", 1, 0) +
           pwrite64(fd, "", 1, 0);
    (void)done;
    if (fsync(fd) || fdatasync(fd))
        abort();
    close(fd);
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair))
        abort();
    if (send(pair[0], "", 1, 0) != 1 || sendmsg(pair[1], &message, 0) < 0)
        abort();
    close(pair[0]);
    close(pair[1]);
    close(socket(AF_INET, SOCK_DGRAM, 0));
    close(open("/dev/null", O_RDONLY));
    close(open64("/dev/null", O_RDONLY));
    close(openat(AT_FDCWD, "/dev/null", O_RDONLY));
    fclose(fopen("/dev/null", "re"));
    fclose(fopen64("/dev/null", "re"));
    fd = epoll_create1(0);
    epoll_ctl(fd, EPOLL_CTL_DEL, 0, NULL);
    close(fd);
    munmap(mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1);
    munmap(mmap64(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAILING_STATE");
    const char *call = getenv("FAILING_CALL");
    char kind[16] = "", where[16] = "", how[16] = "";
    unsigned long long nr = 0;
    struct state *shared;
    int fd;

    if (!path)
        return;
    resolve_all();
    if (call && sscanf(call, "%15s %llu %15s %15s", kind, &nr, where, how) != 4)
        abort();
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, sizeof(*shared)))
        abort();
    shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared == MAP_FAILED)
        abort();
    if (call) {
        target = (enum kind)index_of(kind, kinds, KINDS);
        target_role = (enum role)index_of(where, roles, ROLES);
        target_nr = nr;
        is_lasting = strcmp(how, "lasting") == 0;
    }
    state = shared;
}
