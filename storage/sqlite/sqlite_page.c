/* Between a page and its row: parameters of the INSERT, columns of a SELECT. */
#include "storage/sqlite/sqlite_page.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "storage/sqlite/sqlite_columns.h"

/* Limit of one ALTER TABLE. */
#define SQL_BYTES_MAX 1000

/* ---- a page into parameters ---- */

/* Binds a text, borrowed until the statement ran. An empty text is stored as
 * NULL, so that queries need to ask for one of the two only. */
static int bind_bytes(sqlite3_stmt *stmt, int at, const struct bytes *text)
{
    return text->len ? sqlite3_bind_text64(stmt, at, text->data, text->len,
                                           SQLITE_STATIC, SQLITE_UTF8)
                     : sqlite3_bind_null(stmt, at);
}

/* Binds a number. The number that means "no value" is stored as NULL, unless
 * the column is NOT NULL. */
static int bind_number(sqlite3_stmt *stmt, int at,
                       const struct page_column *column, int64_t value)
{
    return value == column->none && !(column->flags & COLUMN_REQUIRED)
               ? sqlite3_bind_null(stmt, at)
               : sqlite3_bind_int64(stmt, at, value);
}

/* Binds one field by the kind of its column, and returns a result code of
 * SQLite. */
static int bind_column(sqlite3_stmt *stmt, int at,
                       const struct page_column *column, const void *field,
                       struct sqlite *sqlite)
{
    const struct bytes *text = field;
    struct bytes iso;

    switch (column->kind) {
    case COLUMN_ZERO: /* has no parameter */
        break;
    case COLUMN_TEXT:
    case COLUMN_URL:
        return bind_bytes(stmt, at, text);
    case COLUMN_HASH:
        return text->len ? sqlite3_bind_blob64(stmt, at, text->data, text->len,
                                               SQLITE_STATIC)
                         : sqlite3_bind_null(stmt, at);
    case COLUMN_INT:
        return bind_number(stmt, at, column, *(const int *)field);
    case COLUMN_INT64:
    case COLUMN_LINE:
        return bind_number(stmt, at, column, *(const int64_t *)field);
    case COLUMN_BOOL:
        return bind_number(stmt, at, column, *(const bool *)field);
    case COLUMN_REAL: /* 0 means that the phase did not happen */
        return *(const double *)field == 0
                   ? sqlite3_bind_null(stmt, at)
                   : sqlite3_bind_double(stmt, at, *(const double *)field);
    case COLUMN_TIME:
        if (*(const int64_t *)field == 0)
            return sqlite3_bind_null(stmt, at);
        iso = sqlite_iso(sqlite, *(const int64_t *)field);
        return bind_bytes(stmt, at, &iso);
    }
    return SQLITE_OK;
}

/*
 * This runs for each column of each page. The table is constant, so in a build
 * with link-time optimisation the unrolled loop is what one would have written
 * by hand: a call of SQLite for each column, and neither switch nor table.
 */
void page_bind(struct binder *binder, struct sqlite *sqlite,
               const struct page_record *page)
{
    int rc = binder->rc, at = 0;

#pragma GCC unroll 64
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];
        const void *field = page_field(page, column);

        if (!column->number || column->kind == COLUMN_ZERO)
            continue;
        at++;
        if (rc == SQLITE_OK)
            rc = bind_column(binder->stmt, at, column, field, sqlite);
    }
    binder->rc = rc;
    binder->at = at;
}

/* ---- a row into a page ---- */

/* Reads a time as stamp_text() writes it, "2026-11-23T08:19:42.123Z"; 0 when
 * the text is no such time. */
static int64_t read_time(struct bytes text)
{
    struct tm utc = {0};
    char copy[CLOCK_ISO_BYTES];
    const char *end;

    if (text.len != CLOCK_ISO_BYTES - 1)
        return 0;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    /* strptime() knows no fractions, so they are read behind what it took */
    end = strptime(copy, "%Y-%m-%dT%H:%M:%S", &utc);
    if (!end || *end != '.')
        return 0;
    return (int64_t)timegm(&utc) * 1000 + strtol(end + 1, NULL, 10);
}

/* Reads what bind_number() wrote. */
static int64_t read_number(const struct page_column *column, sqlite3_stmt *stmt,
                           int at)
{
    return sqlite3_column_type(stmt, at) == SQLITE_NULL
               ? column->none
               : sqlite3_column_int64(stmt, at);
}

/* Reads one field by the kind of its column. Texts are borrowed from the
 * statement. This is the counterpart of bind_column(). */
static void read_column(struct page_record *page,
                        const struct page_column *column, sqlite3_stmt *stmt,
                        int at)
{
    void *field = (char *)page + column->offset;

    switch (column->kind) {
    case COLUMN_ZERO:
        break;
    case COLUMN_TEXT:
    case COLUMN_URL:
    case COLUMN_HASH:
        *(struct bytes *)field = column_bytes(stmt, at);
        break;
    case COLUMN_INT:
        *(int *)field = (int)read_number(column, stmt, at);
        break;
    case COLUMN_INT64:
    case COLUMN_LINE:
        *(int64_t *)field = read_number(column, stmt, at);
        break;
    case COLUMN_BOOL:
        *(bool *)field = read_number(column, stmt, at) != 0;
        break;
    case COLUMN_REAL:
        *(double *)field = sqlite3_column_double(stmt, at);
        break;
    case COLUMN_TIME:
        *(int64_t *)field = read_time(column_bytes(stmt, at));
        break;
    }
}

/* Whether a 304 has a value of its own for a column that else keeps the stored
 * one. Such columns are texts: only of a text can one see that it is missing.
 */
static bool brings_its_own(const struct page_record *page,
                           const struct page_column *column)
{
    return column->flags & COLUMN_KEPT_IF_NONE &&
           ((const struct bytes *)page_field(page, column))->len > 0;
}

/* The columns come in the order of @kept, which is that of the table. */
void page_keep(struct page_record *page, sqlite3_stmt *stmt, int at)
{
    for (size_t i = 0; i < nr_page_columns; i++) {
        const struct page_column *column = &page_columns[i];

        if (!(column->flags & (COLUMN_KEPT | COLUMN_KEPT_IF_NONE)))
            continue;
        if (!brings_its_own(page, column))
            read_column(page, column, stmt, at);
        at++;
    }
}

int page_read(struct page_record *page, sqlite3_stmt *stmt)
{
    int at = 0;

    /* fields that no export reads have no value, and views NULL pointers */
    *page = (struct page_record){PAGE_RECORD_NONE};
    for (size_t i = 0; i < nr_page_columns; i++)
        if (page_columns[i].flags & COLUMN_EXPORTED)
            read_column(page, &page_columns[i], stmt, at++);
    return at;
}

/* ---- databases of older programs ---- */

/* A new column may be NULL, so ALTER TABLE rewrites no row (page_row.c). */
static enum err add_column(struct sqlite *sqlite,
                           const struct page_column *column)
{
    struct buf sql;
    enum err err;

    buf_init(&sql, SQL_BYTES_MAX);
    err = buf_add_str(&sql, "ALTER TABLE pages ADD COLUMN ");
    if (!err)
        err = columns_define(column, &sql);
    if (!err)
        err = buf_add_byte(&sql, '\0');
    err = err ? failure_set(sqlite->base.failure, err, "out of memory")
              : sqlite_exec(sqlite, (const char *)sql.data);
    buf_release(&sql);
    return err;
}

/* The columns are added in the order of their numbers, because ALTER TABLE puts
 * each one at the end. All happens in one transaction: a kill leaves the old
 * table with its old view, or both new. */
enum err page_add_columns(struct sqlite *sqlite)
{
    const struct page_column *column;
    enum err err = CERR_OK;
    bool began = false;

    for (int number = 1; (column = columns_find(number)) && !err; number++) {
        if (columns_has(sqlite->db, column->name))
            continue;
        if (!began)
            err = sqlite_exec(sqlite, "BEGIN IMMEDIATE");
        began = true;
        if (!err)
            err = add_column(sqlite, column);
    }
    if (err || !began)
        return err;
    err = sqlite_exec(sqlite, "DROP VIEW IF EXISTS results");
    if (!err)
        err = sqlite_exec(sqlite, storage_results_view);
    return err ? err : sqlite_exec(sqlite, "COMMIT");
}
