/* The table of options for people: help, and Markdown for the README. */
#include <stdio.h>
#include <string.h>

#include "crawler/cli/config_internal.h"

#define HELP_COLUMN 32
#define HELP_WIDTH  79

/* The head of the help is what a newcomer reads first: examples before rules.
 */
static const char head[] =
    "crawl: fetch every URL of a list into a database that answers questions\n"
    "\n"
    "  crawl urls.txt                 writes crawl.db; run again to go on\n"
    "  crawl urls.txt -o db.txt       url:length, one line a page\n"
    "  zcat list.gz | crawl - -o a.db -o a.jsonl\n"
    "  crawl query crawl.db           what became of them\n"
    "\n"
    "usage: crawl [run] LIST... [options]\n"
    "       crawl query|status|export|diff|why|doctor|help|version ...\n";

/* Prints text that is broken at blanks; the first line begins at `column`, the
 * others below its text. */
static void print_wrapped(FILE *out, const char *text, int column)
{
    while (*text) {
        size_t room = (size_t)(HELP_WIDTH - HELP_COLUMN);
        size_t len = strlen(text);

        if (len > room) {
            len = room;
            while (len > 1 && text[len] != ' ')
                len--;
        }
        fprintf(out, "%*s%.*s\n", HELP_COLUMN - column, "", (int)len, text);
        text += len;
        text += strspn(text, " ");
        column = 0;
    }
}

/* A flag that reaches into the column of texts stands on a line of its own. */
static void print_option(FILE *out, const struct option *option)
{
    char text[400];
    int column;

    column = option->short_name
                 ? fprintf(out, "  -%c, --%s", option->short_name, option->name)
                 : fprintf(out, "      --%s", option->name);
    if (option->argument)
        column += fprintf(out, " %s", option->argument);
    if (column >= HELP_COLUMN - 1) {
        fputc('\n', out);
        column = 0;
    }
    snprintf(text, sizeof(text), "%s%s%s%s%s%s", option->help,
             option->choices ? " (" : "",
             option->choices ? option->choices : "", option->choices ? ")" : "",
             option->fallback ? "; default " : "",
             option->fallback ? option->fallback : "");
    print_wrapped(out, text, column);
}

/* Groups stand in the order of the table, each below its name. */
void config_print_help(FILE *out)
{
    const char *group = "";
    char names[HOST_SETTING_NAMES_BYTES];

    fputs(head, out);
    for (size_t i = 0; i < nr_options; i++) {
        if (strcmp(group, options[i].group) != 0) {
            group = options[i].group;
            fprintf(out, "\n%s\n", group);
        }
        print_option(out, &options[i]);
    }
    fputs("\nDUR: 500ms, 10s, 5m, 2h.  SIZE: 64k, 16M, 1G.  Every option can "
          "be set by\nthe environment (CRAWL_PER_HOST=2) and the configuration "
          "file.\n",
          out);
    config_host_setting_names(names);
    fprintf(out,
            "In that file [host example.com], or [host *.example.com] for all "
            "below it,\nthese can be set for these hosts alone:\n%s.\n",
            names);
    fputs("Exit status: 0 every URL ended, 1 failure of the program, 2 usage "
          "or input,\n3 not one URL of the run answered, 4 stopped by a limit, "
          "5 storage, 130 Ctrl-C,\n141 the reader of an output has left, 143 "
          "TERM.\n",
          out);
}

/* Prints a cell of a Markdown table: a '|' would end it, so it is escaped. */
static void markdown_text(FILE *out, const char *text)
{
    for (; *text; text++)
        fprintf(out, *text == '|' ? "\\|" : "%c", *text);
}

/* Prints one table for each group, as README.md has them;
 * tests/integration/test_docs.py compares. */
void config_print_markdown(FILE *out)
{
    const char *group = "";
    char names[HOST_SETTING_NAMES_BYTES];

    for (size_t i = 0; i < nr_options; i++) {
        const struct option *option = &options[i];

        if (strcmp(group, option->group) != 0) {
            group = option->group;
            fprintf(out, "%s| %s | default | |\n| --- | --- | --- |\n",
                    i ? "\n" : "", group);
        }
        fputs("| `", out);
        if (option->short_name)
            fprintf(out, "-%c, ", option->short_name);
        fprintf(out, "--%s", option->name);
        if (option->argument)
            fprintf(out, " %s", option->argument);
        fprintf(out, "` | %s | ", option->fallback ? option->fallback : "");
        markdown_text(out, option->help);
        if (option->choices) {
            fputs(": ", out);
            markdown_text(out, option->choices);
        }
        fputs(" |\n", out);
    }
    config_host_setting_names(names);
    fprintf(out,
            "\nA section `[host example.com]` of the configuration file, or "
            "`[host *.example.com]`\nfor all names below it, sets for these "
            "alone:\n%s.\n",
            names);
}
