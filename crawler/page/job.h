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

#define JOB_BYTES_MAX 12288
#define JOB_VALIDATOR_BYTES                                                    \
    512 /* of an ETag or date; longer ones are dropped */

enum job_flag {
    JOB_LINKS = 1 << 0,      /* store the page's links in the reply */
    JOB_HEAD_SCAN = 1 << 1,  /* title, canonical, robots, refresh */
    JOB_BODY = 1 << 2,       /* send the decoded body along */
    JOB_RAW = 1 << 3,        /* send head and body as received (WARC) */
    JOB_PRIVATE_OK = 1 << 4, /* the user's list names this host: no guard */
    JOB_ROBOTS = 1 << 5,     /* a robots.txt: body always, cut at its own cap */
    JOB_SITEMAP = 1 << 6,    /* a sitemap: body always, own cap */
    JOB_LISTED_AUTH = 1 << 7, /* credentials for this host may be used */
    JOB_LINK_TEXTS = 1 << 8,  /* with JOB_LINKS: the links' texts too */
    JOB_FLAGS_ALL = 2 * JOB_LINK_TEXTS - 1,
};

#define JOB_HEADER_SETS_MAX 1000

/* Texts are borrowed. */
struct job {
    const char *url; /* canonical, URL_BYTES_MAX at most */
    size_t url_len;
    uint32_t flags;      /* enum job_flag */
    uint32_t header_set; /* of the settings, from 1; 0: the general headers */
    const char *etag;    /* for If-None-Match; NULL or empty: none */
    size_t etag_len;
    const char *last_modified; /* for If-Modified-Since; likewise */
    size_t last_modified_len;
};

/* Appends the encoded job. Errors as buf_add. */
enum err job_encode(struct buf *out, const struct job *job) CERR_CHECK;
/* Views into `data`. CERR_CORRUPT. */
enum err job_decode(struct job *job, const void *data, size_t len) CERR_CHECK;

#endif
