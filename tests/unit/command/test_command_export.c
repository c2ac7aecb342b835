/* crawl export: where rows go, and what is left alone. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/command_fixture.h"

static void command_export_writes_every_file_that_is_named(void **state)
{
    struct command_fixture *fix = *state;
    char *text;

    CRAWL(fix, "export", "crawl.db", "-o", "a.csv", "--output=b.jsonl", "c.txt",
          "-o", "copy.db");
    assert_command(fix, 0, NULL, "3 of 4 lines have ended");
    text = fixture_read(fix->db, "a.csv");
    assert_non_null(strstr(text, "http://h1/2"));
    free(text);
    text = fixture_read(fix->db, "b.jsonl");
    assert_non_null(strstr(text, "\"url\":\"http://h1/3\""));
    free(text);
    text = fixture_read(fix->db, "c.txt");
    assert_string_equal(text, "http://h1/1:1001\n");
    free(text);
    CRAWL(fix, "query", "copy.db", "SELECT count(*) AS n FROM results",
          "--plain");
    assert_command(fix, 0, "n\n4\n", NULL);
}

static void command_export_to_a_dash_is_standard_output(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "export", "crawl.db", "-o", "-");
    assert_command(fix, 0, "\"url\":\"http://h1/1\"", "3 of 4 lines");
    CRAWL(fix, "export", "crawl.db", "-o", "-", "--format", "csv");
    assert_command(fix, 0, "url,", "3 of 4 lines");
    CRAWL(fix, "export", "crawl.db", "-o", "-", "--run", "1");
    assert_command(fix, 0, "\"url\":\"http://h1/1\"", NULL);
}

static void command_export_leaves_what_is_there_alone(void **state)
{
    struct command_fixture *fix = *state;
    char *text;

    command_fixture_file("mine.csv", "mine\n");
    CRAWL(fix, "export", "crawl.db", "-o", "mine.csv");
    assert_command(fix, 2, NULL, "mine.csv");
    text = fixture_read(fix->db, "mine.csv");
    assert_string_equal(text, "mine\n");
    free(text);
}

static void command_export_says_what_it_cannot_do(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "export", "crawl.db");
    assert_command(fix, 2, NULL, "to which file?");
    CRAWL(fix, "export", "none.db", "-o", "x.csv");
    assert_command(fix, 2, NULL, "none.db");
    CRAWL(fix, "export", "crawl.db", "-o", "x.pdf");
    assert_command(fix, 2, NULL, "x.pdf");
    CRAWL(fix, "export", "crawl.db", "-o", "x.warc.gz");
    assert_command(fix, 5, NULL, "--store body");
    CRAWL(fix, "export", "crawl.db", "-o", "x.csv", "--run", "x");
    assert_command(fix, 2, NULL, "'x' is not valid for --run");
    CRAWL(fix, "export", "crawl.db", "-o");
    assert_command(fix, 2, NULL, "--output needs FILE");
    assert_int_not_equal(access("x.csv", F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test_with_database(
            command_export_writes_every_file_that_is_named),
        command_test_with_database(command_export_to_a_dash_is_standard_output),
        command_test_with_database(command_export_leaves_what_is_there_alone),
        command_test_with_database(command_export_says_what_it_cannot_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
