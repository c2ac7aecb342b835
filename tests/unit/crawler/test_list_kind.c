/* list_kind: what is no list is told by name, and lists are lists. */
#include "crawler/list/list_kind.h"

#include <string.h>

#include "tests/support/cmocka_all.h"

#define ROW(text, name, is_refused, advice)                                    \
    {                                                                          \
        text, sizeof(text) - 1, name, is_refused, advice                       \
    }

static const struct {
    const char *text;
    size_t len;
    const char *name; /* NULL: may be a list */
    bool is_refused;
    const char *advice;
} rows[] = {
    ROW("", NULL, false, NULL),
    ROW("http://a.test/\n", NULL, false, NULL),
    ROW("# urls, of 2020\nhttp://a.test/1,2\n", NULL, false, NULL),
    ROW("a.test\nb.test\n", NULL, false, NULL),
    ROW("http://a.test/?x=[1],{2}\n", NULL, false, NULL),
    ROW("http://a.test/\0http://b.test/\0", NULL, false, NULL),
    ROW("[::1]:8080/x\n", NULL, false, NULL),
    ROW("<http://a.test/>\n", NULL, false, NULL),
    ROW("http://a.test/\xe9\n\xff\n", NULL, false, NULL),
    ROW("\xff\xfeh\0t\0t\0p\0:\0/\0/\0a\0/\0", NULL, false, NULL),
    ROW("{\"url\": \"http://a.test/\"}\n", "JSON lines", true, "jq -r .url"),
    ROW("\xef\xbb\xbf \n[\n\"http://a.test/\"]", "a JSON array", true, "jq"),
    ROW("<!DOCTYPE html>\n<html>", "an HTML page", true, "grep"),
    ROW("\n<html><a href=", "an HTML page", true, "grep"),
    ROW("<?xml version='1.0'?><urlset xmlns=''>", "a sitemap", true,
        "crawl --sitemaps l"),
    ROW("<?xml version='1.0'?><SITEMAPINDEX>", "a sitemap index", true,
        "crawl --sitemaps l"),
    ROW("<?xml version='1.0'?><rss>", "a feed", true, "link"),
    ROW("<?xml version='1.0'?><feed>", "a feed", true, "href"),
    ROW("<?xml version='1.0'?><a>", "XML", true, "grep"),
    ROW("PK\3\4\x14\0", "a ZIP archive", true, "unzip -p l | crawl -"),
    ROW("7z\xbc\xaf\x27\x1c", "a 7z archive", true, "7z x"),
    ROW("%PDF-1.7\n", "a PDF document", true, "pdftotext"),
    ROW("SQLite format 3\0", "an SQLite database", true, "sqlite3"),
    ROW("WARC/1.1\r\n", "a WARC archive", true, "WARC-Target-URI"),
    ROW("\xff\xfe\0\0h\0\0\0", "text in UTF-32", true, "UTF-32"),
    ROW("h\0t\0t\0p\0:\0/\0/\0a\0/\0",
        "text in UTF-16 without a byte order mark", true, "UTF-16LE"),
    ROW("\0h\0t\0t\0p\0:\0/\0/\0a\0/",
        "text in UTF-16 without a byte order mark", true, "UTF-16BE"),
    ROW("\x7f"
        "ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0>\0\1\0\0\0\1",
        "a binary file", true, "strings"),
    ROW("name,url\nx,http://a.test/\n", "CSV", false,
        "cut -d',' -f2 l | crawl -"),
    ROW("url,name\r\nhttp://a.test/,x\n", "CSV", false, "-f1"),
    ROW("\"1\";\"http://a.test/\"\n", "CSV", false,
        "cut -d';' -f2 l | tr -d '\"' | crawl -"),
    ROW("1|x|https://a.test/", "CSV", false, "-d'|' -f3"),
};

static void list_kind_tells_what_is_no_list_and_the_command_for_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct list_kind kind = list_kind_of(rows[i].text, rows[i].len);
        char text[LIST_KIND_TEXT_BYTES];

        if (!rows[i].name && kind.name)
            fail_msg("row %zu is %s", i, kind.name);
        if (!rows[i].name)
            continue;
        if (!kind.name)
            fail_msg("row %zu is taken for a list, not %s", i, rows[i].name);
        assert_string_equal(kind.name, rows[i].name);
        assert_int_equal(kind.is_refused, rows[i].is_refused);
        list_kind_describe(&kind, "l", text);
        assert_non_null(strstr(text, rows[i].advice));
        assert_non_null(strstr(text, rows[i].name));
    }
}

static void list_kind_finds_a_tar_archive_by_its_mark(void **state)
{
    char data[512] = "urls.txt";

    (void)state;
    memcpy(data + 257, "ustar", 5);
    assert_string_equal(list_kind_of(data, sizeof(data)).name, "a tar archive");
    assert_null(list_kind_of("urls.txt", 8).name);
}

static void list_kind_writes_a_name_as_one_word_of_a_shell(void **state)
{
    struct list_kind kind = list_kind_of("PK\3\4", 4);
    char text[LIST_KIND_TEXT_BYTES];

    (void)state;
    list_kind_describe(&kind, "it's $x.zip", text);
    assert_non_null(strstr(text, "unzip -p 'it'\\''s $x.zip' | crawl -"));
    list_kind_describe(&kind, "-", text);
    assert_non_null(strstr(text, "standard input looks like a ZIP archive"));
    assert_null(strstr(text, "'-'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            list_kind_tells_what_is_no_list_and_the_command_for_it),
        cmocka_unit_test(list_kind_finds_a_tar_archive_by_its_mark),
        cmocka_unit_test(list_kind_writes_a_name_as_one_word_of_a_shell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
