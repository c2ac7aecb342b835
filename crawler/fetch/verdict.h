/*
 * verdict: what a CURLcode means for us.
 *
 * libcurl's codes tell where it noticed, not what happened: 6 is also "no
 * thread left", 27 a header line of a megabyte, 56 a reset, a broken chunk or
 * too many heads. The circumstances decide. Pure; knows every code.
 */
#ifndef CRAWLER_FETCH_VERDICT_H
#define CRAWLER_FETCH_VERDICT_H

#include <curl/curl.h>
#include <stdbool.h>

#include "crawler/page/outcome.h"

/* Where a transfer is. It only moves down this list. */
enum phase {
    PHASE_WAITING, /* for a connection, or not begun */
    PHASE_RESOLVING,
    PHASE_CONNECTING, /* with TLS */
    PHASE_ASKED,      /* request on its way, no line of the answer yet */
    PHASE_ANSWERING,  /* head or body are arriving */
};

struct circumstances {
    enum phase phase;
    bool head_complete;
    bool exhausted;      /* no memory, descriptor or thread just now */
    const char *message; /* libcurl's error text, "" if none */
};

/* Never ERROR_NONE but for CURLE_OK with a complete head. */
enum error verdict(CURLcode code, const struct circumstances *seen);

#endif
