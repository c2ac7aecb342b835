/*
 * The decoder behind decode.h.
 *
 * DESIGN. Each coding is a stage. A stage decodes into a piece of stack and
 * hands that on, to the next stage or to the sink, before it decodes more, so
 * no buffer grows and at most DECODE_CODINGS_MAX pieces are alive.
 *
 *          bytes            end of stream         magic of a member
 *   FRESH ───────► BODY ─────────────────► AFTER ───────────────────► BODY
 *                                            │ any other byte
 *                                            └───────────────────────► JUNK
 *
 * Only gzip (RFC 1952, 2.2) and zstd (RFC 8878, 3) go from AFTER to BODY.
 */
#include "crawler/content/decode.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/unfilled.h"
#include "base/xalloc.h"

#define PIECE_BYTES      16384 /* bytes decoded at once, on the stack */
/* RFC 9659: a zstd window in HTTP is at most 8 MiB. */
#define ZSTD_WINDOW_LOG  23
/* A zstd context that has grown beyond this is given back after its body. */
#define ZSTD_KEEP_BYTES  ((size_t)512 << 10)
#define MAGIC_BYTES_MAX  4
#define ZLIB_WINDOW_BITS 15         /* 32 KiB, the most there is */
#define ZLIB_INPUT_MAX   (1U << 24) /* given to it at once */
#define ZLIB_ADD_GZIP    16 /* added to the window bits: a gzip wrapper */

enum coding { CODING_GZIP, CODING_DEFLATE, CODING_BROTLI, CODING_ZSTD };
/* See the diagram: FRESH -> BODY [begin_first_member], BODY -> AFTER
 * [feed_body], AFTER -> BODY [feed_after], AFTER -> JUNK [end_in_junk]. */
enum phase { PHASE_FRESH, PHASE_BODY, PHASE_AFTER, PHASE_JUNK };
enum step { STEP_MORE, STEP_END, STEP_BAD, STEP_NOMEM };

/* Input and output of one call of a library. */
struct span {
    const unsigned char *in;
    size_t in_len;
    unsigned char *out;
    size_t out_len; /* room left */
};

/* One coding: where its stream stands, and the library's context. */
struct stage {
    enum coding coding;
    enum phase phase;
    uint64_t out_bytes;                   /* of all members */
    unsigned char magic[MAGIC_BYTES_MAX]; /* seen in AFTER */
    size_t nr_magic;
    /* Contexts: kept between bodies. */
    z_stream zlib;
    bool has_zlib;
    BrotliDecoderState *brotli; /* cannot be reset: lives for one body */
    ZSTD_DCtx *zstd;
};

struct decode {
    struct decode_options options;
    struct stage stages[DECODE_CODINGS_MAX]; /* in the order of undoing */
    size_t nr_stages;
    enum error result;
    bool junk;
    uint64_t wire_bytes;
    uint64_t out_bytes;
};

/* "x-gzip" is what RFC 9110, 8.4.1.3 asks a recipient to know. */
static const struct {
    const char *name;
    enum coding coding;
} coding_names[] = {
    {"gzip", CODING_GZIP}, {"x-gzip", CODING_GZIP}, {"deflate", CODING_DEFLATE},
    {"br", CODING_BROTLI}, {"zstd", CODING_ZSTD},
};

struct decode *decode_new(void)
{
    return xcalloc(1, sizeof(struct decode));
}

void decode_free(struct decode *decode)
{
    if (!decode)
        return;
    for (size_t i = 0; i < DECODE_CODINGS_MAX; i++) {
        struct stage *stage = &decode->stages[i];

        if (stage->has_zlib)
            inflateEnd(&stage->zlib);
        BrotliDecoderDestroyInstance(stage->brotli);
        ZSTD_freeDCtx(stage->zstd);
    }
    free(decode);
}

/* Makes the context ready for a member of gzip, zlib or raw deflate. */
static bool begin_zlib(struct stage *stage, int window_bits)
{
    if (stage->has_zlib)
        return inflateReset2(&stage->zlib, window_bits) == Z_OK;
    stage->has_zlib = inflateInit2(&stage->zlib, window_bits) == Z_OK;
    return stage->has_zlib;
}

/* The window is bounded, or a short header could ask for gigabytes. */
static bool begin_zstd(struct stage *stage)
{
    if (stage->zstd && ZSTD_sizeof_DCtx(stage->zstd) > ZSTD_KEEP_BYTES) {
        ZSTD_freeDCtx(stage->zstd);
        stage->zstd = NULL;
    }
    if (!stage->zstd)
        stage->zstd = ZSTD_createDCtx();
    if (!stage->zstd)
        return false;
    ZSTD_DCtx_reset(stage->zstd, ZSTD_reset_session_only);
    return !ZSTD_isError(ZSTD_DCtx_setParameter(
        stage->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

/*
 * Makes the context ready at the first byte of a member. "deflate" means the
 * zlib wrapper (RFC 9110, 8.4.1.2), yet raw deflate is sent under that name.
 * One byte tells them apart: in a zlib wrapper its low half is 8, which in raw
 * deflate is a stored block with padding bits that no encoder sets.
 */
static bool begin_member(struct stage *stage, unsigned char first)
{
    bool wrapped = (first & 0x0f) == 8 && first >> 4 <= 7;

    stage->phase = PHASE_BODY;
    switch (stage->coding) {
    case CODING_GZIP:
        return begin_zlib(stage, ZLIB_WINDOW_BITS + ZLIB_ADD_GZIP);
    case CODING_DEFLATE:
        return begin_zlib(stage,
                          wrapped ? ZLIB_WINDOW_BITS : -ZLIB_WINDOW_BITS);
    case CODING_BROTLI:
        stage->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        return stage->brotli != NULL;
    case CODING_ZSTD:
        return begin_zstd(stage);
    }
    return false;
}

/* The three steps below call a library once and translate what it says. */
static enum step step_zlib(struct stage *stage, struct span *span)
{
    z_stream *zlib = &stage->zlib;
    /* zlib counts in unsigned int; the rest is taken by the next call */
    unsigned given =
        span->in_len > ZLIB_INPUT_MAX ? ZLIB_INPUT_MAX : (unsigned)span->in_len;
    int result;

    zlib->next_in = (z_const Bytef *)span->in;
    zlib->avail_in = given;
    zlib->next_out = span->out;
    zlib->avail_out = (unsigned)span->out_len;
    result = inflate(zlib, Z_NO_FLUSH);
    span->in += given - zlib->avail_in;
    span->in_len -= given - zlib->avail_in;
    span->out_len = zlib->avail_out;
    if (result == Z_STREAM_END)
        return STEP_END;
    if (result == Z_MEM_ERROR)
        return STEP_NOMEM;
    /* Z_BUF_ERROR only says that there was nothing to do */
    return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_BAD;
}

static enum step step_brotli(struct stage *stage, struct span *span)
{
    BrotliDecoderErrorCode code;

    switch (BrotliDecoderDecompressStream(stage->brotli, &span->in_len,
                                          &span->in, &span->out_len, &span->out,
                                          NULL)) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return STEP_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return STEP_MORE;
    case BROTLI_DECODER_RESULT_ERROR:
        break;
    }
    code = BrotliDecoderGetErrorCode(stage->brotli);
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? STEP_NOMEM
               : STEP_BAD;
}

static enum step step_zstd(struct stage *stage, struct span *span)
{
    ZSTD_inBuffer in = {span->in, span->in_len, 0};
    ZSTD_outBuffer out = {span->out, span->out_len, 0};
    size_t result = ZSTD_decompressStream(stage->zstd, &out, &in);

    span->in += in.pos;
    span->in_len -= in.pos;
    span->out_len -= out.pos;
    if (!ZSTD_isError(result))
        return result == 0 ? STEP_END : STEP_MORE;
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation
               ? STEP_NOMEM
               : STEP_BAD;
}

static enum step step_stage(struct stage *stage, struct span *span)
{
    switch (stage->coding) {
    case CODING_GZIP:
    case CODING_DEFLATE:
        return step_zlib(stage, span);
    case CODING_BROTLI:
        return step_brotli(stage, span);
    case CODING_ZSTD:
        return step_zstd(stage, span);
    }
    return STEP_BAD;
}

static enum error feed_stage(struct decode *decode, size_t index,
                             const unsigned char *data, size_t len);

/* Gives decoded bytes to the sink, up to the limit. */
static enum error feed_sink(struct decode *decode, const unsigned char *data,
                            size_t len)
{
    uint64_t room = decode->options.max_bytes - decode->out_bytes;
    size_t fits = len > room ? (size_t)room : len;
    enum error result = ERROR_NONE;

    if (fits > 0) {
        decode->out_bytes += fits;
        result = decode->options.sink(decode->options.ctx, data, fits);
    }
    if (result == ERROR_NONE && fits < len)
        result = ERROR_TOO_LARGE;
    return result;
}

/* Hands on what the stage has put out, and judges how much that is by now. */
static enum error pass_on(struct decode *decode, size_t index,
                          const unsigned char *data, size_t len)
{
    struct stage *stage = &decode->stages[index];

    if (len == 0)
        return ERROR_NONE;
    stage->out_bytes += len;
    if (stage->out_bytes > decode->options.ratio_floor_bytes &&
        stage->out_bytes / decode->options.ratio_max > decode->wire_bytes)
        return ERROR_BOMB;
    if (index + 1 < decode->nr_stages)
        return feed_stage(decode, index + 1, data, len);
    return feed_sink(decode, data, len);
}

/* Bytes behind the end of a coding are dropped, and noted. */
static enum error end_in_junk(struct decode *decode, struct stage *stage)
{
    stage->phase = PHASE_JUNK;
    decode->junk = true;
    return ERROR_NONE;
}

/* Decodes until the input is used up or the member ends; *data and *len are
 * moved on. */
static enum error feed_body(struct decode *decode, size_t index,
                            const unsigned char **data, size_t *len)
{
    struct stage *stage = &decode->stages[index];
    UNFILLED unsigned char piece[PIECE_BYTES];
    struct span span = {.in = *data, .in_len = *len};
    enum step step;
    bool full;

    do {
        enum error result;

        span.out = piece;
        span.out_len = sizeof(piece);
        step = step_stage(stage, &span);
        full = span.out_len == 0;
        result = pass_on(decode, index, piece, sizeof(piece) - span.out_len);
        if (result != ERROR_NONE)
            return result;
    } while (step == STEP_MORE && (span.in_len > 0 || full));
    *data = span.in;
    *len = span.in_len;
    switch (step) {
    case STEP_MORE:
        return ERROR_NONE;
    case STEP_END:
        BrotliDecoderDestroyInstance(stage->brotli);
        stage->brotli = NULL;
        stage->phase = PHASE_AFTER;
        stage->nr_magic = 0;
        return ERROR_NONE;
    case STEP_BAD:
        break;
    case STEP_NOMEM:
        return ERROR_INTERNAL;
    }
    return ERROR_BAD_ENCODING;
}

/* Whether the byte fits the magic of a member at its place. */
static bool magic_goes_on(const struct stage *stage, unsigned char byte)
{
    static const unsigned char gzip[] = {0x1f, 0x8b};
    static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd};
    static const unsigned char skippable[] = {0x50, 0x2a, 0x4d, 0x18};
    size_t at = stage->nr_magic;

    if (stage->coding == CODING_GZIP)
        return byte == gzip[at];
    if (stage->coding != CODING_ZSTD)
        return false;
    if (at == 0) /* RFC 8878, 3.1.2: the low half of 0x5? is free */
        return byte == frame[0] || (byte & 0xf0) == skippable[0];
    return byte == (stage->magic[0] == frame[0] ? frame : skippable)[at];
}

/* Looks at one byte behind the end of a member: a further member or junk. */
static enum error feed_after(struct decode *decode, size_t index,
                             unsigned char byte)
{
    struct stage *stage = &decode->stages[index];
    const unsigned char *magic = stage->magic;
    size_t whole = stage->coding == CODING_GZIP ? 2 : 4;

    if (!magic_goes_on(stage, byte))
        return end_in_junk(decode, stage);
    stage->magic[stage->nr_magic++] = byte;
    if (stage->nr_magic < whole)
        return ERROR_NONE;
    if (!begin_member(stage, magic[0]))
        return ERROR_INTERNAL;
    return feed_body(decode, index, &magic, &whole);
}

/*
 * The first byte of the magic is checked here and not left to the library:
 * libzstd may be built to accept its own formats from before RFC 8878, whose
 * decoders nobody looks after.
 */
static enum error begin_first_member(struct stage *stage, unsigned char first)
{
    bool has_magic =
        stage->coding == CODING_GZIP || stage->coding == CODING_ZSTD;

    if (has_magic && !magic_goes_on(stage, first))
        return ERROR_BAD_ENCODING;
    return begin_member(stage, first) ? ERROR_NONE : ERROR_INTERNAL;
}

/* Takes the input through the phases of the diagram. It calls itself for the
 * next stage, DECODE_CODINGS_MAX deep at most. */
static enum error feed_stage(struct decode *decode, size_t index,
                             const unsigned char *data, size_t len)
{
    struct stage *stage = &decode->stages[index];
    enum error result = ERROR_NONE;

    while (len > 0 && result == ERROR_NONE && stage->phase != PHASE_JUNK) {
        if (stage->phase == PHASE_FRESH) {
            result = begin_first_member(stage, data[0]);
        } else if (stage->phase == PHASE_AFTER) {
            result = feed_after(decode, index, data[0]);
            data++;
            len--;
        } else {
            result = feed_body(decode, index, &data, &len);
        }
    }
    return result;
}

/* Adds the coding of one list element. False: unknown, or one too many. */
static bool add_coding(struct decode *decode, const char *name, size_t len)
{
    size_t nr = sizeof(coding_names) / sizeof(coding_names[0]);

    if (len == 8 && strncasecmp(name, "identity", len) == 0)
        return true;
    for (size_t i = 0; i < nr; i++) {
        if (strlen(coding_names[i].name) != len ||
            strncasecmp(coding_names[i].name, name, len) != 0)
            continue;
        if (decode->nr_stages == DECODE_CODINGS_MAX)
            return false;
        decode->stages[decode->nr_stages++].coding = coding_names[i].coding;
        return true;
    }
    return false;
}

/* Reads the list of codings, which may have empty elements and blanks around
 * them (RFC 9110, 5.6.1). */
static bool parse_codings(struct decode *decode, const char *codings,
                          size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *comma = memchr(codings + at, ',', len - at);
        size_t end = comma ? (size_t)(comma - codings) : len;
        size_t next = end + 1;

        while (at < end && (codings[at] == ' ' || codings[at] == '\t'))
            at++;
        while (end > at &&
               (codings[end - 1] == ' ' || codings[end - 1] == '\t'))
            end--;
        if (end > at && !add_coding(decode, codings + at, end - at))
            return false;
        at = next;
    }
    return true;
}

/* The coding applied last is undone first (RFC 9110, 8.4). */
static void turn_codings_round(struct decode *decode)
{
    for (size_t i = 0; i < decode->nr_stages / 2; i++) {
        struct stage *last = &decode->stages[decode->nr_stages - 1 - i];
        enum coding coding = last->coding;

        last->coding = decode->stages[i].coding;
        decode->stages[i].coding = coding;
    }
}

/* Resets a stage. Its contexts stay for the next body, except that of Brotli,
 * which cannot be reset. */
static void reset_stage(struct stage *stage)
{
    stage->phase = PHASE_FRESH;
    stage->nr_magic = 0;
    stage->out_bytes = 0;
    BrotliDecoderDestroyInstance(stage->brotli);
    stage->brotli = NULL;
}

enum error decode_start(struct decode *decode, const char *codings, size_t len,
                        const struct decode_options *options)
{
    assert(options->sink);
    for (size_t i = 0; i < decode->nr_stages; i++)
        reset_stage(&decode->stages[i]);
    decode->options = *options;
    if (decode->options.ratio_max == 0)
        decode->options.ratio_max = DECODE_RATIO_MAX;
    if (decode->options.ratio_floor_bytes == 0)
        decode->options.ratio_floor_bytes = DECODE_RATIO_FLOOR;
    decode->junk = false;
    decode->wire_bytes = 0;
    decode->out_bytes = 0;
    decode->nr_stages = 0;
    decode->result =
        parse_codings(decode, codings, len) ? ERROR_NONE : ERROR_BAD_ENCODING;
    turn_codings_round(decode);
    return decode->result;
}

enum error decode_feed(struct decode *decode, const void *data, size_t len)
{
    if (decode->result != ERROR_NONE || len == 0)
        return decode->result;
    decode->wire_bytes += len;
    decode->result = decode->nr_stages > 0 ? feed_stage(decode, 0, data, len)
                                           : feed_sink(decode, data, len);
    return decode->result;
}

enum error decode_finish(struct decode *decode)
{
    for (size_t i = 0; i < decode->nr_stages; i++) {
        const struct stage *stage = &decode->stages[i];
        bool open = stage->phase == PHASE_BODY ||
                    (stage->phase == PHASE_AFTER && stage->nr_magic > 0);

        if (decode->result == ERROR_NONE && open)
            decode->result = ERROR_TRUNCATED_ENCODING;
    }
    return decode->result;
}

bool decode_has_junk(const struct decode *decode)
{
    return decode->junk;
}
