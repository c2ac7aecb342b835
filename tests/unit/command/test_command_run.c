/* crawl run, as far as it answers before anything is fetched. */
#include <stdlib.h>
#include <string.h>

#include "tests/support/command_fixture.h"

static void command_run_answers_some_options_at_once(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "run", "urls.txt", "--version");
    assert_command(fix, 0, "crawl " CRAWL_VERSION, NULL);
    CRAWL(fix, "--print-config", "--per-host", "3");
    assert_command(fix, 0, "per-host = 3    ; flag", NULL);
    CRAWL(fix, "-h");
    assert_command(fix, 0, "--max-host-errors N", NULL);
}

static void command_run_says_what_is_wrong_with_an_option(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "urls.txt", "--per-host", "none");
    assert_command(fix, 2, NULL, "'none' is not valid for --per-host");
    CRAWL(fix, "run", "urls.txt", "--retr", "1");
    assert_command(fix, 2, NULL, "did you mean --retries");
    CRAWL(fix, "urls.txt", "--config", "none.conf");
    assert_command(fix, 2, NULL,
                   "cannot read the configuration file none.conf");
}

static void command_run_wants_a_list_that_is_there(void **state)
{
    struct command_fixture *fix = *state;

    CRAWL(fix, "run");
    assert_command(fix, 2, NULL, "no list: 'crawl urls.txt'");
    CRAWL(fix, "run", "urls.txt");
    assert_command(fix, 2, NULL, "cannot read the list 'urls.txt'");
    CRAWL(fix, "run", ".");
    assert_command(fix, 2, NULL, "'.' is a folder");
}

/* The database and the line "go on" get the command that goes on: without what
 * nobody should read there, and without what would start over. */
static void
command_run_keeps_the_command_that_goes_on_without_secrets(void **state)
{
    struct command_fixture *fix = *state;

    command_fixture_file("my urls.txt", "not a URL\n");
    CRAWL(fix, "my urls.txt", "-qHX-Key: one", "-H", "X-Other: two",
          "--header=X-More: three", "-H", "Accept-Language: de", "--force",
          "--refetch", "all", "--refetch=all", "--proxy", "me:four@127.0.0.1:9",
          "--proxy=http://me:five@127.0.0.1:9/", "http://me:six@127.0.0.1:9/");
    CRAWL(fix, "query", "crawl.db", "SELECT command FROM runs", "--plain");
    assert_command(fix, 0,
                   "command\n"
                   "crawl 'my urls.txt' -qHX-Key: -H X-Other: "
                   "--header=X-More: -H 'Accept-Language: de' "
                   "--proxy 127.0.0.1:9 "
                   "--proxy=http://127.0.0.1:9/ http://127.0.0.1:9/\n",
                   NULL);
    CRAWL(fix, "query", "crawl.db",
          "SELECT config ->> '$.header' AS header, "
          "instr(config, 'one') + instr(config, 'four') AS n FROM runs",
          "--plain");
    assert_command(
        fix, 0,
        "[\"X-Key\",\"X-Other\",\"X-More\",\"Accept-Language: de\"]\t0\n",
        NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        command_test(command_run_answers_some_options_at_once),
        command_test(command_run_says_what_is_wrong_with_an_option),
        command_test(command_run_wants_a_list_that_is_there),
        command_test(
            command_run_keeps_the_command_that_goes_on_without_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
