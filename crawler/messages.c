/* A FILE whose bytes go into a buffer and from there to an outlet, so that all
 * who print need not know of it. */
#include "crawler/messages.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/outlet.h"
#include "base/xalloc.h"

struct messages {
    int fd;             /* owned; -1: standard error is closed */
    FILE *file;         /* owned */
    struct buf waiting; /* what the reader has not taken */
    long nr_dropped;    /* writes that found no room, since some was there */
    char room[4096];    /* of the file */
};

/* Writes what the reader takes now. Where our own open file fails, the shared
 * one may still do: nobody else tells why a run ended. */
static ssize_t give(const struct messages *messages, const void *data,
                    size_t len)
{
    ssize_t done = outlet_write(messages->fd, data, len);

    return done < 0 ? outlet_write(STDERR_FILENO, data, len) : done;
}

/* Writes until the reader takes no more. An error ends it for good: nobody is
 * there to be told. */
static void push(struct messages *messages)
{
    struct buf *waiting = &messages->waiting;
    ssize_t done = 1;
    size_t sent = 0;

    while (sent < waiting->len && done > 0) {
        done = give(messages, waiting->data + sent, waiting->len - sent);
        sent = done < 0 ? waiting->len : sent + (size_t)done;
    }
    if (sent && sent < waiting->len)
        memmove(waiting->data, waiting->data + sent, waiting->len - sent);
    waiting->len -= sent;
}

bool messages_push(struct messages *messages)
{
    if (!messages || messages->fd < 0)
        return false;
    push(messages);
    if (messages->waiting.len == 0 && messages->nr_dropped) {
        if (buf_addf(&messages->waiting,
                     "crawl: %ld messages were not shown: nobody read them\n",
                     messages->nr_dropped) == CERR_OK)
            messages->nr_dropped = 0;
        push(messages);
    }
    return messages->waiting.len > 0;
}

/* A cookie_write_function_t; a short count would be an error of the FILE. What
 * the reader takes at once needs no memory: what is said may be that there is
 * none. */
static ssize_t take(void *cookie, const char *data, size_t len)
{
    struct messages *messages = cookie;
    size_t sent = 0;
    ssize_t done = 1;

    if (messages->fd < 0)
        return (ssize_t)len;
    while (!messages_push(messages) && sent < len && done > 0) {
        done = give(messages, data + sent, len - sent);
        sent = done < 0 ? len : sent + (size_t)done;
    }
    if (sent < len && buf_add(&messages->waiting, data + sent, len - sent))
        messages->nr_dropped++;
    return (ssize_t)len;
}

/* A log_sink_fn. */
static void on_log_line(void *ctx, const char *line)
{
    struct messages *messages = ctx;

    fprintf(messages->file, "%s\n", line);
    fflush(messages->file);
}

struct messages *messages_open(void)
{
    struct messages *messages = xcalloc(1, sizeof(*messages));
    const cookie_io_functions_t functions = {.write = take};

    messages->fd = outlet_open(STDERR_FILENO);
    buf_init(&messages->waiting, MESSAGES_WAIT_BYTES);
    messages->file = fopencookie(messages, "w", functions);
    if (!messages->file) /* it fails for want of memory alone */
        abort();
    setvbuf(messages->file, messages->room, _IOFBF, sizeof(messages->room));
    messages_take_log(messages);
    return messages;
}

FILE *messages_file(const struct messages *messages)
{
    return messages->file;
}

int messages_fd(const struct messages *messages)
{
    return messages->fd;
}

void messages_take_log(struct messages *messages)
{
    log_set_sink(on_log_line, messages);
}

void messages_close(struct messages *messages)
{
    if (!messages)
        return;
    log_set_sink(NULL, NULL);
    (void)messages_push(messages);
    fclose(messages->file);
    if (messages->fd >= 0)
        close(messages->fd);
    buf_release(&messages->waiting);
    free(messages);
}
