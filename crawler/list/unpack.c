/*
 * The four decoders behind unpack.h, and one way to drive them.
 *
 * DESIGN. A decoder is a row of a table: how its parts begin, and what starts,
 * steps and ends it. The driver knows where a part ends and another begins, so
 * each library is asked for one part at a time and none for its own way to read
 * several.
 */
#include "crawler/list/unpack.h"

#include <bzlib.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/xalloc.h"

#define OUT_BYTES        65536
#define MAGIC_BYTES      10 /* the longest beginning in the table */
#define WINDOW_LOG_MAX   27 /* of zstd: 128 MiB, UNPACK_MEMORY_BYTES */
#define BLOCK_HEAD_BYTES 3  /* RFC 8878, 3.1.1.2 */
#define STEP_BYTES       ((size_t)1 << 30) /* zlib and bzip2 count in 32 bits */

/* What one step of a decoder did. */
enum step {
    STEP_ON,      /* it wants more bytes, or has more to give */
    STEP_END,     /* the part has ended */
    STEP_CORRUPT, /* the bytes are damaged */
    STEP_TOO_BIG, /* over UNPACK_MEMORY_BYTES */
    STEP_NOMEM
};

/* The bytes of a step: it moves `in` and `out` on and lowers what is left. */
struct span {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len;
};

struct codec {
    const char *name;
    /* How a part begins; a 0 in `mask` is a bit that may be anything. */
    size_t magic_len;
    unsigned char magic[MAGIC_BYTES], mask[MAGIC_BYTES];
    bool (*start)(struct unpack *unpack); /* false: no memory */
    enum step (*step)(struct unpack *unpack, struct span *span);
    void (*stop)(struct unpack *unpack);
};

enum state {
    STATE_NEW,    /* `held` has the first bytes, which fit a magic so far */
    STATE_PLAIN,  /* not compressed */
    STATE_PART,   /* inside a compressed part, whose decoder is started */
    STATE_BETWEEN /* behind one */
};

struct unpack {
    unpack_fn fn;
    void *ctx;
    enum err err; /* the first error; sticks */
    enum state state;
    const struct codec *codec; /* NULL while new, and of plain bytes */
    unsigned char held[MAGIC_BYTES];
    size_t nr_held;
    int64_t nr_used;
    unsigned char *out;
    union {
        z_stream zlib;
        bz_stream bzip2;
        lzma_stream lzma;
        struct {
            ZSTD_DStream *stream;
            size_t wanted; /* bytes for the next step */
        } zstd;
    } z;
};

/* ---- gzip ---- */

static bool gzip_start(struct unpack *unpack)
{
    unpack->z.zlib = (z_stream){0};
    /* 15 is the largest window, and 16 on top tells zlib to expect a gzip
     * header (zlib.h, inflateInit2) */
    return inflateInit2(&unpack->z.zlib, 16 + 15) == Z_OK;
}

static enum step gzip_step(struct unpack *unpack, struct span *span)
{
    z_stream *z = &unpack->z.zlib;
    int result;

    z->next_in = (unsigned char *)span->in;
    z->avail_in = (unsigned)span->in_len;
    z->next_out = span->out;
    z->avail_out = (unsigned)span->out_len;
    result = inflate(z, Z_NO_FLUSH);
    *span = (struct span){z->next_in, z->avail_in, z->next_out, z->avail_out};
    if (result == Z_STREAM_END)
        return STEP_END;
    if (result == Z_MEM_ERROR)
        return STEP_NOMEM;
    /* Z_BUF_ERROR says that it needs more bytes than it has, no damage */
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_ON : STEP_CORRUPT;
}

static void gzip_stop(struct unpack *unpack)
{
    inflateEnd(&unpack->z.zlib);
}

/* ---- bzip2 ---- */

static bool bzip2_start(struct unpack *unpack)
{
    unpack->z.bzip2 = (bz_stream){0};
    return BZ2_bzDecompressInit(&unpack->z.bzip2, 0, 0) == BZ_OK;
}

static enum step bzip2_step(struct unpack *unpack, struct span *span)
{
    bz_stream *z = &unpack->z.bzip2;
    int result;

    z->next_in = (char *)span->in;
    z->avail_in = (unsigned)span->in_len;
    z->next_out = (char *)span->out;
    z->avail_out = (unsigned)span->out_len;
    result = BZ2_bzDecompress(z);
    *span = (struct span){(unsigned char *)z->next_in, z->avail_in,
                          (unsigned char *)z->next_out, z->avail_out};
    if (result == BZ_STREAM_END)
        return STEP_END;
    if (result == BZ_MEM_ERROR)
        return STEP_NOMEM;
    return result == BZ_OK ? STEP_ON : STEP_CORRUPT;
}

static void bzip2_stop(struct unpack *unpack)
{
    BZ2_bzDecompressEnd(&unpack->z.bzip2);
}

/* ---- xz ---- */

static bool xz_start(struct unpack *unpack)
{
    unpack->z.lzma = (lzma_stream)LZMA_STREAM_INIT;
    return lzma_stream_decoder(&unpack->z.lzma, UNPACK_MEMORY_BYTES, 0) ==
           LZMA_OK;
}

static enum step xz_step(struct unpack *unpack, struct span *span)
{
    lzma_stream *z = &unpack->z.lzma;
    lzma_ret result;

    z->next_in = span->in;
    z->avail_in = span->in_len;
    z->next_out = span->out;
    z->avail_out = span->out_len;
    result = lzma_code(z, LZMA_RUN);
    *span = (struct span){z->next_in, z->avail_in, z->next_out, z->avail_out};
    if (result == LZMA_STREAM_END)
        return STEP_END;
    if (result == LZMA_MEM_ERROR)
        return STEP_NOMEM;
    if (result == LZMA_MEMLIMIT_ERROR)
        return STEP_TOO_BIG;
    return result == LZMA_OK || result == LZMA_BUF_ERROR ? STEP_ON
                                                         : STEP_CORRUPT;
}

static void xz_stop(struct unpack *unpack)
{
    lzma_end(&unpack->z.lzma);
}

/* ---- Zstandard ---- */

static bool zstd_start(struct unpack *unpack)
{
    unpack->z.zstd.wanted = 1;
    unpack->z.zstd.stream = ZSTD_createDStream();
    return unpack->z.zstd.stream &&
           !ZSTD_isError(ZSTD_DCtx_setParameter(
               unpack->z.zstd.stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX));
}

/*
 * The library keeps to itself what it decoded in a call that then fails. So no
 * call gets more than the rest of a block: the damage comes in a later one, and
 * what stands before it is the same however the bytes arrive. What the library
 * would like next counts the head of the block behind (zstd.h,
 * ZSTD_decompressStream), which comes byte by byte.
 */
static enum step zstd_step(struct unpack *unpack, struct span *span)
{
    size_t piece = unpack->z.zstd.wanted < span->in_len ? unpack->z.zstd.wanted
                                                        : span->in_len;
    ZSTD_inBuffer in = {span->in, piece, 0};
    ZSTD_outBuffer out = {span->out, span->out_len, 0};
    size_t result = ZSTD_decompressStream(unpack->z.zstd.stream, &out, &in);

    *span = (struct span){span->in + in.pos, span->in_len - in.pos,
                          span->out + out.pos, span->out_len - out.pos};
    if (result == 0)
        return STEP_END;
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_no_error:
        unpack->z.zstd.wanted =
            result > BLOCK_HEAD_BYTES ? result - BLOCK_HEAD_BYTES : 1;
        return STEP_ON;
    case ZSTD_error_memory_allocation:
        return STEP_NOMEM;
    case ZSTD_error_frameParameter_windowTooLarge:
        return STEP_TOO_BIG;
    default:
        return STEP_CORRUPT;
    }
}

static void zstd_stop(struct unpack *unpack)
{
    ZSTD_freeDStream(unpack->z.zstd.stream);
}

/* ---- which one ---- */

/* The level of bzip2, '1' to '9', is taken by its upper half alone. A list of
 * plain text cannot go on with the magic of bzip2's first block. */
static const struct codec codecs[] = {
    {"gzip", 2, {0x1f, 0x8b}, {0xff, 0xff}, gzip_start, gzip_step, gzip_stop},
    {"bzip2",
     10,
     {'B', 'Z', 'h', 0x30, 0x31, 0x41, 0x59, 0x26, 0x53, 0x59},
     {0xff, 0xff, 0xff, 0xf0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     bzip2_start,
     bzip2_step,
     bzip2_stop},
    {"xz",
     6,
     {0xfd, '7', 'z', 'X', 'Z', 0},
     {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
     xz_start,
     xz_step,
     xz_stop},
    {"zstd",
     4,
     {0x28, 0xb5, 0x2f, 0xfd},
     {0xff, 0xff, 0xff, 0xff},
     zstd_start,
     zstd_step,
     zstd_stop},
    /* a skippable frame may come first (RFC 8878, 3.1.2) */
    {"zstd",
     4,
     {0x50, 0x2a, 0x4d, 0x18},
     {0xf0, 0xff, 0xff, 0xff},
     zstd_start,
     zstd_step,
     zstd_stop},
};
#define NR_CODECS (sizeof(codecs) / sizeof(codecs[0]))

/* Whether the held bytes are, or may become, the beginning of such a part. */
static bool fits(const struct codec *codec, const unsigned char *held,
                 size_t nr_held)
{
    for (size_t i = 0; i < nr_held && i < codec->magic_len; i++)
        if ((held[i] & codec->mask[i]) != codec->magic[i])
            return false;
    return true;
}

/* Decides by the held bytes, or leaves the state new where some more are
 * needed. */
static void decide(struct unpack *unpack)
{
    bool may_fit = false;

    for (size_t i = 0; i < NR_CODECS; i++) {
        if (!fits(&codecs[i], unpack->held, unpack->nr_held))
            continue;
        may_fit = true;
        if (unpack->nr_held < codecs[i].magic_len)
            continue;
        unpack->codec = &codecs[i];
        unpack->state = STATE_BETWEEN; /* the first part begins */
        return;
    }
    if (!may_fit)
        unpack->state = STATE_PLAIN;
}

/* ---- the driver ---- */

struct unpack *unpack_new(unpack_fn fn, void *ctx)
{
    struct unpack *unpack = xcalloc(1, sizeof(*unpack));

    unpack->fn = fn;
    unpack->ctx = ctx;
    return unpack;
}

void unpack_free(struct unpack *unpack)
{
    if (!unpack)
        return;
    if (unpack->state == STATE_PART)
        unpack->codec->stop(unpack);
    free(unpack->out);
    free(unpack);
}

bool unpack_is_plain(const struct unpack *unpack)
{
    return unpack->state == STATE_PLAIN;
}

const char *unpack_name(const struct unpack *unpack)
{
    return unpack->codec ? unpack->codec->name : "";
}

int64_t unpack_bytes(const struct unpack *unpack)
{
    return unpack->nr_used;
}

static enum err err_of(enum step step)
{
    switch (step) {
    case STEP_ON:
    case STEP_END:
        return CERR_OK;
    case STEP_CORRUPT:
        return CERR_CORRUPT;
    case STEP_TOO_BIG:
        return CERR_TOO_BIG;
    case STEP_NOMEM:
        return CERR_NOMEM;
    }
    return CERR_CORRUPT;
}

/* Decodes until the bytes are used up or the part ends. What a step gave before
 * it failed counts. */
static enum err part_feed(struct unpack *unpack, const unsigned char **at,
                          size_t *len)
{
    enum step step = STEP_ON;
    enum err err = CERR_OK;
    bool is_full = false, is_idle = false, was_idle = false;

    while (!err && step == STEP_ON && (*len || is_full)) {
        size_t piece = *len < STEP_BYTES ? *len : STEP_BYTES;
        struct span span = {*at, piece, unpack->out, OUT_BYTES};

        step = unpack->codec->step(unpack, &span);
        *at += piece - span.in_len;
        *len -= piece - span.in_len;
        unpack->nr_used += (int64_t)(piece - span.in_len);
        is_full = span.out_len == 0;
        /* lzma goes from one state to another in such a step; twice in a row
         * it would be for ever */
        is_idle = span.in_len == piece && span.out_len == OUT_BYTES;
        if (is_idle && was_idle && piece && step == STEP_ON)
            step = STEP_CORRUPT;
        was_idle = is_idle;
        if (span.out_len < OUT_BYTES)
            err =
                unpack->fn(unpack->ctx, unpack->out, OUT_BYTES - span.out_len);
    }
    if (step == STEP_END) {
        unpack->codec->stop(unpack);
        unpack->state = STATE_BETWEEN;
    }
    return err ? err : err_of(step);
}

/* Begins the next part. */
static enum err part_start(struct unpack *unpack)
{
    if (!unpack->out)
        unpack->out = xmalloc(OUT_BYTES);
    unpack->state = STATE_PART; /* what start() has made, stop() frees */
    return unpack->codec->start(unpack) ? CERR_OK : CERR_NOMEM;
}

static enum err packed_feed(struct unpack *unpack, const unsigned char *at,
                            size_t len)
{
    enum err err = CERR_OK;

    while (len && !err) {
        if (unpack->state == STATE_PART) {
            err = part_feed(unpack, &at, &len);
        } else if (*at) {
            err = part_start(unpack);
        } else {
            unpack->nr_used++;
            at++;
            len--;
        }
    }
    return err;
}

/* Hands on bytes whose kind is known. */
static enum err known_feed(struct unpack *unpack, const void *data, size_t len)
{
    if (unpack->state == STATE_PLAIN)
        return len ? unpack->fn(unpack->ctx, data, len) : CERR_OK;
    return packed_feed(unpack, data, len);
}

enum err unpack_feed(struct unpack *unpack, const void *data, size_t len)
{
    const unsigned char *at = data;

    if (unpack->err || !len)
        return unpack->err;
    if (unpack->state == STATE_NEW) {
        while (unpack->state == STATE_NEW && len) {
            unpack->held[unpack->nr_held++] = *at++;
            len--;
            decide(unpack);
        }
        if (unpack->state == STATE_NEW)
            return CERR_OK;
        unpack->err = known_feed(unpack, unpack->held, unpack->nr_held);
    }
    if (!unpack->err)
        unpack->err = known_feed(unpack, at, len);
    return unpack->err;
}

enum err unpack_finish(struct unpack *unpack)
{
    if (unpack->err)
        return unpack->err;
    if (unpack->state == STATE_NEW) {
        unpack->state = STATE_PLAIN;
        unpack->err = known_feed(unpack, unpack->held, unpack->nr_held);
    } else if (unpack->state == STATE_PART) {
        unpack->err = CERR_CORRUPT;
    }
    return unpack->err;
}
