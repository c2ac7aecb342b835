/* A set of folders by keyed hashes, see folders.h. A URL is looked
 * up once for each of its folders, from the shortest on. */
#include "crawler/scope/folders.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash_set.h"
#include "base/xalloc.h"

#define FOLDERS_FIRST 1024 /* slots at the start; a power of two */

struct folders {
    struct hash_key key;
    struct hash_set hashes; /* owned */
};

/* Makes a small table at first: most lists lie in few folders. */
struct folders *folders_new(const struct hash_key *key)
{
    struct folders *folders = xcalloc(1, sizeof(*folders));

    folders->key = *key;
    hash_set_init(&folders->hashes, FOLDERS_FIRST);
    return folders;
}

void folders_free(struct folders *folders)
{
    if (!folders)
        return;
    hash_set_release(&folders->hashes);
    free(folders);
}

/* Hashes "host:port" and the first `path_len` bytes of the path. */
static uint64_t hash_folder(const struct folders *folders,
                            const struct url *url, size_t path_len)
{
    bool is_usual = url->port == (url->scheme == URL_HTTPS ? 443 : 80);
    uint64_t parts[3] = {
        is_usual ? 0 : url->port,
        hash_sip(&folders->key, url->text + url->host_at, url->host_len),
        hash_sip(&folders->key, url->text + url->path_at, path_len),
    };

    return hash_sip(&folders->key, parts, sizeof(parts));
}

void folders_add(struct folders *folders, const struct url *url)
{
    const char *path = url->text + url->path_at;
    const char *end = memrchr(path, '/', url->path_len);

    if (end && folders->hashes.nr < FOLDERS_MAX)
        hash_set_add(&folders->hashes,
                     hash_folder(folders, url, (size_t)(end - path) + 1));
}

/* Asks for each folder that the URL lies in: each slash of the path ends one.
 */
bool folders_have(const struct folders *folders, const struct url *url)
{
    const char *path = url->text + url->path_at;

    for (size_t len = 1; len <= url->path_len; len++)
        if (path[len - 1] == '/' &&
            hash_set_has(&folders->hashes, hash_folder(folders, url, len)))
            return true;
    return false;
}
