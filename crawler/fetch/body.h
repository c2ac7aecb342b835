/*
 * body: takes the body of one answer as it arrives.
 *
 * Counts it as received and as decoded, hashes what is decoded, keeps as much
 * of that as the caller wants, and holds it to its caps. A coding that is
 * wrong from the first byte leaves the bytes as they came. Knows nothing of
 * libcurl.
 */
#ifndef CRAWLER_FETCH_BODY_H
#define CRAWLER_FETCH_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/wire.h"
#include "crawler/content/decode.h"
#include "crawler/page/outcome.h"
#include "crawler/page/page.h"

#define BODY_SPARES_MAX   64 /* bodies whose memory is kept ... */
#define BODY_SPARES_BYTES ((size_t)32 << 20) /* ... at most, in all */

struct body_limits {
    uint64_t max_bytes;      /* most decoded bytes; the rest is cut */
    uint64_t max_wire_bytes; /* most bytes as received */
    uint64_t max_ratio;      /* most decoded bytes for each received one */
    bool keep; /* the bytes are kept in `data`; else they are only counted and
                  hashed */
};

struct body {
    struct buf data;       /* decoded bytes that were kept */
    struct decode *decode; /* borrowed while a coding is being undone */
    void *hash;            /* owned; state of XXH3 */
    size_t looked_bytes;   /* of `data` that are hashed */
    struct body_limits limits;
    uint64_t wire_bytes;
    uint64_t decoded_bytes;
    uint64_t
        skipped_bytes; /* hashed bytes before `data`: ASCII that was not kept */
    bool skips;        /* ASCII is not kept, until the first other byte */
    bool is_hashing;   /* some bytes went into `hash` */
    bool is_ascii;     /* the bytes looked at so far */
    bool begun;        /* body_start() was called for this answer */
    bool cut;          /* stopped at a limit, or in a damaged coding */
    bool has_junk;     /* bytes behind the end of a coding */
    enum error error;  /* ERROR_BAD_ENCODING: `data` is undecoded */
};

/*
 * What bodies need only while they run, kept warm for the next one that
 * begins: most transfers wait for their server, and need none of it.
 */
struct body_spares {
    struct buf memory[BODY_SPARES_MAX]; /* owned; for `data` */
    size_t nr_memory, memory_bytes;
    struct decode **decoders; /* owned; as many places as there are bodies */
    size_t nr_decoders;
};

/* Room for the decoders of so many bodies. */
void body_spares_init(struct body_spares *spares, size_t nr_bodies);
/* Frees all; every decoder must have been given back. */
void body_spares_release(struct body_spares *spares);
/* Gives a body that begins memory, if some lies there. */
void body_spares_lend(struct body_spares *spares, struct body *body);
/* Resets a body that has ended and takes its memory, which is freed where
 * enough lies there. */
void body_spares_take_back(struct body_spares *spares, struct body *body);
/* Lends a decoder; give it back when the body has ended. NULL: no memory. */
struct decode *body_spares_borrow_decoder(struct body_spares *spares);
void body_spares_return_decoder(struct body_spares *spares,
                                struct decode *decode);

void body_init(struct body *body);
void body_release(struct body *body);
/* Makes the body ready for the next answer; it keeps its memory. */
void body_reset(struct body *body);

/*
 * Begins the body. `decode` is needed and borrowed until body_finish() when
 * `codings` (value of Content-Encoding) is not empty; it may be NULL else.
 * `expected` bytes, if above 0, are made room for at once.
 * ERROR_NONE or ERROR_INTERNAL.
 */
enum error body_start(struct body *body, const struct body_limits *limits,
                      struct decode *decode, struct bytes codings,
                      int64_t expected);
/* Takes the next bytes as received. ERROR_NONE, ERROR_TOO_LARGE, ERROR_BOMB,
 * ERROR_BAD_ENCODING or ERROR_INTERNAL; after an error no more is wanted. */
enum error body_feed(struct body *body, const void *data, size_t len);
/* Stops keeping ASCII, as nobody reads it: what is kept is dropped and what
 * follows is only counted. One byte of it stays, so that `data` does not begin
 * with what looks like a byte order mark. */
void body_skip_ascii(struct body *body);
/* Ends the body. ERROR_NONE, or what is wrong with the body as a whole. */
enum error body_finish(struct body *body);
/* Ends the look at the bytes: `is_ascii`, and XXH3-128 of the decoded bytes in
 * canonical byte order; of none at all if no body has begun. */
void body_sum_up(struct body *body, unsigned char hash[PAGE_HASH_BYTES]);

#endif
