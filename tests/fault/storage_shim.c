#include "tests/fault/storage_shim.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What a write replaced, so that it can be undone. */
struct undo {
    int fd;
    ino_t inode;
    off_t at, old_size;
    size_t len; /* of old bytes */
    unsigned char *old;
    struct undo *next;
};

static struct {
    enum shim_fault fault;
    long left, calls;
    unsigned files;
    bool failing, group;
    pid_t owner;      /* 0: every process */
    struct undo *log; /* newest first */
} shim;

/* Outputs are synced by threads of their own. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void shim_set(enum shim_fault fault, long at, unsigned files)
{
    shim.fault = fault;
    shim.left = at;
    shim.files = files;
    shim.calls = 0;
    shim.failing = false;
}

void shim_own(bool group)
{
    shim.owner = getpid();
    shim.group = group;
}

bool shim_is_owner(void)
{
    return shim.owner == 0 || shim.owner == getpid();
}

void shim_kill(void)
{
    kill(shim.group ? 0 : getpid(), SIGKILL);
}

long shim_calls(void)
{
    return shim.calls;
}

static bool is_file(int fd, struct stat *file)
{
    return shim.fault && fd > 2 && shim_is_owner() && fstat(fd, file) == 0 &&
           S_ISREG(file->st_mode);
}

/* Remembers `len` bytes at `at` before they change. */
static void remember(int fd, const struct stat *file, off_t at, size_t len)
{
    struct undo *undo;

    if (shim.fault != SHIM_POWER_CUT)
        return;
    undo = calloc(1, sizeof(*undo));
    undo->fd = fd;
    undo->inode = file->st_ino;
    undo->at = at;
    undo->old_size = file->st_size;
    undo->old = malloc(len + 1);
    if (at < file->st_size)
        undo->len = (size_t)syscall(SYS_pread64, fd, undo->old, len, at);
    pthread_mutex_lock(&lock);
    undo->next = shim.log;
    shim.log = undo;
    pthread_mutex_unlock(&lock);
}

/* What is synced stays whatever happens. */
static void forget(const struct stat *file)
{
    struct undo **link = &shim.log;

    pthread_mutex_lock(&lock);
    while (*link) {
        struct undo *undo = *link;

        if (undo->inode != file->st_ino) {
            link = &undo->next;
            continue;
        }
        *link = undo->next;
        free(undo->old);
        free(undo);
    }
    pthread_mutex_unlock(&lock);
}

static void cut_power(void)
{
    for (struct undo *undo = shim.log; undo; undo = undo->next) {
        struct stat file;

        /* the descriptor may be another file's by now */
        if (fstat(undo->fd, &file) || file.st_ino != undo->inode ||
            !(shim.files >> undo->inode % 8 & 1))
            continue;
        syscall(SYS_pwrite64, undo->fd, undo->old, undo->len, undo->at);
        syscall(SYS_ftruncate, undo->fd, undo->old_size);
    }
}

/* Counts a call; true if it has to fail. */
static bool strike(bool sync)
{
    bool counts = sync || shim.fault != SHIM_KILL_AT_SYNC;
    bool now, fails;

    pthread_mutex_lock(&lock);
    now = counts && ++shim.calls == shim.left;
    if (now && shim.fault == SHIM_POWER_CUT)
        cut_power();
    if (now && shim.fault != SHIM_FULL && shim.fault != SHIM_SYNC)
        shim_kill();
    if (now)
        shim.failing = true;
    fails = shim.failing && (shim.fault == SHIM_SYNC) == sync;
    pthread_mutex_unlock(&lock);
    return fails;
}

ssize_t pwrite64(int fd, const void *data, size_t len, off64_t at)
{
    struct stat file;

    if (is_file(fd, &file)) {
        if (strike(false)) {
            errno = ENOSPC;
            return -1;
        }
        remember(fd, &file, at, len);
    }
    return syscall(SYS_pwrite64, fd, data, len, at);
}

ssize_t write(int fd, const void *data, size_t len)
{
    struct stat file;

    if (is_file(fd, &file)) {
        if (strike(false)) {
            errno = ENOSPC;
            return -1;
        }
        remember(fd, &file, lseek(fd, 0, SEEK_CUR), len);
    }
    return syscall(SYS_write, fd, data, len);
}

int ftruncate64(int fd, off64_t size)
{
    struct stat file;

    if (is_file(fd, &file)) {
        strike(false); /* a smaller file fits even on a full disk */
        if (size < file.st_size)
            remember(fd, &file, size, (size_t)(file.st_size - size));
    }
    return (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

static int sync_file(int fd, long call)
{
    struct stat file;

    if (is_file(fd, &file)) {
        if (strike(true)) {
            errno = EIO;
            return -1;
        }
        forget(&file);
    }
    return (int)syscall(call, fd);
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}
