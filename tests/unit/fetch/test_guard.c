#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "crawler/fetch/guard.h"
#include "tests/support/cmocka_all.h"

static const struct {
    const char *address;
    bool is_public;
} cases[] = {
    {"1.1.1.1", true},
    {"8.8.8.8", true},
    {"9.255.255.255", true},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"128.0.0.0", true},
    {"168.63.129.15", true},
    {"172.15.255.255", true},
    {"172.32.0.0", true},
    {"192.0.1.0", true},
    {"198.17.255.255", true},
    {"198.20.0.0", true},
    {"223.255.255.255", true},
    {"0.0.0.0", false},
    {"0.1.2.3", false},
    {"10.0.0.1", false},
    {"10.255.255.255", false},
    {"100.64.0.1", false},
    {"100.100.100.200", false},
    {"100.127.255.255", false},
    {"127.0.0.1", false},
    {"127.255.255.254", false},
    {"168.63.129.16", false},
    {"169.254.169.254", false},
    {"172.16.0.1", false},
    {"172.31.255.255", false},
    {"192.0.0.192", false},
    {"192.0.2.1", false},
    {"192.88.99.1", false},
    {"192.168.1.1", false},
    {"198.18.0.1", false},
    {"198.19.255.255", false},
    {"198.51.100.7", false},
    {"203.0.113.9", false},
    {"224.0.0.1", false},
    {"239.255.255.255", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"2606:4700:4700::1111", true},
    {"2a00:1450:4001:81b::200e", true},
    {"2001:4860:4860::8888", true},
    {"::", false},
    {"::1", false},
    {"::7f00:1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.1.2.3", false},
    {"::ffff:8.8.8.8", true},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b::a9fe:a9fe", false},
    {"64:ff9b:1::808:808", false},
    {"100::1", false},
    {"2001::1", false},
    {"2001:2::1", false},
    {"2001:10::1", false},
    {"2001:db8::1", false},
    {"2002:808:808::1", true},
    {"2002:7f00:1::1", false},
    {"2002:c0a8:101::1", false},
    {"3fff::1", false},
    {"4000::1", false},
    {"fc00::1", false},
    {"fd00:ec2::254", false},
    {"fe80::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

static struct guard *make_guard(const char *const *allowed, size_t nr)
{
    struct guard *guard = NULL;

    assert_int_equal(guard_new(&guard, allowed, nr, NULL), CERR_OK);
    return guard;
}

/* The same question as libcurl asks it. */
static bool allows_sockaddr(const struct guard *guard, const char *text)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1)
        return guard_allows(guard, (const struct sockaddr *)&ipv4);
    assert_int_equal(inet_pton(AF_INET6, text, &ipv6.sin6_addr), 1);
    return guard_allows(guard, (const struct sockaddr *)&ipv6);
}

static void guard_lets_only_public_addresses_pass(void **state)
{
    struct guard *guard = make_guard(NULL, 0);

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        if (guard_allows_text(guard, cases[i].address) != cases[i].is_public ||
            allows_sockaddr(guard, cases[i].address) != cases[i].is_public)
            fail_msg("%s should %sbe public", cases[i].address,
                     cases[i].is_public ? "" : "not ");
    }
    guard_free(guard);
}

static void guard_lets_allowed_ranges_pass(void **state)
{
    static const char *const allowed[] = {"10.1.0.0/16", "127.0.0.1",
                                          "fd00::/8", "192.168.0.0/17"};
    struct guard *guard = make_guard(allowed, NR(allowed));

    (void)state;
    assert_true(guard_allows_text(guard, "10.1.255.255"));
    assert_false(guard_allows_text(guard, "10.2.0.0"));
    assert_true(guard_allows_text(guard, "127.0.0.1"));
    assert_false(guard_allows_text(guard, "127.0.0.2"));
    assert_true(guard_allows_text(guard, "fdff::1"));
    assert_false(guard_allows_text(guard, "fc00::1"));
    assert_true(guard_allows_text(guard, "192.168.127.255"));
    assert_false(guard_allows_text(guard, "192.168.128.0"));
    assert_true(guard_allows_text(guard, "64:ff9b::a01:203")); /* 10.1.2.3 */
    guard_free(guard);
}

static void guard_refuses_ranges_that_are_none(void **state)
{
    static const char *const bad[] = {"",
                                      "/8",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0/8",
                                      "::/129",
                                      "10.0.0.0/8/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/ 8",
                                      "example.org",
                                      "1.2.3.4/0008",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaa/8"};

    (void)state;
    for (size_t i = 0; i < NR(bad); i++) {
        const char *const list[] = {"10.0.0.0/8", bad[i]};
        struct guard *guard = NULL;
        size_t place = 99;

        if (guard_new(&guard, list, 2, &place) != CERR_INVALID)
            fail_msg("\"%s\" was taken for a range", bad[i]);
        assert_int_equal(place, 1);
    }
}

static void guard_tells_whether_an_address_lies_in_a_range(void **state)
{
    static const struct {
        const char *address, *range;
        bool is_in;
    } rows[] = {
        {"10.1.2.3", "10.0.0.0/8", true}, {"11.1.2.3", "10.0.0.0/8", false},
        {"10.1.2.3", "10.1.2.3", true},   {"10.1.2.4", "10.1.2.3", false},
        {"fd12::1", "fd00::/8", true},    {"2001:db8::1", "fd00::/8", false},
        {"10.1.2.3", "fd00::/8", false},  {"10.1.2.3", "10.0.0.0/33", false},
        {"a.test", "10.0.0.0/8", false},  {"", "10.0.0.0/8", false},
        {"10.1.2.3", "", false},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct bytes address = {rows[i].address, strlen(rows[i].address)};
        struct bytes range = {rows[i].range, strlen(rows[i].range)};

        if (guard_is_in_range(address, range) != rows[i].is_in)
            fail_msg("%s in %s", rows[i].address, rows[i].range);
    }
}

static void guard_refuses_other_families(void **state)
{
    struct guard *guard = make_guard(NULL, 0);
    struct sockaddr address = {.sa_family = AF_UNIX};

    (void)state;
    assert_false(guard_allows(guard, &address));
    assert_false(guard_allows_text(guard, "localhost"));
    guard_free(guard);
}

static void guard_keeps_listed_hosts_from_neighbours_and_metadata(void **state)
{
    static const struct {
        const char *address;
        bool passes;
        const char *range;
    } rows[] = {
        {"93.184.216.34", true, ""},
        {"10.1.2.3", true, "10.0.0.0/8"},
        {"127.0.0.1", true, "127.0.0.0/8"},
        {"192.168.1.1", true, "192.168.0.0/16"},
        {"100.64.0.1", true, "100.64.0.0/10"},
        {"169.254.169.254", false, "169.254.0.0/16"},
        {"169.254.1.1", false, "169.254.0.0/16"},
        {"100.100.100.200", false, "100.64.0.0/10"},
        {"168.63.129.16", false, "168.63.129.16/32"},
        {"169.254.7.7", true, "169.254.0.0/16"}, /* allowed below */
        {"::1", true, "::1/128"},
        {"fd00::1", true, "fc00::/7"},
        {"fe80::1", false, "fe80::/10"},
        {"fd00:ec2::254", false, "fc00::/7"},
        {"::ffff:169.254.169.254", false, "169.254.0.0/16"},
        {"64:ff9b::a9fe:a9fe", false, ""}, /* 169.254.169.254, translated */
        {"2002:a9fe:a9fe::1", false, ""},  /* the same by 6to4 */
    };
    static const char *const allowed[] = {"169.254.7.7"};
    struct guard *guard = make_guard(allowed, 1);

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct sockaddr_in ipv4 = {.sin_family = AF_INET};
        struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
        const struct sockaddr *at = (const struct sockaddr *)&ipv4;

        if (inet_pton(AF_INET, rows[i].address, &ipv4.sin_addr) != 1) {
            assert_int_equal(
                inet_pton(AF_INET6, rows[i].address, &ipv6.sin6_addr), 1);
            at = (const struct sockaddr *)&ipv6;
        }
        if (guard_allows_listed(guard, at) != rows[i].passes)
            fail_msg("%s", rows[i].address);
        assert_string_equal(guard_range(guard, at), rows[i].range);
    }
    guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guard_lets_only_public_addresses_pass),
        cmocka_unit_test(guard_lets_allowed_ranges_pass),
        cmocka_unit_test(guard_refuses_ranges_that_are_none),
        cmocka_unit_test(guard_tells_whether_an_address_lies_in_a_range),
        cmocka_unit_test(guard_refuses_other_families),
        cmocka_unit_test(guard_keeps_listed_hosts_from_neighbours_and_metadata),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
