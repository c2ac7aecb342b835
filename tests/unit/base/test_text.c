/*
 * text: UTF-8 by RFC 3629, and text that is safe to show and to store.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void text_finds_the_valid_prefix(void **state)
{
    static const struct {
        const char *text;
        size_t prefix;
    } rows[] = {
        {"", 0},
        {"plain", 5},
        {"exactly eight bytes and more", 28},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"a\x80", 1},     /* a continuation alone */
        {"a\xc0\xaf", 1}, /* overlong */
        {"a\xc1\xbf", 1},
        {"a\xe0\x9f\xbf", 1},
        {"a\xf0\x8f\xbf\xbf", 1},
        {"a\xed\xa0\x80", 1}, /* a surrogate */
        {"\xed\x9f\xbf", 3},
        {"\xee\x80\x80", 3},
        {"a\xf4\x90\x80\x80", 1}, /* above U+10FFFF */
        {"a\xf5\x80\x80\x80", 1},
        {"a\xff", 1},
        {"a\xc3", 1}, /* cut */
        {"a\xe2\x82", 1},
        {"a\xf0\x9f\x98", 1},
        {"a\xe2\x82x", 1},
        {"12345678\xff", 8},
        {"1234567\xc3\xa9\xff", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = strlen(rows[i].text);
        char *copy = malloc(len + 1); /* its end is watched */

        assert_non_null(copy);
        memcpy(copy + 1, rows[i].text, len);
        assert_int_equal(text_utf8_prefix(copy + 1, len), rows[i].prefix);
        free(copy);
    }
}

static void text_escapes_what_could_steer_a_terminal(void **state)
{
    static const struct {
        const char *text, *escaped;
    } rows[] = {
        {"plain \xc3\xa9 \xe2\x82\xac", "plain \xc3\xa9 \xe2\x82\xac"},
        {"a\x1b[31mb", "a\\x1b[31mb"},
        {"a\r\n\tb", "a\\x0d\\x0a\\x09b"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\xc2\\x9b31m"}, /* C1 */
        {"\xc2\xa0", "\xc2\xa0"},
        {"\xff\xc3", "\\xff\\xc3"},
        {"a\xe2\x80\xae"
         "b",
         "a\\xe2\\x80\\xaeb"}, /* RLO */
        {"\xc2\xad\xe2\x80\xa8", "\\xc2\\xad\\xe2\\x80\\xa8"},
        {"\xf3\xa0\x80\x81", "\\xf3\\xa0\\x80\\x81"}, /* a tag */
        {"\xe2\x80\xaf\xe2\x81\xb0", "\xe2\x80\xaf\xe2\x81\xb0"},
    };
    char out[100];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len =
            text_escape(rows[i].text, strlen(rows[i].text), out, sizeof(out));

        assert_string_equal(out, rows[i].escaped);
        assert_int_equal(len, strlen(out));
    }
    assert_int_equal(text_escape("a\0b", 3, out, sizeof(out)), 6);
    assert_string_equal(out, "a\\x00b");
}

static void text_escape_is_cut_between_characters(void **state)
{
    char out[8];

    (void)state;
    assert_int_equal(text_escape("abc", 3, out, 1), 0);
    assert_string_equal(out, "");
    assert_int_equal(text_escape("abc", 3, out, 3), 2);
    assert_string_equal(out, "ab");
    assert_int_equal(text_escape("a\xc3\xa9", 3, out, 3), 1);
    assert_string_equal(out, "a");
    assert_int_equal(text_escape("a\xc3\xa9", 3, out, 4), 3);
    assert_int_equal(text_escape("a\x01", 2, out, 5), 1);
    assert_int_equal(text_escape("a\x01", 2, out, 6), 5);
}

static void text_clean_replaces_what_a_database_should_not_hold(void **state)
{
    char out[32];
    size_t len;

    (void)state;
    len = text_clean("a\0b\xff\n\xc3\xa9", 7, out, sizeof(out));
    assert_int_equal(len, 11);
    assert_memory_equal(out,
                        "a\xef\xbf\xbd"
                        "b\xef\xbf\xbd\n\xc3\xa9",
                        len);
    assert_int_equal(text_clean("", 0, out, sizeof(out)), 0);
    len = text_clean("\x1b[1m\t\r\n\xc2\x9b\x7f\xc2\xa0", 12, out, sizeof(out));
    assert_int_equal(len, 17);
    assert_memory_equal(
        out, "\xef\xbf\xbd[1m\t\r\n\xef\xbf\xbd\xef\xbf\xbd\xc2\xa0", len);
    len = text_repair("a\0b\xff\x1b\xc2\x9b", 7, out, sizeof(out));
    assert_int_equal(len, 11);
    assert_memory_equal(out,
                        "a\xef\xbf\xbd"
                        "b\xef\xbf\xbd\x1b\xc2\x9b",
                        len);
}

/* Bytes are looked at eight at a time: each must count in each place. */
static void text_clean_finds_every_control_at_every_place(void **state)
{
    char text[24], out[100];

    (void)state;
    for (int byte = 0; byte < 0x80; byte++)
        for (size_t at = 0; at < sizeof(text); at++) {
            bool clean = (byte >= 0x20 && byte < 0x7f) || byte == '\t' ||
                         byte == '\n' || byte == '\r';

            memset(text, ' ', sizeof(text));
            text[at] = (char)byte;
            assert_int_equal(text_clean(text, sizeof(text), out, sizeof(out)),
                             sizeof(text) + (clean ? 0 : 2));
            assert_int_equal((unsigned char)out[at], clean ? byte : 0xef);
        }
}

static void text_clean_fills_its_room_and_never_halves_a_character(void **state)
{
    char out[4] = "####";

    (void)state;
    assert_int_equal(text_clean("abcd", 4, out, 3), 3);
    assert_memory_equal(out, "abc#", 4);
    assert_int_equal(text_clean("ab\xc3\xa9", 4, out, 3), 2);
    assert_int_equal(text_clean("a\xff", 2, out, 3), 1);
    assert_int_equal(text_clean("a", 1, out, 0), 0);
}

static void text_is_ascii_looks_at_every_byte(void **state)
{
    char text[100];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(text_is_ascii(text, 0));
    for (size_t len = 1; len <= sizeof(text); len++) {
        assert_true(text_is_ascii(text, len));
        for (size_t at = 0; at < len; at++) {
            text[at] = (char)0x80;
            assert_false(text_is_ascii(text, len));
            text[at] = 'x';
        }
    }
}

static void text_shell_word_is_read_back_by_a_shell_as_it_was(void **state)
{
    static const char *const words[] = {
        "plain-1.0/a=b,c:d@e%f+g_",
        "",
        " ",
        "Bob's",
        "''",
        "$HOME",
        "a\\b",
        "!x",
        "~",
        "#",
        "a&b;c|d",
        "\xc3\xa4",
        "*?[",
        "{a,b}",
        "\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        char quoted[100], command[160], back[100] = "";
        size_t len = text_shell_word(words[i], quoted, sizeof(quoted));
        FILE *shell;

        assert_int_equal(len, strlen(quoted));
        snprintf(command, sizeof(command), "printf %%s %s", quoted);
        shell = popen(command, "re");
        assert_non_null(shell);
        back[fread(back, 1, sizeof(back) - 1, shell)] = '\0';
        pclose(shell);
        assert_string_equal(back, words[i]);
    }
}

static void text_shell_word_tells_the_length_that_it_needs(void **state)
{
    char small[6];

    (void)state;
    assert_int_equal(text_shell_word("it's", small, sizeof(small)), 9);
    assert_string_equal(small, "'it'\\");
    assert_int_equal(text_shell_word("plain", small, 1), 5);
    assert_string_equal(small, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_ascii_looks_at_every_byte),
        cmocka_unit_test(text_finds_the_valid_prefix),
        cmocka_unit_test(text_escapes_what_could_steer_a_terminal),
        cmocka_unit_test(text_escape_is_cut_between_characters),
        cmocka_unit_test(text_clean_replaces_what_a_database_should_not_hold),
        cmocka_unit_test(text_clean_finds_every_control_at_every_place),
        cmocka_unit_test(
            text_clean_fills_its_room_and_never_halves_a_character),
        cmocka_unit_test(text_shell_word_is_read_back_by_a_shell_as_it_was),
        cmocka_unit_test(text_shell_word_tells_the_length_that_it_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
