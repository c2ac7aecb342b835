#include "crawler/clock_doubt.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

static bool holds(int nr_outdated, int nr_fine)
{
    struct clock_doubt doubt = {0};
    int64_t host = 0;

    for (int i = 0; i < nr_outdated; i++)
        clock_doubt_add(&doubt, ++host, true);
    for (int i = 0; i < nr_fine; i++)
        clock_doubt_add(&doubt, ++host, false);
    return clock_doubt_holds(&doubt);
}

static void clock_is_in_doubt_when_most_hosts_seem_outdated(void **state)
{
    (void)state;
    assert_false(holds(0, 0));
    assert_false(holds(2, 0));
    assert_true(holds(3, 0));
    assert_true(holds(3, 2));
    assert_false(holds(3, 3));
    assert_true(holds(33, 31));
    assert_false(holds(32, 32));
}

static void clock_counts_a_host_once_however_many_pages_it_has(void **state)
{
    struct clock_doubt doubt = {0};

    (void)state;
    for (int i = 0; i < 100; i++) {
        clock_doubt_add(&doubt, 1, true);
        clock_doubt_add(&doubt, -2, true);
        clock_doubt_add(&doubt, 3, false);
    }
    assert_int_equal(doubt.nr_hosts, 3);
    assert_int_equal(doubt.nr_outdated, 2);
    assert_false(clock_doubt_holds(&doubt));
    clock_doubt_add(&doubt, 0, true);
    assert_true(clock_doubt_holds(&doubt));
}

static void clock_is_judged_by_the_first_hosts_of_many(void **state)
{
    struct clock_doubt doubt = {0};

    (void)state;
    for (int64_t host = 0; host < CLOCK_DOUBT_HOSTS; host++)
        clock_doubt_add(&doubt, host, true);
    for (int64_t host = 1000; host < 2000; host++)
        clock_doubt_add(&doubt, host, false);
    assert_int_equal(doubt.nr_hosts, CLOCK_DOUBT_HOSTS);
    assert_true(clock_doubt_holds(&doubt));
}

static bool is_about_time(const char *detail)
{
    return clock_doubt_is_about_time((struct bytes){detail, strlen(detail)});
}

static void clock_is_told_from_other_reasons(void **state)
{
    (void)state;
    assert_true(is_about_time("SSL certificate problem: certificate has "
                              "expired"));
    assert_true(is_about_time("SSL certificate problem: certificate is not "
                              "yet valid"));
    assert_false(is_about_time("SSL certificate problem: self-signed "
                               "certificate"));
    assert_false(is_about_time(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_is_in_doubt_when_most_hosts_seem_outdated),
        cmocka_unit_test(clock_counts_a_host_once_however_many_pages_it_has),
        cmocka_unit_test(clock_is_judged_by_the_first_hosts_of_many),
        cmocka_unit_test(clock_is_told_from_other_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
