/* Patterns of URLs whose pages have equal content. */
#include "crawler/scope/equal_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct hash_key key = {1, 2};

static struct url parse(const char *text)
{
    struct url url;

    assert_int_equal(url_parse(&url, text, strlen(text), NULL), URL_OK);
    return url;
}

/* Counts `nr` pages whose URLs have a number for %; returns whether they stop.
 */
static bool count(struct equal_pages *pages, const char *format, int nr,
                  const char *content)
{
    bool stops = false;
    char text[200];

    for (int i = 0; i < nr; i++) {
        snprintf(text, sizeof(text), "%.*s%d%s", (int)strcspn(format, "%"),
                 format, i, strchr(format, '%') + 1);
        struct url url = parse(text);
        stops |= equal_pages_count(pages, &url,
                                   (struct bytes){content, strlen(content)});
    }
    return stops;
}

static void
equal_pages_stop_a_pattern_when_more_than_the_limit_are_equal(void **state)
{
    static const struct {
        const char *format, *url, *other;
    } rows[] = {
        {"http://a.test/day?d=%&x=1",
         "http://a.test/day?d=z&x=", "http://a.test/day?e=1"},
        {"http://a.test/2026/%/", "http://a.test/1/99/", "http://a.test/1/a/"},
        {"http://a.test/page-%.html", "http://a.test/page-7.html",
         "http://b.test/page-7.html"},
        {"http://a.test/s;sid=ab%cd", "http://a.test/s;sid=ff0",
         "http://a.test/s"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct equal_pages *pages = equal_pages_new(50, &key);
        struct url url = parse(rows[i].url), other = parse(rows[i].other);

        assert_false(count(pages, rows[i].format, 50, "same"));
        assert_false(equal_pages_stop(pages, &url));
        assert_true(count(pages, rows[i].format, 1, "same"));
        if (!equal_pages_stop(pages, &url))
            fail_msg("%s goes on", rows[i].url);
        if (equal_pages_stop(pages, &other))
            fail_msg("%s is stopped", rows[i].other);
        assert_false(count(pages, rows[i].format, 60, "same")); /* once */
        equal_pages_free(pages);
    }
}

static void equal_pages_stop_nothing_whose_contents_differ(void **state)
{
    struct equal_pages *pages = equal_pages_new(50, &key);
    struct equal_pages *without = equal_pages_new(0, &key);
    char content[20];

    (void)state;
    for (int i = 0; i < 1000; i++) {
        snprintf(content, sizeof(content), "%d", i);
        assert_false(count(pages, "http://a.test/%", 50, content));
    }
    assert_false(equal_pages_have_any(pages));
    assert_false(count(without, "http://a.test/%", 1000, "same"));
    equal_pages_free(without);
    equal_pages_free(pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            equal_pages_stop_a_pattern_when_more_than_the_limit_are_equal),
        cmocka_unit_test(equal_pages_stop_nothing_whose_contents_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
