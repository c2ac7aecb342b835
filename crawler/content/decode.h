/*
 * decode: undoes Content-Encoding, piece by piece as the bytes arrive.
 *
 * Knows gzip (x-gzip), deflate (with and without its zlib wrapper), br, zstd
 * and identity, up to five one in another. What libcurl 7.88 lets pass is told
 * here: a stream that is cut is never a success, output is capped, and so is
 * its ratio to what came over the wire. Knows nothing of HTTP but the value of
 * that one header. Results are words of `enum error`.
 *
 * One object serves one body at a time and any number of bodies one after the
 * other: the libraries' contexts are made at the first use of a coding and
 * kept. Not safe for use by two threads at once.
 */
#ifndef CRAWLER_CONTENT_DECODE_H
#define CRAWLER_CONTENT_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/page/outcome.h"

#define DECODE_CODINGS_MAX 5 /* nested; identity does not count */
#define DECODE_RATIO_MAX   300
#define DECODE_RATIO_FLOOR ((uint64_t)1 << 20)

/*
 * Takes decoded bytes, borrowed, `len` at least 1. Anything but ERROR_NONE
 * ends the decoding with that result.
 */
typedef enum error (*decode_sink_fn)(void *ctx, const void *data, size_t len);

struct decode_options {
    decode_sink_fn sink;
    void *ctx;
    uint64_t max_bytes; /* most decoded bytes; the sink never gets more */
    /* Decoded bytes per byte of wire above which it is a bomb, counted once a
     * coding has put out more than the floor; 0: the defaults above. */
    uint64_t ratio_max;
    uint64_t ratio_floor_bytes;
};

struct decode; /* opaque */

/* Owned by the caller; allocates no library context yet. Never NULL. */
struct decode *decode_new(void);
void decode_free(struct decode *decode);

/*
 * Begins a body, whatever became of the one before. `codings` is the value of
 * Content-Encoding, several headers joined by commas; NULL or empty: identity.
 * Copies `options`.
 * ERROR_BAD_ENCODING: an unknown coding, or six; start again with an empty
 * value to take the bytes as they are. ERROR_INTERNAL: no memory.
 */
enum error decode_start(struct decode *decode, const char *codings, size_t len,
                        const struct decode_options *options);

/*
 * Takes the next bytes of the body; the sink is called before it returns.
 * Identity hands `data` itself to the sink. ERROR_NONE, or the result that
 * every later call gives too: ERROR_BAD_ENCODING, ERROR_TOO_LARGE (the sink
 * has got the first max_bytes), ERROR_BOMB, ERROR_INTERNAL, or the sink's.
 */
enum error decode_feed(struct decode *decode, const void *data, size_t len);

/* Ends the body. ERROR_TRUNCATED_ENCODING when a coding is not at its end; a
 * body of no bytes at all is fine, as HEAD and most redirects have it. Else as
 * decode_feed(). */
enum error decode_finish(struct decode *decode);

/* True when bytes followed the end of a coding; they were dropped. */
bool decode_has_junk(const struct decode *decode);

#endif
