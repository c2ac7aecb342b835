/*
 * Lists that were read: their names, where their files are, and how far.
 *
 * A file below the folder of the database is stored by its path from there, so
 * that a folder which is moved or copied with all that is in it still knows its
 * lists. Callers see whole paths.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "storage/internal.h"
#include "storage/leases.h"

/* The folder of the database with a slash at its end; NULL for a temporary
 * one. */
static char *own_folder(const struct storage *storage)
{
    char *copy, *folder, *whole = NULL;

    if (!storage->path[0])
        return NULL;
    copy = xstrdup(storage->path);
    folder = realpath(dirname(copy), NULL);
    free(copy);
    if (folder) {
        size_t bytes = strlen(folder) + 2;

        whole = xmalloc(bytes);
        snprintf(whole, bytes, "%s/", strcmp(folder, "/") == 0 ? "" : folder);
    }
    free(folder);
    return whole;
}

/* The path as it is stored: from the folder on, if the file is below it. */
static const char *shorten(const char *path, const char *folder)
{
    size_t len = folder ? strlen(folder) : 0;

    return path && len && strncmp(path, folder, len) == 0 ? path + len : path;
}

/* What a walk over the lists needs to make whole paths. */
struct walk {
    const char *folder;
    storage_input_fn fn;
    void *ctx;
};

/* A storage_input_fn: hands a list on with its whole path. */
static enum err hand_on(void *ctx, const struct storage_input *input)
{
    const struct walk *walk = ctx;
    struct storage_input whole = *input;
    char *path = NULL;
    enum err err;

    if (input->path && input->path[0] != '/' && walk->folder) {
        size_t bytes = strlen(walk->folder) + strlen(input->path) + 1;

        path = xmalloc(bytes);
        snprintf(path, bytes, "%s%s", walk->folder, input->path);
        whole.path = path;
    }
    err = walk->fn(walk->ctx, &whole);
    free(path);
    return err;
}

enum err storage_each_input(struct storage *storage, storage_input_fn fn,
                            void *ctx)
{
    struct walk walk = {.fn = fn, .ctx = ctx};
    char *folder = own_folder(storage);
    enum err err = storage->failure.err;

    walk.folder = folder;
    if (!err)
        err = storage_settle(storage, storage->back->ops->session->each_input(
                                          storage->back, hand_on, &walk));
    free(folder);
    return err;
}

enum err storage_get_input(struct storage *storage, struct storage_input *input)
{
    if (storage->failure.err)
        return storage->failure.err;
    /* the number of a list that was never read; else it is overwritten */
    input->number = (int64_t)storage->nr_inputs;
    return storage_settle(
        storage, storage->back->ops->session->get_input(storage->back, input));
}

enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input)
{
    struct storage_input stored = *input;
    char *folder;
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    folder = input->path ? own_folder(storage) : NULL;
    stored.path = shorten(input->path, folder);
    err = storage->back->ops->session->put_input(storage->back, &stored);
    free(folder);
    /* numbers are given without a gap, so a name's place is its number */
    if (!err && input->number == (int64_t)storage->nr_inputs)
        storage_add_input(storage, input->name);
    return storage_settle(storage, err);
}
