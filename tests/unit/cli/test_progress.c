#include "crawler/cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "tests/support/cmocka_all.h"

struct fixture {
    FILE *out;
    char *text;
    size_t len;
    struct progress *progress;
    struct progress_view view;
};

static int setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->out = tmpfile();
    fixture->view = (struct progress_view){
        .nr_urls = 50000,
        .list_done = true,
        .nr_ended = 12408,
        .nr_run = 12408,
        .nr_ok = 11902,
        .nr_4xx = 402,
        .bytes_down = 9800000,
        .nr_active = 64,
        .throttled = {.host = ""},
        .wall_ms = 1795421982123,
    };
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;

    progress_free(fixture->progress);
    fclose(fixture->out);
    free(fixture->text);
    free(fixture);
    return 0;
}

static void begin(struct fixture *fixture, enum progress_mode mode)
{
    struct progress_options options = {
        .mode = mode,
        .interval_ms = 10000,
        .out = fixture->out,
        .input = "urls.txt",
        .output = "crawl.db",
        .nr_workers = 2,
        .start_ms = 1000,
    };

    setenv("COLUMNS", "120", 1);
    fixture->progress = progress_new(&options);
}

/* Everything that was written so far. */
static const char *written(struct fixture *fixture)
{
    long len = ftell(fixture->out);

    free(fixture->text);
    fixture->text = calloc(1, (size_t)len + 1);
    rewind(fixture->out);
    fixture->len = fread(fixture->text, 1, (size_t)len, fixture->out);
    return fixture->text;
}

static void progress_is_drawn_at_most_ten_times_a_second(void **state)
{
    struct fixture *fixture = *state;
    int nr = 0;

    begin(fixture, PROGRESS_LIVE);
    for (int64_t now_ms = 1000; now_ms < 2000; now_ms++)
        if (progress_due(fixture->progress, now_ms)) {
            progress_draw(fixture->progress, &fixture->view, now_ms);
            nr++;
        }
    assert_int_equal(nr, 10);
}

static void progress_rows_show_counts_rate_and_time_left(void **state)
{
    struct fixture *fixture = *state;
    const char *text;

    begin(fixture, PROGRESS_LIVE);
    progress_draw(fixture->progress, &fixture->view, 31000);
    text = written(fixture);
    assert_non_null(strstr(text, "urls.txt -> crawl.db"));
    assert_non_null(strstr(text, "12,408/50,000"));
    assert_non_null(strstr(text, "24%"));
    assert_non_null(strstr(text, "414 url/s"));
    assert_non_null(strstr(text, "ETA 1:3"));
    assert_non_null(strstr(text, "ok 11,902"));
}

/* Ten a second in the session before, which is over: two a second now. */
static void progress_of_a_resumed_run_says_what_its_counts_mean(void **state)
{
    struct fixture *fixture = *state;
    const char *text;
    size_t len;

    begin(fixture, PROGRESS_LIVE);
    fixture->view.nr_run = 60;
    fixture->view.nr_ended = 49940;
    progress_draw(fixture->progress, &fixture->view, 31000);
    text = written(fixture);
    assert_non_null(strstr(text, "49,940/50,000 in all   2 url/s"));
    assert_non_null(strstr(text, "ETA 0:30"));
    assert_non_null(strstr(text, " this session: ok "));
    len = strlen(text);
    fixture->view.nr_run = fixture->view.nr_ended;
    progress_draw(fixture->progress, &fixture->view, 31500);
    text = written(fixture) + len;
    assert_null(strstr(text, "in all"));
    assert_null(strstr(text, "this session"));
}

static void progress_rows_are_cut_to_the_width_and_escaped(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, PROGRESS_LIVE);
    setenv("COLUMNS", "40", 1);
    progress_resized(fixture->progress);
    fixture->view.throttled.host = "\033[31mevil\r\n.example";
    fixture->view.throttled.status = 429;
    progress_draw(fixture->progress, &fixture->view, 31000);
    written(fixture);
    assert_null(strstr(fixture->text, "\033[31m"));
    assert_non_null(strstr(fixture->text, "\\x1b[31mevil"));
    for (const char *line = fixture->text; *line;) {
        size_t len = strcspn(line, "\n");

        assert_true(len < 40);
        line += len + (line[len] == '\n');
    }
}

static void progress_lets_log_lines_scroll_above_the_rows(void **state)
{
    struct fixture *fixture = *state;
    const char *text, *line;

    begin(fixture, PROGRESS_LIVE);
    progress_draw(fixture->progress, &fixture->view, 31000);
    log_error("a line");
    text = written(fixture);
    line = strstr(text, "crawl: error: a line\n");
    assert_non_null(line);
    assert_memory_equal(line - strlen("\033[3A\r\033[J"), "\033[3A\r\033[J",
                        strlen("\033[3A\r\033[J"));
    assert_non_null(strstr(line, "urls.txt -> crawl.db"));
}

static void progress_writes_plain_lines_at_its_interval(void **state)
{
    struct fixture *fixture = *state;
    const char *text;

    begin(fixture, PROGRESS_PLAIN);
    assert_false(progress_due(fixture->progress, 10999));
    assert_true(progress_due(fixture->progress, 11000));
    progress_draw(fixture->progress, &fixture->view, 11000);
    assert_int_equal(progress_wait_ms(fixture->progress, 11000), 10000);
    text = written(fixture);
    assert_non_null(strstr(text, "crawl: time=2026-11-23T08:19:42.123Z "
                                 "elapsed_s=10 done=12408 urls=50000 "));
    assert_non_null(strstr(text, " throttled=- throttled_status=0 "
                                 "throttled_s=0 slowest=- slowest_ms=0\n"));
    assert_null(strchr(text, '\033'));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void progress_names_the_slowest_and_the_throttled_host(void **state)
{
    struct fixture *fixture = *state;
    const char *text;

    begin(fixture, PROGRESS_PLAIN);
    fixture->view.throttled =
        (struct progress_throttled){"http://busy.test:80", 429, 30000};
    fixture->view.slowest =
        (struct progress_slowest){"http://slow.test:80\n", 1500};
    progress_draw(fixture->progress, &fixture->view, 11000);
    text = written(fixture);
    assert_non_null(strstr(text, " throttled=http://busy.test:80 "
                                 "throttled_status=429 throttled_s=30 "
                                 "slowest=http://slow.test:80"));
    assert_non_null(strstr(text, " slowest_ms=1500\n"));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void progress_is_silent_when_told_so(void **state)
{
    struct fixture *fixture = *state;

    begin(fixture, PROGRESS_NONE);
    assert_int_equal(progress_wait_ms(fixture->progress, 99999), -1);
    assert_false(progress_due(fixture->progress, 99999));
    assert_int_equal(progress_choose(PROGRESS_LIVE, true), PROGRESS_NONE);
    assert_int_equal(progress_choose(PROGRESS_PLAIN, false), PROGRESS_PLAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(progress_is_drawn_at_most_ten_times_a_second),
        TEST(progress_rows_show_counts_rate_and_time_left),
        TEST(progress_of_a_resumed_run_says_what_its_counts_mean),
        TEST(progress_rows_are_cut_to_the_width_and_escaped),
        TEST(progress_lets_log_lines_scroll_above_the_rows),
        TEST(progress_writes_plain_lines_at_its_interval),
        TEST(progress_names_the_slowest_and_the_throttled_host),
        TEST(progress_is_silent_when_told_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
