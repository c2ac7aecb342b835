/*
 * Makes the lists of columns in SQL texts from the table in page_row.c. It runs
 * when a statement is prepared, never for a row.
 */
#include "storage/sqlite/sqlite_columns.h"

#include <stdio.h>
#include <string.h>

#include "storage/page_row.h"

/* Limit of an expanded statement. Ours have a few KiB; the limit only keeps a
 * mistake in a text from taking all memory. */
#define SQL_BYTES_MAX ((size_t)1 << 20)

/* ---- lists of columns ---- */

/* Whether the `len` bytes of `text` are this word and nothing more. */
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

/* Lists the definitions in the order of the table `pages`. That is the order of
 * the column numbers, and not the order of page_columns, which follows JSONL.
 */
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

/* SQLite answers from the schema that it has in memory, so that a call for
 * each column costs no read. */
bool columns_has(sqlite3 *db, const char *name)
{
    return sqlite3_table_column_metadata(db, NULL, "pages", name, NULL, NULL,
                                         NULL, NULL, NULL) == SQLITE_OK;
}

/* The name of a column in the INSERT; NULL when `pages` does not have it. A
 * column that exists only in exports or in the view has the number 0. */
static const char *name_of(const struct page_column *column)
{
    return column->number ? column->name : NULL;
}

/* The value of a column in the INSERT: a parameter, but for a column that is
 * always 0; NULL when `pages` does not have it. The order must be that of
 * name_of() and page_bind(). */
static const char *value_of(const struct page_column *column)
{
    if (!column->number)
        return NULL;
    return column->kind == COLUMN_ZERO ? "0" : "?";
}

/* What a column of the view `results` shows for a line of the list that has no
 * URL: a bad line or a duplicate. */
static const char *line_value_of(const struct page_column *column)
{
    if (!(column->flags & COLUMN_RESULTS))
        return NULL;
    return column->line_sql ? column->line_sql : "NULL";
}

/* The expression that an export reads; NULL: the plain column. A crawl adds a
 * column that an older database lacks, but a reader may not write: for it such
 * a column is SQL's NULL. */
static const char *exported_of(sqlite3 *db, const struct page_column *column)
{
    if (column->number && !columns_has(db, column->name))
        return "NULL";
    return column->export_sql;
}

/* The SQL text of one column in the list `word`; NULL when the column is not in
 * that list. The text may lie in `room`. */
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
    if (is_word(word, len, "line_detail"))
        return strcmp(column->name, "detail") == 0 ? column->line_sql : NULL;
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

/* Appends the list that one word stands for. Only the first SELECT of a view
 * names its columns, so only @results has "AS". */
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

/* Appends `sql` with its lists. An @ occurs in no other place of our SQL, so
 * the search need not know about strings and comments. */
static enum err columns_expand(sqlite3 *db, const char *sql, struct buf *out)
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
