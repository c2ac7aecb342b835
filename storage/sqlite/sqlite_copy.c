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

/* A name that begins with "file:" would be an address to SQLite; with a folder
 * before it, it is a name. Owned by the caller. */
static char *plain_path(const char *path)
{
    size_t bytes = strlen(path) + 3;
    char *plain = xmalloc(bytes);

    snprintf(plain, bytes, "%s%s", path[0] == '/' ? "" : "./", path);
    return plain;
}

/* A reader may neither attach nor write, but VACUUM INTO does both: the two
 * locks are opened for this one statement. */
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

/* The text outputs belong to the crawl that writes them, not to its copy. */
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
    /* made here, so that nothing that is there is touched, or removed below */
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    enum err err;

    if (fd < 0 && errno == EEXIST)
        return reader_fail(reader, CERR_EXISTS,
                           "%s: exists already; name another file", path);
    if (fd < 0)
        return reader_fail(reader, err_from_errno(errno),
                           "%s: cannot write there: %s", path, strerror(errno));
    err = fill_copy(reader, path);
    if (!err && fsync(fd))
        err = reader_fail(reader, err_from_errno(errno), "%s: cannot write: %s",
                          path, strerror(errno));
    close(fd);
    if (err)
        unlink(path);
    return err;
}
