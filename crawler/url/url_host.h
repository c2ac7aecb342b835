/*
 * url_host: the host of a URL, by the standard's host parser (URL 3.5) for
 * special schemes. Private to url*.c. Pure.
 */
#ifndef CRAWLER_URL_URL_HOST_H
#define CRAWLER_URL_URL_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "crawler/url/url_write.h"

/* What a host turned out to be; neither of them is a domain. */
struct url_host {
    bool is_ipv4, is_ipv6;
};

/*
 * Parses a host and appends it as it is serialised. `text` may be any bytes,
 * but is not empty, and holds no tab and no newline. Returns false on failure.
 */
bool url_append_host(struct url_writer *out, const char *text, size_t len,
                     struct url_host *host);

#endif
