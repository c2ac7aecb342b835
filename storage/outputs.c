/*
 * The files beside the database: their names, offsets and order of writing.
 *
 * The sentence of each failure says what the user can do: he named the output
 * himself, and so he can name another one.
 */
#include "storage/outputs.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/xalloc.h"

/* What is put behind the first output's name to make that of its database. */
#define STATE_SUFFIX ".crawl-state"

/* ---- opening ---- */

/* Whether two paths lead to one file. stat() follows links, and two files of
 * one device never have the same inode. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat stat_a, stat_b;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0 &&
           stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
}

/* Sets the failure of an output that cannot be written. What was committed is
 * safe, because the next start cuts the file back to it. */
static enum err fail_to_write(const struct outputs *outputs,
                              const struct sink *sink, enum err err)
{
    return failure_set(outputs->failure, err,
                       "%s: cannot write: %s; make that right and run the "
                       "same command again: it goes on from the last commit",
                       sink->path, err_str(err));
}

/* Opens one output that is no database, and adds it to the others. */
static enum err open_one(struct outputs *outputs, const char *path,
                         const char *format)
{
    const struct sink_ops *ops = sink_kind(path, format);
    enum err err;

    if (!ops)
        return failure_set(
            outputs->failure, CERR_FORMAT,
            "%s: the name does not tell the kind of output; end it in "
            ".db, .txt, .jsonl, .csv or .warc.gz, or give --format",
            path);
    if (outputs->nr == OUTPUTS_MAX)
        return failure_set(outputs->failure, CERR_INVALID,
                           "more than %d outputs", OUTPUTS_MAX);
    err = sink_open(&outputs->sinks[outputs->nr], path, ops);
    if (err)
        return failure_set(
            outputs->failure, err, "%s: cannot write there: %s", path,
            err == CERR_INVALID ? "it is a folder or a symbolic link"
                                : err_str(err));
    outputs->nr++;
    return CERR_OK;
}

enum err outputs_open(struct outputs *outputs,
                      const struct storage_options *options,
                      const char **database)
{
    enum err err = CERR_OK;

    *database = NULL;
    for (size_t i = 0; i < options->nr_outputs && !err; i++) {
        const char *path = options->outputs[i];
        bool is_database = back_end_of(path, options->format) != NULL;

        for (size_t j = 0; j < i; j++)
            if (is_same_file(path, options->outputs[j]))
                return failure_set(outputs->failure, CERR_INVALID,
                                   "%s: named twice as output", path);
        if (is_database && *database)
            return failure_set(outputs->failure, CERR_INVALID,
                               "%s: a crawl has one database, and %s is it "
                               "already",
                               path, *database);
        if (is_database)
            *database = path;
        else
            err = open_one(outputs, path, options->format);
    }
    return err;
}

/* A stream has no folder in which a database could stand beside it. */
char *outputs_state_path(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        const struct sink *sink = outputs->sinks[i];
        size_t bytes = strlen(sink->path) + sizeof(STATE_SUFFIX);
        char *path;

        if (sink->is_stream)
            continue;
        path = xmalloc(bytes);
        snprintf(path, bytes, "%s%s", sink->path, STATE_SUFFIX);
        return path;
    }
    return NULL;
}

/* ---- resuming ---- */

/* The path of an output as the database remembers it; the caller owns it. In
 * the database's own folder it is the name alone, so that the folder can be
 * moved with everything in it; elsewhere it is absolute. */
static char *make_key(const char *path, const struct sink *sink)
{
    char *sink_copy = xstrdup(sink->path), *db_copy = xstrdup(path);
    char *sink_folder = realpath(dirname(sink_copy), NULL);
    char *db_folder = realpath(dirname(db_copy), NULL);
    const char *name = strrchr(sink->path, '/');
    char *key = NULL;

    name = name ? name + 1 : sink->path;
    if (sink_folder && db_folder && strcmp(sink_folder, db_folder) != 0) {
        size_t bytes = strlen(sink_folder) + strlen(name) + 2;

        key = xmalloc(bytes);
        snprintf(key, bytes, "%s/%s", sink_folder, name);
    }
    free(sink_folder);
    free(db_folder);
    free(sink_copy);
    free(db_copy);
    return key ? key : xstrdup(name);
}

/* Checks a file of which no commit of this crawl speaks. It must be empty,
 * unless
 * --force gives its content up. And the crawl must not have stored pages
 * without it, which it would lack. */
static enum err check_new(const struct outputs *outputs,
                          const struct sink *sink, bool force, bool has_pages)
{
    if (!force && sink_has_content(sink))
        return failure_set(outputs->failure, CERR_EXISTS,
                           "%s: exists already and is not an unfinished "
                           "output of this crawl; name another file with "
                           "--output, or start over with --force",
                           sink->path);
    if (!sink->is_stream && has_pages)
        return failure_set(outputs->failure, CERR_STATE,
                           "%s: this crawl has begun without it; run "
                           "`crawl export` when it is done, or start over "
                           "with --force",
                           sink->path);
    return CERR_OK;
}

/* Cuts a file back to its committed offset; a new output has 0. A file that is
 * shorter than that was changed by somebody else. What it lacks cannot be
 * written again, because the URLs of those rows have ended. */
static enum err resume_at(const struct outputs *outputs, struct sink *sink,
                          const struct storage_output *output)
{
    enum err err = sink_resume(sink, output->part, output->offset_bytes);

    if (err == CERR_CORRUPT)
        return failure_set(outputs->failure, err,
                           "%s: shorter than what was written to it; "
                           "another program changed it: name another file "
                           "with --output, or start over with --force",
                           sink->path);
    if (err)
        return failure_set(outputs->failure, err, "%s: cannot write there: %s",
                           sink->path, err_str(err));
    return CERR_OK;
}

/* The sinks learn here what headers say of the run, before they are started. */
enum err outputs_resume(struct outputs *outputs, struct back_end *back,
                        const char *path, const struct storage_options *options,
                        bool has_pages)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < outputs->nr && !err; i++) {
        struct sink *sink = outputs->sinks[i];
        struct storage_output output = {0};

        sink->key = make_key(path, sink);
        output.key = sink->key;
        err = back->ops->session->get_output(back, &output);
        if (err == CERR_NOT_FOUND)
            err = check_new(outputs, sink, options->force, has_pages);
        sink->version = options->version;
        sink->user_agent = options->user_agent;
        sink->now_ms = options->now_ms;
        if (!err)
            err = resume_at(outputs, sink, &output);
    }
    return err;
}

enum err outputs_start(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        struct sink *sink = outputs->sinks[i];
        enum err err = sink_start(sink);

        if (err)
            return failure_set(outputs->failure, err,
                               "%s: cannot write there: %s", sink->path,
                               err_str(err));
    }
    return CERR_OK;
}

/* ---- writing ---- */

enum err outputs_put(struct outputs *outputs, const struct page_record *page,
                     struct sink_place *place)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        enum err err = sink_put(outputs->sinks[i], page, place);

        if (err)
            return fail_to_write(outputs, outputs->sinks[i], err);
    }
    return CERR_OK;
}

enum err outputs_flush(struct outputs *outputs, bool streams)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        struct sink *sink = outputs->sinks[i];
        enum err err;

        if (sink->is_stream != streams)
            continue;
        err = sink_flush(sink);
        if (err)
            return fail_to_write(outputs, sink, err);
    }
    return CERR_OK;
}

/* A sink's offset is that of the bytes that are written, so this must follow
 * outputs_flush(). Streams have none. */
enum err outputs_save(const struct outputs *outputs, struct back_end *back)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < outputs->nr && !err; i++) {
        const struct sink *sink = outputs->sinks[i];
        const struct storage_output output = {.key = sink->key,
                                              .kind = sink->ops->kind,
                                              .part = sink->part,
                                              .offset_bytes = sink->offset};

        if (!sink->is_stream)
            err = back->ops->session->put_output(back, &output);
    }
    return err;
}

/* ---- the index of a WARC file ---- */

/* The path of the index, owned by the caller: "x.cdxj" for "x.warc.gz". All
 * parts of an archive share one index. */
static char *index_path(const struct sink *sink)
{
    static const char suffix[] = ".warc.gz";
    size_t len = strlen(sink->path), tail = sizeof(suffix) - 1;
    char *path = xmalloc(len + 6);

    if (len > tail && strcmp(sink->path + len - tail, suffix) == 0)
        len -= tail;
    snprintf(path, len + 6, "%.*s.cdxj", (int)len, sink->path);
    return path;
}

/* A storage_text_fn that writes to the FILE `ctx`. */
static enum err write_line(void *ctx, struct bytes line)
{
    FILE *out = ctx;

    if (fwrite(line.data, 1, line.len, out) != line.len || putc('\n', out) < 0)
        return err_from_errno(errno);
    return CERR_OK;
}

/* Writes the index of one archive. It can be made again from the database at
 * any time, so it is not synced. */
static enum err write_index(const struct outputs *outputs,
                            struct back_end *back, const struct sink *sink)
{
    char *path = index_path(sink);
    FILE *out = fopen(path, "we");
    enum err err = out ? CERR_OK : err_from_errno(errno);

    if (!err)
        err = back->ops->session->index_archive(back, write_line, out);
    if (out && fclose(out) && !err)
        err = err_from_errno(errno);
    if (err) /* a sentence that the back end has set already stays */
        failure_set(outputs->failure, err, "%s: cannot write: %s", path,
                    err_str(err));
    free(path);
    return err;
}

enum err outputs_index(const struct outputs *outputs, struct back_end *back)
{
    enum err err = CERR_OK;

    if (!back->ops->session->index_archive)
        return CERR_OK;
    for (size_t i = 0; i < outputs->nr && !err; i++)
        if (outputs->sinks[i]->ops->wants_raw && !outputs->sinks[i]->is_stream)
            err = write_index(outputs, back, outputs->sinks[i]);
    return err;
}

bool outputs_want_raw(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++)
        if (outputs->sinks[i]->ops->wants_raw)
            return true;
    return false;
}

void outputs_close(struct outputs *outputs, bool undo)
{
    for (size_t i = 0; i < outputs->nr; i++)
        sink_close(outputs->sinks[i], undo);
    outputs->nr = 0;
}
