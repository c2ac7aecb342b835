/* The page is written from top to bottom, a function for each section. */
#include "crawler/cli/manual.h"

#include <string.h>

#include "crawler/cli/config_internal.h"
#include "crawler/cli/roff.h"
#include "storage/query.h"

/* Texts of the manual that no table has; commands, options and queries bring
 * their own. */
static const char description[] =
    "crawl fetches every URL of a list with a fixed pool of worker processes "
    "and leaves a database that answers questions. Every line of the list "
    "ends as one row with a reason. Kill it at any moment and run the same "
    "command again: it goes on, and nothing is recorded twice. With no flags "
    "it obeys robots.txt, Crawl-delay and Retry-After, and slows down for a "
    "host that slows down.";

/* The values of enum crawl_exit (crawl.h) in words. */
static const struct {
    const char *name, *text;
} exit_statuses[] = {
    {"0", "every URL ended, whatever became of it"},
    {"1", "the program itself failed"},
    {"2", "an option or the list is wrong"},
    {"3", "finished, but not one URL of the run answered"},
    {"4", "stopped by a limit of the user; work is left"},
    {"5", "the database: disk full, locked, damaged, not of crawl"},
    {"130", "Ctrl-C; what was done is saved"},
    {"141", "the reader of an output has left, as head(1) does"},
    {"143", "SIGTERM; what was done is saved"},
};

static const struct {
    const char *text, *command;
} examples[] = {
    {"Fetch a list into crawl.db; type it again to go on:", "crawl urls.txt"},
    {"One line a page, url:length:", "crawl urls.txt -o db.txt"},
    {"A whole site, three clicks deep:",
     "crawl https://example.com/ --depth 3 -o site.db"},
    {"What failed, and who links to it:", "crawl query site.db broken"},
    {"Your own question:",
     "crawl query site.db \"SELECT url FROM results WHERE title IS NULL\" "
     "--csv"},
    {"Why a URL is not fetched:", "crawl why https://example.com/private/x"},
};

/* Writes the head of the paragraph about a flag: "-o, --output FILE". */
static void write_flag(FILE *out, char short_name, const char *name,
                       const char *argument)
{
    fputs(".TP\n", out);
    if (short_name)
        fprintf(out, "\\fB\\-%c\\fR, ", short_name);
    fputs("\\fB\\-\\-", out);
    roff_text(out, name);
    fputs("\\fR", out);
    if (argument) {
        fputs(" \\fI", out);
        roff_text(out, argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

/* Writes a part for each command: how it is typed, what it does, its own flags.
 */
static void write_commands(const struct commands *commands, FILE *out)
{
    roff_section(out, "commands");
    for (size_t i = 0; i < commands->nr; i++) {
        const struct command *command = &commands->all[i];

        fprintf(out, ".SS \"crawl %s ", command->name);
        roff_text(out, command->arguments);
        fputs("\"\n", out);
        roff_text(out, command->summary);
        fputs(".\n", out);
        if (command->details) {
            fputs(".PP\n", out);
            roff_text(out, command->details);
            fputc('\n', out);
        }
        for (size_t k = 0; k < command->nr_flags; k++) {
            const struct command_flag *flag = &command->flags[k];

            write_flag(out, flag->short_name, flag->name, flag->argument);
            roff_text(out, flag->help);
            fputc('\n', out);
        }
    }
}

/* Options of a run stand in the groups of `crawl --help`. */
static void write_options(FILE *out)
{
    const char *group = "";

    roff_section(out, "options");
    for (size_t i = 0; i < nr_options; i++) {
        const struct option *option = &options[i];

        if (strcmp(group, option->group) != 0) {
            group = option->group;
            fprintf(out, ".SS \"%s\"\n", group);
        }
        write_flag(out, option->short_name, option->name, option->argument);
        roff_option(out, option);
    }
    fputs(".PP\nDUR is a duration such as 500ms, 10s, 5m, 2h; SIZE is one "
          "such as 64k, 16M, 1G.\n",
          out);
}

/* Storage has the list of named queries, with a line about each. */
static void write_queries(FILE *out)
{
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);

    roff_section(out, "named queries");
    for (size_t i = 0; i < nr_queries; i++)
        roff_item(out, queries[i].name, queries[i].shows);
}

/* Writes the sections about files and environment: what crawl reads and writes
 * without being told. */
static void write_surroundings(FILE *out)
{
    roff_section(out, "environment");
    roff_item(out, "CRAWL_NAME",
              "every long option, its hyphens written as underscores: "
              "CRAWL_PER_HOST=2; a flag beats it, it beats the file");
    roff_item(out, "XDG_CONFIG_HOME, HOME", "where the file is looked for");
    roff_item(out, "COLUMNS", "width of tables and progress");
    roff_section(out, "files");
    roff_item(out, "$XDG_CONFIG_HOME/crawl/config",
              "settings, read if it is there; "
              "crawl --print-config shows the form");
    roff_item(out, "crawl.db", "where results go when no output is named");
}

/* Writes about the configuration file in short; crawl-config(5) says it at
 * length. */
static void write_file(FILE *out)
{
    char names[HOST_SETTING_NAMES_BYTES];

    config_host_setting_names(names);
    roff_section(out, "configuration file");
    roff_text(out,
              "A section [crawl] holds long option names with values; options "
              "that repeat stand once for each value. A section [host "
              "example.com], or [host *.example.com] for all names below it "
              "but not itself, sets for these hosts alone: ");
    roff_text(out, names);
    roff_text(out,
              ". It goes before the general setting, wherever that came from; "
              "of several the longest name counts, and the host itself before "
              "all. Its headers are sent on top of the general ones, or in "
              "place of those of the same name, to that host and to no other, "
              "whatever a redirect says. A line that begins with ; or # is a "
              "comment.");
    fputs("\n.PP\n.nf\n.RS 4\n", out);
    roff_text(out, manual_config_example);
    fputs("\n.RE\n.fi\n", out);
}

/* Writes the exit statuses, the examples, and where else to look. */
static void write_lists(FILE *out)
{
    roff_section(out, "exit status");
    for (size_t i = 0; i < sizeof(exit_statuses) / sizeof(exit_statuses[0]);
         i++)
        roff_item(out, exit_statuses[i].name, exit_statuses[i].text);
    roff_section(out, "examples");
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        fputs(".PP\n", out);
        roff_text(out, examples[i].text);
        fputs("\n.PP\n.RS 4\n\\fB", out);
        roff_text(out, examples[i].command);
        fputs("\\fR\n.RE\n", out);
    }
    roff_section(out, "see also");
    fputs(".BR crawl\\-config (5),\n.BR curl (1),\n.BR sqlite3 (1)\n", out);
}

void manual_print(const struct commands *commands, const char *version,
                  FILE *out)
{
    fprintf(out,
            ".\\\" Made by \"crawl help man\".\n"
            ".TH CRAWL 1 \"\" \"crawl %s\" \"User Commands\"\n"
            ".SH NAME\n"
            "crawl \\- fetch every URL of a list into a database that answers "
            "questions\n"
            ".SH SYNOPSIS\n"
            ".B crawl\n"
            ".RB [ run ]\n"
            ".IR LIST ...\n"
            ".RI [ options ]\n"
            ".br\n"
            ".B crawl\n"
            ".I command\n"
            ".RI [ arguments ]\n",
            version);
    roff_section(out, "description");
    roff_text(out, description);
    fputc('\n', out);
    write_commands(commands, out);
    write_options(out);
    write_queries(out);
    write_file(out);
    write_surroundings(out);
    write_lists(out);
}
