/*
 * urllist: takes a list of URLs apart into numbered lines, as bytes arrive.
 *
 * A line ends in LF, CRLF or a lone CR; the last one needs no end. A UTF-8
 * byte order mark at the start is dropped; that of UTF-16 makes the list UTF-8
 * first. A list without any of these ends, as `find -print0` writes it, has
 * lines that end in NUL. Every line is handed on, empty and comment lines too,
 * with whatever bytes it has: this module knows nothing of URLs. Compressed
 * input is inflated on the way (unpack.h). Memory is constant: a line over
 * URLLIST_LINE_BYTES is handed on once, marked and cut, its rest is skipped.
 *
 * A sitemap is a list as well, when the caller says so: its entries are the
 * lines.
 *
 * Pure: the caller reads the file or pipe. One object, one input, one thread.
 */
#ifndef CRAWLER_LIST_URLLIST_H
#define CRAWLER_LIST_URLLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define URLLIST_LINE_BYTES 65536 /* longest whole line, end not counted */

struct urllist; /* opaque */

struct urllist_line {
    const char *text; /* borrowed for the call; no NUL behind it */
    size_t len;       /* at most URLLIST_LINE_BYTES */
    int64_t number;   /* the first line is 1 */
    bool too_long;    /* `text` is only its first URLLIST_LINE_BYTES bytes */
};

/* Anything but CERR_OK ends the reading with that result. */
typedef enum err (*urllist_line_fn)(void *ctx, const struct urllist_line *line);

struct urllist_options {
    urllist_line_fn on_line;
    void *ctx;
    /* A place from urllist_offset() and urllist_lines() of an earlier run:
     * reading goes on behind it, and what comes before is passed over
     * unseen. Both 0: from the start. */
    int64_t start_offset, start_lines;
};

/* Owned by the caller. Never NULL. Copies `options`. */
struct urllist *urllist_new(const struct urllist_options *options);
void urllist_free(struct urllist *list);
/* Says that the input is a sitemap, before its first byte is fed. Its offset
 * stays 0: what start_lines counts is passed over. */
void urllist_set_sitemap(struct urllist *list);

/*
 * Takes the next bytes of the input (from its first byte on, also when
 * start_offset is set) and calls on_line for each line that ends in them.
 * CERR_CORRUPT: damaged data; the lines before the damage were handed on.
 * CERR_TOO_BIG: unpacking it needs more than UNPACK_MEMORY_BYTES. CERR_NOMEM:
 * the library got no memory. Else what on_line returned. After an error
 * every later call returns the same.
 */
enum err urllist_feed(struct urllist *list, const void *data,
                      size_t len) CERR_CHECK;
/*
 * The input has ended: hands on the last line if it has no end. CERR_CORRUPT:
 * the compressed data is cut; its unfinished line is not handed on.
 */
enum err urllist_finish(struct urllist *list) CERR_CHECK;

/*
 * How many bytes of the input the caller may seek over now in place of
 * feeding them; they count as fed. Above 0 only before start_offset in a
 * plain file whose first bytes were fed; a caller that cannot seek (a pipe)
 * never asks and feeds everything.
 */
int64_t urllist_skip(struct urllist *list);

/* Bytes of the plain text (inflated, and in UTF-8) up to behind the last line
 * handed on. */
int64_t urllist_offset(const struct urllist *list);
/* Lines up to there: the number of the last line handed on. */
int64_t urllist_lines(const struct urllist *list);
/* "gzip", "bzip2", "xz", "zstd", or "" for what is not compressed. */
const char *urllist_packing(const struct urllist *list);
/* Bytes of compressed input that were used. After CERR_CORRUPT: where the
 * damage shows, from 0. */
int64_t urllist_packed_bytes(const struct urllist *list);

#endif
