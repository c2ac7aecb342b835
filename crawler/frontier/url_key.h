/*
 * url_key: reads URLs, and lines as people write them, into the canonical form
 * and the keys that identify a URL: keyed hashes of the host's key and of the
 * URL itself. Pure.
 */
#ifndef CRAWLER_FRONTIER_URL_KEY_H
#define CRAWLER_FRONTIER_URL_KEY_H

#include "base/hash.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/url/url.h"
#include "storage/record.h"

#define URL_HOST_KEY_BYTES 320 /* "https://host:65535" */

/* A canonical URL with its keys; the texts are views into a reader. */
struct keyed_url {
    struct url_key key;
    struct bytes host_key, url;
};

/* Room for reading a URL; what was read stays there until the next one. */
struct url_reader {
    const struct hash_key *hash_key; /* borrowed */
    struct url url, room;            /* 8 KiB each */
    char host_key[URL_HOST_KEY_BYTES];
};

/* Hashes the key of a host and a canonical URL to the key that storage knows
 * the URL by. */
struct url_key url_key_of(const struct hash_key *hash_key,
                          struct bytes host_key, struct bytes url);
/* Reads a URL into the reader, in its canonical form, or says why it is
 * refused: ERROR_BAD_URL, ERROR_BLOCKED_SCHEME, ERROR_TOO_LONG, ERROR_BAD_PORT.
 */
enum error url_reader_read(struct url_reader *reader, struct bytes text,
                           struct keyed_url *url);
/* The keys of the canonical URL that is in reader->url already. */
enum error url_reader_key(struct url_reader *reader, struct keyed_url *url);

/* ---- lines of a list ---- */

/*
 * Fills `url` with the canonical form of what stands there; a bare
 * "example.com/x" is meant as https. `room` is scratch space. Returns
 * ERROR_NONE, or why the line gets no URL: ERROR_BAD_URL,
 * ERROR_BLOCKED_SCHEME, ERROR_TOO_LONG, ERROR_BAD_PORT.
 */
enum error line_read(struct url *url, struct url *room, struct bytes text);

/* Takes credentials out of a line, in place, as no row may have them. Returns
 * the new length. */
size_t line_drop_credentials(char *text, size_t len);

#endif
