/* The pipe behind worker_lines.h. All workers share its one writing end; a line
 * is one write() of at most PIPE_BUF bytes, so lines do not mix: pipe(7). */
#include "crawler/worker_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"

#define LINE_BYTES 4096
#define NR_READS   16 /* of one call, so that no worker holds the parent up */

struct worker_lines {
    int read_fd;
    int stdio[3];
    int nr_lines;          /* logged so far */
    size_t len;            /* of the line that is not complete */
    char room[LINE_BYTES]; /* a longer line is logged in pieces */
};

enum err worker_lines_open(struct worker_lines **lines)
{
    struct worker_lines *made = xcalloc(1, sizeof(*made));
    int ends[2] = {-1, -1};
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int saved_errno;

    *lines = NULL;
    if (null_fd >= 0 && pipe2(ends, O_CLOEXEC) == 0 &&
        fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
        made->read_fd = ends[0];
        made->stdio[0] = made->stdio[1] = null_fd;
        made->stdio[2] = ends[1];
        *lines = made;
        return CERR_OK;
    }
    saved_errno = errno;
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    if (null_fd >= 0)
        close(null_fd);
    free(made);
    return err_from_errno(saved_errno);
}

const int *worker_lines_stdio(const struct worker_lines *lines)
{
    return lines->stdio;
}

int worker_lines_fd(const struct worker_lines *lines)
{
    return lines->read_fd;
}

/* A worker's own log has said how bad the line is. Anything else comes from a
 * library, a sanitizer, or whoever took the worker over. */
static enum log_level level_of(const char **text)
{
    static const struct {
        const char *front;
        enum log_level level;
    } fronts[] = {
        {"crawl: error: ", LOG_ERROR},
        {"crawl: warning: ", LOG_WARN},
        {"crawl: debug: ", LOG_DEBUG},
        {"crawl: ", LOG_INFO},
    };

    for (size_t i = 0; i < sizeof(fronts) / sizeof(fronts[0]); i++) {
        size_t len = strlen(fronts[i].front);

        if (strncmp(*text, fronts[i].front, len) == 0) {
            *text += len;
            return fronts[i].level;
        }
    }
    return LOG_ERROR;
}

static void log_one(struct worker_lines *lines, const char *text)
{
    enum log_level level = level_of(&text);

    if (lines->nr_lines > WORKER_LINES_MAX || !*text)
        return;
    if (lines->nr_lines++ == WORKER_LINES_MAX)
        log_warn("workers have said %d lines; no more are shown",
                 WORKER_LINES_MAX);
    else
        log_line(level, "worker: %s", text);
}

/* Logs the complete lines in the room, and a line that fills it. NUL ends a
 * line too: what is behind it would not be shown. */
static void log_lines(struct worker_lines *lines)
{
    char *at = lines->room, *end = lines->room + lines->len;

    for (;;) {
        char *stop = at;

        while (stop < end && *stop != '\n' && *stop != '\0')
            stop++;
        if (stop == end)
            break;
        *stop = '\0';
        log_one(lines, at);
        at = stop + 1;
    }
    lines->len = (size_t)(end - at);
    memmove(lines->room, at, lines->len);
    if (lines->len == sizeof(lines->room) - 1) {
        lines->room[lines->len] = '\0';
        log_one(lines, lines->room);
        lines->len = 0;
    }
}

/* Returns whether there may be more. */
static bool read_piece(struct worker_lines *lines)
{
    ssize_t got = read(lines->read_fd, lines->room + lines->len,
                       sizeof(lines->room) - 1 - lines->len);

    if (got <= 0)
        return got < 0 && errno == EINTR;
    lines->len += (size_t)got;
    log_lines(lines);
    return true;
}

void worker_lines_read(struct worker_lines *lines)
{
    for (int i = 0; i < NR_READS && read_piece(lines); i++)
        continue;
}

void worker_lines_close(struct worker_lines *lines)
{
    if (!lines)
        return;
    worker_lines_read(lines);
    lines->room[lines->len] = '\0';
    log_one(lines, lines->room);
    close(lines->read_fd);
    close(lines->stdio[0]);
    close(lines->stdio[2]);
    free(lines);
}
