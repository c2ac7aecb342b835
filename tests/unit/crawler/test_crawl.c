/*
 * A run from its list to its rows and its exit status, against a server that
 * says what a table says.
 */
#include "crawler/crawl.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/command_fixture.h"
#include "tests/support/scripted_server.h"

#define OK_HEAD                                                                \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 27\r\n\r\n"
#define OK_BODY "<title>One page</title>text"

static const struct scripted_answer answers[] = {
    {"/ok", {{SCRIPTED_SEND, OK_HEAD OK_BODY}}},
    {"/gone",
     {{SCRIPTED_SEND, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"}}},
    {"/moved",
     {{SCRIPTED_SEND,
       "HTTP/1.1 301 Moved\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n"}}},
    {"/reset", {{SCRIPTED_RESET}}},
    {NULL, {{SCRIPTED_SEND, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"}}},
};

static pid_t server;
static int port;

/* In a process of its own: a crawl is forked from one without threads. */
static void start_server(void)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    server = fork();
    assert_true(server >= 0);
    if (server == 0) {
        port =
            scripted_port(scripted_start(SCRIPTED_PLAIN, answers, NR(answers)));
        if (write(ends[1], &port, sizeof(port)) == sizeof(port))
            pause();
        _exit(0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &port, sizeof(port)), sizeof(port));
    close(ends[0]);
}

static int setup(void **state)
{
    start_server();
    return command_fixture_new(state);
}

static int teardown(void **state)
{
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return command_fixture_free(state);
}

/* A list of these paths of the server, a line each; a path that begins with no
 * '/' is a line of its own. */
static void write_list(const char *const *paths, size_t nr)
{
    FILE *list = fopen("urls.txt", "we");

    assert_non_null(list);
    for (size_t i = 0; i < nr; i++)
        if (paths[i][0] == '/')
            fprintf(list, "http://127.0.0.1:%d%s\n", port, paths[i]);
        else
            fprintf(list, "%s\n", paths[i]);
    assert_int_equal(fclose(list), 0);
}

#define LIST(...)                                                              \
    write_list((const char *[]){__VA_ARGS__},                                  \
               NR(((const char *[]){__VA_ARGS__})))

static enum err (*callback)(void *ctx, struct storage *storage,
                            const struct visit *visit);

static int run_crawl(int argc, char **argv)
{
    struct crawl_options options = {.command = "crawl it", .parse = callback};
    char message[CONFIG_MESSAGE_BYTES];
    struct config config;
    int status;

    if (config_read(&config, argc, argv, message)) {
        fputs(message, stderr);
        return 99;
    }
    options.config = &config;
    status = (int)crawl_run(&options);
    config_release(&config);
    return status;
}

#define RUN(fix, ...)                                                          \
    command_fixture_call(                                                      \
        (fix), run_crawl,                                                      \
        (int)NR(((char *[]){"urls.txt", "--workers", "1", __VA_ARGS__})),      \
        (char *[]){"urls.txt", "--workers", "1", __VA_ARGS__})

static void assert_rows(struct command_fixture *fix, const char *sql,
                        const char *rows)
{
    CRAWL(fix, "query", "crawl.db", sql, "--plain");
    assert_int_equal(fix->status, 0);
    assert_string_equal(strchr(fix->out, '\n') + 1, rows);
}

static void crawl_ends_every_line_as_one_row_with_a_reason(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok", "# no line", "/gone", "no url", "/moved", "/ok", "/reset");
    RUN(fix, "--retries", "0", "--robots", "ignore");
    assert_command(fix, 0, NULL, "crawl: done\n");
    assert_command(fix, 0, NULL,
                   "  ok 2   http error 1   error 1   bad lines 1   "
                   "duplicates 1\n");
    assert_rows(fix,
                "SELECT line, outcome, coalesce(error, status), title"
                " FROM results ORDER BY line",
                "1\tok\t200\tOne page\n"
                "3\thttp_error\t404\t\n"
                "4\tskipped\tbad_url\t\n"
                "5\tok\t200\tOne page\n"
                "6\tskipped\tduplicate\t\n"
                "7\terror\tconnect_closed\t\n");
    assert_rows(fix, "SELECT status, command FROM runs", "done\tcrawl it\n");
}

static void crawl_goes_on_where_a_limit_has_stopped_it(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok", "/gone", "/ok?2");
    RUN(fix, "--max-urls", "1", "--per-host", "1", "--robots", "ignore");
    assert_command(fix, 4, NULL, "crawl: limit: a limit of this run");
    assert_command(fix, 4, NULL, "  go on:  crawl it\n");
    assert_rows(fix, "SELECT count(*) FROM pages", "1\n");
    RUN(fix, "--robots", "ignore");
    assert_command(fix, 0, NULL, "crawl: done\n");
    assert_rows(fix, "SELECT count(*) FROM pages", "3\n");
    RUN(fix, "--robots", "ignore");
    assert_command(fix, 0, NULL, "everything was fetched before");
}

static void crawl_stops_when_its_time_is_over(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok", "/ok?2");
    RUN(fix, "--delay", "1h", "--max-duration", "500ms", "--robots", "ignore");
    assert_command(fix, 4, NULL, "crawl: limit");
    assert_rows(fix, "SELECT count(*) < 2 FROM pages", "1\n");
}

static void crawl_that_nobody_answers_has_a_status_of_its_own(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/reset");
    RUN(fix, "--retries", "0", "--robots", "ignore");
    assert_command(fix, 3, NULL, "  1 x connect_closed: ");
}

static void crawl_of_a_list_without_a_url_is_a_wrong_list(void **state)
{
    struct command_fixture *fix = *state;

    LIST("# nothing");
    RUN(fix, "-q");
    assert_command(fix, 2, NULL, "the list holds no URL: one a line");
    LIST("no url", "nor this");
    RUN(fix, "-q");
    assert_command(fix, 2, NULL, "all of its 2 lines are bad");
    assert_rows(fix, "SELECT line, outcome, error FROM results",
                "1\tskipped\tbad_url\n2\tskipped\tbad_url\n");
}

static void crawl_says_what_is_wrong_before_it_starts(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok");
    RUN(fix, "--header", "no colon");
    assert_command(fix, 2, NULL, "no colon");
    RUN(fix, "--refetch", "some");
    assert_command(fix, 2, NULL, "--refetch takes failed, all or stale=DUR");
    RUN(fix, "--depth", "1", "--include", "(");
    assert_command(fix, 2, NULL, "include pattern \"(\"");
    RUN(fix, "-i", "none.txt");
    assert_command(fix, 2, NULL, "cannot read the list 'none.txt'");
}

static void crawl_without_a_database_has_a_status_of_its_own(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok");
    command_fixture_file("mine.db", "this is no database, but long enough\n");
    RUN(fix, "-o", "mine.db");
    assert_command(fix, 5, NULL, "mine.db");
    RUN(fix, "-o", "no/such/folder/a.db");
    assert_command(fix, 5, NULL, "no/such/folder");
}

static enum err print_visit(void *ctx, struct storage *storage,
                            const struct visit *visit)
{
    printf("%.*s %d\n", (int)visit->url.len, (const char *)visit->url.data,
           visit->page ? visit->page->status : 0);
    return parse_visit(ctx, storage, visit);
}

static enum err refuse_visit(void *ctx, struct storage *storage,
                             const struct visit *visit)
{
    (void)ctx;
    (void)storage;
    (void)visit;
    return CERR_INVALID;
}

static void crawl_hands_every_end_to_the_callback(void **state)
{
    struct command_fixture *fix = *state;
    char line[80];

    LIST("/ok", "/gone");
    callback = print_visit;
    RUN(fix, "-q", "--robots", "ignore");
    callback = NULL;
    snprintf(line, sizeof(line), "http://127.0.0.1:%d/gone 404\n", port);
    assert_command(fix, 0, line, NULL);
    assert_rows(fix, "SELECT count(*) FROM pages", "2\n");
}

static void crawl_ends_when_the_callback_fails(void **state)
{
    struct command_fixture *fix = *state;

    LIST("/ok");
    callback = refuse_visit;
    RUN(fix, "-q", "--robots", "ignore");
    callback = NULL;
    assert_command(fix, 1, NULL, "what is committed is safe");
    RUN(fix, "-q", "--robots", "ignore");
    assert_command(fix, 0, NULL, NULL);
    assert_rows(fix, "SELECT outcome FROM pages", "ok\n");
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(crawl_ends_every_line_as_one_row_with_a_reason),
        TEST(crawl_goes_on_where_a_limit_has_stopped_it),
        TEST(crawl_stops_when_its_time_is_over),
        TEST(crawl_that_nobody_answers_has_a_status_of_its_own),
        TEST(crawl_of_a_list_without_a_url_is_a_wrong_list),
        TEST(crawl_says_what_is_wrong_before_it_starts),
        TEST(crawl_without_a_database_has_a_status_of_its_own),
        TEST(crawl_hands_every_end_to_the_callback),
        TEST(crawl_ends_when_the_callback_fails),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
