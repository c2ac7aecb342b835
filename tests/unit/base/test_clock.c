/*
 * clock: the written form of wall time, and clocks that go forward.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

static void clock_writes_iso_8601_in_utc(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"},
        {1795421982123, "2026-11-23T08:19:42.123Z"},
        {-58277555571991, "0123-04-05T06:07:08.009Z"},
        {-62167219200000, "0000-01-01T00:00:00.000Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
        /* no room for these in the format */
        {253402300800000, "0000-00-00T00:00:00.000Z"},
        {-62167219200001, "0000-00-00T00:00:00.000Z"},
        {INT64_MAX, "0000-00-00T00:00:00.000Z"},
        {INT64_MIN, "0000-00-00T00:00:00.000Z"},
    };
    char out[CLOCK_ISO_BYTES];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        memset(out, 'x', sizeof(out));
        clock_iso(rows[i].wall_ms, out);
        assert_string_equal(out, rows[i].text);
    }
}

static void clock_mono_never_goes_back(void **state)
{
    int64_t last_us = clock_mono_us();
    int64_t last_ms = clock_mono_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now_us = clock_mono_us();
        int64_t now_ms = clock_mono_ms();

        assert_true(now_us >= last_us);
        assert_true(now_ms >= last_ms);
        assert_true(now_ms >= now_us / 1000);
        last_us = now_us;
        last_ms = now_ms;
    }
}

static void clock_wall_is_in_milliseconds(void **state)
{
    (void)state;
    /* between 2020 and 2200 on any machine that runs this */
    assert_true(clock_wall_ms() > 1577836800000);
    assert_true(clock_wall_ms() < 7258118400000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_writes_iso_8601_in_utc),
        cmocka_unit_test(clock_mono_never_goes_back),
        cmocka_unit_test(clock_wall_is_in_milliseconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
