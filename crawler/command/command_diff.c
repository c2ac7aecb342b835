/* crawl diff: what changed between two runs that one database holds. */
#include <errno.h>
#include <stdlib.h>

#include "crawler/command/command_common.h"
#include "crawler/command/command_statement.h"
#include "crawler/command/commands.h"

/* Reads the number of a run; runs are numbered from 1. */
static bool read_run(const char *text, int64_t *run)
{
    char *end;

    errno = 0;
    *run = strtoll(text, &end, 10);
    return !errno && *end == '\0' && *run > 0;
}

/* Checks that both runs are in the database. Without this a mistyped number
 * would look like "no change". */
static int check_runs(struct reader *reader,
                      const struct query_options *options)
{
    bool has_both;
    enum err err = reader_has_runs(reader, options, &has_both);

    if (err)
        return command_failed(reader, err);
    if (!has_both)
        return command_usage("there are no such two runs in it; 'crawl query "
                             "DB \"SELECT id, started_at FROM runs\"' lists "
                             "them, --refetch makes another");
    return CRAWL_EXIT_OK;
}

/* `run` is the later run, `other` the one that it is compared with; both stay 0
 * for "the last two". */
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
        status = command_show_query(line, reader, query, &options);
    reader_close(reader);
    return status;
}
