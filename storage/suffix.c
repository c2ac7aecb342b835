/* The search behind suffix.h: compares the end of a name with each suffix. */
#include "storage/suffix.h"

#include <stddef.h>
#include <string.h>

/* A name that is nothing but a suffix, like ".db", is a hidden file and has
 * none. */
const char *suffix_of(const char *path, const char *suffixes)
{
    size_t path_len = strlen(path);

    while (*suffixes) {
        size_t len = strcspn(suffixes, " ");
        const char *tail = path + path_len - len;

        if (path_len > len && strncmp(tail, suffixes, len) == 0)
            return tail;
        suffixes += len + strspn(suffixes + len, " ");
    }
    return NULL;
}
