/* Ids of sessions in URLs. */
#include "crawler/scope/session_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct bytes text_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static void session_keys_are_taken_out_by_name(void **state)
{
    static const char *const rows[][2] = {
        {"http://a.test/x;jsessionid=1F", "http://a.test/x"},
        {"http://a.test/x;JSESSIONID=1/y;v=2", "http://a.test/x/y;v=2"},
        {"http://a.test/x;a=1;jsessionid=1?q=2", "http://a.test/x;a=1?q=2"},
        {"http://a.test/?PHPSESSID=1", "http://a.test/"},
        {"http://a.test/?a=1&sid=2&b=3", "http://a.test/?a=1&b=3"},
        {"http://a.test/?sid=2&b=3", "http://a.test/?b=3"},
        {"http://a.test/?sid=2&", "http://a.test/"},
        {"http://a.test/?side=2&x=sid", "http://a.test/?side=2&x=sid"},
        {"http://a.test/?sid", "http://a.test/?sid"},
        {"http://a.test/?", "http://a.test/?"},
        {"http://a.test/a;;b?&&", "http://a.test/a;;b?&&"},
    };
    char out[URL_BYTES_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = session_keys_strip(text_of(rows[i][0]), out);

        out[len] = '\0';
        assert_string_equal(out, rows[i][1]);
    }
}

static void
session_keys_count_only_when_a_page_came_under_two_of_them(void **state)
{
    struct session_keys *keys = session_keys_new(&(struct hash_key){1, 2});

    (void)state;
    /* two pages, two hosts, and one URL twice are no sign */
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?sid=1"), 7));
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?sid=2"), 8));
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?sid=2"), 8));
    assert_false(
        session_keys_note(keys, 2, text_of("http://b.test/?sid=1"), 7));
    assert_false(session_keys_note(keys, 1, text_of("http://a.test/?x=1"), 7));
    assert_false(session_keys_have(keys, 1));
    /* of a short sid, two pages are a sign against it; of others not */
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?sid=3"), 7));
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?PHPSESSID=1"), 7));
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?PHPSESSID=2"), 8));
    assert_true(
        session_keys_note(keys, 1, text_of("http://a.test/?PHPSESSID=3"), 7));
    assert_true(session_keys_have(keys, 1));
    assert_false(session_keys_have(keys, 2));
    assert_false(
        session_keys_note(keys, 1, text_of("http://a.test/?sid=4"), 7));
    /* a sid that two pages do not contradict is one */
    assert_false(
        session_keys_note(keys, 3, text_of("http://c.test/?sid=1"), 7));
    assert_true(session_keys_note(keys, 3, text_of("http://c.test/?sid=2"), 7));
    session_keys_free(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(session_keys_are_taken_out_by_name),
        cmocka_unit_test(
            session_keys_count_only_when_a_page_came_under_two_of_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
