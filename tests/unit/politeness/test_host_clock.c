/* One host's clock, on its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/politeness/host_clock.h"

static const struct host_limits limits = {
    .per_host = 8,
    .delay_ms = 0,
    .max_wait_ms = 60000,
    .max_retry_after_ms = 60000,
    .max_errors = 3,
};

static struct host_answer answer_of(enum host_answer_kind kind, int status,
                                    int64_t started_ms, int64_t now_ms)
{
    return (struct host_answer){
        .kind = kind,
        .status = status,
        .started_ms = started_ms,
        .now_ms = now_ms,
        .latency_ms = (double)(now_ms - started_ms),
        .retry_after_ms = -1,
    };
}

/* One request from start to answer. */
static void ask(struct host_clock *clock, enum host_answer_kind kind,
                int64_t started_ms, int64_t latency_ms)
{
    int status = kind == HOST_ANSWER_CALM   ? 200
                 : kind == HOST_ANSWER_BUSY ? 429
                                            : 0;
    struct host_answer answer =
        answer_of(kind, status, started_ms, started_ms + latency_ms);

    host_clock_started(clock, started_ms);
    host_clock_answered(clock, &limits, &answer);
}

/* One whose window has opened. */
static void init_open(struct host_clock *clock)
{
    host_clock_init(clock, &limits);
    clock->window = limits.per_host;
    clock->is_opening = false;
}

static void host_begins_with_one_and_opens_by_half_each_round(void **state)
{
    static const int windows[] = {1, 1, 2, 3, 4, 6, 8, 8};
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (size_t round = 0; round < sizeof(windows) / sizeof(*windows);
         round++) {
        struct host_answer answer =
            answer_of(HOST_ANSWER_CALM, 200, now_ms, now_ms + 10);
        int nr = 0;

        for (; host_clock_may_start(&clock, now_ms); nr++)
            host_clock_started(&clock, now_ms);
        assert_int_equal(nr, windows[round]);
        for (; nr > 0; nr--)
            host_clock_answered(&clock, &limits, &answer);
        now_ms += 10;
    }
}

static void host_opens_by_one_a_round_once_it_was_in_trouble(void **state)
{
    struct host_clock clock;

    (void)state;
    host_clock_init(&clock, &limits);
    ask(&clock, HOST_ANSWER_TROUBLE, 0, 10);
    ask(&clock, HOST_ANSWER_CALM, 100, 10);
    ask(&clock, HOST_ANSWER_CALM, 200, 10);
    assert_int_equal((int)clock.window, 2);
    ask(&clock, HOST_ANSWER_CALM, 300, 10);
    assert_int_equal((int)clock.window, 2);
}

static void host_starts_at_once_up_to_its_limit(void **state)
{
    struct host_clock clock;

    (void)state;
    init_open(&clock);
    for (int i = 0; i < limits.per_host; i++) {
        assert_true(host_clock_may_start(&clock, 5));
        host_clock_started(&clock, 5);
    }
    assert_false(host_clock_may_start(&clock, 5));
    host_clock_put_back(&clock);
    assert_true(host_clock_may_start(&clock, 5));
}

static void host_spaces_starts_by_its_delay(void **state)
{
    struct host_limits slow = limits;
    struct host_clock clock;

    (void)state;
    slow.delay_ms = 100;
    host_clock_init(&clock, &slow);
    clock.window = slow.per_host;
    host_clock_started(&clock, 1000);
    assert_false(host_clock_may_start(&clock, 1099));
    assert_true(host_clock_may_start(&clock, 1100));
    host_clock_started(&clock, 5000); /* no credit for the pause */
    assert_false(host_clock_may_start(&clock, 5099));
    host_clock_put_back(&clock);
    assert_true(host_clock_may_start(&clock, 5000));
}

static void host_takes_a_crawl_delay_within_bounds(void **state)
{
    static const struct {
        int64_t own_ms, asked_ms, delay_ms;
    } rows[] = {
        {0, 2000, 2000}, {5000, 2000, 5000},      {0, 0, 0},
        {0, -5, 0},      {0, 86400000000, 60000}, {90000, 100000, 90000},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct host_limits own = limits;
        struct host_clock clock;
        own.delay_ms = rows[i].own_ms;
        host_clock_init(&clock, &own);
        host_clock_set_crawl_delay(&clock, &own, rows[i].asked_ms);
        assert_int_equal(clock.delay_ms, rows[i].delay_ms);
    }
}

static void host_halves_its_window_and_opens_it_again(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    init_open(&clock);
    ask(&clock, HOST_ANSWER_TROUBLE, now_ms += 100, 10);
    assert_int_equal((int)clock.window, 4);
    ask(&clock, HOST_ANSWER_TROUBLE, now_ms += 100, 10);
    ask(&clock, HOST_ANSWER_TROUBLE, now_ms += 100, 10);
    ask(&clock, HOST_ANSWER_TROUBLE, now_ms += 100, 10);
    assert_int_equal((int)clock.window, 1);
    for (int i = 0; i < 36; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 100, 10);
    assert_int_equal((int)clock.window, 8);
}

static void host_takes_one_round_of_trouble_as_one(void **state)
{
    struct host_clock clock;

    (void)state;
    init_open(&clock);
    for (int i = 0; i < 8; i++)
        host_clock_started(&clock, 100);
    for (int i = 0; i < 8; i++) {
        struct host_answer answer =
            answer_of(HOST_ANSWER_TROUBLE, 500, 100, 200 + i);
        host_clock_answered(&clock, &limits, &answer);
    }
    assert_int_equal((int)clock.window, 4);
}

/* Asks `nr` times; `percent` of the answers, picked by a fixed generator, are
 * errors. The mean window. */
static double ask_faulty(struct host_clock *clock, int nr, unsigned percent,
                         int64_t *now_ms)
{
    static uint32_t seed = 20261128;
    double sum = 0;

    for (int i = 0; i < nr; i++) {
        seed = seed * 1664525 + 1013904223;
        *now_ms += 100;
        struct host_answer answer =
            answer_of(HOST_ANSWER_CALM, 200, *now_ms, *now_ms + 10);
        if ((seed >> 16) % 100 < percent) {
            answer.kind = HOST_ANSWER_TROUBLE;
            answer.status = 500;
        }
        host_clock_started(clock, answer.started_ms);
        host_clock_answered(clock, &limits, &answer);
        sum += (int)clock->window;
    }
    return sum / nr;
}

static void host_learns_which_share_of_errors_is_its_normal(void **state)
{
    static const unsigned usual[] = {1, 2, 5, 10, 20};
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        host_clock_init(&clock, &limits);
        ask_faulty(&clock, 1000, usual[i], &now_ms);
        double window = ask_faulty(&clock, 2000, usual[i], &now_ms);
        if (window < 0.9 * limits.per_host)
            fail_msg("%u %% of errors: a window of %.2f", usual[i], window);
        /* and what is above it shows */
        ask_faulty(&clock, 40, 80, &now_ms);
        assert_in_range((int)clock.window, 1, 2);
        ask_faulty(&clock, 400, usual[i], &now_ms);
        assert_int_equal((int)clock.window, limits.per_host);
    }
}

static void host_never_takes_a_host_that_is_broken_for_normal(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    ask_faulty(&clock, 5000, 100, &now_ms);
    assert_int_equal((int)clock.window, 1);
    assert_true(clock.normal_errors <= HOST_ERRORS_NORMAL);
    double window = ask_faulty(&clock, 2000, 60, &now_ms);
    if (window > 2)
        fail_msg("60 %% of errors: a window of %.2f", window);
}

static void host_slows_down_when_latency_rises(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 50; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 1000, 50);
    assert_int_equal((int)clock.window, 8);
    for (int i = 0; i < 10; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 5000, 2000);
    assert_int_equal((int)clock.window, 1);
    for (int i = 0; i < 60; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 1000, 50);
    assert_int_equal((int)clock.window, 8);
}

static void host_takes_lasting_latency_as_its_nature(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 200; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 5000, 3000);
    assert_int_equal((int)clock.window, 8);
}

static void host_does_not_mind_small_changes_of_latency(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 100; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 1000, i % 2 ? 1 : 200);
    assert_int_equal((int)clock.window, 8);
}

static void host_backs_off_twice_as_long_each_time(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int64_t wait_ms = 1000; wait_ms <= 60000; wait_ms *= 2) {
        ask(&clock, HOST_ANSWER_BUSY, now_ms += 100, 10);
        assert_int_equal(clock.due_ms - now_ms - 10, wait_ms);
        assert_int_equal(clock.status, 429);
        now_ms = clock.due_ms;
    }
    ask(&clock, HOST_ANSWER_BUSY, now_ms += 100, 10);
    assert_int_equal(clock.due_ms - now_ms - 10, 60000);
    now_ms = clock.due_ms;
    ask(&clock, HOST_ANSWER_CALM, now_ms += 100, 10);
    assert_int_equal(clock.status, 0);
    for (int i = 0; i < 20; i++)
        ask(&clock, HOST_ANSWER_CALM, now_ms += 100, 10);
    assert_int_equal(clock.backoff_ms, 0);
}

static void host_waits_as_it_asks(void **state)
{
    static const struct {
        int64_t asked_ms, wait_ms;
    } rows[] = {{0, 0}, {5000, 5000}, {60000, 60000}, {3600000, 60000}};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct host_clock clock;
        host_clock_init(&clock, &limits);
        struct host_answer answer =
            answer_of(HOST_ANSWER_BUSY, 503, 1000, 1010);
        answer.retry_after_ms = rows[i].asked_ms;
        host_clock_started(&clock, 1000);
        host_clock_answered(&clock, &limits, &answer);
        assert_int_equal(clock.due_ms, 1010 + rows[i].wait_ms);
    }
}

static void host_never_shortens_a_wait(void **state)
{
    struct host_clock clock;
    struct host_answer answer = answer_of(HOST_ANSWER_BUSY, 429, 1000, 1010);

    (void)state;
    host_clock_init(&clock, &limits);
    host_clock_started(&clock, 1000);
    host_clock_started(&clock, 1000);
    answer.retry_after_ms = 30000;
    host_clock_answered(&clock, &limits, &answer);
    answer.retry_after_ms = 1000;
    host_clock_answered(&clock, &limits, &answer);
    assert_int_equal(clock.due_ms, 31010);
}

static void host_that_named_a_time_is_tried_with_one_request(void **state)
{
    struct host_clock clock;
    struct host_answer answer = answer_of(HOST_ANSWER_BUSY, 429, 1000, 1010);

    (void)state;
    host_clock_init(&clock, &limits);
    answer.retry_after_ms = 30000;
    host_clock_started(&clock, 1000);
    host_clock_answered(&clock, &limits, &answer);
    assert_true(host_clock_may_start(&clock, 31010));
    host_clock_started(&clock, 31010);
    assert_false(host_clock_has_room(&clock));
}

static void host_has_a_cap_of_its_own_for_retry_after(void **state)
{
    struct host_limits own = limits;
    struct host_clock clock;
    struct host_answer answer = answer_of(HOST_ANSWER_BUSY, 429, 1000, 1010);

    (void)state;
    own.max_wait_ms = 1000;
    own.max_retry_after_ms = 600000;
    host_clock_init(&clock, &own);
    answer.retry_after_ms = 600000;
    host_clock_started(&clock, 1000);
    host_clock_answered(&clock, &own, &answer);
    assert_int_equal(clock.due_ms, 601010);
}

/* One request after the other, each told to wait so long; how many until the
 * host is taken as down, and when. */
static int ask_busy_host(struct host_clock *clock, int64_t retry_after_ms,
                         int64_t *now_ms)
{
    int nr = 0;

    for (; clock->state != HOST_DOWN && nr < 1000; nr++) {
        *now_ms = clock->due_ms > *now_ms ? clock->due_ms : *now_ms;
        struct host_answer answer =
            answer_of(HOST_ANSWER_BUSY, 429, *now_ms, *now_ms + 10);
        answer.retry_after_ms = retry_after_ms;
        host_clock_started(clock, *now_ms);
        host_clock_answered(clock, &limits, &answer);
    }
    return nr;
}

static void host_that_only_asks_to_wait_is_down_in_the_end(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 1000;

    (void)state;
    host_clock_init(&clock, &limits);
    int nr = ask_busy_host(&clock, 60000, &now_ms);
    assert_in_range(now_ms, HOST_PATIENCE_MS, HOST_PATIENCE_MS + 180000);
    assert_in_range(nr, limits.max_errors + 1, 8);

    now_ms = 1000; /* a short wait is tried more often, not given up sooner */
    host_clock_init(&clock, &limits);
    nr = ask_busy_host(&clock, 5000, &now_ms);
    assert_true(now_ms >= HOST_PATIENCE_MS);
    assert_true(nr > 50);
}

static void host_down_by_waits_is_so_over_a_lease_too(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 1000;

    (void)state;
    host_clock_init(&clock, &limits);
    clock.nr_errors = limits.max_errors; /* as storage has it */
    clock.status = HOST_STATUS_UNKNOWN;
    assert_int_equal(ask_busy_host(&clock, 60000, &now_ms), 2);
}

static void host_counts_waits_and_failures_apart(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 1000;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 40; i++) {
        ask(&clock, HOST_ANSWER_UNREACHABLE, now_ms += 20000, 10);
        ask(&clock, HOST_ANSWER_UNREACHABLE, now_ms += 20000, 10);
        ask(&clock, HOST_ANSWER_BUSY, now_ms += 20000, 10);
        ask(&clock, HOST_ANSWER_BUSY, now_ms += 70000, 10);
        assert_int_equal(clock.state, HOST_UP);
    }
}

static void host_becomes_suspect_then_down(void **state)
{
    struct host_clock clock;

    (void)state;
    host_clock_init(&clock, &limits);
    ask(&clock, HOST_ANSWER_UNREACHABLE, 100, 10);
    ask(&clock, HOST_ANSWER_UNREACHABLE, 200, 10);
    assert_int_equal(clock.state, HOST_UP);
    ask(&clock, HOST_ANSWER_UNREACHABLE, 300, 10);
    assert_int_equal(clock.state, HOST_SUSPECT);
    assert_false(host_clock_may_start(&clock, 310 + HOST_PROBE_MS - 1));
    assert_true(host_clock_may_start(&clock, 310 + HOST_PROBE_MS));
    host_clock_started(&clock, 310 + HOST_PROBE_MS);
    assert_false(host_clock_has_room(&clock)); /* one probe */
    host_clock_put_back(&clock);
    ask(&clock, HOST_ANSWER_UNREACHABLE, 310 + HOST_PROBE_MS, 10);
    assert_int_equal(clock.state, HOST_DOWN);
}

static void host_counts_only_the_probe_when_suspect(void **state)
{
    struct host_clock clock;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 6; i++)
        host_clock_started(&clock, 100);
    for (int i = 0; i < 6; i++) {
        struct host_answer answer =
            answer_of(HOST_ANSWER_UNREACHABLE, 0, 100, 200 + i);
        host_clock_answered(&clock, &limits, &answer);
    }
    assert_int_equal(clock.state, HOST_SUSPECT);
    ask(&clock, HOST_ANSWER_CALM, 9000, 10);
    assert_int_equal(clock.state, HOST_UP);
    assert_int_equal(clock.nr_errors, 0);
}

static void host_forgets_failures_with_any_answer(void **state)
{
    struct host_clock clock;
    int64_t now_ms = 0;

    (void)state;
    host_clock_init(&clock, &limits);
    for (int i = 0; i < 20; i++) {
        ask(&clock, HOST_ANSWER_UNREACHABLE, now_ms += 100, 10);
        ask(&clock, HOST_ANSWER_UNREACHABLE, now_ms += 100, 10);
        ask(&clock, i % 2 ? HOST_ANSWER_CALM : HOST_ANSWER_BUSY, now_ms += 100,
            10);
    }
    assert_int_equal(clock.state, HOST_UP);
}

static void host_is_not_blamed_for_our_own_failures(void **state)
{
    struct host_clock clock;

    (void)state;
    init_open(&clock);
    for (int i = 0; i < 20; i++)
        ask(&clock, HOST_ANSWER_NOTHING, 100 * i, 10);
    assert_int_equal(clock.state, HOST_UP);
    assert_int_equal((int)clock.window, 8);
    assert_int_equal(clock.in_flight, 0);
}

static void host_backoff_doubles_with_jitter(void **state)
{
    (void)state;
    assert_int_equal(host_backoff_ms(1000, 0, 60000, 0), 1000);
    assert_int_equal(host_backoff_ms(1000, 3, 60000, 0), 8000);
    assert_int_equal(host_backoff_ms(1000, 3, 60000, 0.5), 6000);
    assert_int_equal(host_backoff_ms(1000, 63, 60000, 0), 60000);
    assert_true(host_backoff_ms(1000, 0, 60000, 0.999999) >= 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_begins_with_one_and_opens_by_half_each_round),
        cmocka_unit_test(host_opens_by_one_a_round_once_it_was_in_trouble),
        cmocka_unit_test(host_starts_at_once_up_to_its_limit),
        cmocka_unit_test(host_spaces_starts_by_its_delay),
        cmocka_unit_test(host_takes_a_crawl_delay_within_bounds),
        cmocka_unit_test(host_halves_its_window_and_opens_it_again),
        cmocka_unit_test(host_takes_one_round_of_trouble_as_one),
        cmocka_unit_test(host_learns_which_share_of_errors_is_its_normal),
        cmocka_unit_test(host_never_takes_a_host_that_is_broken_for_normal),
        cmocka_unit_test(host_slows_down_when_latency_rises),
        cmocka_unit_test(host_takes_lasting_latency_as_its_nature),
        cmocka_unit_test(host_does_not_mind_small_changes_of_latency),
        cmocka_unit_test(host_backs_off_twice_as_long_each_time),
        cmocka_unit_test(host_waits_as_it_asks),
        cmocka_unit_test(host_never_shortens_a_wait),
        cmocka_unit_test(host_that_named_a_time_is_tried_with_one_request),
        cmocka_unit_test(host_has_a_cap_of_its_own_for_retry_after),
        cmocka_unit_test(host_that_only_asks_to_wait_is_down_in_the_end),
        cmocka_unit_test(host_down_by_waits_is_so_over_a_lease_too),
        cmocka_unit_test(host_counts_waits_and_failures_apart),
        cmocka_unit_test(host_becomes_suspect_then_down),
        cmocka_unit_test(host_counts_only_the_probe_when_suspect),
        cmocka_unit_test(host_forgets_failures_with_any_answer),
        cmocka_unit_test(host_is_not_blamed_for_our_own_failures),
        cmocka_unit_test(host_backoff_doubles_with_jitter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
