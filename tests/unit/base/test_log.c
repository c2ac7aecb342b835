/*
 * log: levels, clean lines, the sink and standard error.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* What the sink was given. */
struct seen {
    char line[4096];
    int nr;
};

static void keep_line(void *ctx, const char *line)
{
    struct seen *seen = ctx;

    seen->nr++;
    strncpy(seen->line, line, sizeof(seen->line) - 1);
}

static int setup(void **state)
{
    static struct seen seen;

    memset(&seen, 0, sizeof(seen));
    log_set_level(LOG_WARN);
    log_set_sink(keep_line, &seen);
    *state = &seen;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_set_level(LOG_WARN);
    return 0;
}

static void log_drops_lines_above_its_level(void **state)
{
    struct seen *seen = *state;

    log_info("no");
    log_debug("no");
    assert_int_equal(seen->nr, 0);
    log_warn("yes");
    log_error("yes");
    assert_int_equal(seen->nr, 2);
    log_set_level(LOG_DEBUG);
    assert_int_equal(log_get_level(), LOG_DEBUG);
    log_debug("yes");
    assert_int_equal(seen->nr, 3);
}

static void log_line_begins_with_program_and_level(void **state)
{
    struct seen *seen = *state;

    log_set_level(LOG_DEBUG);
    log_error("%s %d", "disk", 7);
    assert_string_equal(seen->line, "crawl: error: disk 7");
    log_warn("x");
    assert_string_equal(seen->line, "crawl: warning: x");
    log_info("x");
    assert_string_equal(seen->line, "crawl: x");
    log_debug("x");
    assert_string_equal(seen->line, "crawl: debug: x");
}

static void log_line_cannot_steer_a_terminal_or_break(void **state)
{
    struct seen *seen = *state;

    log_error("%s", "a\x1b[2Jb\nc\xff");
    assert_string_equal(seen->line, "crawl: error: a\\x1b[2Jb\\x0ac\\xff");
}

static void log_line_is_cut(void **state)
{
    struct seen *seen = *state;
    char text[8000];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    log_error("%s", text);
    assert_in_range(strlen(seen->line), 1900, 2032);
    memset(text, 1, sizeof(text) - 1); /* four bytes each when escaped */
    log_error("%s", text);
    assert_in_range(strlen(seen->line), 1900, 2032);
}

static void log_without_a_sink_writes_one_line_to_standard_error(void **state)
{
    int pipe_fds[2], saved = dup(STDERR_FILENO);
    char text[100];
    ssize_t len;

    (void)state;
    log_set_sink(NULL, NULL);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    dup2(pipe_fds[1], STDERR_FILENO);
    log_error("to %s", "stderr");
    dup2(saved, STDERR_FILENO);
    len = read(pipe_fds[0], text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_string_equal(text, "crawl: error: to stderr\n");
    close(saved);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(log_drops_lines_above_its_level),
        TEST(log_line_begins_with_program_and_level),
        TEST(log_line_cannot_steer_a_terminal_or_break),
        TEST(log_line_is_cut),
        TEST(log_without_a_sink_writes_one_line_to_standard_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
