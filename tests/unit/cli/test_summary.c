#include "crawler/cli/summary.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

static char *printed(const struct summary *summary)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);

    summary_print(summary, out);
    fclose(out);
    return text;
}

static void summary_counts_causes_and_names_the_next_command(void **state)
{
    static const struct summary_cause causes[] = {
        {"dns", 41, "the name has no address", "look at it"},
        {"404", 7, "no such page", "'crawl query DB broken' lists them"},
        {"tls", 3, "no trust", "x"},
        {"connect", 1, "never shown", "y"},
    };
    struct summary summary = {
        .ended = "done",
        .reason = "",
        .database = "crawl.db",
        .again = "",
        .visits = {.nr_ok = 1234, .nr_http_error = 7, .nr_error = 45},
        .nr_requests = 1300,
        .bytes_down = 9800000,
        .elapsed_ms = 2000,
        .causes = causes,
        .nr_causes = 4,
    };
    char *text = printed(&summary);

    (void)state;
    assert_non_null(strstr(text, "crawl: done\n"));
    assert_non_null(strstr(text, "ok 1,234   http error 7   error 45\n"));
    assert_non_null(strstr(text, "1,300 requests in 2.0 s, 650/s   9.8 MB"));
    assert_non_null(strstr(text, "41 x dns: the name has no address\n"));
    assert_non_null(strstr(text, "      look at it\n"));
    assert_non_null(
        strstr(text, "      'crawl query crawl.db broken' lists them\n"));
    assert_null(strstr(text, "never shown"));
    assert_non_null(strstr(text, "next:   crawl query crawl.db errors\n"));
    assert_null(strstr(text, "go on"));
    assert_null(strstr(text, "clock"));
    free(text);
}

static void summary_names_a_query_that_has_rows(void **state)
{
    static const struct {
        int64_t nr_error, nr_http_error;
        const char *next;
    } rows[] = {
        {0, 0, "next:   crawl query crawl.db\n"},
        {1, 0, "next:   crawl query crawl.db errors\n"},
        {1, 1, "next:   crawl query crawl.db errors\n"},
        {0, 1, "next:   crawl query crawl.db broken\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct summary summary = {
            .ended = "done",
            .reason = "",
            .again = "",
            .database = "crawl.db",
            .visits = {.nr_error = rows[i].nr_error,
                       .nr_http_error = rows[i].nr_http_error},
        };
        char *text = printed(&summary);

        assert_non_null(strstr(text, rows[i].next));
        free(text);
    }
}

static void summary_of_a_stopped_run_says_how_to_go_on(void **state)
{
    struct summary summary = {
        .ended = "interrupted",
        .reason = "Interrupt",
        .again = "crawl urls.txt",
        .secrets = "-H X-Key\n--proxy\n",
        .database = "Bob's.db",
        .nr_left = 12,
        .clock_in_doubt = true,
    };
    char *text = printed(&summary);

    (void)state;
    assert_non_null(strstr(text, "crawl: interrupted: Interrupt\n"));
    assert_non_null(strstr(text, "ok 0   left to do 12\n"));
    assert_non_null(strstr(text, "go on:  crawl urls.txt\n"
                                 "          add -H X-Key with its value"));
    assert_non_null(strstr(text, "          add --proxy with its value"));
    assert_non_null(strstr(text, "next:   crawl query 'Bob'\\''s.db'\n"));
    assert_non_null(strstr(text, "is this machine's clock right? (date)\n"));
    free(text);
}

static void summary_of_a_resumed_run_says_this_session_and_in_all(void **state)
{
    struct summary summary = {
        .ended = "done",
        .reason = "",
        .again = "",
        .visits = {.nr_ok = 3},
        .all = {.nr_sessions = 2,
                .work_ms = 4500,
                .ended = {.nr_ok = 1200, .nr_error = 1}},
        .nr_duplicates = 1,
        .waits = {.nr_429 = 12,
                  .nr_slow_downs = 1000,
                  .longest_wait_ms = 30000},
    };
    char *text = printed(&summary);

    (void)state;
    assert_non_null(strstr(
        text, "  this session: ok 3   duplicates 1\n"
              "  in all: ok 1,200   error 1   (2 sessions, 4.5 s of work)\n"));
    assert_non_null(strstr(
        text, "  hosts asked to wait: 429 x 12   (30.0 s at most)\n"
              "  slower or failing hosts were asked less, 1,000 times\n"));
    free(text);
    summary.all.nr_sessions = 1;
    summary.waits = (struct summary_waits){0};
    text = printed(&summary);
    assert_null(strstr(text, "in all"));
    assert_null(strstr(text, "this session"));
    assert_null(strstr(text, "asked"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summary_counts_causes_and_names_the_next_command),
        cmocka_unit_test(summary_names_a_query_that_has_rows),
        cmocka_unit_test(summary_of_a_stopped_run_says_how_to_go_on),
        cmocka_unit_test(summary_of_a_resumed_run_says_this_session_and_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
