/*
 * xalloc: memory or the end of the process, never NULL.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/xalloc.h"

static void xalloc_gives_memory_even_for_zero_bytes(void **state)
{
    char *a = xmalloc(0), *b = xcalloc(0, 8), *c = xcalloc(8, 0);
    char *d = xrealloc_array(NULL, 0, 0);

    (void)state;
    assert_true(a && b && c && d);
    free(a);
    free(b);
    free(c);
    d = xrealloc_array(d, 0, 8);
    assert_non_null(d);
    free(d);
}

static void xcalloc_zeroes(void **state)
{
    unsigned char *bytes = xcalloc(100, 3);

    (void)state;
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(bytes[i], 0);
    free(bytes);
}

static void xrealloc_array_keeps_what_was_there(void **state)
{
    int *numbers = xrealloc_array(NULL, 2, sizeof(int));

    (void)state;
    numbers[0] = 1;
    numbers[1] = 2;
    numbers = xrealloc_array(numbers, 1000, sizeof(int));
    assert_int_equal(numbers[0], 1);
    assert_int_equal(numbers[1], 2);
    free(numbers);
}

static void xmemdup0_copies_and_ends(void **state)
{
    char *copy = xmemdup0("a\0b", 3);
    char *text = xstrdup("text");
    char *empty = xmemdup0(NULL, 0);

    (void)state;
    assert_memory_equal(copy, "a\0b\0", 4);
    assert_string_equal(text, "text");
    assert_string_equal(empty, "");
    free(copy);
    free(text);
    free(empty);
}

/* In a child: asks for what no machine has, and says how it ended. */
static int status_of(void (*ask)(void), char *message, size_t cap)
{
    int fds[2], status = 0;
    size_t used = 0;
    ssize_t len;
    pid_t pid;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        ask();
        _exit(0);
    }
    close(fds[1]);
    do {
        len = read(fds[0], message + used, cap - 1 - used);
        used += len > 0 ? (size_t)len : 0;
    } while (len > 0);
    message[used] = '\0';
    close(fds[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void ask_for_too_much(void)
{
    free(xmalloc((size_t)1 << 62));
}

static void ask_for_a_product_that_overflows(void)
{
    free(xrealloc_array(NULL, (size_t)1 << 33, (size_t)1 << 33));
}

static void xalloc_ends_the_process_with_one_line(void **state)
{
    static void (*const asks[])(void) = {ask_for_too_much,
                                         ask_for_a_product_that_overflows};
    char message[4096];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        int status = status_of(asks[i], message, sizeof(message));

        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_non_null(strstr(message, "out of memory"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xalloc_gives_memory_even_for_zero_bytes),
        cmocka_unit_test(xcalloc_zeroes),
        cmocka_unit_test(xrealloc_array_keeps_what_was_there),
        cmocka_unit_test(xmemdup0_copies_and_ends),
        cmocka_unit_test(xalloc_ends_the_process_with_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
