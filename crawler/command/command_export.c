/* crawl export: a finished or running database in every output format. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "crawler/cli/value.h"
#include "crawler/command/command_common.h"
#include "crawler/command/commands.h"

/* Writes one file, in the form that --format or its name tells. */
static int export_to(const struct command_line *line, struct reader *reader,
                     const char *path, const struct query_options *options)
{
    enum err err =
        reader_export(reader, path, command_value(line, "format"), options);

    /* as with every program whose reader leaves, there is nothing to say */
    if (err == CERR_CLOSED)
        return CRAWL_EXIT_READER_LEFT;
    return err ? command_failed(reader, err) : CRAWL_EXIT_OK;
}

/* Says on standard error that rows are missing, as the crawl has not ended. */
static enum err tell_what_is_left(struct reader *reader)
{
    struct reader_progress progress;
    enum err err = reader_progress(reader, &progress);
    int64_t ended = progress.nr_lines - progress.nr_lines_left;
    char nr_ended[VALUE_TEXT_BYTES], nr_lines[VALUE_TEXT_BYTES];
    char nr_found[VALUE_TEXT_BYTES], found[VALUE_TEXT_BYTES + 40] = "";

    if (err || (progress.nr_lines_left == 0 && progress.nr_found_left == 0 &&
                !progress.has_unread))
        return err;
    value_show_count(ended, nr_ended);
    value_show_count(progress.nr_lines, nr_lines);
    value_show_count(progress.nr_found_left, nr_found);
    if (progress.nr_found_left)
        snprintf(found, sizeof(found), ", %s found URLs are to do", nr_found);
    log_warn("the crawl is not finished: %s of %s lines have ended%s%s; what "
             "is left is not in the export",
             nr_ended, nr_lines,
             progress.has_unread ? ", more of the list is to be read" : "",
             found);
    return CERR_OK;
}

/* Writes every file that is named: by --output, which may be repeated, and by
 * the words after the database ("-o a.csv b.txt"). The first failure ends it.
 */
static int export_all(const struct command_line *line, struct reader *reader,
                      const struct query_options *options)
{
    int status = CRAWL_EXIT_OK;
    size_t at = 0;
    const char *path = command_next(line, "output", &at);

    if (!path && line->nr_words == 1)
        return command_usage("to which file? crawl export DB -o results.csv; "
                             "'-' is standard output, as JSONL");
    for (; path && !status; path = command_next(line, "output", &at))
        status = export_to(line, reader, path, options);
    for (int i = 1; i < line->nr_words && !status; i++)
        status = export_to(line, reader, line->words[i], options);
    return status;
}

/* The version and the time go into the first record of a WARC. */
int command_export(const struct command_line *line)
{
    struct query_options options = {.version = CRAWL_VERSION,
                                    .now_ms = clock_wall_ms()};
    char message[COMMAND_MESSAGE_BYTES];
    struct reader *reader;
    int status;

    if (command_number(line, "run", 1, &options.run, message))
        return command_usage("%s", message);
    reader = command_open(line->words[0], &status);
    if (!reader)
        return status;
    status = export_all(line, reader, &options);
    if (!status && options.run == 0) {
        enum err err = tell_what_is_left(reader);

        if (err)
            status = command_failed(reader, err);
    }
    reader_close(reader);
    return status;
}
