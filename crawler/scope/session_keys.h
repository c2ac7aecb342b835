/*
 * session_keys: ids of sessions in URLs, which make a new URL of each page for
 * each visitor.
 *
 * Servers put them into queries (?PHPSESSID=1) and path parameters
 * (;jsessionid=1), often into all links of a page that was asked for without
 * cookies: the site is as many sites as there were answers. When one page came
 * under two ids, they are taken out of the links of its host from then on. Not
 * before: "sid" may be the number of a story, which it is when two are
 * different pages. Pure; memory is bounded. One thread per object.
 */
#ifndef CRAWLER_SCOPE_SESSION_KEYS_H
#define CRAWLER_SCOPE_SESSION_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/wire.h"
#include "crawler/url/url.h"

#define SESSION_KEYS_PAGES 16384 /* pages with ids at hand: 384 KiB */
#define SESSION_KEYS_HOSTS 65536 /* whose ids are taken out; no more later */

struct session_keys; /* opaque */

/* Owned by the caller. Never NULL. Copies the key. */
struct session_keys *session_keys_new(const struct hash_key *key);
void session_keys_free(struct session_keys *keys);

/*
 * Copies a canonical URL without the ids of sessions in it; `out` has room for
 * URL_BYTES_MAX. Returns the length, which is that of the URL if it has none.
 */
size_t session_keys_strip(struct bytes url, char *out);

/* Notes a page that has ended, by something that tells it from others, such as
 * a hash of its title and length. Returns whether the ids of its host are taken
 * out from now on, which were not before. */
bool session_keys_note(struct session_keys *keys, int64_t host_id,
                       struct bytes url, uint64_t page);
/* Whether the ids of any host, or of this one, are taken out. */
bool session_keys_have(const struct session_keys *keys, int64_t host_id);

#endif
