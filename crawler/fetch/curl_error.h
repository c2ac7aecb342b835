/*
 * curl_error: what a CURLcode means for us.
 *
 * libcurl's codes tell where it noticed, not what happened: 6 is also "no
 * thread left", 27 a header line of a megabyte, 56 a reset, a broken chunk or
 * too many heads. The circumstances decide. Pure; knows every code.
 */
#ifndef CRAWLER_FETCH_CURL_ERROR_H
#define CRAWLER_FETCH_CURL_ERROR_H

#include <curl/curl.h>
#include <stdbool.h>

#include "crawler/fetch/phase.h"
#include "crawler/page/outcome.h"

/* The circumstances of a failure. */
struct curl_error_seen {
    enum phase phase;
    bool head_complete;
    bool exhausted;      /* no memory, descriptor or thread just now */
    const char *message; /* libcurl's error text, "" if none */
};

/* Never ERROR_NONE but for CURLE_OK with a complete head. */
enum error curl_error(CURLcode code, const struct curl_error_seen *seen);

#endif
