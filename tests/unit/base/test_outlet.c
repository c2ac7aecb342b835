/* outlet: whoever does not read holds nobody up. */
#include "base/outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/cmocka_all.h"

#define MOST (16u << 20) /* more than a pipe, a socket or a terminal holds */

/* Writes until the reader takes no more; the test would hang if that waited.
 * Returns the bytes. */
static size_t fill(int fd)
{
    char block[10000];
    size_t all = 0;
    ssize_t done;

    memset(block, 'x', sizeof(block));
    do {
        done = outlet_write(fd, block, sizeof(block));
        assert_true(done >= 0);
        all += (size_t)done;
    } while (done > 0 && all < MOST);
    return all;
}

static void takes_some_and_then_none(int ours, int theirs)
{
    int fd = outlet_open(ours);
    char block[10000];
    size_t all;

    assert_true(fd >= 3);
    all = fill(fd);
    assert_in_range(all, 1, MOST - 1);
    assert_int_equal(outlet_write(fd, "x", 1), 0);
    /* the open file of the others blocks as before */
    assert_int_equal(fcntl(ours, F_GETFL) & O_NONBLOCK, 0);
    for (size_t left = all; left;) { /* and goes on when it is read */
        ssize_t got = read(theirs, block, sizeof(block));

        assert_true(got > 0);
        left -= (size_t)got < left ? (size_t)got : left;
    }
    assert_int_equal(outlet_write(fd, "x", 1), 1);
    close(fd);
}

static void outlet_does_not_wait_for_a_pipe(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    takes_some_and_then_none(ends[1], ends[0]);
    close(ends[0]);
    close(ends[1]);
}

static void outlet_does_not_wait_for_a_socket(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    takes_some_and_then_none(ends[1], ends[0]);
    close(ends[0]);
    close(ends[1]);
}

static void outlet_does_not_wait_for_a_terminal(void **state)
{
    int ours, theirs;

    (void)state;
    assert_int_equal(openpty(&theirs, &ours, NULL, NULL, NULL), 0);
    takes_some_and_then_none(ours, theirs);
    close(ours);
    close(theirs);
}

/* Where no open file of its own can be had, small pieces do it. */
static void outlet_does_not_wait_for_a_pipe_that_it_shares(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_in_range(fill(ends[1]), 4096, MOST - 1);
    close(ends[0]);
    close(ends[1]);
}

static void outlet_gives_a_file_everything_where_others_left_off(void **state)
{
    char path[] = "/tmp/crawl-outlet-XXXXXX", text[20] = "";
    int file = mkstemp(path);
    int fd;

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, "one ", 4), 4);
    fd = outlet_open(file);
    assert_int_equal(outlet_write(fd, "two", 3), 3);
    close(fd);
    assert_int_equal(pread(file, text, sizeof(text), 0), 7);
    assert_string_equal(text, "one two");
    close(file);
    unlink(path);
}

static void outlet_tells_that_the_reader_has_left(void **state)
{
    int ends[2];
    int fd;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    fd = outlet_open(ends[1]);
    close(ends[0]);
    assert_int_equal(outlet_write(fd, "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    close(fd);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlet_does_not_wait_for_a_pipe),
        cmocka_unit_test(outlet_does_not_wait_for_a_socket),
        cmocka_unit_test(outlet_does_not_wait_for_a_terminal),
        cmocka_unit_test(outlet_does_not_wait_for_a_pipe_that_it_shares),
        cmocka_unit_test(outlet_gives_a_file_everything_where_others_left_off),
        cmocka_unit_test(outlet_tells_that_the_reader_has_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
