/*
 * sink: the append-only outputs behind one small table of functions.
 *
 * A kind turns a page into bytes in `buf`; everything about files is common
 * (sink.c): rows gather in memory, sink_flush() appends and syncs them, and
 * the byte offset that the storage then commits is the truth: on opening, the
 * file is cut back to it. A stream ("-", a pipe, a device) has no offset; its
 * rows leave after the commit and may repeat after a kill.
 *
 * Private to storage/. The first error of a sink stops the storage.
 */
#ifndef STORAGE_SINK_SINK_H
#define STORAGE_SINK_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "storage/page_row.h"
#include "storage/stamp.h"

/* So many bytes are written to a file without waiting for the commit. */
#define SINK_FLUSH_BYTES (1 << 20)
/* So much memory a buffer keeps from commit to commit. */
#define SINK_KEEP_BYTES  (4u << 20)
/* So many bytes may wait, those of a stream for a commit; more are
 * CERR_TOO_BIG. */
#define SINK_BUF_BYTES   (512u << 20)

struct sink;

struct sink_ops {
    const char *kind;                    /* "txt": the word for --format */
    const char *suffixes;                /* ".txt .text": blank between */
    bool wants_raw;                      /* needs page_record.raw_... */
    enum err (*init)(struct sink *sink); /* makes `state`; may be NULL */
    /* Writes what stands at the start of a file; may be NULL. */
    enum err (*start)(struct sink *sink);
    /* One page, or a line that got no URL (url is the line's text). */
    enum err (*put)(struct sink *sink, const struct page_record *page,
                    struct sink_place *place);
    void (*release)(struct sink *sink); /* frees `state`; may be NULL */
    /* Whether the current file is full, so that the next page goes to a new
     * one; NULL: never. */
    bool (*is_full)(const struct sink *sink);
    /* Whether a part that stands there was begun by this program. */
    bool (*is_own)(const char *path);
};

/* Whose the bytes and parts behind the committed place are. */
enum sink_rest {
    SINK_REST_FOREIGN, /* others wrote them: the file is refused */
    SINK_REST_OWN,     /* ours, of a session that was killed: they are cut */
    SINK_REST_FORCED,  /* they are cut whoever wrote them */
};

extern const struct sink_ops sink_text;
extern const struct sink_ops sink_jsonl;
extern const struct sink_ops sink_csv;
extern const struct sink_ops sink_warc;

struct sink {
    const struct sink_ops *ops;
    char *path;       /* owned; as the user named it */
    char *key;        /* owned; as the database remembers it, or NULL */
    int fd;           /* owned; -1: none */
    bool is_stream;   /* standard output, a pipe or a device */
    bool made;        /* this opening made the file */
    bool is_left;     /* the reader of the stream has gone: it gets no more */
    int part;         /* number of the current file, from 0; WARC has several */
    int64_t offset;   /* bytes written to the current file, without `buf` */
    int64_t unsynced; /* those of them that may not be on disk yet */
    struct buf buf;   /* bytes that wait to be written */
    size_t ready;     /* those at its front that a stream may have now */
    struct stamp stamp; /* of the last time that was shown */
    void *state;        /* owned by the kind: made by init, freed by release */
    /* about the run, for headers; borrowed from the options while opening */
    const char *version, *user_agent;
    int64_t now_ms;
    char *taken;    /* owned; the file of another that is in the way */
    bool is_export; /* the pages come from a database, with their bodies */
};

/* The kind of sink for a path, or for the word `format` when the suffix does
 * not tell; NULL when neither does. "-" without a format is JSONL. */
const struct sink_ops *sink_kind(const char *path, const char *format);

/*
 * Opens the file for appending, making it if it is not there; writes nothing.
 * On failure `*sink` is NULL. CERR_INVALID: a folder or symbolic link, but for
 * one that leads to a stream. CERR_AGAIN: a named pipe that nobody reads yet.
 */
enum err sink_open(struct sink **sink, const char *path,
                   const struct sink_ops *ops) CERR_CHECK;
/* Goes on at the committed place, and cuts off what may be. CERR_CORRUPT: the
 * file is shorter. CERR_EXISTS: it is longer, or sink->taken is in the way;
 * nothing was changed. */
enum err sink_resume(struct sink *sink, int part, int64_t offset,
                     enum sink_rest rest) CERR_CHECK;
/* Writes to an empty file what stands at the start of its kind. */
enum err sink_start(struct sink *sink) CERR_CHECK;
/* Whether the file holds something already; a stream never does. */
bool sink_has_content(const struct sink *sink);
/* The page that outputs show for a line without a URL; borrows from the line.
 */
struct page_record sink_line_page(const struct line_record *line);
/* Adds the page to what waits to be written; a WARC file fills `place`. */
enum err sink_put(struct sink *sink, const struct page_record *page,
                  struct sink_place *place) CERR_CHECK;
/* Writes what waits. Of a stream only what its reader takes now; the rest stays
 * in `buf`. */
enum err sink_write(struct sink *sink) CERR_CHECK;
/* Makes durable what was written to a file. Touches no other sink: several may
 * be synced at once, each by one thread. Blocks. */
enum err sink_sync(struct sink *sink) CERR_CHECK;
/* Both of them. */
enum err sink_flush(struct sink *sink) CERR_CHECK;
/* Writes to a stream of what is ready as much as its reader takes now. */
enum err sink_push(struct sink *sink) CERR_CHECK;
/* Writes all of it, and waits for the reader of a stream as long as it takes.
 */
enum err sink_drain(struct sink *sink) CERR_CHECK;
/* The path of a part, owned by the caller: the sink's path with "-00001" before
 * its suffix. Part 0 is the path itself. */
char *sink_part_path(const struct sink *sink, int part);
/* Frees the sink. With `undo`, a file that this opening made is removed. */
void sink_close(struct sink *sink, bool undo);

#endif
