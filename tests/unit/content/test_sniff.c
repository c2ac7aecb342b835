#include "crawler/content/sniff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *type;
    const char *data;
    size_t len;
    const char *mime;
    bool guessed, is_text, is_html;
};

#define DATA(text) (text), sizeof(text) - 1

static void check(const struct row *rows, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        struct sniff sniff;

        sniff_body(&sniff, rows[i].type,
                   rows[i].type ? strlen(rows[i].type) : 0, rows[i].data,
                   rows[i].len);
        if (strcmp(sniff.mime, rows[i].mime) != 0 ||
            sniff.guessed != rows[i].guessed ||
            sniff.is_text != rows[i].is_text ||
            sniff.is_html != rows[i].is_html)
            fail_msg("row %zu, %s: %s guessed %d text %d html %d", i,
                     rows[i].type ? rows[i].type : "none", sniff.mime,
                     sniff.guessed, sniff.is_text, sniff.is_html);
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

static void sniff_believes_a_type_that_fits(void **state)
{
    static const struct row rows[] = {
        {"text/html", DATA("x"), "text/html", false, true, true},
        {"text/html", DATA(""), "text/html", false, true, true},
        {" Text/HTML ;charset=x", DATA("x"), "text/html", false, true, true},
        {"application/xhtml+xml", DATA("<?xml"), "application/xhtml+xml", false,
         true, true},
        {"text/plain", DATA("<html>"), "text/plain", false, true, false},
        {"application/json", DATA("{}"), "application/json", false, true,
         false},
        {"application/ld+json", DATA("{}"), "application/ld+json", false, true,
         false},
        {"image/svg+xml", DATA("<svg>"), "image/svg+xml", false, true, false},
        {"image/png", DATA("<html>"), "image/png", false, false, false},
        {"application/octet-stream", DATA("<html>"), "application/octet-stream",
         false, false, false},
    };

    (void)state;
    CHECK(rows);
}

static void sniff_does_not_scan_binary_data_named_html(void **state)
{
    static const struct row rows[] = {
        {"text/html", DATA("%PDF-1.7 text"), "text/html", false, false, false},
        {"text/html", DATA("\x89PNG\r\n\x1a\n"), "text/html", false, false,
         false},
        {"text/html", DATA("PK\3\4"), "text/html", false, false, false},
        {"text/html", DATA("\1\2\3\4\5\6\7\10abcdefghijklm"), "text/html",
         false, false, false},
        {"text/plain", DATA("\1\2\3\4\5\6\7\10abcdefghijklm"), "text/plain",
         false, false, false},
        {"text/html", DATA("BM\0\0\0\0\0\0"), "text/html", false, false, false},
        /* text that only begins like it, and a page with a stray NUL */
        {"text/html", DATA("BMW"), "text/html", false, true, true},
        {"text/html", DATA("<html>\0 a page of some length"), "text/html",
         false, true, true},
        {"text/html", DATA("\xff\xfe<\0h\0t\0m\0l\0>\0"), "text/html", false,
         true, true},
        {"text/html; charset=utf-16be", DATA("\0<\0h\0t\0m\0l\0>"), "text/html",
         false, true, true},
        {"text/html; charset=utf-8", DATA("\0<\0h\0t\0m\0l\0>"), "text/html",
         false, false, false},
    };

    (void)state;
    CHECK(rows);
}

static void sniff_guesses_where_there_is_no_type(void **state)
{
    static const struct row rows[] = {
        {NULL, DATA("<!DOCTYPE HTML>"), "text/html", true, true, true},
        {"", DATA(" \n<html lang=x>"), "text/html", true, true, true},
        {"*/*", DATA("<P>x"), "text/html", true, true, true},
        {"unknown/unknown", DATA("<!--x"), "text/html", true, true, true},
        {"html", DATA("<a href=x>"), "text/html", true, true, true},
        {"text/", DATA("<a href=x>"), "text/html", true, true, true},
        {"a/b/c", DATA("<a href=x>"), "text/html", true, true, true},
        {NULL, DATA("\xef\xbb\xbf<html>"), "text/html", true, true, true},
        {NULL, DATA("<abbr>x"), "text/plain", true, true, false},
        {NULL, DATA("<p"), "text/plain", true, true, false},
        {NULL, DATA("<?xml version"), "text/xml", true, true, false},
        {NULL, DATA("%PDF-1"), "application/pdf", true, false, false},
        {NULL, DATA("GIF89a\1\0\1"), "image/gif", true, false, false},
        {NULL, DATA("RIFF\1\2\3\4WEBPVP8 "), "image/webp", true, false, false},
        {NULL,
         DATA("\xff\xfe"
              "a\0"),
         "text/plain", true, true, false},
        {NULL, DATA("plain"), "text/plain", true, true, false},
        {NULL, DATA(""), "text/plain", true, true, false},
        {NULL, DATA("a\0b"), "application/octet-stream", true, false, false},
    };

    (void)state;
    CHECK(rows);
}

static void sniff_takes_no_type_of_endless_length(void **state)
{
    char type[300] = "text/";
    struct sniff sniff;

    (void)state;
    memset(type + 5, 'x', sizeof(type) - 5);
    sniff_body(&sniff, type, SNIFF_MIME_BYTES - 1, "x", 1);
    assert_int_equal(strlen(sniff.mime), SNIFF_MIME_BYTES - 1);
    sniff_body(&sniff, type, SNIFF_MIME_BYTES, "x", 1);
    assert_string_equal(sniff.mime, "text/plain");
    assert_true(sniff.guessed);
}

/* What stands behind the first bytes decides nothing. */
static void sniff_looks_at_the_first_bytes_only(void **state)
{
    char data[SNIFF_BYTES + 500];
    struct sniff sniff;

    (void)state;
    memset(data, 1, sizeof(data));
    memset(data, 'x', SNIFF_BYTES);
    sniff_body(&sniff, NULL, 0, data, sizeof(data));
    assert_string_equal(sniff.mime, "text/plain");
    data[SNIFF_BYTES - 1] = 1;
    sniff_body(&sniff, NULL, 0, data, sizeof(data));
    assert_string_equal(sniff.mime, "application/octet-stream");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sniff_believes_a_type_that_fits),
        cmocka_unit_test(sniff_does_not_scan_binary_data_named_html),
        cmocka_unit_test(sniff_guesses_where_there_is_no_type),
        cmocka_unit_test(sniff_takes_no_type_of_endless_length),
        cmocka_unit_test(sniff_looks_at_the_first_bytes_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
