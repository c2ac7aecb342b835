/* Folders are compared name by name after links were resolved. */
#include "storage/sink/sink_key.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define UP "../"

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* The folder of a file, resolved, and with a slash at its end. */
static char *folder_of(const char *path)
{
    char *copy = xstrdup(path);
    char *folder = realpath(dirname(copy), NULL);

    free(copy);
    if (!folder || strcmp(folder, "/") == 0)
        return folder;
    size_t len = strlen(folder);

    folder = xrealloc_array(folder, len + 2, 1);
    memcpy(folder + len, "/", 2);
    return folder;
}

char *sink_key_absolute(const char *path)
{
    char *folder = folder_of(path);
    const char *name = last_name(path);
    char *key = NULL;

    if (folder) {
        size_t bytes = strlen(folder) + strlen(name) + 1;

        key = xmalloc(bytes);
        snprintf(key, bytes, "%s%s", folder, name);
    }
    free(folder);
    return key;
}

/* Length of the folders that both paths begin with, the last slash included. */
static size_t shared_len(const char *a, const char *b)
{
    size_t shared = 0;

    for (size_t i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            shared = i + 1;
    return shared;
}

char *sink_key_relative(const char *database, const char *path)
{
    char *from = folder_of(database);
    char *to = sink_key_absolute(path);
    char *key = NULL;

    if (from && to) {
        size_t shared = shared_len(from, to), nr_up = 0;
        size_t len = strlen(to + shared) + 1;

        for (const char *at = from + shared; *at; at++)
            nr_up += *at == '/';
        key = xmalloc(nr_up * strlen(UP) + len);
        for (size_t i = 0; i < nr_up; i++)
            memcpy(key + i * strlen(UP), UP, strlen(UP));
        memcpy(key + nr_up * strlen(UP), to + shared, len);
    }
    free(from);
    free(to);
    return key;
}
