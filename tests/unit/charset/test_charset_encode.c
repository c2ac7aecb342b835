#include <stdio.h>
#include <string.h>

#include "crawler/charset/charset.h"
#include "tests/support/cmocka_all.h"

static void charset_encodes_the_query_only(void **state)
{
    static const struct {
        enum charset charset;
        const char *href;
        const char *expected;
    } rows[] = {
        {CHARSET_WINDOWS_1252, "\xc3\xa9?\xc3\xa9=%41+&x#\xc3\xa9",
         "\xc3\xa9?%E9=%41+&x#\xc3\xa9"},
        {CHARSET_WINDOWS_1252, "?\xe4\xba\xac", "?%26%2320140%3B"},
        {CHARSET_WINDOWS_1252, "?\xff\xc3", "?%26%2365533%3B%26%2365533%3B"},
        {CHARSET_WINDOWS_1252, "x#?\xc3\xa9", "x#?\xc3\xa9"},
        {CHARSET_ISO_8859_8_I, "?\xd7\x90", "?%E0"},
        {CHARSET_X_USER_DEFINED, "?\xef\x9e\x80\xc3\xa9", "?%80%26%23233%3B"},
        {CHARSET_SHIFT_JIS, "?\xe6\x97\xa5?", "?%93%FA?"},
        {CHARSET_EUC_KR, "?\xed\x95\x9c\xf0\x9f\x98\x80",
         "?%C7%D1%26%23128512%3B"},
        {CHARSET_UTF_8, "?\xc3\xa9", "?\xc3\xa9"},
        {CHARSET_UTF_16LE, "?\xc3\xa9", "?\xc3\xa9"},
        {CHARSET_REPLACEMENT, "?\xc3\xa9", "?\xc3\xa9"},
        {CHARSET_WINDOWS_1252, "", ""},
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    for (size_t i = 0; i < NR(rows); i++) {
        buf_reset(&out);
        assert_int_equal(charset_encode_query(rows[i].charset, rows[i].href,
                                              strlen(rows[i].href), &out),
                         CERR_OK);
        assert_int_equal(buf_add_byte(&out, 0), CERR_OK);
        assert_string_equal((char *)out.data, rows[i].expected);
    }
    buf_release(&out);
}

static void charset_encodes_as_the_standard_says(void **state)
{
    static const struct {
        enum charset charset;
        const char *query, *expected;
    } rows[] = {
        {CHARSET_SHIFT_JIS, "表¥−ｱⅰ", "%95\\\\%81|%B1%FA@"},
        {CHARSET_EUC_JP, "表‾ｱ", "%C9%BD~%8E%B1"},
        {CHARSET_ISO_2022_JP, "a日本z", "a%1B$BF|K\\%1B(Bz"},
        {CHARSET_ISO_2022_JP, "¥b\\ｱ", "%1B(J\\b%1B(B\\%1B$B%%22%1B(B"},
        {CHARSET_ISO_2022_JP, "日😀\x0e",
         "%1B$BF|%1B(B%26%23128512%3B%26%2365533%3B"},
        {CHARSET_BIG5, "中═十", "%A4%A4%F9%F9%A4Q"},
        {CHARSET_BIG5, "\xee\x80\x80", "%26%2357344%3B"},
        {CHARSET_GBK, "中€\xee\xa0\x9e", "%D6%D0%80%FEY"},
        {CHARSET_GBK, "\xee\x97\xa5", "%26%2358853%3B"},
        {CHARSET_GB18030, "€\xc2\x80😀", "%A2%E3%810%810%949%FC6"},
        {CHARSET_GB18030, "\xee\x9f\x87", "%815%F47"},
    };
    struct buf out;

    (void)state;
    buf_init(&out, 1000);
    for (size_t i = 0; i < NR(rows); i++) {
        char href[64];

        snprintf(href, sizeof(href), "?%s", rows[i].query);
        buf_reset(&out);
        assert_int_equal(
            charset_encode_query(rows[i].charset, href, strlen(href), &out),
            CERR_OK);
        assert_int_equal(buf_add_byte(&out, 0), CERR_OK);
        assert_string_equal((char *)out.data + 1, rows[i].expected);
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_encodes_the_query_only),
        cmocka_unit_test(charset_encodes_as_the_standard_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
