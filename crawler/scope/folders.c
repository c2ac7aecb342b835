/* An open hash table of folders by keyed hashes, see folders.h. A URL is looked
 * up once for each of its folders, from the shortest on. */
#include "crawler/scope/folders.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define FOLDERS_FIRST 1024 /* slots at the start; a power of two */

/* An open hash table, at most half full. */
struct folders {
    struct hash_key key;
    uint64_t *slots; /* owned; 0: free */
    size_t nr, cap;
};

/* Makes a small table at first: most lists lie in few folders. */
struct folders *folders_new(const struct hash_key *key)
{
    struct folders *folders = xcalloc(1, sizeof(*folders));

    folders->key = *key;
    folders->cap = FOLDERS_FIRST;
    folders->slots = xcalloc(folders->cap, sizeof(*folders->slots));
    return folders;
}

void folders_free(struct folders *folders)
{
    if (!folders)
        return;
    free(folders->slots);
    free(folders);
}

/* Finds the slot of a hash, or the free one where it belongs. */
static uint64_t *slot_of(const struct folders *folders, uint64_t hash)
{
    size_t at = hash & (folders->cap - 1);

    while (folders->slots[at] != 0 && folders->slots[at] != hash)
        at = (at + 1) & (folders->cap - 1);
    return &folders->slots[at];
}

/* Doubles the table when it is half full, so that a free slot is always near.
 */
static void grow(struct folders *folders)
{
    struct folders old = *folders;

    folders->cap *= 2;
    folders->slots = xcalloc(folders->cap, sizeof(*folders->slots));
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i])
            *slot_of(folders, old.slots[i]) = old.slots[i];
    free(old.slots);
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
    uint64_t hash = hash_sip(&folders->key, parts, sizeof(parts));

    return hash ? hash : 1;
}

void folders_add(struct folders *folders, const struct url *url)
{
    const char *path = url->text + url->path_at;
    const char *end = memrchr(path, '/', url->path_len);

    if (!end || folders->nr == FOLDERS_MAX)
        return;
    uint64_t hash = hash_folder(folders, url, (size_t)(end - path) + 1);
    uint64_t *slot = slot_of(folders, hash);
    if (*slot)
        return;
    *slot = hash;
    if (++folders->nr > folders->cap / 2)
        grow(folders);
}

/* Asks for each folder that the URL lies in: each slash of the path ends one.
 */
bool folders_have(const struct folders *folders, const struct url *url)
{
    const char *path = url->text + url->path_at;

    for (size_t len = 1; len <= url->path_len; len++)
        if (path[len - 1] == '/' &&
            *slot_of(folders, hash_folder(folders, url, len)))
            return true;
    return false;
}
