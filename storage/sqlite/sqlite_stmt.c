/* The floor of the SQLite back end: statements, parameters, errors. */
#include "storage/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_columns.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum err storage_err_of(sqlite3 *db, int rc)
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
        return errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG
                   ? CERR_FULL
                   : CERR_IO;
    default:
        return CERR_IO;
    }
}

/* What the user can do about it. */
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

enum err storage_break(struct storage *storage, enum err err,
                       const char *format, ...)
{
    char raw[STORAGE_MESSAGE_BYTES];
    va_list args;

    if (storage->broken)
        return storage->broken;
    va_start(args, format);
    vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    text_escape(raw, strlen(raw), storage->message, sizeof(storage->message));
    storage->broken = err;
    /* SQLite may have rolled back by itself; if not, this does it. Should
     * this fail too, closing the connection or the next open does it. */
    if (storage->db && !sqlite3_get_autocommit(storage->db))
        (void)sqlite3_exec(storage->db, "ROLLBACK", NULL, NULL, NULL);
    storage->in_transaction = false;
    storage->nr_uncommitted = 0;
    return err;
}

enum err storage_break_sqlite(struct storage *storage, int rc, const char *what)
{
    enum err err = storage_err_of(storage->db, rc);

    return storage_break(
        storage, err, "%s: cannot %s: %s (%s); %s",
        storage->path[0] ? storage->path : "temporary file", what, err_str(err),
        rc == SQLITE_MISUSE ? sqlite3_errstr(rc) : sqlite3_errmsg(storage->db),
        advice(err));
}

void storage_abandon(struct storage *storage, enum err err)
{
    storage_break(storage, err,
                  "%s: not all rows could be made: %s; what was committed is "
                  "kept: run the same command again to go on",
                  storage->path[0] ? storage->path : "temporary file",
                  err_str(err));
}

enum err storage_exec(struct storage *storage, const char *sql)
{
    int rc;

    if (storage->broken)
        return storage->broken;
    rc = columns_exec(storage->db, sql);
    if (rc)
        return storage_break_sqlite(storage, rc, "use the database");
    return CERR_OK;
}

enum err storage_number(struct storage *storage, const char *sql,
                        int64_t fallback, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    int rc;

    *number = fallback;
    if (storage->broken)
        return storage->broken;
    rc = sqlite3_prepare_v2(storage->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return storage_break_sqlite(storage, rc, "read the database");
    return CERR_OK;
}

enum err storage_begin(struct storage *storage)
{
    struct binder binder;
    enum err err;

    if (storage->broken)
        return storage->broken;
    storage->nr_uncommitted++;
    if (storage->in_transaction)
        return CERR_OK;
    binder = storage_bind(storage, STMT_BEGIN);
    err = storage_run(storage, &binder);
    if (err)
        return err;
    storage->in_transaction = true;
    if (storage->run_marked)
        return CERR_OK;
    storage->run_marked = true;
    binder = storage_bind(storage, STMT_OPEN_RUN);
    bind_int(&binder, storage->run_id);
    return storage_run(storage, &binder);
}

struct bytes storage_iso(struct storage *storage, int64_t wall_ms)
{
    return stamp_text(&storage->stamp, wall_ms);
}

struct binder storage_bind(struct storage *storage, enum stmt which)
{
    sqlite3_stmt **stmt = &storage->stmts[which];
    int rc = SQLITE_OK;

    if (!*stmt)
        rc = columns_prepare(storage->db, storage_sql[which],
                             SQLITE_PREPARE_PERSISTENT, stmt);
    return (struct binder){.stmt = *stmt, .rc = rc};
}

enum err storage_run(struct storage *storage, struct binder *binder)
{
    bool row;
    enum err err;

    do
        err = storage_step(storage, binder, &row);
    while (!err && row);
    return err;
}

enum err storage_step(struct storage *storage, struct binder *binder, bool *row)
{
    int rc = binder->rc;

    *row = false;
    if (storage->broken)
        return storage->broken;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(binder->stmt);
    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return CERR_OK;
    if (rc != SQLITE_DONE)
        storage_break_sqlite(storage, rc,
                             sqlite3_stmt_readonly(binder->stmt) ? "read"
                                                                 : "write");
    sqlite3_reset(binder->stmt);
    return storage->broken;
}

static void note(struct binder *binder, int rc)
{
    if (binder->rc == SQLITE_OK)
        binder->rc = rc;
}

void bind_int(struct binder *binder, int64_t value)
{
    note(binder, sqlite3_bind_int64(binder->stmt, ++binder->at, value));
}

void bind_null(struct binder *binder)
{
    note(binder, sqlite3_bind_null(binder->stmt, ++binder->at));
}

void bind_int_or_null(struct binder *binder, int64_t value, int64_t null)
{
    if (value == null)
        bind_null(binder);
    else
        bind_int(binder, value);
}

void bind_real_or_null(struct binder *binder, double value, double null)
{
    if (value == null) /* the very constant, not a computed value */
        bind_null(binder);
    else
        note(binder, sqlite3_bind_double(binder->stmt, ++binder->at, value));
}

void bind_text(struct binder *binder, struct bytes text)
{
    if (!text.len)
        bind_null(binder);
    else
        note(binder, sqlite3_bind_text64(binder->stmt, ++binder->at, text.data,
                                         text.len, SQLITE_STATIC, SQLITE_UTF8));
}

void bind_str(struct binder *binder, const char *text)
{
    bind_text(binder, (struct bytes){text, text ? strlen(text) : 0});
}

void bind_blob(struct binder *binder, struct bytes blob)
{
    if (!blob.len)
        bind_null(binder);
    else
        note(binder, sqlite3_bind_blob64(binder->stmt, ++binder->at, blob.data,
                                         blob.len, SQLITE_STATIC));
}

struct bytes column_bytes(sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(stmt, column)};
}
