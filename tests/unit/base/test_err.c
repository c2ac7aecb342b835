/*
 * err: every code has a text, every errno a code.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static void err_has_a_text_for_every_code(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_NR; i++) {
        assert_string_not_equal(err_str((enum err)i), "unknown error");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(err_str((enum err)i), err_str((enum err)j));
    }
}

static void err_text_of_a_number_that_is_no_code_is_harmless(void **state)
{
    (void)state;
    assert_string_equal(err_str(ERR_NR), "unknown error");
    assert_string_equal(err_str((enum err) - 1), "unknown error");
}

static void err_knows_the_errnos_that_callers_tell_apart(void **state)
{
    static const struct {
        int errnum;
        enum err err;
    } rows[] = {
        {0, ERR_OK},
        {ENOMEM, ERR_NOMEM},
        {EAGAIN, ERR_AGAIN},
        {EWOULDBLOCK, ERR_AGAIN},
        {ENOSPC, ERR_FULL},
        {EDQUOT, ERR_FULL},
        {EFBIG, ERR_FULL},
        {EPIPE, ERR_CLOSED},
        {ECONNRESET, ERR_CLOSED},
        {ENOENT, ERR_NOT_FOUND},
        {EEXIST, ERR_EXISTS},
        {EACCES, ERR_PERM},
        {EROFS, ERR_PERM},
        {EMFILE, ERR_LIMIT},
        {EOWNERDEAD, ERR_OWNERDEAD},
        {EIO, ERR_IO},
        {EXDEV, ERR_IO},
        {123456, ERR_IO},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(err_from_errno(rows[i].errnum), rows[i].err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(err_has_a_text_for_every_code),
        cmocka_unit_test(err_text_of_a_number_that_is_no_code_is_harmless),
        cmocka_unit_test(err_knows_the_errnos_that_callers_tell_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
