/* trap: every limit at its edge, and what the sketch counts. */
#include "crawler/scope/trap.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

static const struct hash_key key = {1, 2};

static struct url parse(const char *text)
{
    struct url url;

    assert_int_equal(url_parse(&url, text, strlen(text), NULL), URL_OK);
    url_canonical(&url, &url);
    return url;
}

static const struct {
    const char *path;
    int depth, repeated; /* the lowest limits that it passes */
} paths[] = {
    {"/", 0, 0},
    {"/a", 1, 1},
    {"/a/", 1, 1},
    {"//a///b//", 2, 1},
    {"/a/b/c/d", 4, 1},
    {"/a/a", 2, 2},
    {"/a/b/a/b/a/b", 6, 3},
    {"/a/aa/aaa/a", 4, 2},
    {"/a?/a/a/a/a", 1, 1},
    {"/x/y/x/z/x/x/", 6, 4},
};

static void trap_knows_depth_and_repetition(void **state)
{
    (void)state;
    for (size_t i = 0; i < NR(paths); i++) {
        char text[100], reason[TRAP_REASON_BYTES];
        struct url url;

        snprintf(text, sizeof(text), "http://h.test%s", paths[i].path);
        url = parse(text);
        for (int limit = 1; limit < 8; limit++) {
            struct trap_limits deep = {.path_depth = limit,
                                       .repeated_segments = -1};
            struct trap_limits repeat = {.path_depth = -1,
                                         .repeated_segments = limit};
            struct trap *trap = trap_new(&deep, &key);
            char expected[TRAP_REASON_BYTES];

            assert_int_equal(trap_judge(trap, &url, 0, reason),
                             paths[i].depth > limit ? TRAP_IS_TOO_DEEP
                                                    : TRAP_NONE);
            snprintf(expected, sizeof(expected),
                     "segments of the path: %d, limit %d", paths[i].depth,
                     limit);
            if (paths[i].depth > limit)
                assert_string_equal(reason, expected);
            trap_free(trap);

            trap = trap_new(&repeat, &key);
            assert_int_equal(trap_judge(trap, &url, 0, NULL),
                             paths[i].repeated > limit ? TRAP_IS_REPEATING
                                                       : TRAP_NONE);
            trap_free(trap);
        }
    }
    trap_free(NULL);
}

/* "http://h.test/", then `unit` again and again up to `len` bytes. */
static struct url make_url(size_t len, const char *unit)
{
    char text[URL_BYTES_MAX + 1] = "http://h.test/";

    for (size_t at = strlen(text), i = 0; at < len; at++, i++)
        text[at] = unit[i % strlen(unit)];
    text[len] = '\0';
    return parse(text);
}

static void trap_has_default_limits(void **state)
{
    struct trap *trap = trap_new(&(struct trap_limits){0}, &key);
    struct url long_enough = make_url(TRAP_URL_BYTES, "x");
    struct url too_long = make_url(TRAP_URL_BYTES + 1, "x");
    struct url deep = make_url(14 + 2 * TRAP_PATH_DEPTH, "a/b/c/d/e/f/g/h/i/j/"
                                                         "k/l/m/n/o/p/");
    struct url too_deep = make_url(14 + 2 * TRAP_PATH_DEPTH + 2,
                                   "a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/");
    struct url repeating = parse("http://h.test/a/a/b/a/a");
    struct url too_repeating = parse("http://h.test/a/a/a/b/a/a");
    struct url root = parse("http://h.test/");
    char reason[TRAP_REASON_BYTES];

    (void)state;
    assert_int_equal(trap_judge(trap, &long_enough, 0, NULL), TRAP_NONE);
    assert_int_equal(trap_judge(trap, &too_long, 0, reason), TRAP_IS_TOO_LONG);
    assert_string_equal(reason, "bytes of the URL: 2049, limit 2048");
    assert_int_equal(trap_judge(trap, &deep, 0, NULL), TRAP_NONE);
    assert_int_equal(trap_judge(trap, &too_deep, 0, NULL), TRAP_IS_TOO_DEEP);
    assert_int_equal(trap_judge(trap, &repeating, 0, NULL), TRAP_NONE);
    assert_int_equal(trap_judge(trap, &too_repeating, 0, reason),
                     TRAP_IS_REPEATING);
    assert_string_equal(reason,
                        "times the same segment in the path: 5, limit 4");
    assert_int_equal(trap_judge(trap, &root, TRAP_PAGES_PER_HOST - 1, NULL),
                     TRAP_NONE);
    assert_int_equal(trap_judge(trap, &root, TRAP_PAGES_PER_HOST, reason),
                     TRAP_HAS_TOO_MANY_PAGES);
    assert_string_equal(reason, "pages of the host: 1000001, limit 1000000");
    trap_free(trap);
}

static void trap_without_limits_lets_everything_pass(void **state)
{
    struct trap_limits none = {-1, -1, -1, -1, -1};
    struct trap *trap = trap_new(&none, &key);
    struct url url = make_url(URL_BYTES_MAX, "a/");
    struct url query = parse("http://h.test/a?b");

    (void)state;
    for (int i = 0; i < 70000; i++)
        trap_count(trap, &query);
    assert_int_equal(trap_judge(trap, &url, INT64_MAX - 1, NULL), TRAP_NONE);
    assert_int_equal(trap_judge(trap, &query, 0, NULL), TRAP_NONE);
    trap_free(trap);
}

static void
trap_counts_path_parameters_and_repeated_slashes_as_queries(void **state)
{
    static const char *const forms[] = {
        "http://h.test/a/b;jsessionid=1",
        "http://h.test/a/b;jsessionid=2",
        "http://h.test/a;v=1/b",
        "http://h.test/a//b",
    };
    struct trap_limits limits = {.query_variants = 4};
    struct trap *trap = trap_new(&limits, &key);
    struct url plain = parse("http://h.test/a/b");
    struct url other = parse("http://h.test/a/c;jsessionid=1");
    struct url last = parse("http://h.test/a//b;jsessionid=3");
    char reason[TRAP_REASON_BYTES];

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct url url = parse(forms[i]);
        assert_int_equal(trap_judge(trap, &url, 0, NULL), TRAP_NONE);
        assert_true(trap_may_count((struct bytes){url.text, url.len}));
        trap_count(trap, &url);
    }
    assert_false(trap_may_count((struct bytes){plain.text, plain.len}));
    assert_int_equal(trap_judge(trap, &last, 0, reason),
                     TRAP_HAS_TOO_MANY_QUERIES);
    assert_string_equal(reason, "different forms of the path: 5, limit 4");
    assert_int_equal(trap_queries_left(trap, &last), 0);
    assert_int_equal(trap_judge(trap, &plain, 0, NULL), TRAP_NONE);
    assert_int_equal(trap_judge(trap, &other, 0, NULL), TRAP_NONE);
    trap_free(trap);
}

static void trap_counts_queries_of_each_path(void **state)
{
    struct trap_limits limits = {.query_variants = 5};
    struct trap *trap = trap_new(&limits, &key);
    struct url path = parse("http://h.test/a"), other, more;
    char reason[TRAP_REASON_BYTES];

    (void)state;
    for (int i = 0; i < 5; i++) {
        char text[100];
        struct url url;

        snprintf(text, sizeof(text), "http://h.test/a?p=%d", i);
        url = parse(text);
        assert_int_equal(trap_judge(trap, &url, 0, reason), TRAP_NONE);
        trap_count(trap, &url);
        trap_count(trap, &path); /* without a query: does not count */
    }
    more = parse("http://h.test/a?x");
    assert_int_equal(trap_judge(trap, &more, 0, reason),
                     TRAP_HAS_TOO_MANY_QUERIES);
    assert_string_equal(reason, "different queries of the path: 6, limit 5");
    assert_int_equal(trap_judge(trap, &path, 0, NULL), TRAP_NONE);
    other = parse("http://h.test/b?x");
    assert_int_equal(trap_judge(trap, &other, 0, NULL), TRAP_NONE);
    other = parse("http://i.test/a?x");
    assert_int_equal(trap_judge(trap, &other, 0, NULL), TRAP_NONE);
    other = parse("https://h.test/a?x");
    assert_int_equal(trap_judge(trap, &other, 0, NULL), TRAP_NONE);
    trap_free(trap);
}

/* 50,000 paths of 4 queries each: hardly one seems to have 9. */
static void trap_sketch_hardly_overcounts(void **state)
{
    struct trap_limits limits = {.query_variants = 8};
    struct trap *trap = trap_new(&limits, &key);
    int nr_wrong = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        char text[100];
        struct url url;

        snprintf(text, sizeof(text), "http://h.test/%d", i % 50000);
        url = (struct url){.path_at = 13};
        url.len = (uint16_t)strlen(text);
        url.path_len = (uint16_t)(url.len - url.path_at);
        url.has_query = true;
        memcpy(url.text, text, url.len);
        nr_wrong += trap_judge(trap, &url, 0, NULL) != TRAP_NONE;
        trap_count(trap, &url);
    }
    assert_true(nr_wrong < 20);
    trap_free(trap);
}

/* The largest limit can still be reached. */
static void trap_sketch_counts_to_its_end(void **state)
{
    struct trap_limits limits = {.query_variants = 1000000};
    struct trap *trap = trap_new(&limits, &key);
    struct url url = parse("http://h.test/a?b");

    (void)state;
    for (int i = 0; i < TRAP_QUERY_VARIANTS_MAX; i++)
        trap_count(trap, &url);
    assert_int_equal(trap_judge(trap, &url, 0, NULL),
                     TRAP_HAS_TOO_MANY_QUERIES);
    for (int i = 0; i < 10; i++)
        trap_count(trap, &url);
    assert_int_equal(trap_judge(trap, &url, 0, NULL),
                     TRAP_HAS_TOO_MANY_QUERIES);
    trap_free(trap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trap_knows_depth_and_repetition),
        cmocka_unit_test(trap_has_default_limits),
        cmocka_unit_test(trap_without_limits_lets_everything_pass),
        cmocka_unit_test(
            trap_counts_path_parameters_and_repeated_slashes_as_queries),
        cmocka_unit_test(trap_counts_queries_of_each_path),
        cmocka_unit_test(trap_sketch_hardly_overcounts),
        cmocka_unit_test(trap_sketch_counts_to_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
