/*
 * outcome: the words that scripts and queries depend on, and that no row of
 * the table was forgotten.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/page/outcome.h"

static void outcome_names_are_fixed(void **state)
{
    (void)state;
    assert_string_equal(outcome_name(OUTCOME_OK), "ok");
    assert_string_equal(outcome_name(OUTCOME_REDIRECT), "redirect");
    assert_string_equal(outcome_name(OUTCOME_HTTP_ERROR), "http_error");
    assert_string_equal(outcome_name(OUTCOME_ERROR), "error");
    assert_string_equal(outcome_name(OUTCOME_SKIPPED), "skipped");
}

static void error_class_has_a_name_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(error_class_name(CLASS_NONE), "");
    for (int i = 1; i < CLASS_NR; i++) {
        assert_non_null(error_class_name((enum error_class)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(error_class_name((enum error_class)i),
                                    error_class_name((enum error_class)j));
    }
}

static void error_row_is_complete(void **state)
{
    (void)state;
    for (int i = 1; i < ERROR_NR; i++) {
        const struct error_info *info = error_info((enum error)i);

        if (!info->code || !info->meaning || !info->hint) {
            fail_msg("error %d has no row", i);
            return;
        }
        assert_true(info->error_class > CLASS_NONE);
        assert_true(info->error_class < CLASS_NR);
        for (const char *at = info->code; *at; at++)
            assert_true(islower((unsigned char)*at) || *at == '_');
        /* whole sentences */
        assert_true(isupper((unsigned char)info->meaning[0]));
        assert_true(isupper((unsigned char)info->hint[0]));
        assert_int_equal(info->meaning[strlen(info->meaning) - 1], '.');
        assert_int_equal(info->hint[strlen(info->hint) - 1], '.');
        assert_string_equal(error_code((enum error)i), info->code);
    }
}

static void error_codes_are_distinct(void **state)
{
    (void)state;
    for (int i = 0; i < ERROR_NR; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(error_code((enum error)i),
                                    error_code((enum error)j));
}

static void error_none_has_no_code_and_no_class(void **state)
{
    (void)state;
    assert_string_equal(error_code(ERROR_NONE), "");
    assert_int_equal(error_info(ERROR_NONE)->error_class, CLASS_NONE);
    assert_false(error_info(ERROR_NONE)->retryable);
}

static void error_is_retryable_where_time_may_help(void **state)
{
    static const enum error again[] = {
        ERROR_DNS_TIMEOUT, ERROR_CONNECT,   ERROR_CONNECT_TIMEOUT,
        ERROR_TIMEOUT,     ERROR_TRUNCATED, ERROR_WORKER_CRASH,
        ERROR_INTERNAL,    ERROR_STALLED,   ERROR_ROBOTS_UNREACHABLE,
    };
    static const enum error final[] = {
        ERROR_BAD_URL,         ERROR_DNS,    ERROR_TLS,
        ERROR_TOO_LARGE,       ERROR_BOMB,   ERROR_ROBOTS,
        ERROR_BLOCKED_ADDRESS, ERROR_POISON,
    };

    (void)state;
    for (size_t i = 0; i < sizeof(again) / sizeof(again[0]); i++)
        assert_true(error_info(again[i])->retryable);
    for (size_t i = 0; i < sizeof(final) / sizeof(final[0]); i++)
        assert_false(error_info(final[i])->retryable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcome_names_are_fixed),
        cmocka_unit_test(error_class_has_a_name_of_its_own),
        cmocka_unit_test(error_row_is_complete),
        cmocka_unit_test(error_codes_are_distinct),
        cmocka_unit_test(error_none_has_no_code_and_no_class),
        cmocka_unit_test(error_is_retryable_where_time_may_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
