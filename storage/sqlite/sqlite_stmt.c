/*
 * The lowest part of the SQLite back end: statements and errors.
 *
 * A statement stays prepared until the database is closed. Whoever steps
 * through rows resets it, or an open read would keep the log from being folded
 * back; sqlite_run() and the last sqlite_step() do that by themselves.
 */
#include "storage/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_columns.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static bool is_full(int errnum)
{
    return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG;
}

/* Whether a write to the database or its log found no room. The errno that
 * SQLite keeps of a connection is not set by a COMMIT that fails: then its
 * files have it. */
static bool files_are_full(sqlite3 *db)
{
    sqlite3_file *log = NULL;
    int errnum = 0;

    sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &errnum);
    if (is_full(errnum))
        return true;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) ||
        !log || !log->pMethods)
        return false;
    return !log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO,
                                        &errnum) &&
           is_full(errnum);
}

/* Only the low byte of an extended result code is looked at: that is its class.
 * The rest names the system call that failed, and the errno of that call says
 * more about the reason. */
enum err sqlite_err_of(sqlite3 *db, int rc)
{
    int errnum = db ? sqlite3_system_errno(db) : 0;

    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return CERR_OK;
    case SQLITE_FULL:
        return CERR_FULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return CERR_BUSY;
    case SQLITE_CORRUPT:
        return CERR_CORRUPT;
    case SQLITE_NOTADB:
        return CERR_FORMAT;
    case SQLITE_NOMEM:
        return CERR_NOMEM;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return CERR_PERM;
    case SQLITE_CANTOPEN:
        return errnum ? err_from_errno(errnum) : CERR_PERM;
    case SQLITE_IOERR:
        return is_full(errnum) || (db && files_are_full(db)) ? CERR_FULL
                                                             : CERR_IO;
    default:
        return CERR_IO;
    }
}

/* What the user can do about an error: the end of its sentence. */
static const char *advice(enum err err)
{
    switch ((int)err) {
    case CERR_FULL:
        return "make room and run the same command again: it goes on from "
               "the last commit";
    case CERR_BUSY:
        return "another program is writing to the database: close it and run "
               "the same command again";
    case CERR_CORRUPT:
        return "restore the file from a copy, or start over with --force";
    case CERR_FORMAT:
        return "name another file with --output";
    case CERR_PERM:
        return "check the permissions of the file and of its folder";
    default:
        return "what was committed is kept: run the same command again to go "
               "on";
    }
}

/* The sentence ends with SQLite's own words. After SQLITE_MISUSE the message of
 * the connection may be that of another call, so then they come from the code.
 */
enum err sqlite_break(struct sqlite *sqlite, int rc, const char *what)
{
    enum err err = sqlite_err_of(sqlite->db, rc);

    return failure_set(
        sqlite->base.failure, err, "%s: cannot %s: %s (%s); %s",
        sqlite->path[0] ? sqlite->path : "temporary file", what, err_str(err),
        rc == SQLITE_MISUSE ? sqlite3_errstr(rc) : sqlite3_errmsg(sqlite->db),
        advice(err));
}

/* After a failure no function here reaches the database any more: each one
 * returns the error of that failure. */
enum err sqlite_exec(struct sqlite *sqlite, const char *sql)
{
    int rc;

    if (sqlite->base.failure->err)
        return sqlite->base.failure->err;
    rc = columns_exec(sqlite->db, sql);
    if (rc)
        return sqlite_break(sqlite, rc, "use the database");
    return CERR_OK;
}

/* The result is read before the statement is finalized, which ends its row. */
enum err sqlite_number(struct sqlite *sqlite, const char *sql, int64_t fallback,
                       int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    int rc;

    *number = fallback;
    if (sqlite->base.failure->err)
        return sqlite->base.failure->err;
    rc = sqlite3_prepare_v2(sqlite->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return sqlite_break(sqlite, rc, "read the database");
    return CERR_OK;
}

/* STMT_BEGIN is BEGIN IMMEDIATE, which takes the write lock now. A transaction
 * that begins with a read asks for it later; if somebody else has written
 * meanwhile, it fails with SQLITE_BUSY at once and cannot wait. */
enum err sqlite_begin(struct sqlite *sqlite)
{
    struct binder binder;
    enum err err;

    if (sqlite->in_transaction)
        return CERR_OK;
    binder = sqlite_bind(sqlite, STMT_BEGIN);
    err = sqlite_run(sqlite, &binder);
    sqlite->in_transaction = err == CERR_OK;
    return err;
}

struct bytes sqlite_iso(struct sqlite *sqlite, int64_t wall_ms)
{
    return stamp_text(&sqlite->stamp, wall_ms);
}

/*
 * A sort needs about as much room as the index that it makes, and that must fit
 * beside the database anyway; /tmp may be small or not writable. The variable
 * belongs to SQLite and counts for all connections; sqlite_close() frees it.
 */
void sqlite_sort_beside(const struct sqlite *sqlite)
{
    char *copy = xstrdup(sqlite->path);

    if (sqlite->path[0] && !sqlite3_temp_directory)
        sqlite3_temp_directory = sqlite3_mprintf("%s", dirname(copy));
    free(copy);
}

/* PERSISTENT tells SQLite that the statement is kept, so that it does not take
 * memory that is meant for short-lived ones. */
struct binder sqlite_bind(struct sqlite *sqlite, enum stmt which)
{
    sqlite3_stmt **stmt = &sqlite->stmts[which];
    int rc = SQLITE_OK;

    if (!*stmt)
        rc = columns_prepare(sqlite->db, sqlite_sql[which],
                             SQLITE_PREPARE_PERSISTENT, stmt);
    return (struct binder){.stmt = *stmt, .rc = rc};
}

struct binder sqlite_bind_once(struct sqlite *sqlite, const char *sql)
{
    struct binder binder = {0};

    binder.rc = sqlite3_prepare_v2(sqlite->db, sql, -1, &binder.stmt, NULL);
    return binder;
}

enum err sqlite_run(struct sqlite *sqlite, struct binder *binder)
{
    bool row;
    enum err err;

    do
        err = sqlite_step(sqlite, binder, &row);
    while (!err && row);
    return err;
}

/* The sentence of a failure says "read" or "write" by what the statement does.
 * A COMMIT counts as read-only for SQLite, but a statement that reads has
 * columns (sqlite3_stmt_readonly(3)). A binder that has failed before does not
 * reach SQLite at all. */
enum err sqlite_step(struct sqlite *sqlite, struct binder *binder, bool *row)
{
    int rc = binder->rc;

    *row = false;
    if (sqlite->base.failure->err)
        return sqlite->base.failure->err;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(binder->stmt);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return CERR_OK;
    if (rc != SQLITE_DONE)
        sqlite_break(sqlite, rc,
                     sqlite3_stmt_readonly(binder->stmt) &&
                             sqlite3_column_count(binder->stmt) > 0
                         ? "read"
                         : "write");
    sqlite3_reset(binder->stmt);
    return sqlite->base.failure->err;
}

enum err sqlite_each_text(struct sqlite *sqlite, const char *sql,
                          storage_text_fn fn, void *ctx)
{
    struct binder binder = sqlite_bind_once(sqlite, sql);
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        err = sqlite_step(sqlite, &binder, &row);
        if (!err && row)
            err = fn(ctx, column_bytes(binder.stmt, 0));
    }
    sqlite3_finalize(binder.stmt);
    return err;
}

/* sqlite3_column_blob() comes first: the number of bytes is that of the form
 * that was asked for last. */
struct bytes column_bytes(sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(stmt, column)};
}
