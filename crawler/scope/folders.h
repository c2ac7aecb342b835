/*
 * folders: where the URLs of the list lie, for --scope prefix.
 *
 * A page's links say nothing of the seed that led there, so a URL is in scope
 * when it lies in or below the folder of any listed URL. The folders are kept
 * as keyed hashes, each once: a list of a million URLs has few of them. Pure.
 */
#ifndef CRAWLER_SCOPE_FOLDERS_H
#define CRAWLER_SCOPE_FOLDERS_H

#include <stdbool.h>

#include "base/hash.h"
#include "crawler/url/url.h"

#define FOLDERS_MAX 4194304 /* 64 MiB at most; later ones are not followed */

struct folders; /* opaque */

/* Never NULL. Copies the key. */
struct folders *folders_new(const struct hash_key *key);
void folders_free(struct folders *folders);
/* Adds the folder of a canonical URL. */
void folders_add(struct folders *folders, const struct url *url);
/* Whether a canonical URL lies in one of the folders or below. http and https
 * of a host, each on its default port, count as one. */
bool folders_have(const struct folders *folders, const struct url *url);

#endif
