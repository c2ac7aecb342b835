/* crawl query: named queries, statements, and what goes wrong with them. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/command_fixture.h"

#define FINISHED "SELECT url, status FROM results WHERE status > 0 ORDER BY url"

static void command_query_prints_a_statement_in_every_form(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", FINISHED, "--csv");
    assert_command(
        fix, 0, "url,status\r\nhttp://h1/1,200\r\nhttp://h1/2,404\r\n", NULL);
    CRAWL(fix, "query", "crawl.db", FINISHED, "--plain");
    assert_command(fix, 0, "url\tstatus\nhttp://h1/1\t200\n", NULL);
    CRAWL(fix, "query", "crawl.db", FINISHED, "--json");
    assert_command(fix, 0, "[\n {\"url\": \"http://h1/1\", \"status\": 200},\n",
                   NULL);
    CRAWL(fix, "query", "crawl.db", FINISHED);
    assert_command(fix, 0,
                   "url          status\n"
                   "-----------  ------\n"
                   "http://h1/1     200\n",
                   NULL);
    CRAWL(fix, "query", "crawl.db", FINISHED, "--csv", "--plain");
    assert_command(fix, 2, NULL, "exclude each other");
}

static void command_query_stops_at_its_limit(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", FINISHED, "--csv", "--limit", "1");
    assert_command(fix, 0, "http://h1/1,200\r\n", NULL);
    assert_null(strstr(fix->out, "http://h1/2"));
    CRAWL(fix, "query", "crawl.db", FINISHED, "--limit", "-1");
    assert_command(fix, 2, NULL, "'-1' is not valid for --limit");
}

static void command_query_without_a_name_is_the_summary(void **state)
{
    struct command_fixture *fix = *state;
    char *summary;

    CRAWL(fix, "query", "crawl.db", "summary", "--json");
    assert_command(fix, 0, "[\n {", NULL);
    summary = strdup(fix->out);
    CRAWL(fix, "query", "crawl.db", "--json");
    assert_command(fix, 0, summary, NULL);
    free(summary);
}

static void command_query_prints_the_statement_and_runs_it_not(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", FINISHED, "--sql");
    assert_command(fix, 0, FINISHED ";\n", NULL);
    CRAWL(fix, "query", "crawl.db", "broken", "--sql");
    assert_command(fix, 0, "SELECT", NULL);
    assert_null(strstr(fix->out, "http://h1/2"));
}

static void command_query_of_a_run_needs_a_named_query(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", "errors", "--run", "1", "--csv");
    assert_command(fix, 0, "timeout", NULL);
    CRAWL(fix, "query", "crawl.db", FINISHED, "--run", "1");
    assert_command(fix, 2, NULL, "--run is for named queries");
    CRAWL(fix, "query", "crawl.db", "errors", "--run", "0");
    assert_command(fix, 2, NULL, "'0' is not valid for --run");
}

static void command_query_refuses_what_would_write(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", "DELETE FROM pages");
    assert_command(fix, 2, NULL, "crawl: error: ");
    CRAWL(fix, "query", "crawl.db", "SELEKT 1");
    assert_command(fix, 2, NULL, "SELEKT");
}

static void command_query_names_the_queries_that_there_are(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "query", "crawl.db", "brokn");
    assert_command(fix, 2, NULL, "no query has the name 'brokn'; there are:");
    assert_non_null(strstr(fix->err, " broken"));
    CRAWL(fix, "help", "query");
    assert_command(fix, 0, "\nnamed queries:\n  summary", NULL);
}

/* Of all queries these have nothing to say without links, and an empty table,
 * or one of all lines, would be a wrong answer. */
static void command_query_says_that_links_were_not_stored(void **state)
{
    static const char *const names[] = {"orphans", "top-linked", "insecure"};
    struct command_fixture *fix = *state;

    for (size_t i = 0; i < NR(names); i++) {
        CRAWL(fix, "query", "crawl.db", names[i]);
        assert_command(fix, 1, NULL, "links were not stored");
        assert_non_null(strstr(fix->err, "--extract links"));
    }
    CRAWL(fix, "query", "crawl.db", "orphans", "--sql");
    assert_command(fix, 0, "SELECT", NULL);
    CRAWL(fix, "query", "crawl.db", "broken");
    assert_command(fix, 0, "http://h1/2", "links were not stored");
    CRAWL(fix, "query", "crawl.db", "select * from v_broken");
    assert_command(fix, 0, "from_url", "links were not stored");
    CRAWL(fix, "query", "crawl.db", "select * from links");
    assert_command(fix, 0, "to_url", "links were not stored");
    CRAWL(fix, "query", "crawl.db", "select links_out from pages");
    assert_command(fix, 0, "links_out", NULL);
    assert_null(strstr(fix->err, "links were not stored"));
}

static void command_query_tells_no_file_and_no_database_apart(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_file("text.db", "this is no database, but long enough\n");
    CRAWL(fix, "query", "none.db");
    assert_command(fix, 2, NULL, "none.db");
    CRAWL(fix, "query", "text.db");
    assert_command(fix, 5, NULL, "text.db");
    CRAWL(fix, "query", ".");
    assert_true(fix->status == 2 || fix->status == 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test_with_database(
            command_query_prints_a_statement_in_every_form),
        command_test_with_database(command_query_stops_at_its_limit),
        command_test_with_database(
            command_query_says_that_links_were_not_stored),
        command_test_with_database(command_query_without_a_name_is_the_summary),
        command_test_with_database(
            command_query_prints_the_statement_and_runs_it_not),
        command_test_with_database(command_query_of_a_run_needs_a_named_query),
        command_test_with_database(command_query_refuses_what_would_write),
        command_test_with_database(
            command_query_names_the_queries_that_there_are),
        command_test_with_database(
            command_query_tells_no_file_and_no_database_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
