/*
 * url: the canonical form, the host's key and bad ports.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/url/url.h"

struct row {
    const char *input, *expected;
};

/* Both ways: into another object and in place. */
static void check_rows(const struct row *rows, size_t nr)
{
    static struct url url, other, again;

    for (size_t i = 0; i < nr; i++) {
        const char *input = rows[i].input;

        assert_int_equal(url_parse(&url, input, strlen(input), NULL), URL_OK);
        url_canonical(&other, &url);
        if (strcmp(other.text, rows[i].expected) != 0)
            fail_msg("'%s' gave '%s', not '%s'", input, other.text,
                     rows[i].expected);
        url_canonical(&url, &url);
        assert_string_equal(url.text, other.text);
        /* its components are those of its text */
        assert_int_equal(url_parse(&again, url.text, url.len, NULL), URL_OK);
        assert_string_equal(again.text, url.text);
        assert_int_equal(again.len, url.len);
        assert_int_equal(again.host_at, url.host_at);
        assert_int_equal(again.host_len, url.host_len);
        assert_int_equal(again.path_at, url.path_at);
        assert_int_equal(again.path_len, url.path_len);
        assert_int_equal(again.has_query, url.has_query);
        assert_int_equal(again.query_at, url.query_at);
        assert_int_equal(again.query_len, url.query_len);
        assert_int_equal(again.has_user, url.has_user);
        assert_int_equal(again.user_len, url.user_len);
        assert_false(url.has_fragment);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void canonical_drops_credentials_and_fragment(void **state)
{
    static const struct row rows[] = {
        {"http://u:p@h/a?b#c", "http://h/a?b"},
        {"https://u@h:8/#", "https://h:8/"},
        {"http://h/a#b?c", "http://h/a"},
        {"http://h/?", "http://h/?"},
        {"http://u@[::1]:8/a", "http://[::1]:8/a"},
    };

    (void)state;
    CHECK(rows);
}

static void canonical_normalises_escapes(void **state)
{
    static const struct row rows[] = {
        {"http://h/%7e%41%2d%5F%2e", "http://h/~A-_."},
        {"http://h/%2f%3a%3F%c3%a9", "http://h/%2F%3A%3F%C3%A9"},
        {"http://h/?%61=%26%3d%2B", "http://h/?a=%26%3D%2B"},
        {"http://h/%", "http://h/%"},
        {"http://h/%4", "http://h/%4"},
        {"http://h/%4g%zz", "http://h/%4g%zz"},
        {"http://h/a/%2e%2e/b", "http://h/b"},
        {"http://h/%2e%2e%2e", "http://h/..."},
        /* what a second pass would take for an escape stays one */
        {"http://h/%%34%31", "http://h/%%341"},
        {"http://h/%%41%42", "http://h/%%41B"},
        {"http://h/%4%31", "http://h/%4%31"},
        {"http://h/%-%34", "http://h/%-4"},
        {"http://h/%\x20%34", "http://h/%%204"},
        {"http://h/%25%34%31", "http://h/%2541"},
    };

    (void)state;
    CHECK(rows);
}

static void host_key_writes_the_port_always(void **state)
{
    static const struct row rows[] = {
        {"http://h/a", "http://h:80"},
        {"https://u:p@h/a", "https://h:443"},
        {"http://h:8080/", "http://h:8080"},
        {"https://[::1]:1/", "https://[::1]:1"},
        {"http://127.1:0/", "http://127.0.0.1:0"},
    };
    static struct url url;
    char key[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *input = rows[i].input;
        size_t len = strlen(rows[i].expected);

        assert_int_equal(url_parse(&url, input, strlen(input), NULL), URL_OK);
        assert_int_equal(url_host_key(&url, key, sizeof(key)), len);
        assert_string_equal(key, rows[i].expected);
        assert_int_equal(url_host_key(&url, key, len + 1), len);
        assert_int_equal(url_host_key(&url, key, len), 0);
    }
}

static void ports_of_other_services_are_bad(void **state)
{
    static const uint16_t bad[] = {0, 1, 22, 25, 110, 465, 6000, 6667, 10080};
    static const uint16_t good[] = {80, 443, 8080, 8443, 3000, 5000, 65535};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_true(url_port_is_bad(bad[i]));
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_false(url_port_is_bad(good[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_drops_credentials_and_fragment),
        cmocka_unit_test(canonical_normalises_escapes),
        cmocka_unit_test(host_key_writes_the_port_always),
        cmocka_unit_test(ports_of_other_services_are_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
