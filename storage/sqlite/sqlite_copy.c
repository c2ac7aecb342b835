/*
 * A copy of a database: compact, in one file, also of one that a crawl is
 * writing. VACUUM INTO reads one state of it, in a transaction of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "storage/sqlite/sqlite_reader.h"

/* The path in a form that SQLite takes for a plain name; the caller owns it.
 * SQLite would read a name that begins with "file:" as a URI, but not when a
 * folder stands before it. */
static char *plain_path(const char *path)
{
    size_t bytes = strlen(path) + 3;
    char *plain = xmalloc(bytes);

    snprintf(plain, bytes, "%s%s", path[0] == '/' ? "" : "./", path);
    return plain;
}

/* Lifts, for this one statement, the two restrictions of a reader: it may
 * neither attach nor write, and VACUUM INTO does both. The source itself is not
 * written to. */
static int vacuum_into(sqlite3 *db, const char *path)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_exec(db, "PRAGMA query_only = OFF", NULL, NULL, NULL);

    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, "VACUUM INTO ?", -1, &stmt, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(stmt, 1, path, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    (void)sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* Empties the table `outputs` of the copy. The text outputs belong to the crawl
 * that writes them: a crawl that goes on in the copy would cut them back. */
static int forget_outputs(const char *path)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open_v2(path, &db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_EXRESCODE,
                             NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, "DELETE FROM outputs", NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

/* Writes the copy into the empty file that reader_copy() made. VACUUM INTO
 * takes an empty file as if there was none. */
static enum err fill_copy(struct reader *reader, const char *path)
{
    char *plain = plain_path(path);
    int rc = vacuum_into(reader->db, plain);
    enum err err = CERR_OK;

    if (rc) {
        err = reader_fail_sqlite(reader, rc);
    } else {
        rc = forget_outputs(plain);
        if (rc)
            err = reader_fail(reader, sqlite_err_of(NULL, rc), "%s: %s", path,
                              sqlite3_errstr(rc));
    }
    free(plain);
    return err;
}

enum err reader_copy(struct reader *reader, const char *path)
{
    /* O_EXCL makes sure that the file is ours, so that neither VACUUM nor the
     * unlink() below can touch what somebody else had there */
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    enum err err;

    if (fd < 0 && errno == EEXIST)
        return reader_fail(reader, CERR_EXISTS,
                           "%s: exists already; name another file", path);
    if (fd < 0)
        return reader_fail(reader, err_from_errno(errno),
                           "%s: cannot write there: %s", path, strerror(errno));
    err = fill_copy(reader, path);
    /* the copy counts as made only when it is on disk */
    if (!err && fsync(fd))
        err = reader_fail(reader, err_from_errno(errno), "%s: cannot write: %s",
                          path, strerror(errno));
    close(fd);
    if (err)
        unlink(path);
    return err;
}
