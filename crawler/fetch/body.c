/*
 * The body behind body.h.
 *
 *   body_feed ─► feed_coded ─► decoder ─┐
 *        └────► feed_plain ─────────────┴─► keep ─► data, hash, counts
 *
 * Bytes are hashed and looked at in pieces of LOOK_BYTES while they are still
 * in the CPU's cache, or all at once at the end if there are few.
 */
#include "crawler/fetch/body.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h> /* the same names, by the widest registers */
#else
#include <xxhash.h>
#endif

#include "base/text.h"
#include "base/xalloc.h"

#define EXPECTED_BYTES_MAX ((int64_t)1 << 20) /* room made on a mere claim */
/* Bytes looked at in one go, while they are in the cache of the CPU. */
#define LOOK_BYTES         ((size_t)64 << 10)

void body_init(struct body *body)
{
    *body = (struct body){.hash = XXH3_createState()};
    buf_init(&body->data, SIZE_MAX);
}

void body_release(struct body *body)
{
    XXH3_freeState(body->hash);
    buf_release(&body->data);
}

void body_reset(struct body *body)
{
    struct buf data = body->data;
    void *hash = body->hash;

    buf_reset(&data);
    *body = (struct body){.data = data, .hash = hash};
}

/* ---- memory and decoders for the next body ---- */

void body_spares_init(struct body_spares *spares, size_t nr_bodies)
{
    *spares = (struct body_spares){
        .decoders = xcalloc(nr_bodies, sizeof(struct decode *))};
}

void body_spares_release(struct body_spares *spares)
{
    while (spares->nr_memory > 0)
        buf_release(&spares->memory[--spares->nr_memory]);
    while (spares->nr_decoders > 0)
        decode_free(spares->decoders[--spares->nr_decoders]);
    free(spares->decoders);
}

void body_spares_lend(struct body_spares *spares, struct body *body)
{
    if (spares->nr_memory == 0)
        return;
    assert(body->data.cap == 0); /* given back with the last page */
    body->data = spares->memory[--spares->nr_memory];
    spares->memory_bytes -= body->data.cap;
}

void body_spares_take_back(struct body_spares *spares, struct body *body)
{
    struct buf memory;

    body_reset(body);
    memory = body->data;
    buf_init(&body->data, SIZE_MAX);
    if (memory.cap > 0 && spares->nr_memory < BODY_SPARES_MAX &&
        memory.cap <= BODY_SPARES_BYTES - spares->memory_bytes) {
        spares->memory[spares->nr_memory++] = memory;
        spares->memory_bytes += memory.cap;
    } else {
        buf_release(&memory);
    }
}

struct decode *body_spares_borrow_decoder(struct body_spares *spares)
{
    if (spares->nr_decoders > 0)
        return spares->decoders[--spares->nr_decoders];
    return decode_new();
}

void body_spares_return_decoder(struct body_spares *spares,
                                struct decode *decode)
{
    spares->decoders[spares->nr_decoders++] = decode;
}

/* ---- bytes as they arrive ---- */

/* Hashes the bytes and looks whether they are ASCII: what is to be known of
 * each byte, kept or not. */
static void look(struct body *body, const void *data, size_t len)
{
    if (!body->is_hashing)
        XXH3_128bits_reset(body->hash);
    body->is_hashing = true;
    XXH3_128bits_update(body->hash, data, len);
    body->is_ascii = body->is_ascii && text_is_ascii(data, len);
}

/* All decoded bytes end up here, already held to the caps. */
static enum error keep(struct body *body, const void *data, size_t len)
{
    struct buf *kept = &body->data;
    size_t from = body->looked_bytes;

    body->decoded_bytes += len;
    if (!body->limits.keep || body->skips)
        look(body, data, len);
    if (!body->limits.keep)
        return ERROR_NONE;
    if (body->skips && body->is_ascii) {
        body->skipped_bytes += len;
        return ERROR_NONE;
    }
    if (buf_add(kept, data, len))
        return ERROR_INTERNAL;
    /* These bytes hold the first that is not ASCII: from here on all is kept.
     * look() has had them. */
    if (body->skips) {
        body->skips = false;
        body->looked_bytes = kept->len;
    } else if (kept->len - from >= LOOK_BYTES) {
        look(body, kept->data + from, kept->len - from);
        body->looked_bytes = kept->len;
    }
    return ERROR_NONE;
}

static enum error keep_decoded(void *ctx, const void *data, size_t len)
{
    return keep(ctx, data, len);
}

static enum error start_decoder(struct body *body, struct bytes codings)
{
    struct decode_options options = {
        .sink = keep_decoded,
        .ctx = body,
        .max_bytes = body->limits.max_bytes,
        .ratio_max = body->limits.max_ratio,
    };

    return decode_start(body->decode, codings.data, codings.len, &options);
}

enum error body_start(struct body *body, const struct body_limits *limits,
                      struct decode *decode, struct bytes codings,
                      int64_t expected)
{
    enum error error;

    body->begun = true;
    body->limits = *limits;
    body->decode = NULL;
    body->data.limit = limits->max_bytes;
    body->is_ascii = true;
    if (!body->hash)
        return ERROR_INTERNAL;
    if (codings.len > 0) {
        body->decode = decode;
        error = start_decoder(body, codings);
        if (error == ERROR_BAD_ENCODING) {
            body->error = error; /* the bytes stay as they came */
            body->decode = NULL;
        } else if (error) {
            return error;
        }
    }
    /* Content-Length is a claim: it buys room up to a bound, no more. */
    if (limits->keep && expected > 0) {
        if (expected > EXPECTED_BYTES_MAX)
            expected = EXPECTED_BYTES_MAX;
        if ((uint64_t)expected <= limits->max_bytes &&
            buf_reserve(&body->data, (size_t)expected))
            return ERROR_INTERNAL;
    }
    return ERROR_NONE;
}

/* The same caps as in decode.c, for a body without a coding. */
static enum error feed_plain(struct body *body, const void *data, size_t len)
{
    uint64_t left = body->limits.max_bytes - body->decoded_bytes;
    enum error error;

    if (len <= left)
        return keep(body, data, len);
    error = keep(body, data, (size_t)left);
    return error ? error : ERROR_TOO_LARGE;
}

/* Servers say "gzip" of bodies that are not: what is wrong from its first piece
 * is taken as it came, and the error is told at the end. */
static enum error feed_coded(struct body *body, const void *data, size_t len)
{
    bool first = body->wire_bytes == len;
    enum error error = decode_feed(body->decode, data, len);

    if (error == ERROR_BAD_ENCODING && first && body->decoded_bytes == 0) {
        body->error = error;
        body->decode = NULL;
        return feed_plain(body, data, len);
    }
    return error;
}

/* What lies within the cap is taken even when there is more: a cut body is
 * still worth having. */
enum error body_feed(struct body *body, const void *data, size_t len)
{
    uint64_t left = body->limits.max_wire_bytes - body->wire_bytes;
    bool over = len > left;
    enum error error;

    if (over)
        len = (size_t)left;
    body->wire_bytes += len;
    if (body->decode)
        error = feed_coded(body, data, len);
    else
        error = feed_plain(body, data, len);
    if (!error && over)
        error = ERROR_TOO_LARGE;
    if (error)
        body->cut = true;
    return error;
}

enum error body_finish(struct body *body)
{
    enum error error;

    if (!body->decode)
        return body->error;
    error = decode_finish(body->decode);
    body->has_junk = decode_has_junk(body->decode);
    body->decode = NULL;
    if (error)
        body->cut = true;
    return error;
}

void body_skip_ascii(struct body *body)
{
    struct buf *kept = &body->data;

    look(body, kept->data + body->looked_bytes, kept->len - body->looked_bytes);
    body->looked_bytes = kept->len;
    if (!body->is_ascii)
        return;
    body->skips = true;
    body->skipped_bytes = kept->len - 1;
    kept->len = 1; /* it was looked at, and stays so */
    body->looked_bytes = 1;
}

void body_sum_up(struct body *body, unsigned char hash[PAGE_HASH_BYTES])
{
    size_t rest_len = body->data.len - body->looked_bytes;
    const void *rest =
        rest_len > 0 ? body->data.data + body->looked_bytes : NULL;
    XXH128_canonical_t canonical;

    if (body->is_hashing) {
        look(body, rest, rest_len);
        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(body->hash));
    } else { /* nothing went into the state: hashing at one go is cheaper */
        body->is_ascii = text_is_ascii(rest, rest_len);
        XXH128_canonicalFromHash(&canonical, XXH3_128bits(rest, rest_len));
    }
    body->looked_bytes = body->data.len;
    memcpy(hash, canonical.digest, PAGE_HASH_BYTES);
}
