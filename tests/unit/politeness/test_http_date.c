/* What a host says about time: HTTP dates, Retry-After, and our own pauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/politeness/http_date.h"

#define WALL_MS INT64_C(1764000000000) /* 2025-11-24T16:00:00Z */

static struct bytes text_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void http_date_reads_the_three_forms_of_a_date(void **state)
{
    static const struct {
        const char *text;
        int64_t date_ms;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777000},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777000},
        {"Sun Nov  6 08:49:37 1994", 784111777000},
        {"Sun Nov 16 08:49:37 1994", 784975777000},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 29 Feb 2028 23:59:60 GMT", 1835481600000},
        {"Monday, 24-Nov-25 16:00:00 GMT", WALL_MS},
        {"Friday, 31-Dec-99 23:59:59 GMT", 946684799000},
        {"Sun, 06 Nov 1994 08:49:37", -1},
        {"Sun, 06 Nov 1994 08:49:37 CET", -1},
        {"Sun, 6 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 25:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:60:37 GMT", -1},
        {"Sun, 32 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 00 Nov 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nox 1994 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1894 08:49:37 GMT", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT and more", -1},
        {"Sun, 06-Nov 1994 08:49:37 GMT", -1},
        {"Sun Nov", -1},
        {"Sun,", -1},
        {"", -1},
        {"garbage", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t date_ms = http_date_ms(text_of(rows[i].text), WALL_MS);
        if (date_ms != rows[i].date_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)date_ms);
    }
}

static void http_date_reads_retry_after(void **state)
{
    static const struct {
        const char *text;
        int64_t wait_ms;
    } rows[] = {
        {"0", 0},
        {"120", 120000},
        {"99999999999999999999999", 9999999999000},
        {"Mon, 24 Nov 2025 16:00:30 GMT", 30000},
        {"Mon, 24 Nov 2025 15:00:30 GMT", 0},
        {"-5", -1},
        {"1.5", -1},
        {"5 s", -1},
        {"", -1},
        {"soon", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int64_t wait_ms = http_retry_after_ms(text_of(rows[i].text), WALL_MS);
        if (wait_ms != rows[i].wait_ms)
            fail_msg("%s: %lld", rows[i].text, (long long)wait_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_date_reads_the_three_forms_of_a_date),
        cmocka_unit_test(http_date_reads_retry_after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
