/* Opening, committing and closing: the database, its lock and the outputs. */
#include "storage/sqlite/sqlite.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/xalloc.h"

#define STATE_SUFFIX ".crawl-state"

bool storage_is_database(const char *path, const char *format)
{
    static const char *const suffixes[] = {".db", ".sqlite", ".sqlite3"};
    size_t len = strlen(path);

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t tail = strlen(suffixes[i]);

        if (len > tail && strcmp(path + len - tail, suffixes[i]) == 0)
            return true;
    }
    return format &&
           (strcmp(format, "db") == 0 || strcmp(format, "sqlite") == 0) &&
           !sink_kind(path, NULL);
}

/* The same file by another name: folder and name, links resolved. */
static bool is_same_file(const char *a, const char *b)
{
    struct stat stat_a, stat_b;

    if (strcmp(a, b) == 0)
        return true;
    return stat(a, &stat_a) == 0 && stat(b, &stat_b) == 0 &&
           stat_a.st_dev == stat_b.st_dev && stat_a.st_ino == stat_b.st_ino;
}

/* Opens the files of the text outputs, and finds the database's path. */
static enum err open_outputs(struct storage *storage,
                             const struct storage_options *options)
{
    for (size_t i = 0; i < options->nr_outputs; i++) {
        const char *path = options->outputs[i];
        const struct sink_ops *ops = sink_kind(path, options->format);
        enum err err;

        for (size_t j = 0; j < i; j++)
            if (is_same_file(path, options->outputs[j]))
                return storage_break(storage, CERR_INVALID,
                                     "%s: named twice as output", path);
        if (storage_is_database(path, options->format)) {
            if (storage->path)
                return storage_break(storage, CERR_INVALID,
                                     "%s: a crawl has one database, and %s "
                                     "is it already",
                                     path, storage->path);
            storage->path = xstrdup(path);
            continue;
        }
        if (!ops)
            return storage_break(
                storage, CERR_FORMAT,
                "%s: the name does not tell the kind of output; end it in "
                ".db, .txt, .jsonl, .csv or .warc.gz, or give --format",
                path);
        if (storage->nr_sinks == STORAGE_SINKS_MAX)
            return storage_break(storage, CERR_INVALID, "more than %d outputs",
                                 STORAGE_SINKS_MAX);
        err = sink_open(&storage->sinks[storage->nr_sinks], path, ops);
        if (err)
            return storage_break(
                storage, err, "%s: cannot write there: %s", path,
                err == CERR_INVALID ? "it is a folder or a symbolic link"
                                    : err_str(err));
        storage->nr_sinks++;
    }
    return CERR_OK;
}

/* Without a database among the outputs: beside the first file, else temporary.
 */
static void choose_state_file(struct storage *storage)
{
    for (size_t i = 0; i < storage->nr_sinks && !storage->path; i++) {
        const struct sink *sink = storage->sinks[i];
        size_t bytes = strlen(sink->path) + sizeof(STATE_SUFFIX);

        if (sink->is_stream)
            continue;
        storage->path = xmalloc(bytes);
        snprintf(storage->path, bytes, "%s%s", sink->path, STATE_SUFFIX);
        storage->is_state = true;
    }
    if (!storage->path)
        storage->path = xstrdup("");
}

static enum err lock_database(struct storage *storage)
{
    pid_t holder = 0;
    enum err err =
        lock_take(&storage->lock, storage->path, &storage->path_made, &holder);

    if (err == CERR_BUSY && holder > 0)
        return storage_break(storage, err,
                             "%s: another crawl is writing to it (process "
                             "%d); wait for it, or stop it with: kill %d",
                             storage->path, (int)holder, (int)holder);
    if (err == CERR_BUSY)
        return storage_break(storage, err,
                             "%s: another crawl is writing to it; wait for "
                             "it, or name another file with --output",
                             storage->path);
    if (err == CERR_INVALID)
        return storage_break(storage, err,
                             "%s: not a regular file (a folder, a device or "
                             "a symbolic link); name a file with --output",
                             storage->path);
    if (err)
        return storage_break(storage, err, "%s: cannot write there: %s",
                             storage->path, err_str(err));
    return CERR_OK;
}

static enum err open_database(struct storage *storage)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc;

    if (storage->path[0]) {
        enum err err = lock_database(storage);

        if (err)
            return err;
    }
    rc = sqlite3_open_v2(storage->path, &storage->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(storage->db, STORAGE_BUSY_MS);
    if (rc)
        return storage_break_sqlite(storage, rc, "open it");
    return CERR_OK;
}

/* Path of an output as the database remembers it: relative to itself, so that
 * the folder can be moved with everything in it. */
static char *make_key(const struct storage *storage, const struct sink *sink)
{
    char *sink_copy = xstrdup(sink->path), *db_copy = xstrdup(storage->path);
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

/* What is committed of an output; *known is false for one that is new. */
static enum err find_output(struct storage *storage, const struct sink *sink,
                            bool *known, int *part, int64_t *offset)
{
    struct binder binder = {0};
    enum err err;

    binder.rc = sqlite3_prepare_v2(
        storage->db, "SELECT part, offset_bytes FROM outputs WHERE path = ?",
        -1, &binder.stmt, NULL);
    bind_str(&binder, sink->key);
    *part = 0;
    *offset = 0;
    err = storage_step(storage, &binder, known);
    if (!err && *known) {
        *part = sqlite3_column_int(binder.stmt, 0);
        *offset = sqlite3_column_int64(binder.stmt, 1);
    }
    sqlite3_finalize(binder.stmt);
    return err;
}

static enum err resume_output(struct storage *storage, struct sink *sink,
                              const struct storage_options *options)
{
    bool known;
    int part;
    int64_t offset;
    enum err err;

    sink->key = make_key(storage, sink);
    err = find_output(storage, sink, &known, &part, &offset);
    if (err)
        return err;
    if (!known && !options->force && sink_has_content(sink))
        return storage_break(storage, CERR_EXISTS,
                             "%s: exists already and is not an unfinished "
                             "output of this crawl; name another file with "
                             "--output, or start over with --force",
                             sink->path);
    if (!known && !sink->is_stream && storage->next_page_id > 1)
        return storage_break(storage, CERR_STATE,
                             "%s: this crawl has begun without it; run "
                             "`crawl export` when it is done, or start over "
                             "with --force",
                             sink->path);
    sink->version = options->version;
    sink->user_agent = options->user_agent;
    sink->now_ms = options->now_ms;
    err = sink_resume(sink, part, offset);
    if (err == CERR_CORRUPT)
        return storage_break(storage, err,
                             "%s: shorter than what was written to it; "
                             "another program changed it: name another file "
                             "with --output, or start over with --force",
                             sink->path);
    if (err)
        return storage_break(storage, err, "%s: cannot write there: %s",
                             sink->path, err_str(err));
    return CERR_OK;
}

static enum err start_outputs(struct storage *storage)
{
    for (size_t i = 0; i < storage->nr_sinks; i++) {
        struct sink *sink = storage->sinks[i];
        enum err err = sink_start(sink);

        if (err)
            return storage_break(storage, err, "%s: cannot write there: %s",
                                 sink->path, err_str(err));
    }
    return CERR_OK;
}

static enum err open_all(struct storage *storage,
                         const struct storage_options *options)
{
    enum err err;

    if (options->nr_outputs == 0)
        return storage_break(storage, CERR_INVALID, "no output is named");
    err = open_outputs(storage, options);
    if (err)
        return err;
    choose_state_file(storage);
    err = open_database(storage);
    if (!err)
        err = storage_setup(storage, options);
    if (!err)
        err = storage_exec(storage, "BEGIN IMMEDIATE");
    if (err)
        return err;
    storage->in_transaction = true;
    err = storage_start_run(storage, options);
    for (size_t i = 0; i < storage->nr_sinks && !err; i++)
        err = resume_output(storage, storage->sinks[i], options);
    /* the outputs are known to the database before they hold a byte */
    if (!err)
        err = storage_commit(storage);
    return err ? err : start_outputs(storage);
}

/* Frees everything. `undo`: the outputs that this open made are removed;
 * `remove`: the database is. */
static enum err free_storage(struct storage *storage, bool undo, bool remove)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < STMT_NR; i++)
        sqlite3_finalize(storage->stmts[i]);
    if (sqlite3_close(storage->db) != SQLITE_OK)
        err = CERR_IO;
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = NULL;
    if (remove && storage->path && storage->lock.fd >= 0)
        unlink(storage->path);
    lock_drop(&storage->lock); /* after SQLite's own descriptors: lock.h */
    for (size_t i = 0; i < storage->nr_sinks; i++)
        sink_close(storage->sinks[i], undo);
    ZSTD_freeCCtx(storage->zstd);
    storage_free_inputs(storage);
    free(storage->path);
    free(storage);
    return err;
}

enum err storage_open(struct storage **storage,
                      const struct storage_options *options,
                      char message[STORAGE_MESSAGE_BYTES])
{
    struct storage *opened = xcalloc(1, sizeof(*opened));
    enum err err;

    /* fails when SQLite runs already: then it only counts its memory */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    opened->lock.fd = -1;
    opened->store_bodies = options->store_bodies;
    err = open_all(opened, options);
    snprintf(message, STORAGE_MESSAGE_BYTES, "%s", opened->message);
    if (err) {
        (void)free_storage(opened, true, opened->path_made);
        opened = NULL;
    }
    *storage = opened;
    return err;
}

enum storage_state storage_state(const struct storage *storage)
{
    return storage->state;
}

const struct hash_key *storage_hash_key(const struct storage *storage)
{
    return &storage->hash_key;
}

bool storage_wants_raw(const struct storage *storage)
{
    for (size_t i = 0; i < storage->nr_sinks; i++)
        if (storage->sinks[i]->ops->wants_raw)
            return true;
    return false;
}

const char *storage_message(const struct storage *storage)
{
    return storage->message;
}

size_t storage_uncommitted(const struct storage *storage)
{
    return storage->nr_uncommitted;
}

/* Files before the commit that counts their bytes, streams after it. */
static enum err flush_sinks(struct storage *storage, bool streams)
{
    for (size_t i = 0; i < storage->nr_sinks; i++) {
        struct sink *sink = storage->sinks[i];
        enum err err;

        if (sink->is_stream != streams)
            continue;
        err = sink_flush(sink);
        if (err)
            return storage_break(storage, err,
                                 "%s: cannot write: %s; make that right and "
                                 "run the same command again: it goes on "
                                 "from the last commit",
                                 sink->path, err_str(err));
    }
    return CERR_OK;
}

static enum err put_offsets(struct storage *storage)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < storage->nr_sinks && !err; i++) {
        const struct sink *sink = storage->sinks[i];
        struct binder binder;

        if (sink->is_stream)
            continue;
        binder = storage_bind(storage, STMT_PUT_OUTPUT);
        bind_str(&binder, sink->key);
        bind_str(&binder, sink->ops->kind);
        bind_int(&binder, sink->part);
        bind_int(&binder, sink->offset);
        err = storage_run(storage, &binder);
    }
    return err;
}

enum err storage_commit(struct storage *storage)
{
    struct binder binder;
    enum err err;

    if (storage->broken)
        return storage->broken;
    if (!storage->in_transaction)
        return CERR_OK;
    err = flush_sinks(storage, false);
    if (!err)
        err = put_offsets(storage);
    if (!err)
        err = storage_put_counts(storage);
    if (err)
        return err;
    binder = storage_bind(storage, STMT_COMMIT);
    err = storage_run(storage, &binder);
    if (err)
        return err;
    storage->in_transaction = false;
    storage->nr_uncommitted = 0;
    return flush_sinks(storage, true);
}

enum err storage_count(struct storage *storage, struct storage_counts *counts)
{
    *counts = storage->counts;
    return storage->broken;
}

/* Queries over the result are fast; while it grows nobody pays for them. One
 * transaction: one sync. SQLite sorts in pieces as large as the cache: those
 * of 2 MiB, its least, stay in the processor's (docs/decisions/0018). */
static const char index_sql[] =
    "PRAGMA cache_size = -2048;"
    "BEGIN;"
    "CREATE INDEX IF NOT EXISTS links_page ON links (page_id);"
    "CREATE INDEX IF NOT EXISTS links_to ON links"
    " (to_hash, to_host_id, page_id);"
    "PRAGMA optimize;"
    "COMMIT";

static enum err end_run(struct storage *storage, const char *status,
                        const char *reason, int64_t now_ms)
{
    struct binder binder = {0};
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder.rc = sqlite3_prepare_v2(storage->db,
                                   "UPDATE runs SET status = ?, reason = ?,"
                                   " finished_at = ? WHERE id = ?",
                                   -1, &binder.stmt, NULL);
    bind_str(&binder, status);
    bind_str(&binder, reason);
    bind_text(&binder, storage_iso(storage, now_ms));
    bind_int(&binder, storage->run_id);
    err = storage_run(storage, &binder);
    sqlite3_finalize(binder.stmt);
    return err ? err : storage_commit(storage);
}

/* One file again: a folder that others may only read can hold no log beside
 * it. A reader that is still there keeps the log alive, which is no error. */
static enum err fold_journal(struct storage *storage)
{
    int rc;

    sqlite3_busy_timeout(storage->db, 0);
    rc = sqlite3_exec(storage->db,
                      "PRAGMA wal_checkpoint(TRUNCATE);"
                      "PRAGMA journal_mode = DELETE",
                      NULL, NULL, NULL);
    if (rc == SQLITE_OK || storage_err_of(storage->db, rc) == CERR_BUSY)
        return CERR_OK;
    return storage_break_sqlite(storage, rc, "make it one file");
}

/* What is sorted on disk lies beside the database, where as much room is needed
 * anyway: there may be no other folder to write to. */
static void sort_beside(const char *path)
{
    char *copy = xstrdup(path);

    if (path[0])
        sqlite3_temp_directory = sqlite3_mprintf("%s", dirname(copy));
    free(copy);
}

static enum err write_indexes(struct storage *storage)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < storage->nr_sinks && !err; i++)
        if (storage->sinks[i]->ops->wants_raw && !storage->sinks[i]->is_stream)
            err = storage_write_index(storage, storage->sinks[i]);
    return err;
}

enum err storage_close(struct storage *storage, const char *status,
                       const char *reason, int64_t now_ms)
{
    bool done = strcmp(status, "done") == 0;
    enum err err, close_err;

    if (!storage)
        return CERR_OK;
    err = storage->broken;
    if (!err && storage->run_marked)
        err = end_run(storage, status, reason, now_ms);
    sort_beside(storage->path);
    if (!err)
        err = write_indexes(storage);
    if (!err && storage->run_marked && done && !storage->is_state)
        err = storage_exec(storage, index_sql);
    if (!err)
        err = fold_journal(storage);
    /* the outputs are complete and synced: nothing is left to remember */
    close_err = free_storage(storage, false, !err && done && storage->is_state);
    return err ? err : close_err;
}
