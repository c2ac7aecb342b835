/*
 * The files beside the database: their names, offsets and order of writing.
 *
 * The sentence of each failure says what the user can do: he named the output
 * himself, and so he can name another one.
 */
#include "storage/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "storage/sink/sink_key.h"

/* What is put behind the first output's name to make that of its database. */
#define STATE_SUFFIX ".crawl-state"

/* ---- names ---- */

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

/* A reader that has left is told by outputs_left(): everything else goes on. */
static enum err settle_write(const struct outputs *outputs,
                             const struct sink *sink, enum err err)
{
    return err && !sink->is_left ? fail_to_write(outputs, sink, err) : CERR_OK;
}

/* Opens one output that is no database, and adds it to the others. */
static enum err open_one(struct outputs *outputs, const char *path,
                         const struct storage_options *options)
{
    const struct sink_ops *ops = sink_kind(path, options->format);
    const struct storage_waiter *waiter = options->waiter;
    enum err err;

    if (!ops)
        return failure_set(
            outputs->failure, CERR_INVALID,
            "%s: the name does not tell the kind of output; end it in "
            ".db, .txt, .jsonl, .csv or .warc.gz, or give --format",
            path);
    for (size_t i = 0; i < outputs->nr && ops->wants_raw; i++)
        if (outputs->sinks[i]->ops->wants_raw)
            return failure_set(outputs->failure, CERR_INVALID,
                               "%s: a crawl has one archive, and %s is it "
                               "already",
                               path, outputs->sinks[i]->path);
    if (outputs->nr == OUTPUTS_MAX)
        return failure_set(outputs->failure, CERR_INVALID,
                           "more than %d outputs", OUTPUTS_MAX);
    do
        err = sink_open(&outputs->sinks[outputs->nr], path, ops);
    while (err == CERR_AGAIN && waiter && waiter->fn(waiter->ctx, path));
    if (err == CERR_AGAIN)
        return failure_set(outputs->failure, CERR_CANCELED,
                           "%s: a named pipe that nobody reads; start its "
                           "reader and run the same command again",
                           path);
    if (err)
        return failure_set(
            outputs->failure, err, "%s: cannot write there: %s", path,
            err == CERR_INVALID ? "it is a folder or a symbolic link; '-o -' "
                                  "writes to standard output"
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
            err = open_one(outputs, path, options);
    }
    return err;
}

/* Adds the name of a file that is there to the list in `out`. */
static bool add_there(const char *path, char out[STORAGE_MESSAGE_BYTES])
{
    size_t len = strlen(out);
    struct stat file;

    if (lstat(path, &file))
        return false;
    snprintf(out + len, STORAGE_MESSAGE_BYTES - len, "%s%s", len ? ", " : "",
             path);
    return true;
}

void storage_forced(const struct storage_options *options,
                    char message[STORAGE_MESSAGE_BYTES])
{
    message[0] = '\0';
    for (size_t i = 0; i < options->nr_outputs; i++) {
        const struct sink sink = {
            .ops = back_end_of(options->outputs[i], options->format)
                       ? NULL
                       : sink_kind(options->outputs[i], options->format),
            .path = (char *)(uintptr_t)options->outputs[i]};
        bool there = sink.ops && sink.ops->is_full;
        char *path;

        for (int part = 1; there; part++) {
            path = sink_part_path(&sink, part);
            there = add_there(path, message);
            free(path);
        }
        if (sink.ops && sink.ops->wants_raw) {
            path = index_path(&sink);
            (void)add_there(path, message);
            free(path);
        }
    }
}

/* A stream has no folder in which a database could stand beside it. A state
 * that is there counts before the order in which outputs are named. */
char *outputs_state_path(const struct outputs *outputs)
{
    char *first = NULL;

    for (size_t i = 0; i < outputs->nr; i++) {
        const struct sink *sink = outputs->sinks[i];
        size_t bytes = strlen(sink->path) + sizeof(STATE_SUFFIX);
        char *path;

        if (sink->is_stream)
            continue;
        path = xmalloc(bytes);
        snprintf(path, bytes, "%s%s", sink->path, STATE_SUFFIX);
        if (access(path, F_OK) == 0) {
            free(first);
            return path;
        }
        if (first)
            free(path);
        else
            first = path;
    }
    return first;
}

/* ---- resuming ---- */

/* Words for what the user can do about an output that lacks rows. Only a
 * database that he has named is there when the crawl is done. */
static void say_way_out(const char *path, const struct sink *sink,
                        char out[STORAGE_MESSAGE_BYTES])
{
    size_t len = strlen(path), tail = strlen(STATE_SUFFIX);
    char database[160], file[160]; /* a longer path is not shown */
    bool is_there = sink_has_content(sink);

    if (sink->ops->wants_raw || len == 0 ||
        (len > tail && strcmp(path + len - tail, STATE_SUFFIX) == 0)) {
        snprintf(out, STORAGE_MESSAGE_BYTES,
                 "leave it out, or start over with --force");
        return;
    }
    if (text_shell_word(path, database, sizeof(database)) >= sizeof(database) ||
        text_shell_word(sink->path, file, sizeof(file)) >= sizeof(file)) {
        snprintf(database, sizeof(database), "DB");
        snprintf(file, sizeof(file), "FILE");
    }
    snprintf(out, STORAGE_MESSAGE_BYTES,
             "leave it out, and make it when the crawl is done: %s%s%s"
             "crawl export %s %s",
             is_there ? "rm " : "", is_there ? file : "",
             is_there ? " && " : "", database, file);
}

/* Refuses a new output of whose file or index another program is the owner:
 * nothing of it is changed. */
static enum err check_free(const struct outputs *outputs,
                           const struct sink *sink)
{
    char *index = sink->ops->wants_raw ? index_path(sink) : NULL;
    bool is_taken = sink_has_content(sink);
    struct stat file;
    enum err err = CERR_OK;

    if (is_taken || (index && lstat(index, &file) == 0))
        err = failure_set(outputs->failure, CERR_EXISTS,
                          "%s: exists already and is not an unfinished "
                          "output of this crawl; name another file with "
                          "--output, or start over with --force",
                          is_taken ? sink->path : index);
    free(index);
    return err;
}

/* Makes the name of the index sure before the first fetch, as it is written
 * after the last one: --force takes away what stands there, and nothing but a
 * file is written to. */
static enum err check_index(const struct outputs *outputs,
                            const struct sink *sink, bool forced)
{
    char *index = index_path(sink);
    struct stat file;
    enum err err = CERR_OK;

    if (forced)
        unlink(index);
    if (lstat(index, &file) == 0 && !S_ISREG(file.st_mode))
        err = failure_set(outputs->failure, CERR_EXISTS,
                          "%s: exists already and is no file; the index of "
                          "%s needs that name: move it away",
                          index, sink->path);
    free(index);
    return err;
}

/* Checks a file of which no commit of this crawl speaks. It must be empty,
 * unless --force gives its content up. And the crawl must not have stored pages
 * without it, which it would lack. */
static enum err check_new(const struct outputs *outputs, const char *path,
                          const struct sink *sink, bool force, bool has_pages)
{
    char way_out[STORAGE_MESSAGE_BYTES];

    if (sink->is_stream)
        return CERR_OK;
    if (!force) {
        enum err err = check_free(outputs, sink);

        if (err)
            return err;
    }
    if (!has_pages)
        return CERR_OK;
    say_way_out(path, sink, way_out);
    return failure_set(outputs->failure, CERR_STATE,
                       "%s: this crawl has begun without it; %s", sink->path,
                       way_out);
}

/*
 * Finds what the database knows of the output, by the path as it is given now
 * and then by the other kind of it: a script may name the whole path where
 * somebody typed the short one. A path in the database's own folder is
 * remembered as relative however it was given.
 */
static enum err find_output(struct back_end *back, const char *path,
                            struct sink *sink, struct storage_output *output)
{
    char *keys[2] = {sink_key_relative(path, sink->path),
                     sink_key_absolute(sink->path)};
    int first = sink->path[0] == '/' && keys[0] && strchr(keys[0], '/');
    enum err err = CERR_NOT_FOUND;
    int chosen = first;

    for (int i = 0; i < 2 && err == CERR_NOT_FOUND; i++) {
        int at = i == 0 ? first : !first;

        output->key = keys[at];
        if (keys[at])
            err = back->ops->session->get_output(back, output);
        if (keys[at] && err != CERR_NOT_FOUND)
            chosen = at;
    }
    sink->key = keys[chosen] ? keys[chosen] : xstrdup(sink->path);
    free(keys[!chosen]);
    output->key = sink->key;
    return err;
}

/* Says why a file cannot be gone on with. What it lacks cannot be written
 * again, because the URLs of those rows have ended. */
static enum err refuse(const struct outputs *outputs, const struct sink *sink,
                       const struct storage_output *output, enum err err)
{
    if (err == CERR_CORRUPT)
        return failure_set(outputs->failure, err,
                           "%s: shorter than what was written to it; "
                           "another program changed it: name another file "
                           "with --output, or start over with --force",
                           sink->path);
    if (err == CERR_EXISTS && sink->taken)
        return failure_set(outputs->failure, err,
                           "%s: exists already, and %s would need that name; "
                           "move it away, or name another file with --output",
                           sink->taken, sink->path);
    if (err == CERR_EXISTS)
        return failure_set(outputs->failure, err,
                           "%s: longer than what this crawl wrote to it; "
                           "another program changed it: take out what was "
                           "added (the first %" PRId64 " bytes are ours), or "
                           "name another file with --output",
                           sink->path, output->offset_bytes);
    return failure_set(outputs->failure, err, "%s: cannot write there: %s",
                       sink->path, err_str(err));
}

/* Goes on with one output, or begins it. */
static enum err resume_one(struct outputs *outputs, struct back_end *back,
                           const char *path, struct sink *sink,
                           const struct storage_found *found)
{
    struct storage_output output = {0};
    enum err err = find_output(back, path, sink, &output);
    bool is_new = err == CERR_NOT_FOUND;
    enum sink_rest rest = SINK_REST_FOREIGN;
    char way_out[STORAGE_MESSAGE_BYTES];

    if (is_new)
        err = check_new(outputs, path, sink, found->forced, found->has_pages);
    if (err)
        return err;
    if (!is_new && output.state == STORAGE_OUTPUT_BEHIND) {
        say_way_out(path, sink, way_out);
        return failure_set(outputs->failure, CERR_STATE,
                           "%s: lacks the rows of a session that ran without "
                           "it; %s",
                           sink->path, way_out);
    }
    if (is_new && found->forced)
        rest = SINK_REST_FORCED;
    else if (!is_new && output.state == STORAGE_OUTPUT_OPEN)
        rest = SINK_REST_OWN;
    if (sink->ops->wants_raw && !sink->is_stream)
        err = check_index(outputs, sink, rest == SINK_REST_FORCED);
    if (err)
        return err;
    err = sink_resume(sink, output.part, output.offset_bytes, rest);
    return err ? refuse(outputs, sink, &output, err) : CERR_OK;
}

/* The sinks learn here what headers say of the run, before they are started. */
enum err outputs_resume(struct outputs *outputs, struct back_end *back,
                        const char *path, const struct storage_options *options,
                        const struct storage_found *found)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < outputs->nr && !err; i++) {
        struct sink *sink = outputs->sinks[i];

        sink->version = options->version;
        sink->user_agent = options->user_agent;
        sink->now_ms = options->now_ms;
        err = resume_one(outputs, back, path, sink, found);
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
    outputs->has_rows = true;
    for (size_t i = 0; i < outputs->nr; i++) {
        enum err err;

        if (outputs->sinks[i]->is_left)
            continue;
        err = sink_put(outputs->sinks[i], page, place);
        if (err)
            return fail_to_write(outputs, outputs->sinks[i], err);
    }
    return CERR_OK;
}

/* The sync of one file, and the thread that makes it. */
struct sync {
    struct sink *sink;
    enum err err;
    bool has_thread;
    pthread_t thread;
};

static void *run_sync(void *ctx)
{
    struct sync *sync = ctx;

    sync->err = sink_sync(sync->sink);
    return NULL;
}

/* Syncs all files at once: a slow disk makes them wait for one another else,
 * and five outputs took five times as long as one (docs/decisions/0039). The
 * threads live for this call alone, and take no signal. One that cannot be made
 * is done without. */
static enum err sync_files(struct outputs *outputs)
{
    struct sync syncs[OUTPUTS_MAX] = {0};
    sigset_t all, before;
    enum err err = CERR_OK;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < outputs->nr; i++) {
        struct sync *sync = &syncs[i];

        sync->sink = outputs->sinks[i];
        if (i > 0 && sync->sink->unsynced > 0)
            sync->has_thread =
                pthread_create(&sync->thread, NULL, run_sync, sync) == 0;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < outputs->nr; i++)
        if (!syncs[i].has_thread)
            run_sync(&syncs[i]);
    for (size_t i = 0; i < outputs->nr; i++) {
        if (syncs[i].has_thread)
            pthread_join(syncs[i].thread, NULL);
        if (syncs[i].err && !err)
            err = fail_to_write(outputs, syncs[i].sink, syncs[i].err);
    }
    return err;
}

enum err outputs_flush(struct outputs *outputs, bool streams)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        struct sink *sink = outputs->sinks[i];
        enum err err;

        if (sink->is_stream != streams)
            continue;
        err = settle_write(outputs, sink, sink_write(sink));
        if (err)
            return err;
    }
    return streams ? CERR_OK : sync_files(outputs);
}

enum err outputs_push(struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++) {
        struct sink *sink = outputs->sinks[i];
        enum err err = sink->ready
                           ? settle_write(outputs, sink, sink_push(sink))
                           : CERR_OK;

        if (err)
            return err;
    }
    return CERR_OK;
}

const char *outputs_left(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++)
        if (outputs->sinks[i]->is_left)
            return outputs->sinks[i]->path;
    return NULL;
}

size_t outputs_unread(const struct outputs *outputs, int *fd)
{
    size_t bytes = 0;

    *fd = -1;
    for (size_t i = 0; i < outputs->nr; i++) {
        bytes += outputs->sinks[i]->ready;
        if (outputs->sinks[i]->ready)
            *fd = outputs->sinks[i]->fd;
    }
    return bytes;
}

bool outputs_have_file(const struct outputs *outputs)
{
    for (size_t i = 0; i < outputs->nr; i++)
        if (!outputs->sinks[i]->is_stream)
            return true;
    return false;
}

/* A sink's offset is that of the bytes that are written, so this must follow
 * outputs_flush(). Streams have none. The first row of a session puts every
 * output behind that is not part of it. */
enum err outputs_save(struct outputs *outputs, struct back_end *back)
{
    enum err err = CERR_OK;

    if (outputs->has_rows && !outputs->others_left) {
        err = back->ops->session->leave_outputs(back);
        outputs->others_left = true;
    }
    for (size_t i = 0; i < outputs->nr && !err; i++) {
        const struct sink *sink = outputs->sinks[i];
        const struct storage_output output = {
            .key = sink->key,
            .kind = sink->ops->kind,
            .part = sink->part,
            .offset_bytes = sink->offset,
            .state =
                outputs->is_open ? STORAGE_OUTPUT_OPEN : STORAGE_OUTPUT_CLOSED};

        if (!sink->is_stream)
            err = back->ops->session->put_output(back, &output);
    }
    return err;
}

/* ---- the index of a WARC file ---- */

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
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
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
