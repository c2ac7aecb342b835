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
    for (int i = 0; i < CERR_NR; i++) {
        assert_string_not_equal(err_str((enum err)i), "unknown error");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(err_str((enum err)i), err_str((enum err)j));
    }
}

static void err_text_of_a_number_that_is_no_code_is_harmless(void **state)
{
    (void)state;
    assert_string_equal(err_str(CERR_NR), "unknown error");
    assert_string_equal(err_str((enum err) - 1), "unknown error");
}

static void err_knows_the_errnos_that_callers_tell_apart(void **state)
{
    static const struct {
        int errnum;
        enum err err;
    } rows[] = {
        {0, CERR_OK},
        {ENOMEM, CERR_NOMEM},
        {EAGAIN, CERR_AGAIN},
        {EWOULDBLOCK, CERR_AGAIN},
        {ENOSPC, CERR_FULL},
        {EDQUOT, CERR_FULL},
        {EFBIG, CERR_FULL},
        {EPIPE, CERR_CLOSED},
        {ECONNRESET, CERR_CLOSED},
        {ENOENT, CERR_NOT_FOUND},
        {EEXIST, CERR_EXISTS},
        {EACCES, CERR_PERM},
        {EROFS, CERR_PERM},
        {EMFILE, CERR_LIMIT},
        {EOWNERDEAD, CERR_OWNERDEAD},
        {EIO, CERR_IO},
        {EXDEV, CERR_IO},
        {123456, CERR_IO},
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
