/*
 * sqlite_page: a page as a row of the database. Private to this folder.
 */
#ifndef STORAGE_SQLITE_SQLITE_PAGE_H
#define STORAGE_SQLITE_SQLITE_PAGE_H

#include "storage/page_row.h"
#include "storage/sqlite/sqlite.h"

/* Binds the parameters of @values, from the first one on. */
void page_bind(struct binder *binder, struct sqlite *sqlite,
               const struct page_record *page);
/* Takes over what a 304 keeps of the stored answer (RFC 9110, 15.4.5). The
 * columns of @kept begin at column `at` of the row; their views are borrowed
 * until the statement's next step. */
void page_keep(struct page_record *page, sqlite3_stmt *stmt, int at);
/* Reads the columns of @exported, with which the row must begin, and returns
 * the number of the column behind them. Views are borrowed as in page_keep().
 */
int page_read(struct page_record *page, sqlite3_stmt *stmt);

/* Gives a database that an older program made the columns that it lacks, and
 * its view `results` with them. */
enum err page_add_columns(struct sqlite *sqlite) CERR_CHECK;

#endif
