#include "crawler/cli/manual.h"

#include <ctype.h>
#include <string.h>

#include "crawler/cli/config_internal.h"
#include "storage/query.h"

static const char description[] =
    "crawl fetches every URL of a list with a fixed pool of worker processes "
    "and leaves a database that answers questions. Every line of the list "
    "ends as one row with a reason. Kill it at any moment and run the same "
    "command again: it goes on, and nothing is recorded twice. With no flags "
    "it obeys robots.txt, Crawl-delay and Retry-After, and slows down for a "
    "host that slows down.";

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

static const char file_example[] = "[crawl]\n"
                                   "user-agent = acme-bot/1.0\n"
                                   "[host *.example.com]\n"
                                   "delay = 2s\n"
                                   "[host api.example.com]\n"
                                   "per-host = 1\n"
                                   "header = X-Api-Key: 1234";

/* Text for roff: hyphens that can be copied, no escape, no request. */
static void put(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", out);
    for (; *text; text++)
        switch (*text) {
        case '-':
            fputs("\\-", out);
            break;
        case '\\':
            fputs("\\e", out);
            break;
        case '\'':
            fputs("\\(aq", out);
            break;
        case '"':
            fputs("\\(dq", out);
            break;
        case '\n':
            fputs("\n.br\n", out);
            break;
        default:
            fputc(*text, out);
            break;
        }
}

static void put_section(FILE *out, const char *title)
{
    fputs(".SH \"", out);
    for (; *title; title++)
        fputc(toupper((unsigned char)*title), out);
    fputs("\"\n", out);
}

static void put_item(FILE *out, const char *name, const char *text)
{
    fputs(".TP\n\\fB", out);
    put(out, name);
    fputs("\\fR\n", out);
    put(out, text);
    fputc('\n', out);
}

/* "-o, --output FILE" as the head of an item. */
static void put_flag(FILE *out, char short_name, const char *name,
                     const char *argument)
{
    fputs(".TP\n", out);
    if (short_name)
        fprintf(out, "\\fB\\-%c\\fR, ", short_name);
    fputs("\\fB\\-\\-", out);
    put(out, name);
    fputs("\\fR", out);
    if (argument) {
        fputs(" \\fI", out);
        put(out, argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
}

static void put_commands(const struct commands *commands, FILE *out)
{
    put_section(out, "commands");
    for (size_t i = 0; i < commands->nr; i++) {
        const struct command *command = &commands->all[i];

        fprintf(out, ".SS \"crawl %s ", command->name);
        put(out, command->arguments);
        fputs("\"\n", out);
        put(out, command->summary);
        fputs(".\n", out);
        if (command->details) {
            fputs(".PP\n", out);
            put(out, command->details);
            fputc('\n', out);
        }
        for (size_t k = 0; k < command->nr_flags; k++) {
            const struct command_flag *flag = &command->flags[k];

            put_flag(out, flag->short_name, flag->name, flag->argument);
            put(out, flag->help);
            fputc('\n', out);
        }
    }
}

static void put_options(FILE *out)
{
    const char *group = "";

    put_section(out, "options");
    for (size_t i = 0; i < nr_options; i++) {
        const struct option *option = &options[i];

        if (strcmp(group, option->group) != 0) {
            group = option->group;
            fprintf(out, ".SS \"%s\"\n", group);
        }
        put_flag(out, option->short_name, option->name, option->argument);
        put(out, option->help);
        if (option->choices) {
            fputs(" (", out);
            put(out, option->choices);
            fputc(')', out);
        }
        if (option->fallback) {
            fputs("; default ", out);
            put(out, option->fallback);
        }
        fputc('\n', out);
    }
    fputs(".PP\nDUR is a duration such as 500ms, 10s, 5m, 2h; SIZE is one "
          "such as 64k, 16M, 1G.\n",
          out);
}

static void put_queries(FILE *out)
{
    size_t nr_queries;
    const struct query_info *queries = query_list(&nr_queries);

    put_section(out, "named queries");
    for (size_t i = 0; i < nr_queries; i++)
        put_item(out, queries[i].name, queries[i].shows);
}

static void put_surroundings(FILE *out)
{
    put_section(out, "environment");
    put_item(out, "CRAWL_NAME",
             "every long option, its hyphens written as underscores: "
             "CRAWL_PER_HOST=2; a flag beats it, it beats the file");
    put_item(out, "XDG_CONFIG_HOME, HOME", "where the file is looked for");
    put_item(out, "COLUMNS", "width of tables and progress");
    put_section(out, "files");
    put_item(out, "$XDG_CONFIG_HOME/crawl/config",
             "settings, read if it is there; "
             "crawl --print-config shows the form");
    put_item(out, "crawl.db", "where results go when no output is named");
}

static void put_file(FILE *out)
{
    char names[HOST_SETTING_NAMES_BYTES];

    config_host_setting_names(names);
    put_section(out, "configuration file");
    put(out, "A section [crawl] holds long option names with values; options "
             "that repeat stand once for each value. A section [host "
             "example.com], or [host *.example.com] for all names below it "
             "but not itself, sets for these hosts alone: ");
    put(out, names);
    put(out, ". It goes before the general setting, wherever that came from; "
             "of several the longest name counts, and the host itself before "
             "all. Its headers are sent on top of the general ones, or in "
             "place of those of the same name, to that host and to no other, "
             "whatever a redirect says. A line that begins with ; or # is a "
             "comment.");
    fputs("\n.PP\n.nf\n.RS 4\n", out);
    put(out, file_example);
    fputs("\n.RE\n.fi\n", out);
}

static void put_lists(FILE *out)
{
    put_section(out, "exit status");
    for (size_t i = 0; i < sizeof(exit_statuses) / sizeof(exit_statuses[0]);
         i++)
        put_item(out, exit_statuses[i].name, exit_statuses[i].text);
    put_section(out, "examples");
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        fputs(".PP\n", out);
        put(out, examples[i].text);
        fputs("\n.PP\n.RS 4\n\\fB", out);
        put(out, examples[i].command);
        fputs("\\fR\n.RE\n", out);
    }
    put_section(out, "see also");
    fputs(".BR curl (1),\n.BR sqlite3 (1)\n", out);
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
    put_section(out, "description");
    put(out, description);
    fputc('\n', out);
    put_commands(commands, out);
    put_options(out);
    put_queries(out);
    put_file(out);
    put_surroundings(out);
    put_lists(out);
}
