#include "crawler/cli/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

#define WORDS_MAX 10

static const struct command_flag flags[] = {
    {"limit", 0, "N", "rows"},
    {"json", 0, NULL, "as JSON"},
    {"output", 'o', "FILE", "where to"},
};
static const struct command all[] = {
    {.name = "ask",
     .arguments = "DB [SQL]",
     .summary = "ask a database",
     .flags = flags,
     .nr_flags = NR(flags),
     .min_words = 1,
     .max_words = 2},
    {.name = "mixed",
     .arguments = "URL [options]",
     .summary = "takes the options of a run too",
     .flags = flags,
     .nr_flags = NR(flags),
     .min_words = 1,
     .max_words = -1,
     .takes_options = true},
};
static const struct commands commands = {all, NR(all)};

struct read_case {
    const char *name;
    const char *argv[WORDS_MAX]; /* from the command's word on */
    enum err err;
    const char *words;   /* joined by '|' */
    const char *limit;   /* NULL: not given */
    const char *message; /* a part of it */
};

static const struct read_case read_cases[] = {
    {"a word", {"ask", "a.db"}, CERR_OK, "a.db", NULL, ""},
    {"a flag apart", {"ask", "--limit", "5", "a.db"}, CERR_OK, "a.db", "5", ""},
    {"a flag with =", {"ask", "a.db", "--limit=5"}, CERR_OK, "a.db", "5", ""},
    {"the last one counts",
     {"ask", "a.db", "--limit=5", "--limit=6"},
     CERR_OK,
     "a.db",
     "6",
     ""},
    {"an empty value", {"ask", "a.db", "--limit="}, CERR_OK, "a.db", "", ""},
    {"a value like a flag",
     {"ask", "a.db", "--limit", "--json"},
     CERR_OK,
     "a.db",
     "--json",
     ""},
    {"standard input", {"ask", "a.db", "-"}, CERR_OK, "a.db|-", NULL, ""},
    {"behind --",
     {"ask", "--", "a.db", "--limit"},
     CERR_OK,
     "a.db|--limit",
     NULL,
     ""},
    {"value missing",
     {"ask", "a.db", "--limit"},
     CERR_INVALID,
     NULL,
     NULL,
     "--limit needs N"},
    {"switch with a value",
     {"ask", "a.db", "--json=1"},
     CERR_INVALID,
     NULL,
     NULL,
     "--json takes no value"},
    {"abbreviated",
     {"ask", "a.db", "--lim", "5"},
     CERR_INVALID,
     NULL,
     NULL,
     "no option --lim"},
    {"unknown short",
     {"ask", "a.db", "-x"},
     CERR_INVALID,
     NULL,
     NULL,
     "no option -x"},
    {"too few",
     {"ask", "--json"},
     CERR_INVALID,
     NULL,
     NULL,
     "usage: crawl ask DB [SQL]"},
    {"too many", {"ask", "1", "2", "3"}, CERR_INVALID, NULL, NULL, "usage:"},
    {"options of a run stay",
     {"mixed", "u", "--depth", "3", "-k", "--limit", "2", "--", "-v"},
     CERR_OK,
     "u|--depth|3|-k|--|-v",
     "2",
     ""},
};

static void join(const struct command_line *line, char *out, size_t cap)
{
    size_t len = 0;

    out[0] = '\0';
    for (int i = 0; i < line->nr_words; i++)
        len += (size_t)snprintf(out + len, cap - len, "%s%s", i ? "|" : "",
                                line->words[i]);
}

static void command_reads_flags_in_full_and_leaves_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(read_cases); i++) {
        const struct read_case *row = &read_cases[i];
        char *argv[WORDS_MAX + 2] = {(char *)"crawl"};
        char message[COMMAND_MESSAGE_BYTES] = "", words[200];
        struct command_line line = {.argv = argv, .argc = 1};

        print_message("%s\n", row->name);
        for (int k = 0; k < WORDS_MAX && row->argv[k]; k++)
            argv[line.argc++] = (char *)row->argv[k];
        line.command = command_find(&commands, argv[1]);
        assert_int_equal(command_read(&line, message), row->err);
        assert_non_null(strstr(message, row->message));
        if (!row->err) {
            join(&line, words, sizeof(words));
            assert_string_equal(words, row->words);
            assert_int_equal(command_has(&line, "limit"), row->limit != NULL);
            if (row->limit)
                assert_string_equal(command_value(&line, "limit"), row->limit);
        }
        command_release(&line);
    }
}

static void command_gives_every_value_of_a_repeated_flag(void **state)
{
    char *argv[] = {(char *)"crawl", (char *)"ask", (char *)"a.db",
                    (char *)"-o",    (char *)"x",   (char *)"--output=y"};
    struct command_line line = {
        .command = &all[0], .argc = NR(argv), .argv = argv};
    char message[COMMAND_MESSAGE_BYTES];
    size_t at = 0;

    (void)state;
    assert_int_equal(command_read(&line, message), CERR_OK);
    assert_string_equal(command_next(&line, "output", &at), "x");
    assert_string_equal(command_next(&line, "output", &at), "y");
    assert_null(command_next(&line, "output", &at));
    command_release(&line);
}

static void command_reads_numbers_from_a_least_one_up(void **state)
{
    static const struct {
        const char *text;
        enum err err;
        int64_t value;
    } cases[] = {
        {"7", CERR_OK, 7},
        {"1", CERR_OK, 1},
        {"0", CERR_INVALID, -1},
        {"-3", CERR_INVALID, -1},
        {"x", CERR_INVALID, -1},
        {"", CERR_INVALID, -1},
        {"99999999999999999999", CERR_INVALID, -1},
    };

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        struct command_given given = {&flags[0], cases[i].text};
        struct command_line line = {
            .command = &all[0], .given = &given, .nr_given = 1};
        char message[COMMAND_MESSAGE_BYTES] = "";
        int64_t value = -1;

        assert_int_equal(command_number(&line, "limit", 1, &value, message),
                         cases[i].err);
        assert_int_equal(value, cases[i].value);
        assert_int_equal(message[0] != '\0', cases[i].err != CERR_OK);
    }
}

static void command_finds_whole_words_only(void **state)
{
    (void)state;
    assert_ptr_equal(command_find(&commands, "mixed"), &all[1]);
    assert_null(command_find(&commands, "mix"));
    assert_null(command_find(&commands, "mixed2"));
    assert_null(command_find(&commands, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_reads_flags_in_full_and_leaves_words),
        cmocka_unit_test(command_gives_every_value_of_a_repeated_flag),
        cmocka_unit_test(command_reads_numbers_from_a_least_one_up),
        cmocka_unit_test(command_finds_whole_words_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
