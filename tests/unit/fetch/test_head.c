#include <stdio.h>
#include <string.h>

#include "crawler/fetch/head.h"
#include "crawler/page/page.h"
#include "tests/support/cmocka_all.h"

static struct head head;

static int set_up(void **state)
{
    (void)state;
    head_init(&head, 2000, "crawl");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    head_release(&head);
    return 0;
}

/* Feeds lines as libcurl does; the first error, or none. */
static enum error feed(const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n") + (strchr(text, '\n') ? 1 : 0);
        enum error error = head_line(&head, text, len);

        if (error)
            return error;
        text += len;
    }
    return ERROR_NONE;
}

static void assert_value(enum head_field field, const char *wanted)
{
    struct bytes value = head_value(&head, field);

    assert_int_equal(value.len, strlen(wanted));
    assert_memory_equal(value.data, wanted, value.len);
}

static void head_keeps_what_a_crawler_needs(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n"
                          "content-TYPE: text/html; charset=utf-8 \r\n"
                          "ETag:\"abc\"\r\n"
                          "Last-Modified: Mon, 1 Jan 2024 00:00:00 GMT\r\n"
                          "Retry-After: 120\r\n"
                          "Location: /there\r\n"
                          "Server: nginx\r\n"
                          "Content-Length: 12\r\n"
                          "\r\n"),
                     ERROR_NONE);
    assert_true(head_is_final(&head));
    assert_int_equal(head.status, 200);
    assert_int_equal(head.content_length, 12);
    assert_value(HEAD_TYPE, "text/html; charset=utf-8");
    assert_value(HEAD_ETAG, "\"abc\"");
    assert_value(HEAD_LAST_MODIFIED, "Mon, 1 Jan 2024 00:00:00 GMT");
    assert_value(HEAD_RETRY_AFTER, "120");
    assert_value(HEAD_LOCATION, "/there");
    assert_value(HEAD_SERVER, "nginx");
}

static void head_tells_when_a_spent_quota_begins_anew(void **state)
{
    static const struct {
        const char *fields, *reset;
    } rows[] = {
        {"RateLimit: \"a\";r=0;t=5\r\nratelimit: \"b\";r=0;t=30\r\n", "30"},
        {"RateLimit: \"a\";r=0;t=30\r\nRateLimit: \"b\";r=4;t=90\r\n", "30"},
        {"RateLimit: \"a\";r=4;t=5\r\n", ""},
        {"RateLimit-Reset: 30\r\nRateLimit-Remaining: 0\r\n", "30"},
        {"RateLimit-Reset: 30\r\nRateLimit-Remaining: 1\r\n", ""},
        {"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1764000030\r\n",
         "1764000030"},
        {"X-RateLimit-Remaining: 0\r\nRateLimit-Reset: 30\r\n", ""},
        {"X-RateLimit-Remaining: 0\r\n", ""},
        {"X-RateLimit-Reset: 30\r\n", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct bytes reset;

        head_reset(&head);
        assert_int_equal(feed("HTTP/1.1 200 OK\r\n"), ERROR_NONE);
        assert_int_equal(feed(rows[i].fields), ERROR_NONE);
        assert_int_equal(feed("\r\n"), ERROR_NONE);
        reset = head_quota_reset(&head);
        if (reset.len != strlen(rows[i].reset) ||
            memcmp(reset.data, rows[i].reset, reset.len) != 0)
            fail_msg("%s: %.*s", rows[i].fields, (int)reset.len,
                     (const char *)reset.data);
    }
}

static void head_is_not_final_before_its_blank_line(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\nX: y\r\n"), ERROR_NONE);
    assert_false(head_is_final(&head));
    assert_int_equal(feed("\n"), ERROR_NONE);
    assert_true(head_is_final(&head));
}

static void head_forgets_interim_answers_but_not_their_size(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 103 Early\r\nLocation: /early\r\n\r\n"),
                     ERROR_NONE);
    assert_false(head_is_final(&head));
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n\r\n"), ERROR_NONE);
    assert_true(head_is_final(&head));
    assert_int_equal(head.total_bytes, 40 + 19);
    assert_int_equal(head.bytes.len, 19);
    assert_false(head.values[HEAD_LOCATION].seen);
}

static void head_believes_no_trailer(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n\r\nLocation: /x\r\n"
                          "HTTP/1.1 500 No\r\n"),
                     ERROR_NONE);
    assert_int_equal(head.status, 200);
    assert_false(head.values[HEAD_LOCATION].seen);
}

static void head_joins_folded_lines(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\nContent-Type:\r\n  text/html;\r\n"
                          "\tcharset=x\r\n\r\n"),
                     ERROR_NONE);
    assert_value(HEAD_TYPE, "text/html;\r\n\tcharset=x");
}

static void head_joins_codings_of_several_headers(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
                          "Content-Encoding:  br \r\n\r\n"),
                     ERROR_NONE);
    assert_int_equal(head.codings.len, 7);
    assert_memory_equal(head.codings.data, "gzip,br", 7);
}

static void head_judges_lengths(void **state)
{
    static const struct {
        const char *lines;
        enum error error;
        int64_t length;
    } cases[] = {
        {"Content-Length: 0\r\n", ERROR_NONE, 0},
        {"Content-Length: 5\r\nContent-Length: 5\r\n", ERROR_NONE, 5},
        {"Content-Length: 5, 5\r\n", ERROR_NONE, 5},
        {"Content-Length: 9223372036854775807\r\n", ERROR_NONE, INT64_MAX},
        {"Content-Length: 5, 6\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: 5\r\nContent-Length: 6\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: -5\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: +5\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: 5x\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: 0x5\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length:\r\n", ERROR_PROTOCOL, 0},
        {"Content-Length: 5,\r\n", ERROR_NONE, 5},
        {"Content-Length: 9223372036854775808\r\n", ERROR_TOO_LARGE, 0},
        {"Content-Length: 10000000000000000000000\r\n", ERROR_TOO_LARGE, 0},
    };

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        head_reset(&head);
        assert_int_equal(feed("HTTP/1.1 200 OK\r\n"), ERROR_NONE);
        assert_int_equal(feed(cases[i].lines), ERROR_NONE);
        if (feed("\r\n") != cases[i].error)
            fail_msg("wrong verdict on %s", cases[i].lines);
        assert_int_equal(head_is_final(&head), !cases[i].error);
        if (!cases[i].error)
            assert_int_equal(head.content_length, cases[i].length);
    }
}

static void head_refuses_two_places_to_go(void **state)
{
    (void)state;
    assert_int_equal(
        feed("HTTP/1.1 301 Go\r\nLocation: /a\r\nLocation: /a\r\n"),
        ERROR_NONE);
    assert_int_equal(feed("Location: /b\r\n"), ERROR_BAD_REDIRECT);
}

/* The body of a redirect says nothing, so a length that lies about it does not
 * hide where it leads. */
static void head_of_a_redirect_counts_whatever_its_length_says(void **state)
{
    (void)state;
    assert_int_equal(feed("HTTP/1.1 301 Go\r\nContent-Length: 4\r\n"
                          "Content-Length: 5\r\nLocation: /a\r\n\r\n"),
                     ERROR_PROTOCOL);
    assert_true(head_redirects(&head));
    assert_value(HEAD_LOCATION, "/a");
    head_reset(&head);
    assert_int_equal(feed("HTTP/1.1 304 No\r\nLocation: /a\r\n\r\n"),
                     ERROR_NONE);
    assert_false(head_redirects(&head));
}

static void head_counts_against_its_cap(void **state)
{
    char line[1001];

    (void)state;
    memset(line, 'a', 1000);
    line[1] = ':';
    line[1000] = '\0';
    assert_int_equal(feed("HTTP/1.1 200 OK\r\n"), ERROR_NONE);
    assert_int_equal(feed(line), ERROR_NONE);
    assert_int_equal(feed(line), ERROR_HEAD_TOO_LARGE);
}

static void head_reads_robots_tags(void **state)
{
    static const struct {
        const char *value;
        int robots;
    } cases[] = {
        {"noindex", PAGE_NOINDEX},
        {"NoFollow, noarchive", PAGE_NOFOLLOW | PAGE_NOARCHIVE},
        {"none", PAGE_NOINDEX | PAGE_NOFOLLOW},
        {"all", 0},
        {"otherbot: noindex, nofollow", 0},
        {"crawl: noindex", PAGE_NOINDEX},
        {"Crawl: noindex, nofollow", PAGE_NOINDEX | PAGE_NOFOLLOW},
        {"otherbot: noindex, crawl: nofollow", PAGE_NOFOLLOW},
        {"noindex, otherbot: nofollow", PAGE_NOINDEX},
        {"unavailable_after: 25 Jun 2010 15:00:00 PST, noindex", PAGE_NOINDEX},
        {"max-snippet: 20, nofollow", PAGE_NOFOLLOW},
    };

    (void)state;
    for (size_t i = 0; i < NR(cases); i++) {
        char line[200];

        head_reset(&head);
        snprintf(line, sizeof(line), "X-Robots-Tag: %s\r\n", cases[i].value);
        assert_int_equal(feed("HTTP/1.1 200 OK\r\n"), ERROR_NONE);
        assert_int_equal(feed(line), ERROR_NONE);
        if (head.robots != cases[i].robots)
            fail_msg("%s: got %d", cases[i].value, head.robots);
    }
}

static void head_takes_the_last_content_type_that_is_a_type(void **state)
{
    static const struct {
        const char *first, *second, *wanted;
    } rows[] = {
        {"application/octet-stream", "text/html; charset=x",
         "text/html; charset=x"},
        {"text/html", "text/plain", "text/plain"},
        {"text/html", "*/*", "text/html"},
        {"text/html", "nonsense", "text/html"},
        {"text/html", "text/", "text/html"},
        {"text/html", "/html", "text/html"},
        {"text/html", "", "text/html"},
        {"", "text/html", "text/html"},
        {"text/html; charset=x", "Text/HTML", "text/html; charset=x"},
        {"text/html; charset=x", "text/html;charset=y", "text/html;charset=y"},
        {"text/html; charset=x", "text/plain", "text/plain"},
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(text, sizeof(text),
                 "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                 "Content-Type: %s\r\n\r\n",
                 rows[i].first, rows[i].second);
        head_reset(&head);
        assert_int_equal(feed(text), ERROR_NONE);
        assert_value(HEAD_TYPE, rows[i].wanted);
    }
}

static void head_names_the_text_of_a_page_for_a_value(void **state)
{
    struct page page;

    (void)state;
    assert_ptr_equal(head_page_text(HEAD_ETAG, &page), &page.etag);
    assert_ptr_equal(head_page_text(HEAD_RETRY_AFTER, &page),
                     &page.retry_after);
    assert_null(head_page_text(HEAD_LOCATION, &page));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_keeps_what_a_crawler_needs),
        TEST(head_tells_when_a_spent_quota_begins_anew),
        TEST(head_is_not_final_before_its_blank_line),
        TEST(head_forgets_interim_answers_but_not_their_size),
        TEST(head_believes_no_trailer),
        TEST(head_joins_folded_lines),
        TEST(head_joins_codings_of_several_headers),
        TEST(head_judges_lengths),
        TEST(head_refuses_two_places_to_go),
        TEST(head_of_a_redirect_counts_whatever_its_length_says),
        TEST(head_counts_against_its_cap),
        TEST(head_reads_robots_tags),
        TEST(head_takes_the_last_content_type_that_is_a_type),
        TEST(head_names_the_text_of_a_page_for_a_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
