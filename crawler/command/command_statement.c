/* Runs a statement by way of the reader and prints rows as they come. */
#include "crawler/command/command_statement.h"

#include <string.h>

#include "base/log.h"
#include "crawler/command/command_common.h"

/* Longest statement, in bytes: a limit against a file that was given by
 * mistake. */
#define SQL_BYTES  ((size_t)1 << 20)
#define SHOWN_ROWS 100 /* on a terminal, unless --limit is given */

/* Runs a statement and prints its rows to standard output. The printer stops
 * the reader with CERR_CANCELED at the limit, which is no failure. */
static int print_result(const struct command_line *line, struct reader *reader,
                        const struct buf *sql, int64_t limit)
{
    struct row_printer *printer = command_printer(line, limit);
    int64_t nr_rows;
    enum err err;
    int status;

    if (!printer)
        return CRAWL_EXIT_USAGE;
    err = reader_run(reader, (const char *)sql->data, sql->len, row_printer_add,
                     printer);
    if (err && err != CERR_CANCELED) {
        row_printer_free(printer);
        return err == CERR_IO && ferror(stdout) ? CRAWL_EXIT_FAILURE
                                                : command_failed(reader, err);
    }
    /* hints are for people, so they go to standard error */
    nr_rows = row_printer_nr_rows(printer);
    status = command_printer_end(printer, CRAWL_EXIT_OK);
    if (command_is_shown() && !status && nr_rows == 0)
        fputs("no rows\n", stderr);
    if (err && !command_has(line, "limit"))
        fprintf(stderr, "the first %lld rows; --limit 0 shows all\n",
                (long long)nr_rows);
    return status;
}

/* Prints the statement with its semicolon, so that it can be piped into
 * sqlite3. */
static int print_sql(const struct buf *sql)
{
    fwrite(sql->data, 1, sql->len, stdout);
    fputs(";\n", stdout);
    return fflush(stdout) ? CRAWL_EXIT_FAILURE : CRAWL_EXIT_OK;
}

/* Prints the statement if --sql asks for that, else its rows. */
static int show(const struct command_line *line, struct reader *reader,
                const struct buf *sql, int64_t limit)
{
    if (command_has(line, "sql"))
        return print_sql(sql);
    if (command_is_shown() && !command_has(line, "limit"))
        limit = SHOWN_ROWS;
    return print_result(line, reader, sql, limit);
}

/* Whether the name stands in the statement as a word of its own. */
static bool names_table(struct bytes sql, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    const char *at = sql.data, *end = at + sql.len;
    size_t len = strlen(name);

    while ((at = memmem(at, (size_t)(end - at), name, len))) {
        bool begins = at == sql.data || !strchr(letters, at[-1]);

        at += len;
        if (begins && (at == end || !strchr(letters, *at)))
            return true;
    }
    return false;
}

/* Words for a database without links, and the command that gets them. */
#define NO_LINKS                                                               \
    "links were not stored: crawl with --extract links, or --depth; what is "  \
    "fetched already is asked again with --refetch all"

int command_show_statement(const struct command_line *line,
                           struct reader *reader, struct bytes text,
                           int64_t limit)
{
    static const struct query_options any_run;
    struct buf sql;
    int status;
    bool has = true;
    enum err err;

    if (names_table(text, "links") || names_table(text, "v_broken"))
        (void)!reader_has_links(reader, &any_run, &has);
    if (!has)
        log_warn("%s", NO_LINKS);
    buf_init(&sql, SQL_BYTES);
    err = buf_add(&sql, text.data, text.len);
    if (err)
        status = command_usage("the statement: %s", err_str(err));
    else
        status = show(line, reader, &sql, limit);
    buf_release(&sql);
    return status;
}

/* Says once more on standard error what an answer that needs links lacks.
 * Returns false when there is nothing to answer with. */
static bool tell_of_links(struct reader *reader, const struct query_info *query,
                          const struct query_options *options, int *status)
{
    bool has = true;
    enum err err = CERR_OK;

    if (query->needs_links || strstr(query->sql, "JOIN links"))
        err = reader_has_links(reader, options, &has);
    if (err)
        *status = command_failed(reader, err);
    else if (!has && query->needs_links)
        log_error("%s", NO_LINKS);
    else if (!has)
        log_warn("%s; here each URL has the page that it was found on first",
                 NO_LINKS);
    return !err && (has || !query->needs_links);
}

/* A named query is text as well: the reader writes it out, run and limit
 * included, and it takes the same way as a statement of the user. */
int command_show_query(const struct command_line *line, struct reader *reader,
                       const struct query_info *query,
                       const struct query_options *options)
{
    struct buf sql;
    int status = CRAWL_EXIT_FAILURE;
    enum err err;

    if (!command_has(line, "sql") &&
        !tell_of_links(reader, query, options, &status))
        return status;
    buf_init(&sql, SQL_BYTES);
    err = reader_sql(reader, query, options, &sql);
    if (err)
        status = command_failed(reader, err);
    else
        status = show(line, reader, &sql,
                      0); /* the limit stands in the statement itself */
    buf_release(&sql);
    return status;
}
