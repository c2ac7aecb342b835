/*
 * Makes the lists of columns in SQL texts from the table in page_row.c. It runs
 * when a statement is prepared, never for a row.
 */
#include "storage/sqlite/sqlite_columns.h"

#include <stdio.h>
#include <string.h>

#include "storage/page_row.h"

#define SQL_BYTES_MAX ((size_t)1 << 20)

/* ---- lists of columns ---- */

static bool is_word(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

const struct page_column *columns_find(int number)
{
    for (size_t i = 0; i < nr_page_columns; i++)
        if (page_columns[i].number == number)
            return &page_columns[i];
    return NULL;
}

enum err columns_define(const struct page_column *column, struct buf *out)
{
    return buf_addf(out, "%s %s%s", column->name, column->sql_type,
                    column->flags & COLUMN_REQUIRED ? " NOT NULL" : "");
}

/* In the order of the table `pages`, which is not that of page_columns. */
static enum err add_definitions(struct buf *out)
{
    const struct page_column *column = columns_find(1);
    enum err err = CERR_OK;

    for (int number = 2; column && !err; number++) {
        err = columns_define(column, out);
        column = columns_find(number);
        if (!err && column)
            err = buf_add_str(out, ",\n");
    }
    return err;
}

/* SQLite answers from the schema in memory, so this may be asked for each
 * column. */
bool columns_has(sqlite3 *db, const char *name)
{
    return sqlite3_table_column_metadata(db, NULL, "pages", name, NULL, NULL,
                                         NULL, NULL, NULL) == SQLITE_OK;
}

/* What of the INSERT a column is; NULL: `pages` does not have it. */
static const char *name_of(const struct page_column *column)
{
    return column->number ? column->name : NULL;
}

static const char *value_of(const struct page_column *column)
{
    if (!column->number)
        return NULL;
    return column->kind == COLUMN_ZERO ? "0" : "?";
}

/* What a column of the view is of a line without a URL. */
static const char *line_value_of(const struct page_column *column)
{
    if (!(column->flags & COLUMN_RESULTS))
        return NULL;
    return column->line_sql ? column->line_sql : "NULL";
}

/* What an export reads. A reader cannot add a column that the database lacks,
 * as a crawl would do. */
static const char *exported_of(sqlite3 *db, const struct page_column *column)
{
    if (column->number && !columns_has(db, column->name))
        return "NULL";
    return column->export_sql;
}

/* What one column is in the list `word`; NULL: it is not in that list. `room`
 * may hold the answer. */
static const char *show_column(sqlite3 *db, const struct page_column *column,
                               const char *word, size_t len, char room[80])
{
    const char *special = NULL;
    int flags = 0;

    if (is_word(word, len, "names"))
        return name_of(column);
    if (is_word(word, len, "values"))
        return value_of(column);
    if (is_word(word, len, "line_results"))
        return line_value_of(column);
    if (is_word(word, len, "kept")) {
        flags = COLUMN_KEPT | COLUMN_KEPT_IF_NONE;
    } else if (is_word(word, len, "exported")) {
        flags = COLUMN_EXPORTED;
        special = exported_of(db, column);
    } else if (is_word(word, len, "results")) {
        flags = COLUMN_RESULTS;
        special = column->results_sql;
    }
    if (!(column->flags & flags))
        return NULL;
    snprintf(room, 80, "p.%s", column->name);
    return special ? special : room;
}

/* One word's list. Only the first SELECT of a view names its columns. */
static enum err add_list(sqlite3 *db, const char *word, size_t len,
                         struct buf *out)
{
    bool is_view = is_word(word, len, "results");
    const char *comma = "";
    enum err err = CERR_OK;

    if (is_word(word, len, "definitions"))
        return add_definitions(out);
    for (size_t i = 0; i < nr_page_columns && !err; i++) {
        const struct page_column *column = &page_columns[i];
        char room[80];
        const char *shown = show_column(db, column, word, len, room);

        if (!shown)
            continue;
        err = is_view ? buf_addf(out, "%s%s AS %s", comma, shown, column->name)
                      : buf_addf(out, "%s%s", comma, shown);
        comma = ", ";
    }
    return err;
}

enum err columns_expand(sqlite3 *db, const char *sql, struct buf *out)
{
    enum err err = CERR_OK;

    while (!err) {
        size_t plain = strcspn(sql, "@"), len;

        err = buf_add(out, sql, plain);
        if (err || !sql[plain])
            break;
        sql += plain + 1;
        len = strspn(sql, "abcdefghijklmnopqrstuvwxyz_");
        err = add_list(db, sql, len, out);
        sql += len;
    }
    return err;
}

int columns_prepare(sqlite3 *db, const char *sql, unsigned flags,
                    sqlite3_stmt **stmt)
{
    struct buf text;
    enum err err;
    int rc = SQLITE_NOMEM;

    buf_init(&text, SQL_BYTES_MAX);
    err = columns_expand(db, sql, &text);
    if (!err)
        rc = sqlite3_prepare_v3(db, (const char *)text.data, (int)text.len,
                                flags, stmt, NULL);
    buf_release(&text);
    return rc;
}

int columns_exec(sqlite3 *db, const char *sql)
{
    struct buf text;
    enum err err;
    int rc = SQLITE_NOMEM;

    buf_init(&text, SQL_BYTES_MAX);
    err = columns_expand(db, sql, &text);
    if (!err)
        err = buf_add_byte(&text, '\0');
    if (!err)
        rc = sqlite3_exec(db, (const char *)text.data, NULL, NULL, NULL);
    buf_release(&text);
    return rc;
}
