/*
 * A parse callback that fails, loops for a while or crashes. It runs in the
 * parent: its error stops the crawl with a word, its crash is the program's,
 * and in each case what was committed stays and another run completes it.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "crawler/cli/config.h"
#include "crawler/crawl.h"
#include "storage/storage.h"
#include "tests/support/cmocka_all.h"

#define NR_URLS 40
#define GOOD    25 /* visits before the callback goes wrong */

enum fault { FAULT_NONE, FAULT_ERROR, FAULT_CRASH, FAULT_SLOW };

struct callback {
    enum fault fault;
    int nr_visits;
};

static char folder[] = "/tmp/crawl-callback-XXXXXX";

static enum err parse(void *ctx, struct storage *storage,
                      const struct visit *visit)
{
    struct callback *callback = ctx;

    callback->nr_visits++;
    if (callback->nr_visits > GOOD && callback->fault == FAULT_ERROR)
        return CERR_INVALID;
    if (callback->nr_visits > GOOD && callback->fault == FAULT_CRASH) {
        signal(SIGSEGV, SIG_DFL); /* as it would be without a sanitizer */
        if (storage_commit(storage) == CERR_OK)
            raise(SIGSEGV);
    }
    if (callback->nr_visits == GOOD && callback->fault == FAULT_SLOW)
        sleep(2);
    return parse_visit(NULL, storage, visit);
}

/* Nothing listens there: every URL ends at once, and is a visit all the same.
 */
static void write_list(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    FILE *list = fopen("urls.txt", "we");

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    for (int i = 0; i < NR_URLS; i++)
        fprintf(list, "http://127.0.0.%d:%d/%d\n", 1 + i,
                ntohs(address.sin_port), i);
    fclose(list); /* the socket stays bound, so that nobody gets that port */
}

/* In a process of its own. The wait status; what it said in "said.txt". */
static int run(enum fault fault, int *nr_visits)
{
    pid_t pid = fork();
    int status = -1;

    assert_true(pid >= 0);
    if (pid == 0) {
        static char *arguments[] = {"urls.txt", "-o",        "crawl.db",
                                    "--robots", "ignore",    "--retries",
                                    "0",        "--workers", "1"};
        struct callback callback = {.fault = fault};
        char message[CONFIG_MESSAGE_BYTES];
        struct config config;
        struct crawl_options options = {.config = &config,
                                        .command = "crawl urls.txt",
                                        .parse = parse,
                                        .parse_ctx = &callback};
        FILE *visits;

        if (!freopen("said.txt", "we", stderr) ||
            config_read(&config, 9, arguments, message))
            _exit(99);
        status = crawl_run(&options);
        config_release(&config);
        visits = fopen("visits.txt", "we");
        fprintf(visits, "%d\n", callback.nr_visits);
        fclose(visits);
        exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    *nr_visits = -1;
    if (WIFEXITED(status)) {
        char line[32] = "";
        FILE *visits = fopen("visits.txt", "re");

        assert_non_null(visits);
        assert_non_null(fgets(line, sizeof(line), visits));
        fclose(visits);
        *nr_visits = atoi(line);
    }
    return status;
}

static int count(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int nr;

    assert_int_equal(
        sqlite3_open_v2("crawl.db", &db, SQLITE_OPEN_READONLY, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    nr = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return nr;
}

static bool was_said(const char *words)
{
    char text[8192] = "";
    FILE *said = fopen("said.txt", "re");
    size_t len = fread(text, 1, sizeof(text) - 1, said);

    fclose(said);
    text[len] = '\0';
    return strstr(text, words) != NULL;
}

static void assert_complete(int status)
{
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CRAWL_EXIT_NO_ANSWER);
    assert_int_equal(count("select count(*) from results where error = "
                           "'connect'"),
                     NR_URLS);
    assert_int_equal(count("select count(*) from results"), NR_URLS);
    unlink("crawl.db");
}

static void assert_completed_by_another_run(void)
{
    int nr_visits;

    assert_complete(run(FAULT_NONE, &nr_visits));
}

static void callback_that_fails_stops_the_crawl_with_its_error(void **state)
{
    int nr_visits;
    int status = run(FAULT_ERROR, &nr_visits);

    (void)state;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CRAWL_EXIT_FAILURE);
    assert_int_equal(nr_visits, GOOD + 1);
    assert_true(was_said(err_str(CERR_INVALID)));
    assert_true(was_said("run again to go on"));
    assert_int_equal(count("select count(*) from results where outcome "
                           "is not null"),
                     GOOD);
    assert_completed_by_another_run();
}

static void callback_that_crashes_loses_nothing_that_was_committed(void **state)
{
    int nr_visits;
    int status = run(FAULT_CRASH, &nr_visits);

    (void)state;
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSEGV);
    assert_int_equal(count("select count(*) from results where outcome "
                           "is not null"),
                     GOOD);
    assert_completed_by_another_run();
}

/* Back pressure: what waits meanwhile is late for nobody. */
static void callback_that_takes_its_time_changes_no_row(void **state)
{
    int nr_visits;
    int status = run(FAULT_SLOW, &nr_visits);

    (void)state;
    assert_int_equal(nr_visits, NR_URLS);
    assert_complete(status);
}

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder) || chdir(folder))
        return -1;
    write_list();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink("urls.txt");
    unlink("said.txt");
    unlink("visits.txt");
    unlink("crawl.db");
    return chdir("/") || rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callback_that_fails_stops_the_crawl_with_its_error),
        cmocka_unit_test(
            callback_that_crashes_loses_nothing_that_was_committed),
        cmocka_unit_test(callback_that_takes_its_time_changes_no_row),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
