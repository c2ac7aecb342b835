/* The way of a URL through the frontier: in, out, again, end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/page/job.h"
#include "frontier_web.h"

static int64_t nr_lines(struct web *web, bool bad)
{
    struct storage_counts counts;

    assert_int_equal(storage_count(web->storage, &counts), CERR_OK);
    return bad ? counts.nr_bad_lines : counts.nr_lines;
}

static void frontier_visits_each_url_of_the_list_once(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_list(web, "http://a.test/1\nhttp://a.test/2\nhttp://b.test/\n");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 3);
    assert_int_equal(web_visit(web, "http://a.test/1")->line, 1);
    assert_int_equal(web_visit(web, "http://a.test/2")->line, 2);
    assert_int_equal(web_visit(web, "http://b.test/")->line, 3);
    assert_int_equal(web_visit(web, "http://b.test/")->outcome, OUTCOME_OK);
    assert_int_equal(web_visit(web, "http://b.test/")->tries, 1);
}

static void frontier_ends_at_once_with_an_empty_list(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_list(web, "");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_fetches, 0);
}

static void frontier_reads_lines_as_people_write_them(void **state)
{
    static const struct {
        const char *line, *url;
    } rows[] = {
        {"http://a.test/", "http://a.test/"},
        {"  http://a.test/x \t\r", "http://a.test/x"},
        {"HTTP://A.TEST/%7ex#frag", "http://a.test/~x"},
        {"a.test/x", "https://a.test/x"},
        {"a.test", "https://a.test/"},
        {"a.test:8080/x?q", "https://a.test:8080/x?q"},
        {"localhost/x", "https://localhost/x"},
        {"localhost:3000", "https://localhost:3000/"},
        {"a.test/\xe9", "https://a.test/%E9"},
        {"http://a.test/x # a note", "http://a.test/x"},
        {"http://a.test/x\ta title, 2020", "http://a.test/x"},
        {"http://a.test/x,y see b.test", "http://a.test/x,y"},
        {"http://a.test/x, a title", "http://a.test/x"},
        {"http://a.test/x,", "http://a.test/x,"},
        {"http://a.test/x #http://b.test/", "http://a.test/x"},
        {"http://a.test/\xe8", "http://a.test/%E8"},
        {"", NULL},
        {"   ", NULL},
        {"# http://a.test/", NULL},
    };
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        web_open(web);
        web->nr_visits = 0;
        web_add_list(web, rows[i].line);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web->nr_visits, rows[i].url ? 1 : 0);
        if (rows[i].url)
            assert_string_equal(web->visits[0].url, rows[i].url);
        assert_int_equal(nr_lines(web, true), 0);
        web_free(web);
        web_init(web);
    }
}

static void frontier_takes_every_url_of_a_line_and_its_number(void **state)
{
    static const char line[] = "http://a.test/1 http://a.test/2\tand\0"
                               "HTTPS://a.test/3 # http://a.test/4";
    struct web *web = *state;

    web_open(web);
    assert_int_equal(frontier_add_line(web->frontier,
                                       (struct bytes){line, sizeof(line) - 1},
                                       7, 0),
                     CERR_OK);
    assert_int_equal(frontier_flush_lines(web->frontier, 0), CERR_OK);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 3);
    assert_int_equal(web_visit(web, "http://a.test/1")->line, 7);
    assert_int_equal(web_visit(web, "http://a.test/2")->line, 7);
    assert_int_equal(web_visit(web, "https://a.test/3")->line, 7);
    assert_int_equal(nr_lines(web, true), 0);
}

static void frontier_gives_a_bad_line_a_row(void **state)
{
    static const struct {
        const char *line;
        enum error error;
    } rows[] = {
        {"http://", ERROR_BAD_URL},
        {"no url", ERROR_BAD_URL},
        {"1,http://a.test/,title", ERROR_BAD_URL},
        {"a.test,title", ERROR_BAD_URL},
        {"http://a.test:99999/", ERROR_BAD_URL},
        {"mailto:me@a.test", ERROR_BLOCKED_SCHEME},
        {"javascript:alert(1.5)", ERROR_BLOCKED_SCHEME},
        {"ftp://a.test/", ERROR_BLOCKED_SCHEME},
        {"http://a.test:22/", ERROR_BAD_PORT},
        {"a.test:6667/x", ERROR_BAD_PORT},
    };
    struct web *web = *state;
    struct frontier_stats stats;

    web_open(web);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        assert_int_equal(frontier_add_line(
                             web->frontier,
                             (struct bytes){rows[i].line, strlen(rows[i].line)},
                             (int64_t)i + 1, 0),
                         CERR_OK);
    assert_int_equal(frontier_add_long_line(web->frontier,
                                            (struct bytes){"http://a", 8}, 99),
                     CERR_OK);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 0);
    assert_int_equal(nr_lines(web, true), 11);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_lines, 11);
    assert_int_equal(stats.nr_bad_lines, 11);
}

static void frontier_fetches_duplicates_once(void **state)
{
    struct web *web = *state;
    struct frontier_stats stats;

    web_open(web);
    web_add_list(web, "http://a.test/\nHTTP://a.test:80\nhttp://a.test/#x\n");
    assert_int_equal(frontier_add_line(web->frontier,
                                       (struct bytes){"http://a.test/", 14}, 4,
                                       0),
                     CERR_OK);
    assert_int_equal(frontier_flush_lines(web->frontier, 0), CERR_OK);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 1);
    assert_int_equal(web->visits[0].line, 1);
    assert_int_equal(nr_lines(web, true), 3);
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_duplicates, 3);
}

/* As after a kill, when lines come again that are in storage. */
static void frontier_counts_as_many_duplicates_as_have_rows(void **state)
{
    struct bytes url = {"http://a.test/", 14}, bad = {"::", 2};
    struct web *web = *state;
    struct frontier_stats stats;

    web_open(web);
    for (int i = 0; i < 2; i++) {
        for (int64_t line = 1; line <= 3; line++)
            assert_int_equal(frontier_add_line(web->frontier, url, line, 0),
                             CERR_OK);
        assert_int_equal(frontier_add_line(web->frontier, bad, 4, 0), CERR_OK);
        assert_int_equal(frontier_flush_lines(web->frontier, 0), CERR_OK);
    }
    frontier_get_stats(web->frontier, &stats);
    assert_int_equal(stats.nr_duplicates, 2);
    assert_int_equal(stats.nr_bad_lines, 1);
}

static void frontier_keeps_the_line_as_listed(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_list(web, "HTTP://A.test\nhttp://b.test/");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_string_equal(web_visit(web, "http://a.test/")->listed,
                        "HTTP://A.test");
    assert_string_equal(web_visit(web, "http://b.test/")->listed, "");
}

/* ---- clocks ---- */

static void frontier_spaces_requests_by_the_delay(void **state)
{
    struct web *web = *state;

    web->options.any_host.limits.delay_ms = 500;
    web_open(web);
    web_add_list(web, "http://a.test/1\nhttp://a.test/2\nhttp://a.test/3\n"
                      "http://a.test/4\nhttp://b.test/1\n");
    assert_int_equal(web_run(web), FRONTIER_DONE);
    int64_t last_ms = -1000;
    for (size_t i = 0; i < web->nr_fetches; i++) {
        if (strncmp(web->fetches[i].url, "http://b", 8) == 0) {
            assert_int_equal(web->fetches[i].started_ms, 0);
            continue;
        }
        assert_true(web->fetches[i].started_ms - last_ms >= 500);
        last_ms = web->fetches[i].started_ms;
    }
    assert_int_equal(last_ms, 1500);
}

/* The most that was in flight beside one that started. */
static int most_beside(const struct web *web)
{
    int most = 0;

    for (size_t i = 0; i < web->nr_fetches; i++)
        if (web->fetches[i].nr_in_flight > most)
            most = web->fetches[i].nr_in_flight;
    return most;
}

static void frontier_holds_the_limit_of_one_host(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_many(web, "a.test", 100);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 100);
    assert_int_equal(most_beside(web), 5);
}

/* h1.test answers after 11 ms, h2.test after 12 ... */
static void answer_by_host(struct web *web, const char *url,
                           struct web_answer *answer)
{
    (void)web;
    answer->latency_ms = 10 + strtol(url + strlen("http://h"), NULL, 10);
}

static int64_t answered_ms(const struct web_fetch *fetch)
{
    struct web_answer answer = {0};

    answer_by_host(NULL, fetch->url, &answer);
    return fetch->started_ms + answer.latency_ms;
}

/* Places for one request of each: nobody gets a second connection while another
 * one's lies idle. */
static void frontier_asks_who_has_nothing_in_flight_first(void **state)
{
    enum { HOSTS = 5, EACH = 40, WHILE_ALL_HAVE_SOME = HOSTS * EACH * 2 / 3 };
    const size_t host_len = strlen("http://h1.test");
    struct web *web = *state;
    char host[24];

    web->options.concurrency = HOSTS;
    web->answer = answer_by_host;
    web_open(web);
    for (int i = 1; i <= HOSTS; i++) {
        snprintf(host, sizeof(host), "h%d.test", i);
        web_add_many(web, host, EACH);
    }
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < WHILE_ALL_HAVE_SOME; i++) {
        const struct web_fetch *fetch = &web->fetches[i];

        for (size_t k = 0; k < i; k++)
            if (strncmp(web->fetches[k].url, fetch->url, host_len) == 0)
                assert_true(answered_ms(&web->fetches[k]) <= fetch->started_ms);
    }
}

/* Two come alone while the window opens; behind the next one, three that wait
 * are worth a connection, two are not. */
static void frontier_makes_no_connection_for_the_last_few_pages(void **state)
{
    static const struct {
        int nr_urls, most;
    } rows[] = {
        {5, 0},
        {6, 1},
        {60, 5},
    };
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        web_open(web);
        web_add_many(web, "a.test", rows[i].nr_urls);
        frontier_list_ended(web->frontier);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(most_beside(web), rows[i].most);
        web_free(web);
        web_init(web);
    }
}

static void frontier_holds_the_limit_of_the_run(void **state)
{
    struct web *web = *state;

    web->options.concurrency = 3;
    web_open(web);
    web_add_many(web, "a.test", 20);
    web_add_many(web, "b.test", 20);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i < web->nr_fetches; i++)
        assert_true(web->fetches[i].nr_in_flight < 3);
}

static void frontier_counts_robots_txt_among_what_is_in_flight(void **state)
{
    static const int limits[] = {1, 2, 7, 16};
    struct web *web = *state;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int most = 0;

        web->options.concurrency = limits[i];
        web_open(web);
        for (int host = 0; host < 40; host++) {
            char name[24];

            snprintf(name, sizeof(name), "h%d.test", host);
            web_add_many(web, name, 3);
        }
        frontier_list_ended(web->frontier);
        assert_int_equal(web_run(web), FRONTIER_DONE);
        assert_int_equal(web->nr_visits, 120);
        for (size_t k = 0; k < web->nr_fetches; k++)
            if (web->fetches[k].nr_in_flight >= most)
                most = (int)web->fetches[k].nr_in_flight + 1;
        assert_int_equal(most, limits[i]);
        web_free(web);
        web_init(web);
    }
}

static void frontier_holds_the_rate_of_the_run(void **state)
{
    struct web *web = *state;

    web->options.rate_per_s = 10;
    web_open(web);
    web_add_many(web, "a.test", 50);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_in_range(web->now_ms, 4700, 5200);
}

static void frontier_goes_round_the_hosts(void **state)
{
    struct web *web = *state;

    web->options.concurrency = 2;
    web_open(web);
    web_add_many(web, "a.test", 20);
    web_add_many(web, "b.test", 20);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    for (size_t i = 0; i + 1 < web->nr_fetches; i += 2)
        assert_true(strncmp(web->fetches[i].url, web->fetches[i + 1].url, 9));
}

/* ---- ends ---- */

static void frontier_stops_at_max_urls_and_goes_on(void **state)
{
    struct web *web = *state;

    web->options.max_urls = 7;
    web_open(web);
    web_add_many(web, "a.test", 20);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    assert_int_equal(web->nr_visits, 7);
    web_close(web, "limit");

    web->options.max_urls = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 20);
    assert_int_equal(web->nr_fetches, 20);
}

static void frontier_is_done_when_the_limit_was_enough(void **state)
{
    struct web *web = *state;

    web->options.max_urls = 5;
    web_open(web);
    web_add_many(web, "a.test", 5);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 5);
}

static void big_answers(struct web *web, const char *url,
                        struct web_answer *answer)
{
    (void)web;
    (void)url;
    answer->page.wire_bytes = 1000;
}

static void frontier_stops_at_max_bytes(void **state)
{
    struct web *web = *state;

    web->answer = big_answers;
    web->options.max_bytes = 10000;
    web_open(web);
    web_add_many(web, "a.test", 100);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    assert_in_range(web->nr_visits, 10, 16);
}

static void frontier_stops_and_loses_nothing(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_many(web, "a.test", 100);
    frontier_list_ended(web->frontier);
    web->stop_at_ms = 80;
    assert_int_equal(web_run(web), FRONTIER_LIMIT);
    assert_in_range(web->nr_visits, 20, 40);
    web_close(web, "interrupted");

    web->stop_at_ms = 0;
    web_open(web);
    frontier_list_ended(web->frontier);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 100);
    assert_int_equal(web->nr_fetches, 100);
}

/* Leases are left behind, and what was in flight is fetched again. */
static void frontier_goes_on_after_it_was_killed(void **state)
{
    struct web *web = *state;

    web_open(web);
    web_add_many(web, "a.test", 100);
    frontier_list_ended(web->frontier);
    for (int i = 1; i <= 3; i++) {
        web->stop_at_ms = web->now_ms + 35;
        assert_int_equal(web_run(web), FRONTIER_LIMIT);
        web_kill(web);
        web_open(web);
        frontier_list_ended(web->frontier);
    }
    web->stop_at_ms = 0;
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 100);
    assert_true(web->now_ms < 1000); /* no lease is waited for */
}

static void frontier_puts_back_what_no_worker_took(void **state)
{
    struct web *web = *state;
    struct frontier_fetch fetch;

    web->options.any_host.limits.delay_ms = 1000;
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(frontier_turn(web->frontier, 0), CERR_OK);
    assert_true(frontier_next(web->frontier, 0, &fetch));
    frontier_put_back(web->frontier, fetch.id);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->visits[0].tries, 1);
    assert_true(web->now_ms < 1000);
}

static void frontier_refuses_an_answer_nobody_asked_for(void **state)
{
    struct web *web = *state;
    struct frontier_fetch fetch;
    struct page page;

    page_init(&page);
    web_open(web);
    web_add_list(web, "http://a.test/");
    assert_int_equal(frontier_turn(web->frontier, 0), CERR_OK);
    assert_true(frontier_next(web->frontier, 0, &fetch));
    assert_int_equal(frontier_answer(web->frontier, 0, 0, &page, 5),
                     CERR_INVALID);
    assert_int_equal(frontier_answer(web->frontier, fetch.id, 0, &page, 5),
                     CERR_OK);
    assert_int_equal(frontier_answer(web->frontier, fetch.id, 0, &page, 5),
                     CERR_INVALID);
}

static void frontier_starts_nothing_while_paused(void **state)
{
    struct web *web = *state;
    struct frontier_fetch fetch;

    web_open(web);
    web_add_list(web, "http://a.test/");
    frontier_pause(web->frontier, true);
    assert_int_equal(frontier_turn(web->frontier, 0), CERR_OK);
    assert_false(frontier_next(web->frontier, 0, &fetch));
    frontier_pause(web->frontier, false);
    assert_int_equal(web_run(web), FRONTIER_DONE);
    assert_int_equal(web->nr_visits, 1);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, web_setup, web_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frontier_visits_each_url_of_the_list_once),
        TEST(frontier_ends_at_once_with_an_empty_list),
        TEST(frontier_reads_lines_as_people_write_them),
        TEST(frontier_takes_every_url_of_a_line_and_its_number),
        TEST(frontier_gives_a_bad_line_a_row),
        TEST(frontier_fetches_duplicates_once),
        TEST(frontier_counts_as_many_duplicates_as_have_rows),
        TEST(frontier_keeps_the_line_as_listed),
        TEST(frontier_spaces_requests_by_the_delay),
        TEST(frontier_holds_the_limit_of_one_host),
        TEST(frontier_asks_who_has_nothing_in_flight_first),
        TEST(frontier_makes_no_connection_for_the_last_few_pages),
        TEST(frontier_holds_the_limit_of_the_run),
        TEST(frontier_counts_robots_txt_among_what_is_in_flight),
        TEST(frontier_holds_the_rate_of_the_run),
        TEST(frontier_goes_round_the_hosts),
        TEST(frontier_stops_at_max_urls_and_goes_on),
        TEST(frontier_is_done_when_the_limit_was_enough),
        TEST(frontier_stops_at_max_bytes),
        TEST(frontier_stops_and_loses_nothing),
        TEST(frontier_puts_back_what_no_worker_took),
        TEST(frontier_refuses_an_answer_nobody_asked_for),
        TEST(frontier_starts_nothing_while_paused),
        TEST(frontier_goes_on_after_it_was_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
