/* What workers say, and what they have for standard streams. */
#include "crawler/worker_lines.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "tests/support/cmocka_all.h"

struct fixture {
    struct worker_lines *lines;
    struct buf log; /* of each line, and a newline */
    int nr_lines;
};

static void keep(void *ctx, const char *line)
{
    struct fixture *fix = ctx;

    fix->nr_lines++;
    assert_int_equal(buf_add_str(&fix->log, line), CERR_OK);
    assert_int_equal(buf_add(&fix->log, "\n", 1), CERR_OK);
}

static int setup(void **state)
{
    struct fixture *fix = calloc(1, sizeof(*fix));

    buf_init(&fix->log, 1 << 20);
    log_set_sink(keep, fix);
    assert_int_equal(worker_lines_open(&fix->lines), CERR_OK);
    *state = fix;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fix = *state;

    worker_lines_close(fix->lines);
    log_set_sink(NULL, NULL);
    buf_release(&fix->log);
    free(fix);
    return 0;
}

static void say(struct fixture *fix, const void *text, size_t len)
{
    int fd = worker_lines_stdio(fix->lines)[2];

    assert_int_equal(write(fd, text, len), len);
    worker_lines_read(fix->lines);
}

#define SAY(fix, text) say(fix, text, sizeof(text) - 1)

static void assert_logged(struct fixture *fix, const char *text)
{
    assert_int_equal(buf_add(&fix->log, "", 1), CERR_OK);
    assert_string_equal((const char *)fix->log.data, text);
    buf_reset(&fix->log);
}

static void worker_lines_have_nothing_for_input_and_output(void **state)
{
    struct fixture *fix = *state;
    const int *fds = worker_lines_stdio(fix->lines);
    struct stat null, at;

    assert_int_equal(stat("/dev/null", &null), 0);
    for (int i = 0; i < 2; i++) {
        assert_true(fds[i] > 2);
        assert_int_equal(fstat(fds[i], &at), 0);
        assert_int_equal(at.st_rdev, null.st_rdev);
    }
    assert_int_equal(fstat(fds[2], &at), 0);
    assert_true(S_ISFIFO(at.st_mode));
}

static void worker_lines_keep_the_level_that_a_worker_gave(void **state)
{
    struct fixture *fix = *state;

    SAY(fix, "crawl: error: no room\ncrawl: warning: slow\ncrawl: debug: x\n");
    assert_logged(fix, "crawl: error: worker: no room\n"
                       "crawl: warning: worker: slow\n");
    SAY(fix, "malloc(): corrupted\n");
    assert_logged(fix, "crawl: error: worker: malloc(): corrupted\n");
}

static void worker_lines_are_escaped_and_logged_when_complete(void **state)
{
    struct fixture *fix = *state;

    SAY(fix, "\033]0;owned\007 first ");
    assert_logged(fix, "");
    SAY(fix, "half\nsecond\0hidden\n");
    assert_logged(fix, "crawl: error: worker: \\x1b]0;owned\\x07 first half\n"
                       "crawl: error: worker: second\n"
                       "crawl: error: worker: hidden\n");
}

static void worker_lines_without_an_end_are_cut(void **state)
{
    static char text[20000];
    struct fixture *fix = *state;

    memset(text, 'x', sizeof(text));
    say(fix, text, sizeof(text));
    assert_int_equal(fix->nr_lines, 4);
    SAY(fix, "\n");
    assert_int_equal(fix->nr_lines, 5);
}

static void worker_lines_end_at_their_limit(void **state)
{
    struct fixture *fix = *state;

    for (int i = 0; i < WORKER_LINES_MAX + 50; i++)
        SAY(fix, "again\n");
    assert_int_equal(fix->nr_lines, WORKER_LINES_MAX + 1);
    assert_int_equal(buf_add(&fix->log, "", 1), CERR_OK);
    assert_non_null(strstr((const char *)fix->log.data,
                           "workers have said 1000 lines; no more are shown"));
}

static void worker_lines_never_wait_for_a_worker(void **state)
{
    struct fixture *fix = *state;
    struct pollfd ready = {worker_lines_fd(fix->lines), POLLIN, 0};

    assert_int_equal(poll(&ready, 1, 0), 0);
    worker_lines_read(fix->lines);
    assert_int_equal(fix->nr_lines, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(worker_lines_have_nothing_for_input_and_output),
        TEST(worker_lines_keep_the_level_that_a_worker_gave),
        TEST(worker_lines_are_escaped_and_logged_when_complete),
        TEST(worker_lines_without_an_end_are_cut),
        TEST(worker_lines_end_at_their_limit),
        TEST(worker_lines_never_wait_for_a_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
