/* What a host says of its quota, in the drafts' forms and in the older ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/politeness/rate_limit.h"

#define WALL_MS INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */

static struct bytes text_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void rate_limit_finds_the_longest_reset_of_what_is_spent(void **state)
{
    static const struct {
        const char *value, *before, *reset;
    } rows[] = {
        {"\"default\";r=0;t=30", "", "30"},
        {"default;r=0;t=30", "", "30"},
        {"\"default\"; t=30 ;r=0 ", "", "30"},
        {"\"default\";r=1;t=30", "", ""},
        {"\"default\";r=0", "", ""},
        {"\"default\";t=30", "", ""},
        {"\"a\";r=0;t=5,\"b\";r=0;t=60,\"c\";r=9;t=600", "", "60"},
        {"\"a\";r=0,\"b\";t=60", "", ""},
        {"\"a;r=0;t=9\";r=4;t=30", "", ""},
        {"\"a\\\",r=0;t=9\";r=0;t=30", "", "30"},
        {"\"a\";r=0;t=30;pk=:cHs9:", "", "30"},
        {"limit=100, remaining=0, reset=30", "", "30"},
        {"limit=100, remaining=7, reset=30", "", ""},
        {"reset=30, remaining=0", "", "30"},
        {"\"a\";r=0;t=30", "60", "60"},
        {"\"a\";r=0;t=90", "60", "90"},
        {"\"a\";r=5;t=90", "60", "60"},
        {"\"a\";r=0;t=soon", "", ""},
        {"\"a\";r=;t=30", "", ""},
        {"\"a;r=0;t=30", "", ""},
        {",;=,", "", ""},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct bytes reset =
            rate_limit_spent(text_of(rows[i].value), text_of(rows[i].before));

        if (reset.len != strlen(rows[i].reset) ||
            memcmp(reset.data, rows[i].reset, reset.len) != 0)
            fail_msg("%s: %.*s", rows[i].value, (int)reset.len,
                     (const char *)reset.data);
    }
}

static void rate_limit_is_nothing_where_zero_is_left(void **state)
{
    static const char *const nothing[] = {"0", "00", "0.0"};
    static const char *const others[] = {"1",    "0.5", "-1", "",   "none",
                                         "0, 4", "0x",  ".0", "10", "-0"};

    (void)state;
    for (size_t i = 0; i < sizeof(nothing) / sizeof(*nothing); i++)
        if (!rate_limit_is_nothing(text_of(nothing[i])))
            fail_msg("%s", nothing[i]);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        if (rate_limit_is_nothing(text_of(others[i])))
            fail_msg("%s", others[i]);
}

static void rate_limit_reads_seconds_times_and_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t wait_ms;
    } rows[] = {
        {"30", 30000},
        {"0", 0},
        {"29.5", 30000},
        {"29.0", 29000},
        {"999999999", 999999999000},
        {"1764000030", 30000},
        {"1764000030.25", 31000},
        {"1763999999", 0},
        {"1764000030000", 30000},
        {"99999999999999999999999", INT64_C(998235999999999)},
        {"Mon, 24 Nov 2025 16:00:30 GMT", 30000},
        {"Mon, 24 Nov 2025 15:00:30 GMT", 0},
        {"2025-11-24T16:00:30Z", 30000},
        {"2025-11-24T16:00:30.5Z", 31000},
        {"2025-11-24T15:00:30Z", 0},
        {"2025-11-24 16:00:30", -1},
        {"2025-13-24T16:00:30Z", -1},
        {"2025-11-24T16:00:30+02:00", -1},
        {"-5", -1},
        {"1m", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t wait_ms = rate_limit_wait_ms(text_of(rows[i].text), WALL_MS);

        if (wait_ms != rows[i].wait_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_limit_finds_the_longest_reset_of_what_is_spent),
        cmocka_unit_test(rate_limit_is_nothing_where_zero_is_left),
        cmocka_unit_test(rate_limit_reads_seconds_times_and_dates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
