/*
 * url: hosts. IPv4 and IPv6 in all their forms, and domain names by UTS #46.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crawler/url/url.h"
#include "crawler/url/url_punycode.h"

struct row {
    const char *host;
    const char *expected; /* NULL: refused */
};

static void check_rows(const struct row *rows, size_t nr)
{
    static struct url url;
    char text[2000], host[2000];

    for (size_t i = 0; i < nr; i++) {
        const struct row *row = &rows[i];
        enum url_error error;

        snprintf(text, sizeof(text), "http://%s/", row->host);
        error = url_parse(&url, text, strlen(text), NULL);
        if (error != (row->expected ? URL_OK : URL_BAD))
            fail_msg("'%s': error %d", row->host, error);
        if (!row->expected)
            continue;
        snprintf(host, sizeof(host), "%.*s", (int)url.host_len,
                 url.text + url.host_at);
        if (strcmp(host, row->expected) != 0)
            fail_msg("'%s' gave '%s', not '%s'", row->host, host,
                     row->expected);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof((rows)[0]))

static void host_in_ascii_is_lowered_and_otherwise_kept(void **state)
{
    static const struct row rows[] = {
        {"EXAMPLE.Com", "example.com"},
        {"a_b.c~d!$&'()*+,;=", "a_b.c~d!$&'()*+,;="},
        {"example.com.", "example.com."},
        {".", "."},
        {"a..b", "a..b"},
        {"-a-.b--c", "-a-.b--c"},
        {"%41%2Eb", "a.b"},
        {"XN--A", "xn--a"}, /* not looked into */
        {"a b", NULL},
        {"a%20b", NULL},
        {"a%00b", NULL},
        {"a%b", NULL},
        {"a%", NULL},
        {"a%2fb", NULL},
        {"a<b", NULL},
        {"a|b", NULL},
        {"a^b", NULL},
        {"a\x7f", NULL},
        {"[::1", NULL},
        {"::1]", NULL},
        {"a[::1]", NULL},
        {"[::1]a", NULL},
    };

    (void)state;
    CHECK(rows);
}

static void host_that_ends_in_a_number_is_an_ipv4_address(void **state)
{
    static const struct row rows[] = {
        {"1.2.3.4", "1.2.3.4"},
        {"1.2.3.4.", "1.2.3.4"},
        {"0", "0.0.0.0"},
        {"127.1", "127.0.0.1"},
        {"1.2.65535", "1.2.255.255"},
        {"1.2.65536", NULL},
        {"1.16777215", "1.255.255.255"},
        {"1.16777216", NULL},
        {"4294967295", "255.255.255.255"},
        {"4294967296", NULL},
        {"256.1.1.1", NULL},
        {"1.1.1.256", NULL},
        {"0x7F.0x1", "127.0.0.1"},
        {"0x", "0.0.0.0"},
        {"0x.0x.0", "0.0.0.0"},
        {"017700000001", "127.0.0.1"},
        {"0300.0250.00.01", "192.168.0.1"},
        {"08", NULL},
        {"0x1g", "0x1g"},
        {"1.2.3.4.5", NULL},
        {"1..2", NULL},
        {".1", NULL},
        {"a.1", NULL},
        {"a.0x1", NULL},
        {"1.a", "1.a"},
        {"1.2.3.4..", "1.2.3.4.."},
        {"99999999999999999999", NULL},
        {"%31%32%37.1", "127.0.0.1"},
        {"１２７.1", "127.0.0.1"},
        {"127。1", "127.0.0.1"},
    };

    (void)state;
    CHECK(rows);
}

static void host_in_brackets_is_an_ipv6_address(void **state)
{
    static const struct row rows[] = {
        {"[::]", "[::]"},
        {"[::1]", "[::1]"},
        {"[1::]", "[1::]"},
        {"[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7:8]"},
        {"[0001:00A0:0:0:0:0:0:ABCD]", "[1:a0::abcd]"},
        {"[1:0:0:2:0:0:0:3]", "[1:0:0:2::3]"},
        {"[1:0:0:2:0:0:3:4]", "[1::2:0:0:3:4]"},
        {"[1:0:2:3:4:5:6:7]", "[1:0:2:3:4:5:6:7]"},
        {"[0:0:1:2:3:4:5:6]", "[::1:2:3:4:5:6]"},
        {"[1:2:3:4:5:6:0:0]", "[1:2:3:4:5:6::]"},
        {"[1:2:3:4:5:6:7::]", "[1:2:3:4:5:6:7:0]"},
        {"[::1:2:3:4:5:6:7]", "[0:1:2:3:4:5:6:7]"},
        {"[::1.2.3.4]", "[::102:304]"},
        {"[1:2:3:4:5:6:255.255.0.1]", "[1:2:3:4:5:6:ffff:1]"},
        {"[1:2:3:4:5:6:7:1.2.3.4]", NULL},
        {"[1:2:3:4:5:6:7:8:9]", NULL},
        {"[1:2:3:4:5:6:7::8]", NULL},
        {"[1:2:3:4:5:6:7]", NULL},
        {"[1::2::3]", NULL},
        {"[:::]", NULL},
        {"[:1]", NULL},
        {"[1:]", NULL},
        {"[:]", NULL},
        {"[]", NULL},
        {"[12345::]", NULL},
        {"[g::]", NULL},
        {"[::1%25eth0]", NULL},
        {"[::1.2.3]", NULL},
        {"[::1.2.3.4.5]", NULL},
        {"[::01.2.3.4]", NULL},
        {"[::256.2.3.4]", NULL},
        {"[::.1.2.3]", NULL},
        {"[::1.2.3.4:5]", NULL},
        {"[1.2.3.4]", NULL},
    };

    (void)state;
    CHECK(rows);
}

static void domain_is_mapped_and_encoded(void **state)
{
    static const struct row rows[] = {
        {"BÜCHER.de", "xn--bcher-kva.de"},
        {"%C3%BC.de", "xn--tda.de"},
        {"faß.de", "xn--fa-hia.de"}, /* not "ss" */
        {"faẞ.de", "xn--fa-hia.de"},
        {"ς", "xn--3xa"},
        {"☕.example", "xn--53h.example"},
        {"e\xcc\x81", "xn--9ca"}, /* NFC */
        {"e\xc2\xad\xcc\x81", "xn--9ca"},
        {"=\xcc\xb8", "xn--1ch"},
        {"a\xc2\xadx", "ax"},
        {"a。b．c", "a.b.c"},
        {"Ｇｏ.com", "go.com"},
        {"-†", "xn----xhn"},
        {"a†--", "xn--a---kp0a"},
        {"a.ö..b", "a.xn--nda..b"},
        {"_ö", "xn--_-1ga"},
        {"Ⅎ", "xn--73g"}, /* since 15.1 */
        {"aᅟö", "xn--a-1ga"},
        {"xn--zca.ß", "xn--zca.xn--zca"},
        {"XN--ZCA.ß", "xn--zca.xn--zca"},
        {"ｘｎ－－zca", "xn--zca"},
    };

    (void)state;
    CHECK(rows);
}

static void domain_is_refused_where_uts46_says_so(void **state)
{
    static const struct row rows[] = {
        {"\xc2\xad", NULL},         /* nothing is left */
        {"\xef\xbf\xbd", NULL},     /* disallowed */
        {"\xee\x80\x80", NULL},     /* private use */
        {"\xcc\x81\xc3\xb6", NULL}, /* begins with a mark */
        {"a.\xcc\x81", NULL},
        {"％41", NULL},    /* becomes a percent sign */
        {"℀", NULL},       /* becomes a/c */
        {"xn--a.ß", NULL}, /* decodes to a control */
        {"xn--.ß", NULL},
        {"xn--ib9b.ß", NULL},     /* a surrogate */
        {"xn--abc-.ß", NULL},     /* decodes to ASCII */
        {"xn--99999999.ß", NULL}, /* overflows */
        {"xn--ö", NULL},          /* an ACE label is ASCII */
        {"xn--öö-", NULL},        /* so are the letters it begins with */
        {"xn--8i7caa.ß", NULL},   /* decodes to mapped characters */
        {"a\xe2\x80\x8c"
         "b",
         NULL}, /* joiner without its context */
        {"a\xe2\x80\x8d"
         "b",
         NULL},
    };

    (void)state;
    CHECK(rows);
}

static void domain_obeys_the_bidi_rule(void **state)
{
    static const struct row rows[] = {
        {"\xd7\x90", "xn--4db"},
        {"\xd7\x90"
         "1",
         "xn--1-zhc"},
        {"a.\xd7\x90", "a.xn--4db"},
        {"\xd7\x90-\xd7\x90", "xn----zhcb"},
        {"\xd7\x90\xd6\xb0", "xn--7cb7d"}, /* a mark */
        {"1\xd7\x90", NULL},               /* rule 1 */
        {"1.\xd7\x90", NULL},
        {"a\xd7\x90", NULL}, /* rule 5 */
        {"\xd7\x90"
         "a",
         NULL},              /* rule 2 */
        {"\xd7\x90-", NULL}, /* rule 3 */
        {"\xd7\x90"
         "1\xd9\xa1",
         NULL},                /* rule 4 */
        {"a-.\xd7\x90", NULL}, /* rule 6 */
        {"\xd9\xa1.a", NULL},
        /* marks and symbols of other scripts */
        {"\xd7\x90\xe0\xa5\x8d", "xn--4db00p"},
        {"\xd9\x84\xc2\xb7\xd9\x84", "xn--uba55zba"},
        {"\xd9\x84.\xe3\x83\xbb", NULL},
    };

    (void)state;
    CHECK(rows);
}

static void domain_may_hold_joiners_in_context(void **state)
{
    static const struct row rows[] = {
        {"\xe0\xa4\x95\xe0\xa5\x8d\xe2\x80\x8d\xe0\xa4\xb7", "xn--11b2ezcw70k"},
        /* beh, ZWNJ, beh: they would join, a mark between or not */
        {"\xd8\xa8\xe2\x80\x8c\xd8\xa8", "xn--ngba799q"},
        {"\xd8\xa8\xd9\x8b\xe2\x80\x8c\xd8\xa8", "xn--ngba8ho06i"},
        /* alef joins nothing behind it, and ZWJ needs a virama */
        {"\xd8\xa7\xe2\x80\x8c\xd8\xa8", NULL},
        {"\xd8\xa8\xe2\x80\x8d\xd8\xa8", NULL},
        {"\xe2\x80\x8c\xd8\xa8", NULL},
        {"\xd8\xa8\xe2\x80\x8c", NULL},
    };

    (void)state;
    CHECK(rows);
}

/* Unicode 15 to 17, which libidn2 may not know. */
static void domain_may_hold_new_characters(void **state)
{
    static const struct row rows[] = {
        {"\xf0\x9e\x93\x90", "xn--oh5h"},    /* Nag Mundari */
        {"a\xf0\x9e\x82\x8f", "xn--a-vw4r"}, /* a mark */
        {"\xf0\x9e\x82\x8f", NULL},
        {"\xf0\x9e\x80\xb0", "xn--80a"},              /* becomes a Cyrillic a */
        {"\xea\x9f\x8b.\xc3\xa9", "xn--3na.xn--9ca"}, /* a capital */
        /* Garay: a letter and a digit, which may not stand first */
        {"\xf0\x90\xb5\x8a\xf0\x90\xb5\x80", "xn--zf0dta"},
        {"\xf0\x90\xb5\x80\xf0\x90\xb5\x8a", NULL},
    };

    (void)state;
    CHECK(rows);
}

/* Writes a text over the middle of another. */
static void overwrite(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
}

static void domain_has_no_limit_of_dns(void **state)
{
    static struct url url;
    char text[600];

    (void)state;
    memset(text, 'a', sizeof(text));
    overwrite(text, "http://");
    overwrite(text + 400, ".\xc3\x9f/");
    assert_int_equal(url_parse(&url, text, 404, NULL), URL_OK);
    assert_int_equal(url.host_len, 393 + 8);
    /* an ASCII run and one other character: the ACE label is long too */
    overwrite(text + 400, "\xc3\x9f/");
    assert_int_equal(url_parse(&url, text, 403, NULL), URL_OK);
    assert_memory_equal(url.text + url.host_at, "xn--aaa", 7);
}

static void domain_outside_ascii_is_cut_off_at_its_limit(void **state)
{
    static struct url url;
    static char text[URL_CHARS_MAX + 16];

    (void)state;
    memset(text, 'a', sizeof(text));
    overwrite(text, "http://\xc3\x9f");
    assert_int_equal(url_parse(&url, text, 7 + URL_CHARS_MAX, NULL), URL_OK);
    assert_int_equal(url_parse(&url, text, 8 + URL_CHARS_MAX, NULL),
                     URL_TOO_LONG);
}

/* What libidn2 or the buffers cannot hold is no name, and no crash. */
static void domain_that_grows_or_runs_too_long_is_refused(void **state)
{
    static const char *const units[] = {
        "\xef\xb7\xba"
        "a",           /* becomes 18 characters */
        "é",           /* one run over all of it */
        "é.",          /* a run again and again */
        "xn--a-lq6a.", /* with a name outside ASCII behind it */
    };
    static const enum url_error errors[] = {URL_BAD, URL_BAD, URL_OK, URL_OK};
    static struct url url;
    static char text[URL_CHARS_MAX + 16];

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        size_t len = 7, step = strlen(units[i]);

        overwrite(text, "http://");
        for (; len + step + 2 <= URL_CHARS_MAX; len += step)
            overwrite(text + len, units[i]);
        overwrite(text + len, "ö");
        if (url_parse(&url, text, len + 2, NULL) != errors[i])
            fail_msg("row %zu", i);
    }
}

static void domain_in_ascii_is_cut_off_at_the_limit_of_a_url(void **state)
{
    static struct url url;
    static char text[2 * URL_BYTES_MAX];

    (void)state;
    memset(text, 'a', sizeof(text));
    overwrite(text, "http://");
    assert_int_equal(url_parse(&url, text, URL_BYTES_MAX - 1, NULL), URL_OK);
    assert_int_equal(url.len, URL_BYTES_MAX);
    assert_int_equal(url_parse(&url, text, URL_BYTES_MAX, NULL), URL_TOO_LONG);
    assert_int_equal(url_parse(&url, text, sizeof(text), NULL), URL_TOO_LONG);
}

/* RFC 3492, 7.1: (A) Arabic, (D) Hebrew, (L) Japanese with digits and ASCII,
 * (S) ASCII that is not a host name. */
static const struct {
    uint32_t chars[24];
    size_t len;
    const char *ace;
} punycode_rows[] = {
    {{0x644, 0x64a, 0x647, 0x645, 0x627, 0x628, 0x62a, 0x643, 0x644, 0x645,
      0x648, 0x634, 0x639, 0x631, 0x628, 0x64a, 0x61f},
     17,
     "egbpdaj6bu4bxfgehfvwxn"},
    {{0x5dc, 0x5de, 0x5d4, 0x5d4, 0x5dd, 0x5e4, 0x5e9, 0x5d5,
      0x5d8, 0x5dc, 0x5d0, 0x5de, 0x5d3, 0x5d1, 0x5e8, 0x5d9,
      0x5dd, 0x5e2, 0x5d1, 0x5e8, 0x5d9, 0x5ea},
     22,
     "4dbcagdahymbxekheh6e0a7fei0b"},
    {{'3', 0x5e74, 'b', 0x7d44, 0x91d1, 0x516b, 0x5148, 0x751f},
     8,
     "3b-ww4c5e180e575a65lsy2b"},
    {{'-', '>', ' ', '$', '1', '.', '0', '0', ' ', '<', '-'},
     11,
     "-> $1.00 <--"},
};
#define NR_PUNYCODE_ROWS (sizeof(punycode_rows) / sizeof(punycode_rows[0]))

static void punycode_agrees_with_its_rfc(void **state)
{
    static struct url_chars chars;
    static uint32_t ace[64];
    char text[URL_BYTES_MAX + 1];

    (void)state;
    for (size_t i = 0; i < NR_PUNYCODE_ROWS; i++) {
        struct url_writer out = {.text = text};
        size_t len = strlen(punycode_rows[i].ace);

        url_punycode_encode(punycode_rows[i].chars, punycode_rows[i].len, &out);
        assert_int_equal(out.len, len);
        assert_memory_equal(text, punycode_rows[i].ace, len);

        for (size_t j = 0; j < len; j++)
            ace[j] = (unsigned char)punycode_rows[i].ace[j];
        chars.nr = 0;
        assert_true(url_punycode_decode(ace, len, &chars));
        assert_int_equal(chars.nr, punycode_rows[i].len);
        assert_memory_equal(chars.chars, punycode_rows[i].chars,
                            chars.nr * sizeof(chars.chars[0]));
    }
}

static void punycode_refuses_what_it_did_not_write(void **state)
{
    static const char *const texts[] = {
        "-a", "a-!", "\xc3", "99999999", "a-9", "zzzzzzzz", "ab-.",
    };
    static struct url_chars chars;
    uint32_t ace[16];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);

        for (size_t j = 0; j < len; j++)
            ace[j] = (unsigned char)texts[i][j];
        chars.nr = 0;
        if (url_punycode_decode(ace, len, &chars))
            fail_msg("'%s' was decoded", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_in_ascii_is_lowered_and_otherwise_kept),
        cmocka_unit_test(host_that_ends_in_a_number_is_an_ipv4_address),
        cmocka_unit_test(host_in_brackets_is_an_ipv6_address),
        cmocka_unit_test(domain_is_mapped_and_encoded),
        cmocka_unit_test(domain_is_refused_where_uts46_says_so),
        cmocka_unit_test(domain_obeys_the_bidi_rule),
        cmocka_unit_test(domain_may_hold_joiners_in_context),
        cmocka_unit_test(domain_may_hold_new_characters),
        cmocka_unit_test(domain_has_no_limit_of_dns),
        cmocka_unit_test(domain_outside_ascii_is_cut_off_at_its_limit),
        cmocka_unit_test(domain_that_grows_or_runs_too_long_is_refused),
        cmocka_unit_test(domain_in_ascii_is_cut_off_at_the_limit_of_a_url),
        cmocka_unit_test(punycode_agrees_with_its_rfc),
        cmocka_unit_test(punycode_refuses_what_it_did_not_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
