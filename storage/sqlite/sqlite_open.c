/*
 * Opening, committing and closing: the connection, its lock and the run.
 *
 * The database is in WAL mode while a crawl writes, so that readers and the
 * writer never wait for each other, and one file without a log when it ends.
 */
#include "storage/sqlite/sqlite.h"

#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/xalloc.h"
#include "storage/sqlite/sqlite_journal.h"

/* ---- opening ---- */

/* The crawl's own lock is taken before SQLite opens the file, so that a second
 * crawl changes nothing in it. NOMUTEX: one thread uses the connection.
 * EXRESCODE asks for the extended result codes. */
static enum err connect_to(struct sqlite *sqlite)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc;

    if (sqlite->path[0]) {
        enum err err =
            crawl_lock_take(&sqlite->lock, sqlite->path, &sqlite->path_made,
                            sqlite->base.failure);

        if (err)
            return err;
        if (journal_look(sqlite->path) == JOURNAL_FOREIGN)
            return failure_set(sqlite->base.failure, CERR_FORMAT,
                               "%s-journal names another file and is not from "
                               "crawl; move it away, it is not needed",
                               sqlite->path);
    }
    rc = sqlite3_open_v2(sqlite->path, &sqlite->db, flags, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(sqlite->db, STORAGE_BUSY_MS);
    return rc ? sqlite_break(sqlite, rc, "open it") : CERR_OK;
}

enum err sqlite_open(struct back_end **back, const char *path,
                     const struct storage_options *options,
                     struct failure *failure, struct storage_found *found)
{
    struct sqlite *sqlite = xcalloc(1, sizeof(*sqlite));
    enum err err;

    /* Without its statistics SQLite takes no lock at each allocation. The call
     * fails when SQLite runs already, which does no harm. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite->base.failure = failure;
    sqlite->path = path;
    sqlite->lock.fd = -1;
    sqlite->store_bodies = options->store_bodies;
    err = connect_to(sqlite);
    if (!err)
        err = sqlite_setup(sqlite, options, found);
    if (!err)
        err = sqlite_begin(sqlite);
    if (!err)
        err = sqlite_start_run(sqlite, options, found);
    *back = &sqlite->base;
    /* the caller keeps the first error; closing can only add a second one */
    if (err) {
        (void)!sqlite_close(*back, STORAGE_UNDO);
        *back = NULL;
    }
    return err;
}

/* A file that is to go is removed while we still hold its lock, so that no
 * other crawl can have begun to write to it. */
enum err sqlite_close(struct back_end *back, enum storage_leave leave)
{
    struct sqlite *sqlite = sqlite_of(back);
    bool remove =
        leave == STORAGE_REMOVE || (leave == STORAGE_UNDO && sqlite->path_made);
    enum err err = CERR_OK;

    for (size_t i = 0; i < STMT_NR; i++)
        sqlite3_finalize(sqlite->stmts[i]);
    if (sqlite3_close(sqlite->db) != SQLITE_OK)
        err = CERR_IO;
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = NULL;
    if (remove && sqlite->lock.fd >= 0)
        unlink(sqlite->path);
    crawl_lock_drop(&sqlite->lock); /* never before sqlite3_close() */
    ZSTD_freeCCtx(sqlite->zstd);
    sqlite_free_words(sqlite);
    free(sqlite);
    return err;
}

/* ---- the transaction ---- */

/* The counters go into the transaction that they count, so that a kill cannot
 * leave the two apart. */
enum err sqlite_commit(struct back_end *back,
                       const struct storage_counts *counts)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_put_counts(sqlite, counts);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_COMMIT);
    err = sqlite_run(sqlite, &binder);
    if (!err)
        sqlite->in_transaction = false;
    return err;
}

/* SQLite rolls back by itself after some errors, such as a full disk; then
 * there is nothing to do. If ROLLBACK fails too, closing the connection or the
 * next opening drops the transaction. */
void sqlite_roll_back(struct back_end *back)
{
    struct sqlite *sqlite = sqlite_of(back);

    if (!sqlite3_get_autocommit(sqlite->db))
        (void)sqlite3_exec(sqlite->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite->in_transaction = false;
}

/* ---- the run ---- */

/* Marks the run as under way again: it had ended, and new rows came. */
enum err sqlite_open_run(struct back_end *back)
{
    struct sqlite *sqlite = sqlite_of(back);
    enum err err = sqlite_begin(sqlite);

    return err ? err : sqlite_go_on(sqlite);
}

/* Notes how the session ended. */
static enum err end_session(struct sqlite *sqlite, const char *status,
                            const char *reason, int64_t now_ms)
{
    struct binder binder = sqlite_bind_once(
        sqlite, "UPDATE sessions SET status = ?, reason = ?, finished_at = ?"
                " WHERE run_id = ? AND session = ?");
    enum err err;

    bind_str(&binder, status);
    bind_str(&binder, reason);
    bind_text(&binder, sqlite_iso(sqlite, now_ms));
    bind_int(&binder, sqlite->run_id);
    bind_int(&binder, sqlite->session);
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    return err;
}

enum err sqlite_end_run(struct back_end *back, const char *status,
                        const char *reason, int64_t now_ms)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind_once(sqlite, "UPDATE runs SET status = ?, reason = ?,"
                                      " finished_at = ? WHERE id = ?");
    bind_str(&binder, status);
    bind_str(&binder, reason);
    bind_text(&binder, sqlite_iso(sqlite, now_ms));
    bind_int(&binder, sqlite->run_id);
    err = sqlite_run(sqlite, &binder);
    sqlite3_finalize(binder.stmt);
    return err ? err : end_session(sqlite, status, reason, now_ms);
}

/* The work of a session is as long as its last sample is late. */
enum err sqlite_run_totals(struct back_end *back, struct storage_totals *totals)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind_once(
        sqlite, "SELECT sum(outcome = 'ok'), sum(outcome = 'redirect'),"
                " sum(outcome = 'http_error'), sum(outcome = 'error'),"
                " sum(outcome = 'skipped'),"
                " (SELECT sessions FROM runs WHERE id = ?1),"
                " (SELECT sum(ms) FROM (SELECT max(t_ms) AS ms FROM samples"
                " WHERE run_id = ?1 GROUP BY session))"
                " FROM pages WHERE run_id = ?1");
    int64_t *const to[] = {&totals->nr_ok,         &totals->nr_redirect,
                           &totals->nr_http_error, &totals->nr_error,
                           &totals->nr_skipped,    &totals->nr_sessions,
                           &totals->work_ms};
    bool row;
    enum err err;

    bind_int(&binder, sqlite->run_id);
    err = sqlite_step(sqlite, &binder, &row);
    for (int i = 0; i < (int)(sizeof(to) / sizeof(to[0])) && !err && row; i++)
        *to[i] = sqlite3_column_int64(binder.stmt, i);
    sqlite3_finalize(binder.stmt);
    return err;
}

/* The statement reads pages of the run until it finds one that was answered. */
enum err sqlite_run_answered(struct back_end *back, bool *answered)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_RUN_ANSWER);
    enum err err;

    bind_int(&binder, sqlite->run_id);
    err = sqlite_step(sqlite, &binder, answered);
    sqlite3_reset(binder.stmt);
    return err;
}

/*
 * The indexes that only queries use are made at the end, so that no insert has
 * to keep them up to date. One transaction means one sync. SQLite sorts in
 * pieces as large as its cache; pieces of 2 MiB fit into the cache of the
 * processor (docs/decisions/0018-what-a-link-costs.md).
 */
static const char index_sql[] =
    "PRAGMA cache_size = -2048;"
    "BEGIN;"
    "CREATE INDEX IF NOT EXISTS links_page ON links (page_id);"
    "CREATE INDEX IF NOT EXISTS links_to ON links"
    " (to_hash, to_host_id, page_id);"
    "PRAGMA optimize;"
    "COMMIT";

/*
 * Makes the database one file again. A reader of a database in WAL mode has to
 * make files beside it, which it cannot do in a folder that it may only read.
 * If a reader is still there, the log stays; that is no error, and the timeout
 * of 0 keeps us from waiting for him.
 */
static enum err fold_journal(struct sqlite *sqlite)
{
    int rc;

    sqlite3_busy_timeout(sqlite->db, 0);
    rc = sqlite3_exec(sqlite->db,
                      "PRAGMA wal_checkpoint(TRUNCATE);"
                      "PRAGMA journal_mode = DELETE",
                      NULL, NULL, NULL);
    if (rc == SQLITE_OK || sqlite_err_of(sqlite->db, rc) == CERR_BUSY)
        return CERR_OK;
    return sqlite_break(sqlite, rc, "make it one file");
}

/* A crawl that is not done yet will insert more, so it gets no indexes. */
enum err sqlite_finish(struct back_end *back, bool done)
{
    struct sqlite *sqlite = sqlite_of(back);
    enum err err = CERR_OK;

    sqlite_sort_beside(sqlite);
    if (done)
        err = sqlite_exec(sqlite, index_sql);
    return err ? err : fold_journal(sqlite);
}
