#include "crawler/command/commands.h"

#include "crawler/command/command_common.h"

/* clang-format off */
#define FLAGS(flags) (flags), sizeof(flags) / sizeof((flags)[0])
#define RESERVED(name)                                                        \
    {                                                                         \
        name, NULL, NULL, NULL, NULL, 0, 0, -1, false, NULL                   \
    }

static const struct command_flag query_flags[] = {
    {"run",   0, "N",  "the pages of this run; else the newest answers"},
    {"limit", 0, "N",  "rows at most; 0: all"                          },
    COMMAND_FORMAT_FLAGS,
    {"sql",   0, NULL, "print the statement and do not run it"         },
};
static const struct command_flag diff_flags[] = {
    {"limit", 0, "N",  "rows at most; 0: all"                 },
    COMMAND_FORMAT_FLAGS,
    {"sql",   0, NULL, "print the statement and do not run it"},
};
static const struct command_flag format_flags[] = {COMMAND_FORMAT_FLAGS};
static const struct command_flag export_flags[] = {
    {"output", 'o', "FILE", "where to: .db, .txt, .jsonl, .csv, .warc.gz; '-'; repeatable"},
    {"format", 0, "KIND", "where the name does not tell: db, txt, jsonl, csv, warc"},
    {"run", 0, "N", "the pages of this run; else the newest answers"},
};
static const struct command_flag why_flags[] = {
    {"from",        0, "URL",  "judge it as a link on this page"             },
    {"robots-file", 0, "FILE", "robots.txt of its host; else the database's"},
    COMMAND_FORMAT_FLAGS,
};

static const struct command all[] = {
    {"run", "LIST... [options]", "fetch every URL of a list",
     "The word may be left out. A name is a file with one URL a line, '-' "
     "for standard input, or a URL.",
     NULL, 0, 0, -1, true, command_run},
    {"query", "DB [NAME|SQL]", "ask a database",
     "NAME is a named query, summary if none is given; SQL is one statement "
     "that reads. On a terminal the first 100 rows are shown.",
     FLAGS(query_flags), 1, 2, false, command_query},
    {"status", "DB", "how far a crawl is, also while it runs", NULL,
     FLAGS(format_flags), 1, 1, false, command_status},
    {"export", "DB -o FILE...", "write a database in another format",
     "Text in the order of the list, one row for each line of it. A .db is a "
     "compact copy of everything, also of a database that grows; a .warc.gz "
     "has the bodies that --store body kept. A file that is there already is "
     "left alone.",
     FLAGS(export_flags), 1, -1, false, command_export},
    {"diff", "DB [RUN RUN]", "what changed between two runs",
     "The last two if none are named: new, changed, gone, newly broken, "
     "repaired, moved.",
     FLAGS(diff_flags), 1, 3, false, command_diff},
    {"why", "URL [options]", "which rule decides about a URL",
     "With the options of the run in question: its canonical form, the host "
     "that it waits for, scope, traps, robots.txt, and what would be asked. "
     "Nothing is fetched; the database (--output, crawl.db) tells what it "
     "knows.",
     FLAGS(why_flags), 1, -1, true, command_why},
    {"doctor", "", "what this machine offers", NULL, FLAGS(format_flags), 0, 0,
     false, command_doctor},
    {"help", "[COMMAND|man|markdown|bash|zsh|fish]",
     "options, one command, or files made of them", NULL, NULL, 0, 0, 1, false,
     command_help},
    {"version", "", "version of the program and its libraries", NULL, NULL, 0,
     0, 0, false, command_version},
    RESERVED("resume"),
    RESERVED("report"),
    RESERVED("check"),
    RESERVED("serve"),
    RESERVED("import"),
    RESERVED("init"),
};
/* clang-format on */

const struct commands crawl_commands = {all, sizeof(all) / sizeof(all[0])};
