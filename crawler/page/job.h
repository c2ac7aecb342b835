/*
 * job: what the parent asks a worker to fetch, as bytes.
 *
 * The run's settings do not travel with it: workers got them when they were
 * forked. Pure codec; the decoder checks every length and that nothing is left
 * over.
 */
#ifndef CRAWLER_PAGE_JOB_H
#define CRAWLER_PAGE_JOB_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* Longest encoded job; job.c checks that the largest one fits. */
#define JOB_BYTES_MAX       12288
/* Longest ETag or date, in bytes; a longer one is dropped. */
#define JOB_VALIDATOR_BYTES 512

/* What the parent wants of this fetch, and what it allows. */
enum job_flag {
    JOB_LINKS = 1 << 0,      /* store the page's links in the reply */
    JOB_HEAD_SCAN = 1 << 1,  /* title, canonical, robots, refresh */
    JOB_BODY = 1 << 2,       /* send the decoded body along */
    JOB_RAW = 1 << 3,        /* send head and body as received (WARC) */
    JOB_PRIVATE_OK = 1 << 4, /* the user's list names this host: no guard */
    JOB_ROBOTS = 1 << 5,     /* a robots.txt: body always, cut at its own cap */
    JOB_SITEMAP =
        1 << 6, /* a sitemap: its entries come as links; an own size limit */
    JOB_LISTED_AUTH = 1 << 7, /* credentials for this host may be used */
    JOB_LINK_TEXTS = 1 << 8,  /* with JOB_LINKS: the links' texts too */
    JOB_MAYBE_SITEMAP =
        1 << 9, /* a page; if it is an XML sitemap, as JOB_SITEMAP */
    JOB_FLAGS_ALL = 2 * JOB_MAYBE_SITEMAP - 1,
};

/* The configuration has a set of headers for each host with a section; a job
 * names its set by number, and no number is larger than this. */
#define JOB_HEADER_SETS_MAX 1000

/* One request. Its texts are borrowed: by the encoder from the frontier, by the
 * decoder from the encoded bytes. */
struct job {
    const char *url; /* canonical, URL_BYTES_MAX at most */
    size_t url_len;
    uint32_t flags;      /* enum job_flag */
    uint32_t header_set; /* number of a header set in the settings, from 1; 0:
                            only the headers that go to every host */
    const char *etag;    /* for If-None-Match; NULL or empty: none */
    size_t etag_len;
    const char *last_modified; /* for If-Modified-Since; NULL or empty: none */
    size_t last_modified_len;
};

/* Appends the encoded job. CERR_INVALID: the URL is not printable ASCII or too
 * long, or the number of the header set is over JOB_HEADER_SETS_MAX; errors as
 * buf_add. A validator that could not be a header field is left out. */
enum err job_encode(struct buf *out, const struct job *job) CERR_CHECK;
/* Decodes a job; its texts are views into `data`. CERR_CORRUPT: the bytes are
 * not one whole job as job_encode() makes it. */
enum err job_decode(struct job *job, const void *data, size_t len) CERR_CHECK;

#endif
