/*
 * How far each list has been read, and each output written: the places from
 * which a later start goes on. They are committed with the rows that they
 * speak of, so a kill leaves both or none.
 */
#include "storage/sqlite/sqlite.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#define STATEMENT_BYTES_MAX 65536

/* Reads GET_INPUT's columns from the one with the number on. */
static void read_input(sqlite3_stmt *stmt, int at, struct storage_input *input)
{
    input->number = sqlite3_column_int64(stmt, at);
    input->size_bytes = sqlite3_column_int64(stmt, at + 1);
    input->mtime_ns = sqlite3_column_int64(stmt, at + 2);
    input->offset_bytes = sqlite3_column_int64(stmt, at + 3);
    input->line = sqlite3_column_int64(stmt, at + 4);
    input->done = sqlite3_column_int(stmt, at + 5) != 0;
}

enum err sqlite_each_input(struct back_end *back, storage_input_fn fn,
                           void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind_once(
        sqlite, "SELECT name, path, number, size_bytes, mtime_ns, offset_bytes,"
                " line, done FROM inputs ORDER BY number");
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        struct storage_input input = {0};

        err = sqlite_step(sqlite, &binder, &row);
        if (err || !row)
            break;
        input.name = (const char *)sqlite3_column_text(binder.stmt, 0);
        input.path = (const char *)sqlite3_column_text(binder.stmt, 1);
        read_input(binder.stmt, 2, &input);
        err = fn(ctx, &input);
    }
    sqlite3_finalize(binder.stmt);
    return err;
}

/* The number and the place are read by the name under which the user named the
 * list. */
enum err sqlite_get_input(struct back_end *back, struct storage_input *input)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_GET_INPUT);
    bool row;
    enum err err;

    bind_str(&binder, input->name);
    err = sqlite_step(sqlite, &binder, &row);
    if (err || !row)
        return err ? err : CERR_NOT_FOUND;
    read_input(binder.stmt, 0, input);
    sqlite3_reset(binder.stmt);
    return CERR_OK;
}

/* A list keeps the number that it got first: the statement's update leaves it
 * alone, because the lines of the list are stored with it. */
enum err sqlite_put_input(struct back_end *back,
                          const struct storage_input *input)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_INPUT);
    bind_str(&binder, input->name);
    bind_int(&binder, input->number);
    bind_int(&binder, input->size_bytes);
    bind_int(&binder, input->mtime_ns);
    bind_int(&binder, input->offset_bytes);
    bind_int(&binder, input->line);
    bind_int(&binder, input->done);
    bind_str(&binder, input->path);
    return sqlite_run(sqlite, &binder);
}

/* This runs once for each output of a start, so the statement is not kept. */
enum err sqlite_get_output(struct back_end *back, struct storage_output *output)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind_once(
        sqlite, "SELECT part, offset_bytes, state FROM outputs WHERE path = ?");
    bool row;
    enum err err;

    bind_str(&binder, output->key);
    err = sqlite_step(sqlite, &binder, &row);
    if (!err && row) {
        output->part = sqlite3_column_int(binder.stmt, 0);
        output->offset_bytes = sqlite3_column_int64(binder.stmt, 1);
        output->state =
            (enum storage_output_state)sqlite3_column_int(binder.stmt, 2);
    }
    sqlite3_finalize(binder.stmt);
    return err || row ? err : CERR_NOT_FOUND;
}

enum err sqlite_put_output(struct back_end *back,
                           const struct storage_output *output)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_OUTPUT);
    bind_str(&binder, output->key);
    bind_str(&binder, output->kind);
    bind_int(&binder, output->part);
    bind_int(&binder, output->offset_bytes);
    bind_int(&binder, output->state);
    return sqlite_run(sqlite, &binder);
}

/* The number is STORAGE_OUTPUT_BEHIND. */
enum err sqlite_leave_outputs(struct back_end *back)
{
    struct sqlite *sqlite = sqlite_of(back);
    enum err err = sqlite_begin(sqlite);

    return err ? err : sqlite_exec(sqlite, "UPDATE outputs SET state = 2");
}

/* The table of an older program has no column `state`. Its outputs count as
 * open, since they were cut back whatever stood behind. */
enum err sqlite_add_output_state(struct sqlite *sqlite)
{
    if (sqlite3_table_column_metadata(sqlite->db, NULL, "outputs", "state",
                                      NULL, NULL, NULL, NULL,
                                      NULL) == SQLITE_OK)
        return CERR_OK;
    return sqlite_exec(sqlite, "ALTER TABLE outputs ADD COLUMN"
                               " state smallint NOT NULL DEFAULT 1");
}

/* Runs the statement of the schema that begins with these words, up to its
 * semicolon. `before` is run first. */
static enum err run_schema(struct sqlite *sqlite, const char *schema,
                           const char *begin, const char *before)
{
    const char *text = strstr(schema, begin);
    struct buf sql;
    enum err err;

    assert(text);
    buf_init(&sql, STATEMENT_BYTES_MAX);
    err = buf_add_str(&sql, before);
    if (!err)
        err = buf_add(&sql, text, strcspn(text, ";"));
    if (!err)
        err = buf_add_byte(&sql, '\0');
    if (!err)
        err = sqlite_exec(sqlite, (const char *)sql.data);
    buf_release(&sql);
    return err;
}

/* Makes a view of the schema anew. */
static enum err remake_view(struct sqlite *sqlite, const char *name,
                            const char *schema)
{
    char drop[60], begin[60];

    snprintf(drop, sizeof(drop), "DROP VIEW IF EXISTS %s;", name);
    snprintf(begin, sizeof(begin), "CREATE VIEW %s AS", name);
    return run_schema(sqlite, schema, begin, drop);
}

/* An older program gave every link that it refused a row. */
enum err sqlite_add_refusals(struct sqlite *sqlite)
{
    int64_t is_there = 0;
    enum err err = sqlite_number(sqlite,
                                 "SELECT count(*) FROM sqlite_master"
                                 " WHERE name = 'refusals'",
                                 0, &is_there);

    return err || is_there ? err
                           : run_schema(sqlite, storage_schema,
                                        "CREATE TABLE refusals (", "");
}

/* The table of an older program has no column `path`: its lists are known by
 * their names alone. Its views show URLs that no list names any more, which an
 * older program does not know either. */
enum err sqlite_add_input_path(struct sqlite *sqlite)
{
    static const char *const views[] = {"v_latest", "v_hosts"};
    enum err err;

    if (sqlite3_table_column_metadata(sqlite->db, NULL, "inputs", "path", NULL,
                                      NULL, NULL, NULL, NULL) == SQLITE_OK)
        return CERR_OK;
    err = sqlite_exec(sqlite, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]) && !err; i++)
        err = remake_view(sqlite, views[i], storage_schema);
    if (!err)
        err = remake_view(sqlite, "results", storage_results_view);
    if (!err)
        err = sqlite_exec(sqlite, "ALTER TABLE inputs ADD COLUMN path text");
    return err ? err : sqlite_exec(sqlite, "COMMIT");
}

/* Views of an older program do not know the pages that link to the start of a
 * chain of redirects, nor that a host which is down is broken. */
enum err sqlite_renew_views(struct sqlite *sqlite)
{
    static const char *const views[] = {"v_broken", "v_hosts"};
    int64_t nr_old = 0;
    enum err err = sqlite_number(sqlite,
                                 "SELECT count(*) FROM sqlite_master"
                                 " WHERE name IN ('v_broken', 'v_hosts')"
                                 " AND sql NOT LIKE '%host_down%'",
                                 0, &nr_old);

    for (size_t i = 0; i < 2 && nr_old > 0 && !err; i++)
        err = remake_view(sqlite, views[i], storage_schema);
    return err;
}

static bool has_column(struct sqlite *sqlite, const char *table,
                       const char *column)
{
    return sqlite3_table_column_metadata(sqlite->db, NULL, table, column, NULL,
                                         NULL, NULL, NULL, NULL) == SQLITE_OK;
}

/* An older program kept of all sessions the newest alone, and no sample told
 * its own. */
enum err sqlite_add_sessions(struct sqlite *sqlite)
{
    enum err err = CERR_OK;

    if (!has_column(sqlite, "sessions", "session"))
        err = run_schema(sqlite, storage_schema, "CREATE TABLE sessions (", "");
    if (!err && !has_column(sqlite, "samples", "session"))
        err = sqlite_exec(sqlite, "ALTER TABLE samples ADD COLUMN"
                                  " session integer");
    return err;
}
