/*
 * url: http and https URLs, read and written as the WHATWG URL standard says.
 *
 * One parser decides and fetches: libcurl is handed only what comes out of
 * here. Pure; no allocation per component, all components are offsets into
 * one serialised string. Names go through libidn2 (UTS #46), numeric and odd
 * IPv4 forms become dotted decimals, IPv6 its short form (RFC 5952).
 *
 * Fragments and userinfo: a parsed URL keeps both (the standard's href has
 * them); url_canonical() drops them: a fragment is never sent, and
 * credentials from a page or a list never reach a log, a row or another host.
 */
#ifndef CRAWLER_URL_URL_H
#define CRAWLER_URL_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"

#define URL_BYTES_MAX 8192 /* of a serialised URL; longer ones are refused */

enum url_scheme { URL_HTTP, URL_HTTPS };

enum url_error {
    URL_OK = 0,
    URL_BAD,        /* the standard's parser fails */
    URL_BAD_SCHEME, /* parsed, but neither http nor https: nothing is kept */
    URL_TOO_LONG,   /* over URL_BYTES_MAX */
};

/*
 * A parsed URL in the caller's storage. `text` is the serialisation, NUL
 * behind it; the others are offsets into it. Components include no
 * delimiters; has_... tells empty from absent, whose offset and length are 0.
 */
struct url {
    char text[URL_BYTES_MAX + 1];
    uint16_t len;
    enum url_scheme scheme;
    uint16_t user_at, user_len; /* "user" or "user:password" */
    uint16_t host_at, host_len; /* with brackets for IPv6 */
    uint16_t port;              /* effective: 80 or 443 by default */
    bool port_given;            /* stands in the text */
    bool host_is_ipv4, host_is_ipv6;
    uint16_t path_at, path_len; /* begins with '/' */
    uint16_t query_at, query_len;
    uint16_t fragment_at, fragment_len;
    bool has_user, has_query, has_fragment;
};

/*
 * Parses `text` (UTF-8 or not: invalid bytes become U+FFFD as the standard
 * says) against `base`, which may be NULL. On URL_OK `url` is filled; else its
 * contents are undefined. `base` and `url` may not be the same object.
 */
enum url_error url_parse(struct url *url, const char *text, size_t len,
                         const struct url *base) CERR_CHECK;
/*
 * The same for a text that nothing has decoded: a header field, a line of a
 * list or of robots.txt. Bytes that are not UTF-8 are percent-encoded as they
 * are ("%E9"), as browsers do after the isomorphic decoding of a Location:
 * U+FFFD would make one URL of many, and one that nobody meant.
 */
enum url_error url_parse_bytes(struct url *url, const char *text, size_t len,
                               const struct url *base) CERR_CHECK;

/*
 * The form that identifies a resource for us: WHATWG plus RFC 3986 6.2.2
 * (percent-escapes in upper case, unreserved characters unescaped, dot
 * segments removed again), without userinfo and fragment. It is its own
 * canonical form. `url` is what url_parse() made, `out` may be `url` itself.
 */
void url_canonical(struct url *out, const struct url *url);

/*
 * The politeness key: "http://host:port" with the effective port always
 * written. Returns its length, below `cap`; 0 if it does not fit.
 */
size_t url_host_key(const struct url *url, char *out, size_t cap);

/* Whether a host is `domain` or a name below it, in capitals or not; a dot in
 * front of the domain, as people write it, means the same. */
bool url_host_is_below(struct bytes host, struct bytes domain);

/* Ports that the Fetch standard blocks (bad ports, 2.9). */
bool url_port_is_bad(uint16_t port);

#endif
