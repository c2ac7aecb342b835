#include "crawler/frontier/host_rules.h"

#include <string.h>

#include "crawler/frontier/frontier_options.h"
#include "tests/support/cmocka_all.h"

static const char *header[] = {"X-A: b"};

/* From general to special, as the configuration has them. */
static const struct host_settings hosts[] = {
    {"*.example.com", 2000, -1, -1, 1, 7, -1, {header, 1}},
    {"*.api.example.com", 500, 9000, -1, -1, -1, 1, {header, 1}},
    {"[::1]", -1, -1, 5000, -1, -1, -1, {NULL, 0}},
    {"example.com", 0, -1, -1, -1, 0, 0, {NULL, 0}},
    {"v1.api.example.com", -1, -1, -1, 3, -1, -1, {NULL, 0}},
};

static struct host_rules rules_of(const char *key)
{
    struct frontier_options options = {
        .any_host = {.limits = {.per_host = 6,
                                .delay_ms = 100,
                                .max_wait_ms = 30000,
                                .max_retry_after_ms = 3600000,
                                .max_errors = 5},
                     .retries = 2},
        .hosts = hosts,
        .nr_hosts = sizeof(hosts) / sizeof(hosts[0]),
    };
    struct host_rules rules;

    host_rules_find(&options, (struct bytes){key, strlen(key)}, &rules);
    return rules;
}

static void host_rules_are_the_general_ones_for_others(void **state)
{
    static const char *const keys[] = {
        "http://other.test:80",
        "http://notexample.com:80",
        "https://example.com.evil:443",
        "http://com:80",
        "http://[::2]:80",
        "http://xexample.com:80",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct host_rules rules = rules_of(keys[i]);
        assert_int_equal(rules.limits.per_host, 6);
        assert_int_equal(rules.limits.delay_ms, 100);
        assert_int_equal(rules.limits.max_wait_ms, 30000);
        assert_int_equal(rules.limits.max_retry_after_ms, 3600000);
        assert_int_equal(rules.limits.max_errors, 5);
        assert_int_equal(rules.retries, 2);
        assert_int_equal(rules.header_set, 0);
        assert_false(rules.ignore_robots);
    }
}

static void host_rules_of_a_name_hold_for_every_port_and_scheme(void **state)
{
    static const char *const keys[] = {"http://example.com:80",
                                       "https://example.com:443",
                                       "http://example.com:8080"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct host_rules rules = rules_of(keys[i]);
        assert_int_equal(rules.limits.delay_ms, 0);
        assert_int_equal(rules.retries, 0);
        assert_int_equal(rules.limits.per_host, 6); /* not below itself */
        assert_int_equal(rules.header_set, 0);
    }
    assert_int_equal(rules_of("http://[::1]:80").limits.max_retry_after_ms,
                     5000);
}

static void host_rules_of_longer_patterns_win_one_by_one(void **state)
{
    struct host_rules rules = rules_of("https://www.example.com:443");

    (void)state;
    assert_int_equal(rules.limits.delay_ms, 2000);
    assert_int_equal(rules.limits.per_host, 1);
    assert_int_equal(rules.header_set, 1);

    rules = rules_of("https://v1.api.example.com:443");
    assert_int_equal(rules.limits.delay_ms, 500);     /* *.api.example.com */
    assert_int_equal(rules.limits.max_wait_ms, 9000); /* likewise */
    assert_int_equal(rules.limits.per_host, 3);       /* its own */
    assert_int_equal(rules.retries, 7);               /* *.example.com */
    assert_int_equal(rules.header_set, 2);
    assert_true(rules.ignore_robots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_rules_are_the_general_ones_for_others),
        cmocka_unit_test(host_rules_of_a_name_hold_for_every_port_and_scheme),
        cmocka_unit_test(host_rules_of_longer_patterns_win_one_by_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
