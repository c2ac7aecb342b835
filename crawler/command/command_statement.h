/*
 * command_statement: shows what a statement comes to, or the statement itself
 * where --sql asks for it. Shared by the commands that take flags for that.
 */
#ifndef CRAWLER_COMMAND_COMMAND_STATEMENT_H
#define CRAWLER_COMMAND_COMMAND_STATEMENT_H

#include "crawler/cli/command_line.h"
#include "storage/query.h"

/* Both functions print to standard output and return the exit status. On a
 * terminal the first 100 rows are shown, unless --limit is given. */

/* A statement of the user's own; `limit` as in --limit, 0: all rows. */
int command_show_statement(const struct command_line *line,
                           struct reader *reader, struct bytes text,
                           int64_t limit);
/* A named query; `options` has its limit. */
int command_show_query(const struct command_line *line, struct reader *reader,
                       const struct query_info *query,
                       const struct query_options *options);

#endif
