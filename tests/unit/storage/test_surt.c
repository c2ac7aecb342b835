/* surt: the keys that replay programs look for. */
#include "storage/sink/surt.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define ID24 "4hqa0555fwsecu455xqckv45"
#define ID32 "0123456789abcdefghijklemopqrstuv"

static const struct {
    const char *url, *key;
} rows[] = {
    {"http://archive.org/", "org,archive)/"},
    {"http://archive.org/index.html?", "org,archive)/index.html"},
    {"https://www.archive.org/goo/", "org,archive)/goo"},
    {"http://www34.archive.org/A?b=a&b=b&a=b", "org,archive)/a?a=b&b=a&b=b"},
    {"http://www2foo.com/", "com,www2foo)/"},
    {"http://www2.www2foo.com/", "com,www2foo)/"},
    {"http://www.com/", "com)/"},
    {"http://www/", "www)/"},
    {"http://wwww.com/", "com,wwww)/"},
    {"http://archive.org:8080/x", "org,archive:8080)/x"},
    {"https://archive.org:443/x", "org,archive)/x"},
    {"https://archive.org:80/x", "org,archive:80)/x"},
    {"http://127.0.0.1:8080/", "1,0,0,127:8080)/"},
    {"http://[::1]:8080/a", "[::1]:8080)/a"},
    {"http://[2001:db8::1]/", "[2001:db8::1])/"},
    {"http://a.b./x", "b,a)/x"},
    /* the path */
    {"http://h.com//two//slashes?more//slashes",
     "com,h)/two/slashes?more//slashes"},
    {"http://h.com/a/./b/../c/", "com,h)/a/c"},
    {"http://h.com/%25%32%35", "com,h)/%25"},
    {"http://h.com/%2525252525252525", "com,h)/%25"},
    {"http://h.com/%257Ea%2521b%2540c%2523d%2524e%25f",
     "com,h)/~a!b@c%23d$e%25f"},
    {"http://h.com/a%20b%C3%BC", "com,h)/a%20b%c3%bc"},
    {"http://h.com/(S(" ID24 "))/mileg.aspx", "com,h)/mileg.aspx"},
    {"http://h.com/(" ID24 ")/mileg.aspx", "com,h)/mileg.aspx"},
    {"http://h.com/(a(" ID24 ")S(" ID24 ")f(" ID24 "))/m.aspx?p=s",
     "com,h)/m.aspx?p=s"},
    {"http://h.com/(" ID24 ")/mileg.html", "com,h)/(" ID24 ")/mileg.html"},
    {"http://h.com/photos/36050182@N05/", "com,h)/photos/36050182@n05"},
    /* the query */
    {"http://h.com/?a=1&", "com,h)/?&a=1"},
    {"http://h.com/?b&a=1&a", "com,h)/?a&a=1&b"},
    {"http://h.com/?a-b=1&a=2", "com,h)/?a=2&a-b=1"},
    {"http://h.com/x?jsessionid=" ID32, "com,h)/x"},
    {"http://h.com/x?PHPSESSID=" ID32 "&a=1", "com,h)/x?a=1"},
    {"http://h.com/x?a=1&sid=" ID32 "&b=2", "com,h)/x?a=1&b=2"},
    {"http://h.com/x?sid=short", "com,h)/x?sid=short"},
    {"http://h.com/x?sid=" ID32 "x", "com,h)/x?sid=" ID32 "x"},
    {"http://h.com/x?ASPSESSIONIDAQBSDSRT=EOHBLBDDPFCLHKPGGKLILNAM&a=1",
     "com,h)/x?a=1"},
    {"http://h.com/x?CFID=2412&CFTOKEN=33d4&a=1", "com,h)/x?a=1"},
    {"http://h.com/x?a=%26&b=%2541", "com,h)/x?&a=&b=a"},
    {"http://h.com/x?Q=A%20B", "com,h)/x?q=a%20b"},
    {"dns:archive.org", "dns:archive.org"},
};

static void surt_makes_the_keys_of_archives(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct bytes url = {rows[i].url, strlen(rows[i].url)};
        struct buf key;

        buf_init(&key, 4 * SURT_URL_BYTES);
        assert_int_equal(surt_add(&key, url), CERR_OK);
        if (key.len != strlen(rows[i].key) ||
            memcmp(key.data, rows[i].key, key.len) != 0)
            fail_msg("%s: %.*s", rows[i].url, (int)key.len,
                     (const char *)key.data);
        buf_release(&key);
    }
}

static void surt_takes_the_longest_url_and_no_longer_one(void **state)
{
    static char text[SURT_URL_BYTES + 1];
    struct buf key;

    (void)state;
    memset(text, '%', sizeof(text));
    memcpy(text, "http://h/?", 10);
    buf_init(&key, 4 * SURT_URL_BYTES);
    assert_int_equal(surt_add(&key, (struct bytes){text, SURT_URL_BYTES}),
                     CERR_OK);
    assert_int_equal(surt_add(&key, (struct bytes){text, sizeof(text)}),
                     CERR_TOO_BIG);
    memset(text + 10, '&', sizeof(text) - 10);
    buf_reset(&key);
    assert_int_equal(surt_add(&key, (struct bytes){text, SURT_URL_BYTES}),
                     CERR_OK);
    buf_release(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(surt_makes_the_keys_of_archives),
        cmocka_unit_test(surt_takes_the_longest_url_and_no_longer_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
