/*
 * surt: the key by which archives look a URL up.
 *
 * "http://www.Example.com:80/a/?b=2&a=1" is "com,example)/a?a=1&b=2": the host
 * from right to left, and all that tells no two pages apart left out or put in
 * order. The rules are those of the Internet Archive's program `surt`, by which
 * replay programs and its index are made: without scheme, user, default port,
 * leading "www", "www2" and so on, session keys, slash at the end, fragment and
 * empty query; escapes undone as often as they can be and set once; lower case;
 * the parts of the query sorted. Pure.
 */
#ifndef STORAGE_SINK_SURT_H
#define STORAGE_SINK_SURT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"

/* Longest URL that has a key; the key is at most three times as long. */
#define SURT_URL_BYTES 8192

/* Appends the key of a canonical URL. CERR_TOO_BIG: it is too long; errors as
 * buf_add. */
enum err surt_add(struct buf *key, struct bytes url) CERR_CHECK;

#endif
