/* Which proxy a URL is asked by, and what no proxy is asked for. */
#include <string.h>

#include "crawler/fetch/fetch_internal.h"
#include "tests/support/cmocka_all.h"

#define HTTP  "http://one.test:3128"
#define HTTPS "http://two.test:3128"

static void
proxy_serves_hosts_but_this_machine_and_those_that_are_named(void **state)
{
    static const struct {
        const char *none, *url, *proxy; /* NULL: no proxy */
    } rows[] = {
        {NULL, "http://a.test/", HTTP},
        {NULL, "https://a.test/", HTTPS},
        {"", "http://a.test/", HTTP},
        {"*", "http://a.test/", NULL},
        {"a.test", "http://a.test/", NULL},
        {"a.test", "http://b.a.test:8080/x", NULL},
        {".a.test", "http://b.a.test/", NULL},
        {".a.test", "http://a.test/", NULL},
        {"A.Test", "http://a.test/", NULL},
        {"a.test", "http://ba.test/", HTTP},
        {"b.test, a.test", "http://a.test/", NULL},
        {"b.test a.test", "https://a.test/", NULL},
        {"b.test,,c.test", "http://c.test/", NULL},
        {"10.0.0.0/8", "http://10.1.2.3/", NULL},
        {"10.0.0.0/8", "http://11.1.2.3/", HTTP},
        {"10.1.2.3", "http://10.1.2.3/", NULL},
        {"10.0.0.0/x", "http://10.1.2.3/", HTTP},
        {"10.0.0.0/33", "http://10.0.0.0/", HTTP},
        {"fd00::/8", "http://[fd12::1]/", NULL},
        {"fd00::/8", "http://[2001:db8::1]/", HTTP},
        {NULL, "http://localhost/", NULL},
        {NULL, "http://x.localhost:80/", NULL},
        {NULL, "http://127.1.2.3/", NULL},
        {NULL, "https://[::1]/", NULL},
        {NULL, "http://localhost.test/", HTTP},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        const struct fetch_options options = {
            .proxies = {HTTP, HTTPS, rows[i].none, true}};
        const char *got = proxy_choose(&options, rows[i].url);

        if (got != rows[i].proxy &&
            (!got || !rows[i].proxy || strcmp(got, rows[i].proxy) != 0))
            fail_msg("row %zu: %s by %s", i, rows[i].url, got ? got : "none");
    }
}

static void proxy_that_was_asked_for_serves_all_hosts(void **state)
{
    const struct fetch_options named = {.proxies = {HTTP, HTTP, "*", false}};
    const struct fetch_options none = {.max_transfers = 1};

    (void)state;
    assert_string_equal(proxy_choose(&named, "http://127.0.0.1/"), HTTP);
    assert_string_equal(proxy_choose(&named, "https://a.test/"), HTTP);
    assert_null(proxy_choose(&none, "http://a.test/"));
}

static void proxy_is_not_asked_for_what_the_guard_refuses(void **state)
{
    static const struct {
        const char *url;
        bool may;
    } rows[] = {
        {"http://a.test/", true},
        {"http://93.184.216.34/", true},
        {"http://10.9.8.7/", true}, /* allowed below */
        {"http://10.0.0.5/", false},
        {"http://127.0.0.1:6379/", false},
        {"http://169.254.169.254/latest/", false},
        {"http://localhost/", false},
        {"http://x.localhost/", false},
        {"http://[::1]/", false},
        {"http://[::ffff:7f00:1]/", false},
        {"http://[2606:2800:220:1::1]:81/", true},
    };
    static const char *const allowed[] = {"10.9.0.0/16"};
    struct guard *guard;

    (void)state;
    assert_int_equal(guard_new(&guard, allowed, 1, NULL), CERR_OK);
    for (size_t i = 0; i < NR(rows); i++)
        if (proxy_may_ask(guard, rows[i].url, false) != rows[i].may)
            fail_msg("%s", rows[i].url);
    assert_true(proxy_may_ask(guard, "http://127.0.0.1/", true));
    assert_false(proxy_may_ask(guard, "http://169.254.169.254/", true));
    guard_free(guard);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            proxy_serves_hosts_but_this_machine_and_those_that_are_named),
        cmocka_unit_test(proxy_that_was_asked_for_serves_all_hosts),
        cmocka_unit_test(proxy_is_not_asked_for_what_the_guard_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
