/*
 * sqlite_columns: SQL texts whose lists of columns come from page_row.h.
 *
 * A statement that lists columns of pages has a word with an @ in its place,
 * and the list is made from the table when the statement is prepared. Private
 * to this folder. Pure, but for a look at which columns a database has.
 */
#ifndef STORAGE_SQLITE_SQLITE_COLUMNS_H
#define STORAGE_SQLITE_SQLITE_COLUMNS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

struct page_column;

/*
 * Before a text of SQL is used, each of these words is replaced by its list:
 *
 *   @definitions   name and type of all columns, for CREATE TABLE pages
 *   @names         their names, for an INSERT
 *   @values        as many parameters, for page_bind()
 *   @kept          what a 304 may copy, for page_keep()
 *   @exported      what an export reads, for page_read(); NULL for what the
 *                  database, made by an older program, does not have
 *   @results       the columns of the view `results`, of a URL
 *   @line_results  the same, of a line without a URL
 *   @line_detail   of those only the column `detail`
 *
 * The lists of a SELECT take for granted that p is the table pages, u is urls
 * and l is lines. The two functions do what sqlite3_prepare_v3() and
 * sqlite3_exec() do, with the expanded text, and return a result code of
 * SQLite; SQLITE_NOMEM: no memory, or a text beyond all limits.
 */
int columns_prepare(sqlite3 *db, const char *sql, unsigned flags,
                    sqlite3_stmt **stmt);
int columns_exec(sqlite3 *db, const char *sql);

/* The column at this place of the table `pages`, from 1; NULL: none. */
const struct page_column *columns_find(int number);
/* Appends "name type NOT NULL". */
enum err columns_define(const struct page_column *column,
                        struct buf *out) CERR_CHECK;
/* Whether the table `pages` of this database has the column. */
bool columns_has(sqlite3 *db, const char *name);

#endif
