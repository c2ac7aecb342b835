/*
 * reader: what sqlite_query.c, _lookup.c, _export.c and _copy.c share, and
 * nobody else includes.
 */
#ifndef STORAGE_SQLITE_SQLITE_READER_H
#define STORAGE_SQLITE_SQLITE_READER_H

#include "storage/query.h"
#include "storage/sqlite/sqlite.h"

/* Longest statement that a user may run, in bytes. */
#define READER_SQL_BYTES 1000000

/*
 * The named queries: the files storage/queries/NAME.sql, embedded when the
 * project is built. These words in them are replaced:
 *
 *   @pages  the common table `p`: the pages in question
 *   @refusals  the table of that name
 *   @run    the number of the run that was asked for, or 0
 *   @other  the number of the second run of `diff`, or 0
 */
extern const struct query_info sqlite_queries[];
extern const size_t nr_sqlite_queries;

struct reader {
    sqlite3 *db; /* owned */
    char *path;  /* owned; as the user named it */
    void *body;  /* owned; the body that was unpacked last, or NULL */
    char message[STORAGE_MESSAGE_BYTES]; /* of the last failure, or "" */
};

/* Keeps the sentence as the reader's message, and returns `err`. */
enum err reader_fail(struct reader *reader, enum err err, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
/* Keeps SQLite's own sentence, and returns the error that `rc` means. */
enum err reader_fail_sqlite(struct reader *reader, int rc);
/* Reads the first column of the first row; 0 if there is no row. */
enum err reader_number(struct reader *reader, const char *sql,
                       int64_t *number) CERR_CHECK;

/* ---- sqlite_copy.c ---- */

/* Writes a compact copy of the whole database to a new file. CERR_EXISTS: there
 * is a file of that name. */
enum err reader_copy(struct reader *reader, const char *path) CERR_CHECK;

#endif
