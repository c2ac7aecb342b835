/* crawl query, crawl diff: rows of a database. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crawler/command/command_common.h"
#include "crawler/command/commands.h"

#define SQL_BYTES   ((size_t)1 << 20)
#define SHOWN_ROWS  100 /* on a terminal, unless --limit is given */
#define FIRST_QUERY "summary"

/* One statement has a blank in it, and no name has. */
static bool is_sql(const char *text)
{
    return strpbrk(text, " \t\n;(") != NULL;
}

static int unknown_query(const char *name)
{
    char names[400] = "";
    size_t nr_queries, len = 0;
    const struct query_info *queries = query_list(&nr_queries);

    for (size_t i = 0; i < nr_queries && len < sizeof(names); i++)
        len += (size_t)snprintf(names + len, sizeof(names) - len, " %s",
                                queries[i].name);
    return command_usage("no query has the name '%.50s'; there are:%s", name,
                         names);
}

/* Runs a statement into a table on standard output. */
static int print_result(const struct command_line *line, struct reader *reader,
                        const struct buf *sql, int64_t limit)
{
    struct table *table = command_table(line, limit);
    int64_t nr_rows;
    enum err err;
    int status;

    if (!table)
        return CRAWL_EXIT_USAGE;
    err =
        reader_run(reader, (const char *)sql->data, sql->len, table_add, table);
    if (err && err != CERR_CANCELED) {
        table_free(table);
        return err == CERR_IO && ferror(stdout) ? CRAWL_EXIT_FAILURE
                                                : command_failed(reader, err);
    }
    nr_rows = table_nr_rows(table);
    status = command_table_end(table, CRAWL_EXIT_OK);
    if (command_is_shown() && !status && nr_rows == 0)
        fputs("no rows\n", stderr);
    if (err && !command_has(line, "limit"))
        fprintf(stderr, "the first %lld rows; --limit 0 shows all\n",
                (long long)nr_rows);
    return status;
}

static int print_sql(const struct buf *sql)
{
    fwrite(sql->data, 1, sql->len, stdout);
    fputs(";\n", stdout);
    return fflush(stdout) ? CRAWL_EXIT_FAILURE : CRAWL_EXIT_OK;
}

/* A named query, by its whole statement. */
static int run_named(const struct command_line *line, struct reader *reader,
                     const struct query_info *query,
                     const struct query_options *options)
{
    struct buf sql;
    int status;
    enum err err;

    buf_init(&sql, SQL_BYTES);
    err = reader_sql(reader, query, options, &sql);
    if (err)
        status = command_failed(reader, err);
    else if (command_has(line, "sql"))
        status = print_sql(&sql);
    else
        status = print_result(
            line, reader, &sql,
            command_is_shown() && !command_has(line, "limit") ? SHOWN_ROWS : 0);
    buf_release(&sql);
    return status;
}

static int run_sql(const struct command_line *line, struct reader *reader,
                   const char *text, int64_t limit)
{
    struct buf sql;
    int status;
    enum err err;

    if (command_has(line, "run"))
        return command_usage("--run is for named queries; in a statement "
                             "write WHERE run_id = ...");
    buf_init(&sql, SQL_BYTES);
    err = buf_add_str(&sql, text);
    if (err)
        status = command_usage("the statement: %s", err_str(err));
    else if (command_has(line, "sql"))
        status = print_sql(&sql);
    else
        status = print_result(line, reader, &sql, limit);
    buf_release(&sql);
    return status;
}

int command_query(const struct command_line *line)
{
    const char *what = line->nr_words > 1 ? line->words[1] : FIRST_QUERY;
    const struct query_info *query = query_find(what);
    struct query_options options = {0};
    char message[COMMAND_MESSAGE_BYTES];
    struct reader *reader;
    int status;

    if (!query && !is_sql(what))
        return unknown_query(what);
    if (command_number(line, "run", 1, &options.run, message) ||
        command_number(line, "limit", 0, &options.limit, message))
        return command_usage("%s", message);
    reader = command_open(line->words[0], &status);
    if (!reader)
        return status;
    if (query)
        status = run_named(line, reader, query, &options);
    else
        status = run_sql(line, reader, what,
                         command_is_shown() && !command_has(line, "limit")
                             ? SHOWN_ROWS
                             : options.limit);
    reader_close(reader);
    return status;
}

/* ---- diff ---- */

static bool read_run(const char *text, int64_t *run)
{
    char *end;

    errno = 0;
    *run = strtoll(text, &end, 10);
    return !errno && *end == '\0' && *run > 0;
}

static enum err take_number(void *ctx, const struct query_row *row)
{
    if (row->values && row->values[0].type == QUERY_INT)
        *(int64_t *)ctx = row->values[0].integer;
    return CERR_OK;
}

/* Both runs must be there: a wrong number would look like no change. */
static int check_runs(struct reader *reader,
                      const struct query_options *options)
{
    char sql[200];
    int64_t nr_missing = 0;
    enum err err;
    int len = snprintf(sql, sizeof(sql),
                       "SELECT (%lld > 0 AND %lld NOT IN (SELECT id FROM "
                       "runs)) + (%lld > 0 AND %lld NOT IN (SELECT id FROM "
                       "runs)) + ((SELECT count(*) FROM runs) < 2)",
                       (long long)options->run, (long long)options->run,
                       (long long)options->other, (long long)options->other);

    err = reader_run(reader, sql, (size_t)len, take_number, &nr_missing);
    if (err)
        return command_failed(reader, err);
    if (nr_missing)
        return command_usage("there are no such two runs in it; 'crawl query "
                             "DB \"SELECT id, started_at FROM runs\"' lists "
                             "them, --refetch makes another");
    return CRAWL_EXIT_OK;
}

int command_diff(const struct command_line *line)
{
    const struct query_info *query = query_find("diff");
    struct query_options options = {0};
    char message[COMMAND_MESSAGE_BYTES];
    struct reader *reader;
    int status;

    if (line->nr_words == 2)
        return command_usage("give both runs or none: crawl diff DB 1 2");
    if (line->nr_words == 3 && (!read_run(line->words[1], &options.other) ||
                                !read_run(line->words[2], &options.run)))
        return command_usage("runs are numbers from 1: crawl diff DB 1 2");
    if (command_number(line, "limit", 0, &options.limit, message))
        return command_usage("%s", message);
    reader = command_open(line->words[0], &status);
    if (!reader)
        return status;
    status = check_runs(reader, &options);
    if (!status)
        status = run_named(line, reader, query, &options);
    reader_close(reader);
    return status;
}
