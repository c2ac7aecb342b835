/*
 * crawl help: what is made of the tables of commands and options names each of
 * them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/cli/options.h"
#include "crawler/command/commands.h"
#include "tests/support/command_fixture.h"

/* What a page has for the name; roff writes a hyphen as "\-". */
static bool names(const char *text, const char *before, const char *name,
                  const char *behind)
{
    bool is_roff = strncmp(text, ".\\\"", 3) == 0;
    char part[200];
    size_t len = 0;

    len += (size_t)snprintf(part, sizeof(part), "%s", before);
    for (; *name; name++)
        len += (size_t)snprintf(part + len, sizeof(part) - len, "%s%c",
                                is_roff && *name == '-' ? "\\" : "", *name);
    snprintf(part + len, sizeof(part) - len, "%s", behind);
    if (!strstr(text, part))
        print_error("there is no \"%s\"\n", part);
    return strstr(text, part) != NULL;
}

static void command_help_names_every_option_everywhere(void **state)
{
    static const struct {
        const char *topic, *before, *behind;
    } pages[] = {
        {"run", "--", ""},      {"man", "\\fB\\-\\-", "\\fR"},
        {"markdown", "--", ""}, {"bash", " --", ""},
        {"zsh", "--", ""},      {"fish", " -l ", " "},
    };
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < NR(pages); i++) {
        CRAWL(fix, "help", pages[i].topic);
        assert_command(fix, 0, "", NULL);
        for (size_t k = 0; k < nr_options; k++)
            assert_true(names(fix->out, pages[i].before, options[k].name,
                              pages[i].behind));
    }
}

static void command_help_names_every_command_and_its_flags(void **state)
{
    static const struct {
        const char *topic, *command, *flag;
    } pages[] = {
        {"man", ".SS \"crawl ", "\\fB\\-\\-"},
        {"bash", "        ", " --"},
        {"zsh", "  ", "--"},
        {"fish", "__fish_use_subcommand -a ", " -l "},
    };
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < NR(pages); i++) {
        CRAWL(fix, "help", pages[i].topic);
        for (size_t k = 0; k < crawl_commands.nr; k++) {
            const struct command *command = &crawl_commands.all[k];

            assert_true(names(fix->out, pages[i].command, command->name, ""));
            for (size_t n = 0; n < command->nr_flags; n++)
                assert_true(
                    names(fix->out, pages[i].flag, command->flags[n].name, ""));
        }
    }
}

static void command_help_of_the_file_has_what_a_file_can_set(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "help", "man5");
    assert_command(fix, 0, ".TH CRAWL\\-CONFIG 5 ", NULL);
    for (size_t i = 0; i < nr_options; i++)
        if (strcmp(options[i].group, OPTION_GROUP_META) != 0)
            assert_true(
                names(fix->out, "\n\\fB", options[i].name, "\\fR = \\fI"));
    assert_null(strstr(fix->out, "\n\\fBversion"));
}

static void command_help_without_a_word_is_that_of_a_run(void **state)
{
    struct command_fixture *fix = *state;
    char *help;

    CRAWL(fix, "help", "run");
    help = strdup(fix->out);
    CRAWL(fix, "help");
    assert_command(fix, 0, help, NULL);
    free(help);
}

static void command_help_knows_no_other_word(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "help", "nothing");
    assert_command(fix, 2, NULL, "no help about 'nothing'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(command_help_names_every_option_everywhere),
        command_test(command_help_names_every_command_and_its_flags),
        command_test(command_help_of_the_file_has_what_a_file_can_set),
        command_test(command_help_without_a_word_is_that_of_a_run),
        command_test(command_help_knows_no_other_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
