/* crawl version. */
#include "tests/support/command_fixture.h"

static void command_version_names_program_and_libraries(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "version");
    assert_command(fix, 0, "crawl " CRAWL_VERSION "\nlibcurl/", NULL);
    assert_command(fix, 0, "\nSQLite/3.", NULL);
}

static void command_version_takes_no_word(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "version", "2");
    assert_command(fix, 2, NULL, "usage: crawl version");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(command_version_names_program_and_libraries),
        command_test(command_version_takes_no_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
