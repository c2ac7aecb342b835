/*
 * reader: what sqlite_query.c, _lookup.c, _export.c and _copy.c share, and
 * nobody else includes.
 */
#ifndef STORAGE_SQLITE_SQLITE_READER_H
#define STORAGE_SQLITE_SQLITE_READER_H

#include "storage/query.h"
#include "storage/sqlite/sqlite.h"

#define READER_SQL_BYTES 1000000

/*
 * The named queries: the files storage/queries/NAME.sql, embedded when the
 * project is built. These words in them are replaced:
 *
 *   @pages  the common table `p`: the pages in question
 *   @run    the number of the run that was asked for; 0: none was
 *   @other  that of the second run of `diff`; 0: none was
 */
extern const struct query_info sqlite_queries[];
extern const size_t nr_sqlite_queries;

struct reader {
    sqlite3 *db;
    char *path;
    void *body; /* owned; the last one that was unpacked */
    char message[STORAGE_MESSAGE_BYTES];
};

/* Keeps the sentence; returns `err`. */
enum err reader_fail(struct reader *reader, enum err err, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));
enum err reader_fail_sqlite(struct reader *reader, int rc);
enum err reader_number(struct reader *reader, const char *sql,
                       int64_t *number) CERR_CHECK;

/* ---- sqlite_copy.c ---- */

/* A compact copy of the whole database in one new file. */
enum err reader_copy(struct reader *reader, const char *path) CERR_CHECK;

#endif
