/* crawl why: the rule that decides, with a database and without one. */
#include "tests/support/command_fixture.h"

static void command_why_judges_without_a_database(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "why", "example.com/a/../b#c", "--plain");
    assert_command(fix, 0, "url\tyes\thttps://example.com/b\n", NULL);
    assert_command(fix, 0, "\nanswer\tunknown\t", NULL);
    CRAWL(fix, "why", "example.com/b", "--robots", "ignore", "--plain");
    assert_command(fix, 0, "\nanswer\tyes\tit is fetched\n", NULL);
}

static void command_why_obeys_a_copy_of_robots_txt(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_file("robots.txt", "User-agent: *\nDisallow: /b\n");
    CRAWL(fix, "why", "example.com/b", "--robots-file", "robots.txt",
          "--plain");
    assert_command(fix, 0, "\nrobots\tno\tline 2: Disallow: /b", NULL);
    assert_command(fix, 0, "\nanswer\tno\trobots: ", NULL);
    CRAWL(fix, "why", "example.com/c", "--robots-file", "robots.txt",
          "--plain");
    assert_command(fix, 0, "\nanswer\tyes\t", NULL);
    CRAWL(fix, "why", "example.com/c", "--robots-file", "none.txt");
    assert_command(fix, 2, NULL, "cannot read none.txt");
}

static void command_why_refuses_what_is_no_url(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "why", "ftp://example.com/", "--plain");
    assert_command(fix, 0, "\nanswer\tno\tblocked_scheme: ", NULL);
}

static void command_why_takes_the_settings_of_the_host(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_file("my.conf", "[host *.example.com]\ndelay = 7s\n"
                                    "[host example.org]\nrobots = ignore\n");
    CRAWL(fix, "why", "www.example.com/", "--config", "my.conf", "--plain");
    assert_command(fix, 0, "\nsettings\tyes\t[host *.example.com]\n", NULL);
    assert_command(fix, 0, "7000 ms apart", NULL);
    CRAWL(fix, "why", "example.org/", "--config", "my.conf", "--plain");
    assert_command(fix, 0, "\nanswer\tyes\t", NULL);
}

static void command_why_reads_what_a_crawl_has_left(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_database(fix);
    CRAWL(fix, "why", "http://h1/2", "--plain");
    assert_command(fix, 0, "\nknown\tyes\tline 2 of the list: http_error",
                   NULL);
    CRAWL(fix, "why", "http://h1/9", "--plain");
    assert_command(fix, 0, "crawl.db does not have it", NULL);
    command_fixture_file("text.db", "this is no database, but long enough\n");
    CRAWL(fix, "why", "http://h1/2", "-o", "text.db");
    assert_command(fix, 5, NULL, "text.db");
}

static void command_why_wants_one_url_and_good_options(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "why", "a.test", "b.test");
    assert_command(fix, 2, NULL, "give one URL");
    CRAWL(fix, "why", "a.test", "--depht", "1");
    assert_command(fix, 2, NULL, "unknown option --depht");
    CRAWL(fix, "why", "a.test", "--include", "(");
    assert_int_equal(fix->status, 2);
    CRAWL(fix, "why", "a.test", "--csv", "--json");
    assert_command(fix, 2, NULL, "exclude each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(command_why_judges_without_a_database),
        command_test(command_why_obeys_a_copy_of_robots_txt),
        command_test(command_why_refuses_what_is_no_url),
        command_test(command_why_takes_the_settings_of_the_host),
        command_test(command_why_reads_what_a_crawl_has_left),
        command_test(command_why_wants_one_url_and_good_options),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
