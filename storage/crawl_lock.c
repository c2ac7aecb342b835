/* The lock on a database file, and the sentences when it cannot be had. */
#include "storage/crawl_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Finds the process that holds the flock on this file, in the kernel's table of
 * locks (proc(5)); 0 when there is none or when it cannot be read. The device's
 * numbers stand there in hexadecimal, the inode in decimal. */
static pid_t find_holder(const struct stat *file)
{
    FILE *locks = fopen("/proc/locks", "re");
    char line[256];
    pid_t holder = 0;

    if (!locks)
        return 0;
    while (!holder && fgets(line, sizeof(line), locks)) {
        int pid;
        unsigned int dev_major, dev_minor;
        uintmax_t inode;

        /* NOLINTNEXTLINE(cert-err34-c): the kernel's numbers are in range */
        if (sscanf(line, "%*d: FLOCK %*s %*s %d %x:%x:%ju", &pid, &dev_major,
                   &dev_minor, &inode) != 4)
            continue;
        if (inode == file->st_ino && dev_major == major(file->st_dev) &&
            dev_minor == minor(file->st_dev))
            holder = pid;
    }
    fclose(locks);
    return holder;
}

/* Whether an error of a lock says that the file system has no locks: NFS
 * without a lock service, and some FUSE and SMB mounts (flock(2), fcntl(2)). */
static bool is_about_locks(int errnum)
{
    return errnum == ENOLCK || errnum == EOPNOTSUPP || errnum == ENOSYS;
}

/* Tries a lock of the kind that SQLite uses, on a byte that it does not use: a
 * database without them would look as if another program wrote to it
 * (SQLITE_BUSY). */
static bool lacks_record_locks(int fd)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};

    if (fcntl(fd, F_SETLK, &lock) != 0)
        return is_about_locks(errno);
    lock.l_type = F_UNLCK;
    (void)fcntl(fd, F_SETLK, &lock);
    return false;
}

/* Opens the file or makes it. O_EXCL tells a new file from one that was there,
 * so that a failed opening removes only what it made. */
static int open_file(const char *path, bool *made)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = open(path, flags | O_CREAT | O_EXCL, 0666);

    *made = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(path, flags);
    return fd;
}

/*
 * Opens the file and locks it; *holder is the process that has the lock, or 0.
 * O_NONBLOCK keeps the opening of a named pipe from waiting for its other end;
 * O_NOFOLLOW keeps a link from leading to a file that the user did not name.
 * The kernel drops the lock with the open file, so a process that dies in
 * whatever way leaves no lock behind. CERR_STATE: there are no locks here.
 */
static enum err lock_file(struct crawl_lock *lock, const char *path, bool *made,
                          pid_t *holder)
{
    enum err err = CERR_OK;
    struct stat file;

    *holder = 0;
    lock->fd = open_file(path, made);
    if (lock->fd < 0)
        return errno == ELOOP || errno == EISDIR || errno == ENXIO
                   ? CERR_INVALID
                   : err_from_errno(errno);
    if (fstat(lock->fd, &file))
        err = err_from_errno(errno);
    else if (!S_ISREG(file.st_mode))
        err = CERR_INVALID;
    else if (flock(lock->fd, LOCK_EX | LOCK_NB)) {
        err = errno == EWOULDBLOCK    ? CERR_BUSY
              : is_about_locks(errno) ? CERR_STATE
                                      : err_from_errno(errno);
        *holder = find_holder(&file);
    } else if (lacks_record_locks(lock->fd))
        err = CERR_STATE;
    /* a file that another crawl has locked since we made it is its own now */
    if (err && err != CERR_BUSY && *made)
        unlink(path);
    if (err)
        crawl_lock_drop(lock);
    return err;
}

/* Each sentence ends with what the user can do. */
enum err crawl_lock_take(struct crawl_lock *lock, const char *path, bool *made,
                         struct failure *failure)
{
    pid_t holder;
    enum err err = lock_file(lock, path, made, &holder);

    if (err == CERR_BUSY && holder > 0)
        return failure_set(failure, err,
                           "%s: another crawl is writing to it (process %d); "
                           "wait for it, or stop it with: kill %d",
                           path, (int)holder, (int)holder);
    if (err == CERR_BUSY)
        return failure_set(failure, err,
                           "%s: another crawl is writing to it; wait for it, "
                           "or name another file with --output",
                           path);
    if (err == CERR_INVALID)
        return failure_set(failure, err,
                           "%s: not a regular file (a folder, a device or a "
                           "symbolic link); name a file with --output",
                           path);
    if (err == CERR_STATE)
        return failure_set(failure, err,
                           "%s: the file system there gives no file locks, "
                           "and a database needs them; name a file on a local "
                           "disk with --output, or mount it with locks (NFS: "
                           "without nolock)",
                           path);
    if (err)
        return failure_set(failure, err, "%s: cannot write there: %s", path,
                           err_str(err));
    return CERR_OK;
}

bool crawl_lock_is_possible(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool possible = fd < 0 || !lacks_record_locks(fd);

    if (fd >= 0)
        close(fd);
    return possible;
}

void crawl_lock_drop(struct crawl_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

/* Asks the kernel's table and does not open the file: to close any descriptor
 * of it would drop the POSIX locks that SQLite has on it in this process
 * (fcntl(2)). */
bool crawl_lock_is_held(const char *path, pid_t *holder)
{
    struct stat file;

    *holder = stat(path, &file) ? 0 : find_holder(&file);
    return *holder != 0;
}
