/*
 * The table of commands, from which help, manual page and completions are made
 * too, and the way from the words of the shell to a command.
 */
#include "crawler/command/commands.h"

#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "crawler/cli/config.h"
#include "crawler/command/command_common.h"

#define FLAGS(table)                                                           \
    .flags = (table), .nr_flags = sizeof(table) / sizeof((table)[0])

/* Flags of the commands, in the order of their help: long name, letter,
 * argument, meaning. The options of a run are in cli/options.c. */
static const struct command_flag query_flags[] = {
    {"run", 0, "N", "the pages of this run; else the newest answers"},
    {"limit", 0, "N", "rows at most; 0: all"},
    COMMAND_FORMAT_FLAGS,
    {"sql", 0, NULL, "print the statement and do not run it"},
};
static const struct command_flag diff_flags[] = {
    {"limit", 0, "N", "rows at most; 0: all"},
    COMMAND_FORMAT_FLAGS,
    {"sql", 0, NULL, "print the statement and do not run it"},
};
static const struct command_flag format_flags[] = {COMMAND_FORMAT_FLAGS};
static const struct command_flag export_flags[] = {
    {"output", 'o', "FILE",
     "where to: .db, .txt, .jsonl, .csv, .warc.gz; '-'; repeatable"},
    {"format", 0, "KIND",
     "where the name does not tell: db, txt, jsonl, csv, warc"},
    {"run", 0, "N", "the pages of this run; else the newest answers"},
};
static const struct command_flag why_flags[] = {
    {"from", 0, "URL", "judge it as a link on this page"},
    {"robots-file", 0, "FILE", "robots.txt of its host; else the database's"},
    COMMAND_FORMAT_FLAGS,
};

/* All commands, in the order of the manual page and the completions. The run
 * must be the first one: commands_run() takes it for every word that is no
 * command. */
static const struct command all[] = {
    {.name = "run",
     .arguments = "LIST... [options]",
     .summary = "fetch every URL of a list",
     .details = "The word may be left out. A name is a file with one URL a "
                "line, '-' for standard input, or a URL.",
     .max_words = -1,
     .takes_options = true,
     .reads_argv = true,
     .run = command_run,
     .print_help = command_run_print_help},
    {.name = "query",
     .arguments = "DB [NAME|SQL]",
     .summary = "ask a database",
     .details = "NAME is a named query, summary if none is given; SQL is one "
                "statement that reads. On a terminal the first 100 rows are "
                "shown.",
     FLAGS(query_flags),
     .min_words = 1,
     .max_words = 2,
     .run = command_query,
     .print_help = command_query_print_help},
    {.name = "status",
     .arguments = "DB",
     .summary = "how far a crawl is, also while it runs",
     FLAGS(format_flags),
     .min_words = 1,
     .max_words = 1,
     .run = command_status},
    {.name = "export",
     .arguments = "DB -o FILE...",
     .summary = "write a database in another format",
     .details = "Text in the order of the list, one row for each line of it. "
                "A .db is a compact copy of everything, also of a database "
                "that grows; a .warc.gz has the bodies that --store body "
                "kept. A file that is there already is left alone.",
     FLAGS(export_flags),
     .min_words = 1,
     .max_words = -1,
     .run = command_export},
    {.name = "diff",
     .arguments = "DB [RUN RUN]",
     .summary = "what changed between two runs",
     .details = "The last two if none are named: new, changed, gone, newly "
                "broken, repaired, moved.",
     FLAGS(diff_flags),
     .min_words = 1,
     .max_words = 3,
     .run = command_diff},
    {.name = "why",
     .arguments = "URL [options]",
     .summary = "which rule decides about a URL",
     .details = "With the options of the run in question: its canonical form, "
                "the host that it waits for, scope, traps, robots.txt, and "
                "what would be asked. Nothing is fetched; the database "
                "(--output, crawl.db) tells what it knows.",
     FLAGS(why_flags),
     .min_words = 1,
     .max_words = -1,
     .takes_options = true,
     .run = command_why},
    {.name = "doctor",
     .arguments = "",
     .summary = "what this machine offers",
     FLAGS(format_flags),
     .run = command_doctor},
    {.name = "help",
     .arguments = "[COMMAND|man|man5|markdown|bash|zsh|fish]",
     .summary = "options, one command, or files made of them",
     .max_words = 1,
     .run = command_help},
    {.name = "version",
     .arguments = "",
     .summary = "version of the program and its libraries",
     .run = command_version},
};

const struct commands crawl_commands = {all, sizeof(all) / sizeof(all[0])};

/* Words that are kept for commands to come. A list of that name would change
 * its meaning with the command, so it is refused now, and the message says how
 * to name the file. */
static const char *const reserved_words[] = {"resume", "report", "check",
                                             "serve",  "import", "init"};

/* A file of such a name is reached as ./NAME. */
static bool is_reserved(const char *word)
{
    for (size_t i = 0; i < sizeof(reserved_words) / sizeof(reserved_words[0]);
         i++)
        if (strcmp(reserved_words[i], word) == 0)
            return true;
    return false;
}

/* "--help" asks about the command before it, whatever else stands on the line.
 * Words after "--" are names and not options (POSIX, XBD 12.2, guideline 10).
 */
static bool asks_for_help(const struct command_line *line)
{
    for (int i = 2; i < line->argc && strcmp(line->argv[i], "--") != 0; i++)
        if (strcmp(line->argv[i], "--help") == 0 ||
            strcmp(line->argv[i], "-h") == 0)
            return true;
    return false;
}

/* Reads the words of a command by its flags and runs it. Returns the exit
 * status. */
static int read_and_run(struct command_line *line)
{
    char message[COMMAND_MESSAGE_BYTES] = "";
    int exit_status;

    if (line->command->reads_argv)
        return line->command->run(line);
    if (asks_for_help(line)) {
        command_print_help(line->command, stdout);
        return CRAWL_EXIT_OK;
    }
    if (command_read(line, message)) {
        log_error("%s", message);
        exit_status = CRAWL_EXIT_USAGE;
    } else {
        exit_status = line->command->run(line);
    }
    command_release(line);
    return exit_status;
}

/* A word that is no command is the first list of a run: "crawl urls.txt". A
 * program without any word gets the help, on standard error and with the status
 * of a mistake. */
int commands_run(int argc, char *const *argv)
{
    struct command_line line = {
        .commands = &crawl_commands,
        .argc = argc,
        .argv = argv,
    };

    /* a file that grows too large is an error, EFBIG, and no death */
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        config_print_help(stderr);
        return CRAWL_EXIT_USAGE;
    }
    if (is_reserved(argv[1])) {
        log_error("'%s' is a word kept for a coming command; for a list of "
                  "that name type 'crawl ./%s'",
                  argv[1], argv[1]);
        return CRAWL_EXIT_USAGE;
    }
    line.command = command_find(&crawl_commands, argv[1]);
    if (!line.command)
        line.command = &crawl_commands.all[0]; /* the run */
    return read_and_run(&line);
}
