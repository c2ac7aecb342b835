/* messages: nobody waits for who reads standard error, and what was dropped is
 * told. */
#include "crawler/messages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/support/cmocka_all.h"

/* Reads what is there now; the end of it is a pipe that is empty. */
static size_t read_some(int fd, char *out, size_t cap)
{
    size_t len = 0;
    ssize_t got = 1;

    while (len < cap - 1 && got > 0) {
        got = read(fd, out + len, cap - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    out[len] = '\0';
    return len;
}

static void messages_that_nobody_reads_wait_and_then_are_counted(void **state)
{
    const size_t cap = 4u << 20;
    char *seen = malloc(cap);
    int ends[2], before = dup(STDERR_FILENO);
    size_t len = 0;
    struct messages *messages;

    (void)state;
    assert_non_null(seen);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    messages = messages_open();
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);

    for (int i = 0; i < 10000; i++)
        log_error("line %d of the log, as long as lines of a log are", i);
    assert_true(messages_push(messages));
    do { /* the reader comes back */
        len += read_some(ends[0], seen + len, cap - len);
    } while (messages_push(messages));
    log_error("the last one");
    (void)read_some(ends[0], seen + len, cap - len);
    assert_non_null(strstr(seen, "crawl: error: line 0 of the log"));
    assert_null(strstr(seen, "line 9999 of the log"));
    assert_non_null(strstr(seen, "messages were not shown"));
    assert_non_null(strstr(seen, "crawl: error: the last one\n"));
    messages_close(messages);
    close(ends[0]);
    close(ends[1]);
    close(before);
    free(seen);
}

static void messages_of_a_closed_standard_error_go_nowhere(void **state)
{
    int before = dup(STDERR_FILENO);
    struct messages *messages;

    (void)state;
    close(STDERR_FILENO);
    messages = messages_open();
    assert_int_equal(messages_fd(messages), -1);
    log_error("nobody hears this");
    assert_false(messages_push(messages));
    messages_close(messages);
    assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
    close(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_that_nobody_reads_wait_and_then_are_counted),
        cmocka_unit_test(messages_of_a_closed_standard_error_go_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
