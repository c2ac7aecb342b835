/* How the words of the shell find their command. */
#include "crawler/command/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/command_fixture.h"

static void commands_without_a_word_show_the_help_as_an_error(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_run(fix, (const char *[]){"crawl"}, 1);
    assert_command(fix, 2, NULL, "usage: crawl [run] LIST...");
}

static void commands_take_any_other_word_as_a_list(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "querys");
    assert_command(fix, 2, NULL, "cannot read the list 'querys'");
    CRAWL(fix, "./query");
    assert_command(fix, 2, NULL, "cannot read the list './query'");
}

static void commands_refuse_the_words_of_coming_commands(void **state)
{
    static const char *const words[] = {"resume", "report", "check",
                                        "serve",  "import", "init"};
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < NR(words); i++) {
        char path[20];

        CRAWL(fix, words[i]);
        snprintf(path, sizeof(path), "'crawl ./%s'", words[i]);
        assert_command(fix, 2, NULL, path);
        CRAWL(fix, "help", words[i]);
        assert_command(fix, 2, NULL, "no help about");
        assert_null(command_find(&crawl_commands, words[i]));
    }
}

static void commands_name_a_flag_that_they_do_not_have(void **state)
{
    static const char *const names[] = {"query",  "status", "export", "diff",
                                        "doctor", "help",   "version"};
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < NR(names); i++) {
        char message[60];

        CRAWL(fix, names[i], "--nosuch");
        snprintf(message, sizeof(message), "crawl %s has no option --nosuch",
                 names[i]);
        assert_command(fix, 2, NULL, message);
    }
}

static void
commands_answer_a_wrong_number_of_words_with_their_usage(void **state)
{
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < crawl_commands.nr; i++) {
        const struct command *command = &crawl_commands.all[i];
        const char *words[8] = {"crawl", command->name};
        size_t nr = command->max_words < 0 ? 2 : (size_t)command->max_words + 3;
        char message[40];

        if (command->reads_argv)
            continue;
        for (size_t k = 2; k < nr; k++)
            words[k] = "x";
        command_fixture_run(fix, words, nr);
        snprintf(message, sizeof(message), "usage: crawl %s", command->name);
        assert_command(fix, 2, NULL, message);
    }
}

static void commands_print_their_help_instead_of_running(void **state)
{
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < crawl_commands.nr; i++) {
        const struct command *command = &crawl_commands.all[i];
        char *help;

        CRAWL(fix, "help", command->name);
        assert_command(fix, 0, "usage: crawl", NULL);
        help = strdup(fix->out);
        CRAWL(fix, command->name, "no.db", "--help");
        assert_command(fix, 0, help, NULL);
        free(help);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(commands_without_a_word_show_the_help_as_an_error),
        command_test(commands_take_any_other_word_as_a_list),
        command_test(commands_refuse_the_words_of_coming_commands),
        command_test(commands_name_a_flag_that_they_do_not_have),
        command_test(commands_answer_a_wrong_number_of_words_with_their_usage),
        command_test(commands_print_their_help_instead_of_running),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
