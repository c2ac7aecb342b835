/*
 * command_fixture: types a command as a user would and keeps what it says.
 *
 * A command runs in a process of its own, in a folder that holds nothing but
 * what the test has made, and without a configuration file.
 */
#ifndef TESTS_SUPPORT_COMMAND_FIXTURE_H
#define TESTS_SUPPORT_COMMAND_FIXTURE_H

#include "tests/support/cmocka_all.h"
#include "tests/support/storage_fixture.h"

#define COMMAND_OUTPUT_BYTES ((size_t)1 << 18)

struct command_fixture {
    struct fixture *db; /* its folder is the working folder */
    int status;         /* of the last command: to exit with; -1: killed */
    char out[COMMAND_OUTPUT_BYTES], err[COMMAND_OUTPUT_BYTES];
};

/* For cmocka: *state becomes a command_fixture, each test gets its own. */
int command_fixture_new(void **state);
int command_fixture_new_database(void **state);
int command_fixture_free(void **state);

#define command_test(function)                                                 \
    cmocka_unit_test_setup_teardown(function, command_fixture_new,             \
                                    command_fixture_free)
/* The folder has what command_fixture_database() makes. */
#define command_test_with_database(function)                                   \
    cmocka_unit_test_setup_teardown(function, command_fixture_new_database,    \
                                    command_fixture_free)

/*
 * Makes crawl.db, the database of a run that has ended: of http://h1/1 to
 * http://h1/4 the first answered 200, the second 404, the third timed out, and
 * the last is still to do.
 */
void command_fixture_database(struct command_fixture *fix);
void command_fixture_file(const char *name, const char *text);

/* Runs `function` in a process of its own and keeps what it prints; the
 * process exits with what it returns. */
void command_fixture_call(struct command_fixture *fix,
                          int (*function)(int argc, char **argv), int argc,
                          char **argv);

/* CRAWL(fix, "query", "crawl.db") */
#define CRAWL(fix, ...)                                                        \
    command_fixture_run((fix), (const char *[]){"crawl", __VA_ARGS__},         \
                        NR(((const char *[]){"crawl", __VA_ARGS__})))
void command_fixture_run(struct command_fixture *fix, const char *const *words,
                         size_t nr_words);

/* The exit status, and texts that are in what the last command printed. NULL:
 * it printed nothing there. */
#define assert_command(fix, expected, in_out, in_err)                          \
    command_fixture_check((fix), (expected), (in_out), (in_err), __FILE__,     \
                          __LINE__)
void command_fixture_check(const struct command_fixture *fix, int expected,
                           const char *in_out, const char *in_err,
                           const char *file, int line);

#endif
