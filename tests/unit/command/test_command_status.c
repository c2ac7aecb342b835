/* crawl status: of a run that has ended, of one that goes on, of none. */
#include "tests/support/command_fixture.h"

static void command_status_counts_urls_and_outcomes(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "status", "crawl.db");
    assert_command(fix, 0,
                   "urls      3 of 4 ended, 1 to do, 1 hosts, 0 B received\n"
                   "outcome   ok 1   http error 1   error 1\n",
                   NULL);
    assert_command(fix, 0, "run       1 of 1: limit\n", NULL);
}

static void command_status_has_a_row_for_programs(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "status", "crawl.db", "--json");
    assert_command(fix, 0,
                   "\"urls\": 4, \"ended\": 3, \"left\": 1, "
                   "\"lines_no_url\": 0, \"hosts\": 1, \"ok\": 1, ",
                   NULL);
    CRAWL(fix, "status", "crawl.db", "--csv");
    assert_command(fix, 0, "running,pid,run,runs,status,started_at,", NULL);
    CRAWL(fix, "status", "crawl.db", "--csv", "--json");
    assert_command(fix, 2, NULL, "exclude each other");
}

static void command_status_sees_a_crawl_that_runs(void **state)
{
    struct command_fixture *fix = *state;

    fix->db->options.force = true;
    fixture_open(fix->db);
    fixture_add(fix->db, 1, 2);
    assert_ok(storage_commit(fix->db->storage));
    CRAWL(fix, "status", "crawl.db");
    assert_command(fix, 0, "run       1 of 1: running, process ", NULL);
    assert_command(fix, 0, "speed     0 URL/s", NULL);
    fixture_close(fix->db, "done");
}

static void command_status_says_why_it_cannot_read(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_file("text.db", "this is no database, but long enough\n");
    CRAWL(fix, "status", "none.db");
    assert_command(fix, 2, NULL, "none.db");
    CRAWL(fix, "status", "text.db", "--json");
    assert_command(fix, 5, NULL, "text.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test_with_database(command_status_counts_urls_and_outcomes),
        command_test_with_database(command_status_has_a_row_for_programs),
        command_test_with_database(command_status_sees_a_crawl_that_runs),
        command_test_with_database(command_status_says_why_it_cannot_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
