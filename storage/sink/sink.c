/* What all kinds of sinks share: their files, parts and offsets. */
#include "storage/sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/outlet.h"
#include "base/xalloc.h"
#include "storage/suffix.h"

/* ---- opening and closing ---- */

/* Makes the name of a new file durable. fsync() of the file alone keeps its
 * bytes; after a power cut its folder might not list it (fsync(2)). */
static enum err sync_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? xmemdup0(path, (size_t)(slash - path) + 1) : xstrdup(".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum err err = CERR_OK;

    free(folder);
    if (fd < 0)
        return err_from_errno(errno);
    if (fsync(fd) && errno != EINVAL) /* EINVAL: the file system cannot */
        err = err_from_errno(errno);
    close(fd);
    return err;
}

/* Opens what the path leads to if that is a stream: a link to one, as
 * /dev/stdout and a shell's >(command) are, leads to nothing that could be
 * overwritten. CERR_AGAIN: a named pipe has no reader yet (ENXIO, fifo(7)).
 * CERR_NOT_FOUND: it is no stream. */
static enum err open_stream(struct sink *sink, const char *path)
{
    struct stat file;

    if (stat(path, &file) || S_ISREG(file.st_mode) || S_ISDIR(file.st_mode))
        return CERR_NOT_FOUND;
    sink->fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (sink->fd < 0 && errno == ENXIO && S_ISFIFO(file.st_mode))
        return CERR_AGAIN;
    if (sink->fd < 0)
        return err_from_errno(errno);
    sink->is_stream = true;
    return CERR_OK;
}

/* Opens the file or makes it, unless it is a stream. A symbolic link is
 * refused, because it leads to a file that the user did not name. */
static enum err open_file(struct sink *sink, const char *path)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    struct stat file;
    enum err err = open_stream(sink, path);

    if (err != CERR_NOT_FOUND)
        return err;
    sink->fd = open(path, flags | O_CREAT | O_EXCL, 0666);
    sink->made = sink->fd >= 0;
    if (sink->fd < 0 && errno == EEXIST)
        sink->fd = open(path, flags);
    if (sink->fd < 0 && (errno == ELOOP || errno == EISDIR))
        return CERR_INVALID;
    if (sink->fd < 0 || fstat(sink->fd, &file))
        return err_from_errno(errno);
    return S_ISREG(file.st_mode) ? CERR_OK : CERR_INVALID;
}

enum err sink_open(struct sink **sink, const char *path,
                   const struct sink_ops *ops)
{
    struct sink *opened = xcalloc(1, sizeof(*opened));
    enum err err = CERR_OK;

    opened->ops = ops;
    opened->path = xstrdup(path);
    opened->fd = -1;
    buf_init(&opened->buf, SINK_BUF_BYTES);
    if (strcmp(path, "-") == 0) {
        opened->is_stream = true;
        opened->fd = outlet_open(STDOUT_FILENO);
        if (opened->fd < 0)
            err = err_from_errno(errno);
    } else {
        err = open_file(opened, path);
    }
    if (!err && ops->init)
        err = ops->init(opened);
    if (err) {
        sink_close(opened, true);
        opened = NULL;
    }
    *sink = opened;
    return err;
}

/* The number stands before the whole suffix: "x-00001.warc.gz". */
char *sink_part_path(const struct sink *sink, int part)
{
    const char *suffix = suffix_of(sink->path, sink->ops->suffixes);
    size_t bytes = strlen(sink->path) + 16;
    char *path = xmalloc(bytes);

    if (!suffix)
        suffix = sink->path + strlen(sink->path);
    if (part == 0)
        snprintf(path, bytes, "%s", sink->path);
    else
        snprintf(path, bytes, "%.*s-%05d%s", (int)(suffix - sink->path),
                 sink->path, part, suffix);
    return path;
}

/* Closes the current file and opens that of `part`, or makes it: a new part
 * must not be there. `made` goes on telling of part 0: that is the file which
 * sink_close() removes. */
static enum err open_part(struct sink *sink, int part, bool is_new)
{
    char *path = sink_part_path(sink, part);
    bool first_made = sink->made;
    enum err err;

    close(sink->fd);
    err = open_file(sink, path);
    if (!err && sink->made)
        err = sync_folder(path);
    else if (!err && is_new)
        err = CERR_EXISTS;
    sink->made = first_made;
    sink->part = part;
    sink->offset = 0;
    sink->unsynced = 0;
    free(path);
    return err;
}

/* Looks through the parts behind the current one, whose numbers have no gap:
 * the first one without a file is the end. Removes them, or returns CERR_EXISTS
 * at one that is not to be removed. */
static enum err parts_behind(struct sink *sink, enum sink_rest rest,
                             bool remove)
{
    struct stat file;

    for (int part = sink->part + 1;; part++) {
        char *path = sink_part_path(sink, part);
        bool there = lstat(path, &file) == 0;

        if (there && (rest == SINK_REST_FOREIGN ||
                      (rest == SINK_REST_OWN && !sink->ops->is_own(path)))) {
            free(sink->taken);
            sink->taken = path;
            return CERR_EXISTS;
        }
        if (there && remove && unlink(path))
            there = false;
        free(path);
        if (!there)
            return CERR_OK;
    }
}

/* Goes on in the file that is open. Everything is looked at before anything is
 * cut. */
static enum err resume_file(struct sink *sink, int64_t offset,
                            enum sink_rest rest)
{
    struct stat file;
    enum err err = CERR_OK;

    if (fstat(sink->fd, &file))
        return err_from_errno(errno);
    if (file.st_size < offset)
        return CERR_CORRUPT;
    if (file.st_size > offset && rest == SINK_REST_FOREIGN)
        return CERR_EXISTS;
    if (sink->ops->is_full)
        err = parts_behind(sink, rest, false);
    if (err)
        return err;
    if (ftruncate(sink->fd, offset) || lseek(sink->fd, offset, SEEK_SET) < 0)
        return err_from_errno(errno);
    return sink->ops->is_full ? parts_behind(sink, rest, true) : CERR_OK;
}

/* After a kill, bytes behind the committed offset were written after the last
 * commit. Their rows were rolled back and will come again, so the bytes are cut
 * off. */
enum err sink_resume(struct sink *sink, int part, int64_t offset,
                     enum sink_rest rest)
{
    enum err err = CERR_OK;

    if (!sink->is_stream) {
        if (sink->made)
            err = sync_folder(sink->path);
        if (!err && part > 0)
            err = open_part(sink, part, false);
        if (!err)
            err = resume_file(sink, offset, rest);
    }
    if (!err)
        sink->offset = offset;
    return err;
}

/* A file that has bytes already got its start in an earlier session. A stream
 * has offset 0 at each start and so gets it each time. */
enum err sink_start(struct sink *sink)
{
    return sink->offset == 0 && sink->ops->start ? sink->ops->start(sink)
                                                 : CERR_OK;
}

bool sink_has_content(const struct sink *sink)
{
    struct stat file;

    return !sink->is_stream && fstat(sink->fd, &file) == 0 && file.st_size > 0;
}

/* Bytes that still wait are dropped: no commit covers them. */
void sink_close(struct sink *sink, bool undo)
{
    if (!sink)
        return;
    if (sink->ops->release)
        sink->ops->release(sink);
    if (undo && sink->made)
        unlink(sink->path);
    if (sink->fd >= 0)
        close(sink->fd);
    buf_release(&sink->buf);
    free(sink->path);
    free(sink->key);
    free(sink->taken);
    free(sink);
}

/* ---- writing ---- */

/*
 * Writes without raising SIGPIPE. write() to a pipe whose reader is gone raises
 * it, and a library must not decide what the program does about signals. So the
 * signal is blocked in this thread meanwhile, and taken back by sigtimedwait()
 * if this call was its cause and it did not wait before.
 */
static ssize_t write_quietly(int fd, const void *data, size_t len)
{
    static const struct timespec at_once = {0, 0};
    sigset_t pipe_set, old_set, pending;
    ssize_t done;
    int errnum;

    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_set, &old_set);
    done = outlet_write(fd, data, len);
    errnum = errno;
    if (done < 0 && errnum == EPIPE && !sigismember(&pending, SIGPIPE))
        while (sigtimedwait(&pipe_set, NULL, &at_once) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &old_set, NULL);
    errno = errnum;
    return done;
}

/* Writes all that waits to a file; after a short write the rest. */
static enum err write_file(struct sink *sink)
{
    const unsigned char *at = sink->buf.data;
    size_t left = sink->buf.len;

    while (left) {
        ssize_t done = write(sink->fd, at, left);

        if (done < 0 && errno != EINTR)
            return err_from_errno(errno);
        if (done > 0) {
            at += done;
            left -= (size_t)done;
        }
    }
    sink->offset += (int64_t)sink->buf.len;
    sink->unsynced += (int64_t)sink->buf.len;
    buf_reset_to(&sink->buf, SINK_KEEP_BYTES);
    return CERR_OK;
}

/* A reader that has left is no failure of ours, and no later write reaches it:
 * what waits for it is dropped. */
static enum err fail_to_push(struct sink *sink, enum err err)
{
    if (err == CERR_CLOSED) {
        sink->is_left = true;
        sink->ready = 0;
        buf_reset(&sink->buf);
    }
    return err;
}

/* What is left of `ready` moves to the front of the buffer once a call, not
 * once a write. */
enum err sink_push(struct sink *sink)
{
    size_t sent = 0;
    ssize_t done = 1;

    while (sent < sink->ready && done > 0) {
        done =
            write_quietly(sink->fd, sink->buf.data + sent, sink->ready - sent);
        if (done < 0)
            return fail_to_push(sink, err_from_errno(errno));
        sent += (size_t)done;
    }
    sink->ready -= sent;
    sink->offset += (int64_t)sent;
    if (sent && sent < sink->buf.len)
        memmove(sink->buf.data, sink->buf.data + sent, sink->buf.len - sent);
    sink->buf.len -= sent;
    if (sink->buf.len == 0)
        buf_reset_to(&sink->buf, SINK_KEEP_BYTES);
    return CERR_OK;
}

enum err sink_drain(struct sink *sink)
{
    enum err err = sink_flush(sink);

    while (!err && sink->ready) {
        struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};

        (void)poll(&ready, 1, -1);
        err = sink_push(sink);
    }
    return err;
}

struct page_record sink_line_page(const struct line_record *line)
{
    return (struct page_record){
        .url = line->text,
        .line = line->line,
        .outcome = {"skipped", 7},
        .error = line->error,
        .detail = line->detail,
        PAGE_RECORD_NONE,
    };
}

/* Puts the full part on disk, closes it and starts the next one. */
static enum err roll(struct sink *sink)
{
    enum err err = sink_flush(sink);

    if (!err)
        err = open_part(sink, sink->part + 1, true);
    return err ? err : sink_start(sink);
}

enum err sink_put(struct sink *sink, const struct page_record *page,
                  struct sink_place *place)
{
    enum err err = CERR_OK;

    if (sink->ops->is_full && !sink->is_stream && sink->ops->is_full(sink))
        err = roll(sink);
    if (!err)
        err = sink->ops->put(sink, page, place);
    /* a file may get its bytes before the commit: a resume cuts them off */
    if (!err && !sink->is_stream && sink->buf.len >= SINK_FLUSH_BYTES)
        err = write_file(sink);
    return err;
}

enum err sink_write(struct sink *sink)
{
    if (!sink->is_stream)
        return write_file(sink);
    sink->ready = sink->buf.len;
    return sink_push(sink);
}

enum err sink_flush(struct sink *sink)
{
    enum err err = sink_write(sink);

    return err ? err : sink_sync(sink);
}

/* fdatasync() suffices: it also writes the size that is needed to read the
 * bytes back (fdatasync(2)), and leaves out times. */
enum err sink_sync(struct sink *sink)
{
    if (sink->is_stream || sink->unsynced == 0)
        return CERR_OK;
    if (fdatasync(sink->fd))
        return err_from_errno(errno);
    sink->unsynced = 0;
    return CERR_OK;
}
