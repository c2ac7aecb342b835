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

#define SINK_FLUSH_BYTES (1 << 20)    /* a file gets its bytes from here on */
#define SINK_KEEP_BYTES  (4u << 20)   /* memory kept from commit to commit */
#define SINK_BUF_BYTES   (512u << 20) /* limit of what waits for a commit */

struct sink;

struct sink_ops {
    const char *kind;                    /* "txt": the word for --format */
    const char *suffixes;                /* ".txt .text": blank between */
    bool wants_raw;                      /* asks for page_record.raw_... */
    enum err (*init)(struct sink *sink); /* makes `state`; may be NULL */
    /* Writes what stands at the start of a file; may be NULL. */
    enum err (*start)(struct sink *sink);
    /* One page, or a line that got no URL (url is the line's text). */
    enum err (*put)(struct sink *sink, const struct page_record *page,
                    struct sink_place *place);
    void (*release)(struct sink *sink); /* frees `state`; may be NULL */
    /* Whether the file at hand is full and the next page goes to a new one;
     * NULL: never. */
    bool (*is_full)(const struct sink *sink);
};

extern const struct sink_ops sink_text;
extern const struct sink_ops sink_jsonl;
extern const struct sink_ops sink_csv;
extern const struct sink_ops sink_warc;

struct sink {
    const struct sink_ops *ops;
    char *path; /* owned; as the user named it */
    char *key;  /* owned; as the database remembers it, or NULL */
    int fd;
    bool is_stream;
    bool made;        /* this open made the file */
    int part;         /* WARC rolls: number of the file written now */
    int64_t offset;   /* bytes of the file so far, without `buf` */
    int64_t unsynced; /* of them, not known to be on disk */
    struct buf buf;
    struct stamp stamp;
    void *state; /* of the kind */
    /* about the run, for headers; borrowed from the options while opening */
    const char *version, *user_agent;
    int64_t now_ms;
    bool is_export; /* the pages come from a database, with their bodies */
};

/* The kind for a path, or for the word `format` when the suffix does not
 * tell; NULL: none. "-" without a format is JSONL. */
const struct sink_ops *sink_kind(const char *path, const char *format);

/*
 * Opens the file for appending, making it if it is not there; writes nothing.
 * On failure `*sink` is NULL. CERR_INVALID: a folder or symbolic link.
 */
enum err sink_open(struct sink **sink, const char *path,
                   const struct sink_ops *ops) CERR_CHECK;
/* Cuts it back to the committed place. CERR_CORRUPT when it is shorter. */
enum err sink_resume(struct sink *sink, int part, int64_t offset) CERR_CHECK;
/* Puts into an empty one what stands at the start of its kind. */
enum err sink_start(struct sink *sink) CERR_CHECK;
/* A file that holds something already (a stream never does). */
bool sink_has_content(const struct sink *sink);
/* A line that got no URL, as the page that outputs show for it. */
struct page_record sink_line_page(const struct line_record *line);
enum err sink_put(struct sink *sink, const struct page_record *page,
                  struct sink_place *place) CERR_CHECK;
/* Writes what waits and, for a file, makes it durable. */
enum err sink_flush(struct sink *sink) CERR_CHECK;
/* Path of a part, owned by the caller: the path with "-00001" before its
 * suffix; part 0 is the path itself. */
char *sink_part_path(const struct sink *sink, int part);
/* Frees it; with `undo`, a file that this open made is removed. */
void sink_close(struct sink *sink, bool undo);

#endif
