/* crawl diff: two runs of one database. */
#include "tests/support/command_fixture.h"

/* Ends the first run, and makes a second one in which 1 is broken and 2 is
 * repaired. */
static void run_again(struct command_fixture *fix)
{
    fixture_open(fix->db);
    fixture_end(fix->db, 1, 4, "ok", 200);
    fixture_close(fix->db, "done");
    fix->db->options.refetch = STORAGE_REFETCH_ALL;
    fix->db->options.now_ms += 3600000;
    fixture_open(fix->db);
    fixture_end(fix->db, 1, 1, "http_error", 500);
    fixture_end(fix->db, 1, 2, "ok", 200);
    fixture_close(fix->db, "done");
}

static void command_diff_needs_two_runs(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "diff", "crawl.db");
    assert_command(fix, 2, NULL, "there are no such two runs in it");
}

static void command_diff_compares_the_last_two_or_those_named(void **state)
{
    struct command_fixture *fix = *state;

    run_again(fix);
    CRAWL(fix, "diff", "crawl.db", "--plain");
    assert_command(fix, 0, "newly broken\thttp://h1/1", NULL);
    assert_command(fix, 0, "repaired\thttp://h1/2", NULL);
    CRAWL(fix, "diff", "crawl.db", "2", "1", "--plain");
    assert_command(fix, 0, "repaired\thttp://h1/1", NULL);
    CRAWL(fix, "diff", "crawl.db", "--sql");
    assert_command(fix, 0, "SELECT", NULL);
    CRAWL(fix, "diff", "crawl.db", "--csv", "--limit", "x");
    assert_command(fix, 2, NULL, "'x' is not valid for --limit");
}

static void command_diff_refuses_runs_that_are_not_there(void **state)
{
    struct command_fixture *fix = *state;

    run_again(fix);
    CRAWL(fix, "diff", "crawl.db", "1");
    assert_command(fix, 2, NULL, "give both runs or none");
    CRAWL(fix, "diff", "crawl.db", "one", "2");
    assert_command(fix, 2, NULL, "runs are numbers from 1");
    CRAWL(fix, "diff", "crawl.db", "0", "2");
    assert_command(fix, 2, NULL, "runs are numbers from 1");
    CRAWL(fix, "diff", "crawl.db", "1", "7");
    assert_command(fix, 2, NULL, "there are no such two runs in it");
    CRAWL(fix, "diff", "none.db");
    assert_command(fix, 2, NULL, "none.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test_with_database(command_diff_needs_two_runs),
        command_test_with_database(
            command_diff_compares_the_last_two_or_those_named),
        command_test_with_database(
            command_diff_refuses_runs_that_are_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
