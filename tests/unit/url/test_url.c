/*
 * url: the parser, by rows of input, base and serialisation. The public
 * samples of tests/conform say more; here stand the edges that they do not
 * reach, the components, and the limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/url/url.h"

struct row {
    const char *input;
    const char *base;     /* NULL: none */
    const char *expected; /* NULL: URL_BAD */
};

static enum url_error parse(struct url *url, const char *text)
{
    return url_parse(url, text, strlen(text), NULL);
}

typedef enum url_error (*parse_fn)(struct url *url, const char *text,
                                   size_t len, const struct url *base);

static void check_rows_by(parse_fn parse_it, const struct row *rows, size_t nr)
{
    static struct url base, url;

    for (size_t i = 0; i < nr; i++) {
        const struct row *row = &rows[i];
        enum url_error error;

        if (row->base)
            assert_int_equal(parse(&base, row->base), URL_OK);
        error = parse_it(&url, row->input, strlen(row->input),
                         row->base ? &base : NULL);
        if (error != (row->expected ? URL_OK : URL_BAD))
            fail_msg("'%s': error %d", row->input, error);
        if (!row->expected)
            continue;
        if (strcmp(url.text, row->expected) != 0)
            fail_msg("'%s' gave '%s', not '%s'", row->input, url.text,
                     row->expected);
        assert_int_equal(url.len, strlen(url.text));
    }
}
#define CHECK(rows)                                                            \
    check_rows_by(url_parse, rows, sizeof(rows) / sizeof((rows)[0]))

static void url_resolves_every_kind_of_reference(void **state)
{
    static const struct row rows[] = {
        {"", "http://h/a/b?q#f", "http://h/a/b?q"},
        {"#", "http://h/a/b?q#f", "http://h/a/b?q#"},
        {"?", "http://h/a/b?q#f", "http://h/a/b?"},
        {"?x#y", "http://h/a/b?q#f", "http://h/a/b?x#y"},
        {"c", "http://h/a/b?q#f", "http://h/a/c"},
        {"c", "http://h", "http://h/c"},
        {"/c", "http://h/a/b?q#f", "http://h/c"},
        {"\\c", "http://h/a/b", "http://h/c"},
        {"//i/c", "http://h/a/b", "http://i/c"},
        {"/\\i/c", "http://h/a/b", "http://i/c"},
        {"////i/c", "https://h/a/b", "https://i/c"},
        {"http:c", "http://h/a/b", "http://h/a/c"},
        {"http:/c", "http://h/a/b", "http://h/c"},
        {"http:", "http://h/a/b?q", "http://h/a/b?q"},
        {"http:?x", "http://h/a/b?q", "http://h/a/b?x"},
        {"https:c", "http://h/a/b", "https://c/"},
        {"http:\\\\c", "http://h/a/b", "http://c/"},
        {"c", "http://u:p@h:8/a/", "http://u:p@h:8/a/c"},
        {"/c", "http://u:p@h:8/a/", "http://u:p@h:8/c"},
        {"//c", "http://u:p@h:8/a/", "http://c/"},
        {"..", "http://h/a/b/c", "http://h/a/"},
        {"../..", "http://h/a/b/c", "http://h/"},
        {"../../../x", "http://h/a/b/c", "http://h/x"},
    };

    (void)state;
    CHECK(rows);
}

static void url_finds_the_authority_behind_any_slashes(void **state)
{
    static const struct row rows[] = {
        {"http:h/p", NULL, "http://h/p"},
        {"http:/h/p", NULL, "http://h/p"},
        {"http:///////h/p", NULL, "http://h/p"},
        {"HtTpS:\\/\\h\\p", NULL, "https://h/p"},
        {"http://", NULL, NULL},
        {"http:///", NULL, NULL},
        {"http://?q", NULL, NULL},
        {"http://:80/", NULL, NULL},
        {"//h/p", NULL, NULL},
        {"h/p", NULL, NULL},
        {"", NULL, NULL},
        {":", NULL, NULL},
        {"1http://h/", NULL, NULL},
        {"http//h/", NULL, NULL},
        {"http://h?q", NULL, "http://h/?q"},
        {"http://h#f", NULL, "http://h/#f"},
        {"http://h\\p", NULL, "http://h/p"},
    };

    (void)state;
    CHECK(rows);
}

static void url_reads_credentials_up_to_the_last_at_sign(void **state)
{
    static const struct row rows[] = {
        {"http://u@h/", NULL, "http://u@h/"},
        {"http://u:@h/", NULL, "http://u@h/"},
        {"http://:p@h/", NULL, "http://:p@h/"},
        {"http://@h/", NULL, "http://h/"},
        {"http://:@h/", NULL, "http://h/"},
        {"http://u:p:q@h/", NULL, "http://u:p%3Aq@h/"},
        {"http://a@b:c@h/", NULL, "http://a%40b:c@h/"},
        {"http://a b|c^d;=@h/", NULL, "http://a%20b%7Cc%5Ed%3B%3D@h/"},
        {"http://u@/p", NULL, NULL},
        {"http://u@:80/p", NULL, NULL},
        {"http://u@h@/", NULL, NULL},
        {"http://h/@x", NULL, "http://h/@x"},
    };

    (void)state;
    CHECK(rows);
}

static void url_reads_ports(void **state)
{
    static const struct row rows[] = {
        {"http://h:/", NULL, "http://h/"},
        {"http://h:80/", NULL, "http://h/"},
        {"http://h:443/", NULL, "http://h:443/"},
        {"https://h:443/", NULL, "https://h/"},
        {"https://h:00080/", NULL, "https://h:80/"},
        {"http://h:0/", NULL, "http://h:0/"},
        {"http://h:65535/", NULL, "http://h:65535/"},
        {"http://h:65536/", NULL, NULL},
        {"http://h:99999999999999/", NULL, NULL},
        {"http://h:8a/", NULL, NULL},
        {"http://h:-1/", NULL, NULL},
        {"http://h: 80/", NULL, NULL},
        {"http://h:80:80/", NULL, NULL},
        {"http://[::1]:81/", NULL, "http://[::1]:81/"},
    };

    (void)state;
    CHECK(rows);
}

static void url_removes_dot_segments_in_every_spelling(void **state)
{
    static const struct row rows[] = {
        {"http://h/a/./b", NULL, "http://h/a/b"},
        {"http://h/a/%2e/b", NULL, "http://h/a/b"},
        {"http://h/a/../b", NULL, "http://h/b"},
        {"http://h/a/.%2E/b", NULL, "http://h/b"},
        {"http://h/a/%2e%2E", NULL, "http://h/"},
        {"http://h/a/b/..", NULL, "http://h/a/"},
        {"http://h/a/b/.", NULL, "http://h/a/b/"},
        {"http://h/a//../b", NULL, "http://h/a/b"},
        {"http://h/../../", NULL, "http://h/"},
        {"http://h/..?q", NULL, "http://h/?q"},
        {"http://h/.#f", NULL, "http://h/#f"},
        {"http://h/...", NULL, "http://h/..."},
        {"http://h/%2e%2e%2e", NULL, "http://h/%2e%2e%2e"},
        {"http://h/%2", NULL, "http://h/%2"},
        {"http://h/a/.%2", NULL, "http://h/a/.%2"},
        {"http://h/a\\..\\b", NULL, "http://h/b"},
    };

    (void)state;
    CHECK(rows);
}

static void url_encodes_each_component_by_its_own_set(void **state)
{
    static const struct row rows[] = {
        {"http://h/ \"<>`", NULL, "http://h/%20%22%3C%3E%60"},
        {"http://h/a{}^|'", NULL, "http://h/a%7B%7D%5E|'"},
        {"http://h/? \"<>`", NULL, "http://h/?%20%22%3C%3E`"},
        {"http://h/?{}^|'", NULL, "http://h/?{}^|%27"},
        {"http://h/# \"<>`", NULL, "http://h/#%20%22%3C%3E%60"},
        {"http://h/#{}^|'", NULL, "http://h/#{}^|'"},
        {"http://h/\x01\x7f", NULL, "http://h/%01%7F"},
        {"http://h/%zz%4", NULL, "http://h/%zz%4"},
        {"http://h/?a?b#c#d", NULL, "http://h/?a?b#c#d"},
        {"http://h/é", NULL, "http://h/%C3%A9"},
        {"http://h/?🔥", NULL, "http://h/?%F0%9F%94%A5"},
    };

    (void)state;
    CHECK(rows);
}

/* One U+FFFD for each longest beginning of a character. */
static void url_replaces_what_is_not_utf8(void **state)
{
    static const struct row rows[] = {
        {"http://h/\xff", NULL, "http://h/%EF%BF%BD"},
        {"http://h/\xe2\x82", NULL, "http://h/%EF%BF%BD"},
        {"http://h/\xe2\x82x", NULL, "http://h/%EF%BF%BDx"},
        {"http://h/\xf0\x9f\x94", NULL, "http://h/%EF%BF%BD"},
        {"http://h/\xc0\x80", NULL, "http://h/%EF%BF%BD%EF%BF%BD"},
        {"http://h/\xed\xa0\x80", NULL, "http://h/%EF%BF%BD%EF%BF%BD%EF%BF%BD"},
        {"http://\xff/", NULL, NULL},
    };

    (void)state;
    CHECK(rows);
}

/* Two texts that differ are two URLs: nothing becomes U+FFFD. */
static void url_escapes_bytes_that_are_not_utf8_as_they_are(void **state)
{
    static const struct row rows[] = {
        {"/caf\xe9", "http://h/", "http://h/caf%E9"},
        {"/s?q=\xfc"
         "ber",
         "http://h/", "http://h/s?q=%FCber"},
        {"/caf\xc3\xa9", "http://h/", "http://h/caf%C3%A9"},
        {"/\xc3\xa9\xe9", "http://h/", "http://h/%C3%A9%E9"},
        {"/\xe2\x82x", "http://h/", "http://h/%E2%82x"},
        {"/\xed\xa0\x80", "http://h/", "http://h/%ED%A0%80"},
        {"/\xe9\tx", "http://h/", "http://h/%E9x"},
        {"http://\xc3\xa9.test/\xff", NULL, "http://xn--9ca.test/%FF"},
        {"http://\xe9.test/", NULL, NULL},
    };

    (void)state;
    check_rows_by(url_parse_bytes, rows, sizeof(rows) / sizeof(rows[0]));
}

static void url_ignores_tabs_newlines_and_outer_blanks(void **state)
{
    static const struct row rows[] = {
        {" \x1f\x01http://h/a \r\n", NULL, "http://h/a"},
        {"ht\ttp:\n//h\r:8\t1/a\nb", NULL, "http://h:81/ab"},
        {"\t/\n/x\t", "http://h/", "http://x/"},
        {"/.\t./a", "http://h/b/c", "http://h/a"},
        {" \t ", "http://h/b", "http://h/b"},
    };
    static struct url url;

    (void)state;
    CHECK(rows);
    assert_int_equal(url_parse(&url, "http://h/\0a\0", 12, NULL), URL_OK);
    assert_string_equal(url.text, "http://h/%00a");
}

static void url_refuses_other_schemes(void **state)
{
    static const char *const texts[] = {
        "file:///etc/passwd",
        "ftp://h/",
        "mailto:a@b",
        "javascript:1",
        "data:,x",
        "httpx://h",
        "ws://h",
        "a:",
        "h+-.1:x",
        "\tda\nta:",
        "FILE:x",
        "about:blank",
    };
    static struct url url, base;

    (void)state;
    assert_int_equal(parse(&base, "http://h/"), URL_OK);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(parse(&url, texts[i]), URL_BAD_SCHEME);
        assert_int_equal(url_parse(&url, texts[i], strlen(texts[i]), &base),
                         URL_BAD_SCHEME);
    }
}

static void url_tells_its_components(void **state)
{
    static struct url url;

    (void)state;
    assert_int_equal(parse(&url, "https://u:p@[::1]:8443/a/b?q=1#f"), URL_OK);
    assert_int_equal(url.scheme, URL_HTTPS);
    assert_true(url.has_user && url.has_query && url.has_fragment);
    assert_memory_equal(url.text + url.user_at, "u:p", url.user_len);
    assert_memory_equal(url.text + url.host_at, "[::1]", url.host_len);
    assert_true(url.host_is_ipv6);
    assert_int_equal(url.port, 8443);
    assert_true(url.port_given);
    assert_memory_equal(url.text + url.path_at, "/a/b", url.path_len);
    assert_memory_equal(url.text + url.query_at, "q=1", url.query_len);
    assert_memory_equal(url.text + url.fragment_at, "f", url.fragment_len);

    assert_int_equal(parse(&url, "http://127.1"), URL_OK);
    assert_true(url.host_is_ipv4 && !url.host_is_ipv6);
    assert_false(url.has_user || url.has_query || url.has_fragment);
    assert_int_equal(url.port, 80);
    assert_false(url.port_given);
    assert_int_equal(url.path_len, 1);
}

static void url_tells_empty_from_absent(void **state)
{
    static struct url url, base;

    (void)state;
    assert_int_equal(parse(&url, "http://:@h/"), URL_OK);
    assert_false(url.has_user);
    assert_int_equal(url.user_at, 0);
    assert_int_equal(parse(&base, "http://h/?#"), URL_OK);
    assert_true(base.has_query && base.has_fragment);
    assert_int_equal(base.query_len, 0);
    assert_int_equal(url_parse(&url, "", 0, &base), URL_OK);
    assert_true(url.has_query && !url.has_fragment);
    assert_string_equal(url.text, "http://h/?");
}

/* Writes a text over the middle of another. */
static void overwrite(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

/* "http://h/" and `len` more bytes. */
static char *long_url(size_t len, char fill)
{
    char *text = malloc(len + 10);

    assert_non_null(text);
    overwrite(text, "http://h/");
    memset(text + 9, fill, len);
    text[len + 9] = '\0';
    return text;
}

static void url_is_cut_off_at_its_limit(void **state)
{
    static struct url url;
    char *text = long_url(URL_BYTES_MAX - 9 + 1, 'a');

    (void)state;
    assert_int_equal(url_parse(&url, text, URL_BYTES_MAX, NULL), URL_OK);
    assert_int_equal(url.len, URL_BYTES_MAX);
    assert_int_equal(url_parse(&url, text, URL_BYTES_MAX + 1, NULL),
                     URL_TOO_LONG);
    free(text);
    /* short enough as it stands, but not when it is encoded */
    text = long_url(URL_BYTES_MAX / 2, ' ');
    text[URL_BYTES_MAX / 2] = 'x';
    assert_int_equal(parse(&url, text), URL_TOO_LONG);
    free(text);
}

static void url_too_long_to_look_at_is_refused_whatever_it_becomes(void **state)
{
    static struct url url;
    const size_t len = (size_t)5 * URL_BYTES_MAX;
    char *text = long_url(len, '/');

    (void)state;
    for (size_t i = 9; i + 1 < len; i += 2)
        overwrite(text + i, "./"); /* shrinks to nothing */
    assert_int_equal(parse(&url, text), URL_TOO_LONG);
    text[20] = '\t'; /* the way through the copy */
    assert_int_equal(parse(&url, text), URL_TOO_LONG);
    overwrite(text, "data");
    assert_int_equal(parse(&url, text), URL_BAD_SCHEME);
    free(text);
}

static void url_long_tabs_do_not_count(void **state)
{
    static struct url url;
    const size_t len = (size_t)10 * URL_BYTES_MAX;
    char *text = long_url(len, '\t');

    (void)state;
    text[len + 8] = 'x';
    assert_int_equal(parse(&url, text), URL_OK);
    assert_string_equal(url.text, "http://h/x");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(url_resolves_every_kind_of_reference),
        cmocka_unit_test(url_finds_the_authority_behind_any_slashes),
        cmocka_unit_test(url_reads_credentials_up_to_the_last_at_sign),
        cmocka_unit_test(url_reads_ports),
        cmocka_unit_test(url_removes_dot_segments_in_every_spelling),
        cmocka_unit_test(url_encodes_each_component_by_its_own_set),
        cmocka_unit_test(url_replaces_what_is_not_utf8),
        cmocka_unit_test(url_escapes_bytes_that_are_not_utf8_as_they_are),
        cmocka_unit_test(url_ignores_tabs_newlines_and_outer_blanks),
        cmocka_unit_test(url_refuses_other_schemes),
        cmocka_unit_test(url_tells_its_components),
        cmocka_unit_test(url_tells_empty_from_absent),
        cmocka_unit_test(url_is_cut_off_at_its_limit),
        cmocka_unit_test(
            url_too_long_to_look_at_is_refused_whatever_it_becomes),
        cmocka_unit_test(url_long_tabs_do_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
