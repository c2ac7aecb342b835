/* The clock of one transfer: which phase it is in, and which limit it passes.
 */
#include "crawler/fetch/phase.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define START_MS 1000

static const struct fetch_options limits = {
    .dns_timeout_ms = 100,
    .connect_timeout_ms = 200,
    .first_byte_timeout_ms = 300,
    .stall_timeout_ms = 400,
    .stall_bytes_per_s = 10,
    .total_timeout_ms = 5000,
};

static struct phase_clock started(void)
{
    struct phase_clock clock = {.phase = PHASE_IDLE};

    phase_start(&clock, START_MS);
    return clock;
}

static enum error check(struct phase_clock *clock, int64_t now_ms)
{
    const char *note;
    enum error error = phase_check(clock, &limits, now_ms, &note);

    assert_non_null(note);
    return error;
}

static void phase_counts_no_time_in_which_nobody_ran(void **state)
{
    struct phase_clock clock = started();

    (void)state;
    phase_enter(&clock, PHASE_CONNECTING, START_MS);
    phase_forgive(&clock, 60000);
    assert_int_equal(check(&clock, START_MS + 60199), ERROR_NONE);
    assert_int_equal(check(&clock, START_MS + 60200), ERROR_CONNECT_TIMEOUT);
    phase_enter(&clock, PHASE_ANSWERING, START_MS + 60000);
    phase_forgive(&clock, 9000);
    assert_int_equal(check(&clock, START_MS + 69399), ERROR_NONE);
    assert_int_equal(check(&clock, START_MS + 69400), ERROR_STALLED);
}

static void phase_is_active_from_start_to_end(void **state)
{
    struct phase_clock clock = {.phase = PHASE_IDLE};

    (void)state;
    assert_false(phase_is_active(&clock));
    phase_start(&clock, START_MS);
    assert_true(phase_is_active(&clock));
    phase_enter(&clock, PHASE_ANSWERING, START_MS);
    assert_true(phase_is_active(&clock));
    phase_enter(&clock, PHASE_ENDED, START_MS);
    assert_false(phase_is_active(&clock));
}

static void phase_has_a_limit_of_its_own(void **state)
{
    static const struct {
        enum phase phase;
        int64_t limit_ms;
        enum error error;
    } rows[] = {
        {PHASE_WAITING, 4500, ERROR_TIMEOUT}, /* in all, begun before */
        {PHASE_RESOLVING, 100, ERROR_DNS_TIMEOUT},
        {PHASE_CONNECTING, 200, ERROR_CONNECT_TIMEOUT},
        {PHASE_ASKED, 300, ERROR_TIMEOUT},
        {PHASE_ANSWERING, 400, ERROR_STALLED},
    };
    const int64_t begun_ms = START_MS + 500;

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct phase_clock clock = started();

        phase_enter(&clock, rows[i].phase, begun_ms);
        if (check(&clock, begun_ms + rows[i].limit_ms - 1) != ERROR_NONE)
            fail_msg("row %zu ends too early", i);
        if (check(&clock, begun_ms + rows[i].limit_ms) != rows[i].error)
            fail_msg("row %zu does not end in time", i);
    }
}

static void phase_says_that_no_answer_came(void **state)
{
    struct phase_clock clock = started();
    const char *note;

    (void)state;
    phase_enter(&clock, PHASE_ASKED, START_MS);
    assert_int_equal(phase_check(&clock, &limits, START_MS + 300, &note),
                     ERROR_TIMEOUT);
    assert_string_equal(note, "no answer to the request: --first-byte-timeout");
}

static void phase_calls_stalled_what_sends_too_little_for_a_window(void **state)
{
    struct phase_clock clock = started();

    (void)state;
    clock.received_bytes = 1000; /* before the answer: they do not count */
    phase_enter(&clock, PHASE_ANSWERING, START_MS);
    clock.received_bytes += 4; /* of 10 a second, in 0.4 s */
    assert_int_equal(check(&clock, START_MS + 400), ERROR_NONE);
    clock.received_bytes += 3;
    assert_int_equal(check(&clock, START_MS + 799), ERROR_NONE);
    assert_int_equal(check(&clock, START_MS + 800), ERROR_STALLED);
}

static void phase_holds_a_fast_answer_to_the_total_limit(void **state)
{
    struct phase_clock clock = started();

    (void)state;
    phase_enter(&clock, PHASE_ANSWERING, START_MS);
    for (int64_t ms = 400; ms < 5000; ms += 400) {
        clock.received_bytes += 1000;
        assert_int_equal(check(&clock, START_MS + ms), ERROR_NONE);
    }
    clock.received_bytes += 1000;
    assert_int_equal(check(&clock, START_MS + 5000), ERROR_TIMEOUT);
}

static void
phase_is_checked_twenty_times_within_the_shortest_limit(void **state)
{
    struct fetch_options options = limits;

    (void)state;
    assert_int_equal(phase_check_every_ms(&options), 5);
    options.dns_timeout_ms = options.connect_timeout_ms = 1000;
    options.first_byte_timeout_ms = options.stall_timeout_ms = 1000;
    assert_int_equal(phase_check_every_ms(&options), 50);
    options.dns_timeout_ms = options.connect_timeout_ms = 60000;
    options.first_byte_timeout_ms = options.stall_timeout_ms = 60000;
    options.total_timeout_ms = 60000;
    assert_int_equal(phase_check_every_ms(&options), 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(phase_counts_no_time_in_which_nobody_ran),
        cmocka_unit_test(phase_is_active_from_start_to_end),
        cmocka_unit_test(phase_has_a_limit_of_its_own),
        cmocka_unit_test(phase_says_that_no_answer_came),
        cmocka_unit_test(
            phase_calls_stalled_what_sends_too_little_for_a_window),
        cmocka_unit_test(phase_holds_a_fast_answer_to_the_total_limit),
        cmocka_unit_test(
            phase_is_checked_twenty_times_within_the_shortest_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
