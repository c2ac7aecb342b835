/*
 * crawl query: the rows of a named query, or of a statement of the user's own.
 */
#include <string.h>

#include "crawler/command/command_common.h"
#include "crawler/command/command_statement.h"
#include "crawler/command/commands.h"

/* The named query that answers "crawl query DB". */
#define FIRST_QUERY "summary"

/* Prints the usage, then the named queries that may follow the database. */
void command_query_print_help(const struct command *command, FILE *out)
{
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);

    command_print_usage(command, out);
    fputs("\nnamed queries:\n", out);
    for (size_t i = 0; i < nr_queries; i++)
        fprintf(out, "  %-20s%s\n", queries[i].name, queries[i].shows);
}

/* Tells a statement from a name: every statement has a blank, a semicolon or a
 * parenthesis in it, and no name has. */
static bool is_sql(const char *text)
{
    return strpbrk(text, " \t\n;(") != NULL;
}

/* A mistyped name is answered with all names that there are. */
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

/* --run changes the text of a named query; a statement of the user is run as it
 * stands, so --run is refused rather than ignored. */
static int run_sql(const struct command_line *line, struct reader *reader,
                   const char *text, int64_t limit)
{
    if (command_has(line, "run"))
        return command_usage("--run is for named queries; in a statement "
                             "write WHERE run_id = ...");
    return command_show_statement(line, reader,
                                  (struct bytes){text, strlen(text)}, limit);
}

/* The words are checked before the database is opened: a mistake in them is
 * said even if the file is missing. */
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
        status = command_show_query(line, reader, query, &options);
    else
        status = run_sql(line, reader, what, options.limit);
    reader_close(reader);
    return status;
}
