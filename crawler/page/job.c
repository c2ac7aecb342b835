/*
 * The codec behind job.h. The parent encodes what came from lists, pages and
 * servers, so both sides check: a URL that cannot break a line, validators that
 * cannot end their header.
 */
#include "crawler/page/job.h"

#include <string.h>

#include "base/wire.h"
#include "crawler/page/page_internal.h"
#include "crawler/url/url.h"

/* The largest job has flags, header set, three lengths, and each text at its
 * longest. */
_Static_assert(JOB_BYTES_MAX >= 5 * sizeof(uint32_t) + URL_BYTES_MAX +
                                    (size_t)2 * JOB_VALIDATOR_BYTES,
               "the largest job fits");

/* A validator (ETag or Last-Modified, RFC 9110, 8.8) comes from an earlier
 * answer of the server and is sent back as the value of a header field. A
 * control character in it could end that field and begin another one (RFC 9110,
 * 5.5), so it must have none. */
static bool validator_is_clean(const char *text, size_t len)
{
    if (len > JOB_VALIDATOR_BYTES)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

/* A validator that is not clean is left out: the request is then unconditional,
 * which costs bandwidth and nothing else. */
static void put_validator(struct wire_writer *wire, const char *text,
                          size_t len)
{
    wire_put_bytes(wire, text, validator_is_clean(text, len) ? len : 0);
}

enum err job_encode(struct buf *out, const struct job *job)
{
    struct wire_writer wire = {.out = out};

    if (!page_is_url_text(job->url, job->url_len) ||
        job->header_set > JOB_HEADER_SETS_MAX)
        return CERR_INVALID;
    wire_put_u32(&wire, job->flags);
    wire_put_u32(&wire, job->header_set);
    wire_put_bytes(&wire, job->url, job->url_len);
    put_validator(&wire, job->etag, job->etag_len);
    put_validator(&wire, job->last_modified, job->last_modified_len);
    return wire.err;
}

/* The decoder runs in the worker, and its input comes from the parent, which is
 * not hostile. It checks all the same: a damaged job should stop here and not
 * in libcurl. */
enum err job_decode(struct job *job, const void *data, size_t len)
{
    struct wire_reader wire;
    struct bytes url, etag, last_modified;
    uint32_t flags, header_set;

    wire_reader_init(&wire, data, len);
    flags = wire_get_u32(&wire);
    header_set = wire_get_u32(&wire);
    url = wire_get_bytes(&wire, URL_BYTES_MAX);
    etag = wire_get_bytes(&wire, JOB_VALIDATOR_BYTES);
    last_modified = wire_get_bytes(&wire, JOB_VALIDATOR_BYTES);
    if (!wire_done(&wire) || (flags & ~(uint32_t)JOB_FLAGS_ALL) ||
        header_set > JOB_HEADER_SETS_MAX ||
        !page_is_url_text(url.data, url.len) ||
        !validator_is_clean(etag.data, etag.len) ||
        !validator_is_clean(last_modified.data, last_modified.len))
        return CERR_CORRUPT;
    *job = (struct job){
        .url = url.data,
        .url_len = url.len,
        .flags = flags,
        .header_set = header_set,
        .etag = etag.data,
        .etag_len = etag.len,
        .last_modified = last_modified.data,
        .last_modified_len = last_modified.len,
    };
    return CERR_OK;
}
