/* robots: RFC 9309 rule by rule, and what real files add to it. */
#include "crawler/robots/robots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/cmocka_all.h"

#define FILE_MAX ((size_t)4 << 20)

/* From a heap copy of exactly this size, so that ASan sees a read past it. */
static struct robots *parse(const void *data, size_t len, const char *token)
{
    void *copy = malloc(len ? len : 1);
    struct robots *robots = NULL;

    assert_non_null(copy);
    memcpy(copy, data, len);
    assert_int_equal(robots_parse(&robots, copy, len, token), CERR_OK);
    free(copy);
    return robots;
}

static bool allows(const struct robots *robots, const char *target)
{
    return robots_allows(robots, target, strlen(target), NULL);
}

struct row {
    const char *file, *token, *target;
    const char *rule; /* the line that decides; "" none */
    int line;
    bool allowed;
};

static void expect_rows(const struct row *rows, size_t nr_rows)
{
    for (size_t i = 0; i < nr_rows; i++) {
        const struct row *row = &rows[i];
        struct robots *robots = parse(row->file, strlen(row->file), row->token);
        struct robots_verdict verdict;
        bool allowed =
            robots_allows(robots, row->target, strlen(row->target), &verdict);

        if (allowed != row->allowed || verdict.allowed != allowed ||
            verdict.line != row->line ||
            verdict.rule.len != strlen(row->rule) ||
            memcmp(verdict.rule.data, row->rule, verdict.rule.len) != 0)
            fail_msg("row %zu, %s of %s: %d by \"%.*s\" of line %d", i,
                     row->target, row->file, allowed, (int)verdict.rule.len,
                     (const char *)verdict.rule.data, verdict.line);
        robots_free(robots);
    }
}

/* RFC 9309 2.2.1 and 2.2.4 */
static void robots_finds_the_groups_of_its_token(void **state)
{
    static const char file[] = "Disallow: /early\n"
                               "User-agent: a\n"
                               "User-agent: Crawl\n"
                               "Disallow: /1\n"
                               "\n"
                               "# a comment ends nothing\n"
                               "Disallow: /2 # why\n"
                               "User-agent: *\n"
                               "Disallow: /star\n"
                               "USER-AGENT : crawl/1.0 (like b)\n"
                               "Sitemap: http://h/s.xml\n"
                               "Unknown: x\n"
                               "Crawl-delay: 3\n"
                               "User-agent: c\n"
                               "Disallow: /3\n"
                               "User-agent: crawler\n"
                               "Disallow: /crawler\n"
                               "User-agent:\n"
                               "Disallow: /nobody\n";
    static const struct row rows[] = {
        {file, "crawl", "/1", "Disallow: /1", 4, false},
        {file, "CRAWL/2.0", "/1x", "Disallow: /1", 4, false},
        {file, "crawl", "/2", "Disallow: /2", 7, false},
        {file, "crawl", "/3", "Disallow: /3", 15, false},
        {file, "c", "/3", "Disallow: /3", 15, false},
        {file, "crawl", "/early", "", 0, true},
        {file, "crawl", "/star", "", 0, true},
        {file, "crawl", "/crawler", "", 0, true},
        {file, "other", "/star", "Disallow: /star", 9, false},
        {file, "other", "/1", "", 0, true},
        {file, "*", "/star", "Disallow: /star", 9, false},
        {file, "", "/star", "Disallow: /star", 9, false},
        {file, "", "/nobody", "", 0, true},
        {"User-agent: a\nDisallow: /", "b", "/", "", 0, true},
        {"User-agent: *\nDisallow: /\nUser-agent: a", "a", "/", "", 0, true},
        {"User-agent: a b\nDisallow: /", "a", "/", "Disallow: /", 2, false},
        {"User-agent: a, b\nDisallow: /", "b", "/", "", 0, true},
        {"User-agent: a_b-c\nDisallow: /", "a_b-c", "/", "Disallow: /", 2,
         false},
        {"User-agent: * x\nDisallow: /", "a", "/", "Disallow: /", 2, false},
        {"User-agent: *x\nDisallow: /", "a", "/", "", 0, true},
        /* an empty rule is a rule for the groups */
        {"User-agent: a\nDisallow:\nUser-agent: b\nDisallow: /", "a", "/", "",
         0, true},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

/* RFC 9309 2.2.2 and 2.2.3 */
static void robots_lets_the_longest_match_decide(void **state)
{
#define ALL "User-agent: *\n"
    static const struct row rows[] = {
        {ALL "Disallow: /a\nAllow: /a/b", "x", "/a/b/c", "Allow: /a/b", 3,
         true},
        {ALL "Allow: /a/b\nDisallow: /a", "x", "/a/c", "Disallow: /a", 3,
         false},
        {ALL "Disallow: /a\nAllow: /a", "x", "/a", "Allow: /a", 3, true},
        {ALL "Disallow: /a/\n", "x", "/a", "", 0, true},
        {ALL "Disallow: /A\n", "x", "/a", "", 0, true},
        {ALL "Disallow:\nAllow:", "x", "/a", "", 0, true},
        {ALL "Disallow: a\n", "x", "/a", "", 0, true},
        {ALL "Disallow: /*.gif\nAllow: /a.gif", "x", "/a.gif", "Allow: /a.gif",
         3, true},
        {ALL "Disallow: /*.gif\nAllow: /a.gi", "x", "/a.gif",
         "Disallow: /*.gif", 2, false},
        {ALL "Disallow: *.gif$\n", "x", "/a.gif", "Disallow: *.gif$", 2, false},
        {ALL "Disallow: *.gif$\n", "x", "/a.gif?b", "", 0, true},
        {ALL "Disallow: *.gif$\n", "x", "/a.gif/b.gif", "Disallow: *.gif$", 2,
         false},
        {ALL "Disallow: /$\n", "x", "/", "Disallow: /$", 2, false},
        {ALL "Disallow: /$\n", "x", "/a", "", 0, true},
        {ALL "Disallow: /a$b\n", "x", "/a$b", "Disallow: /a$b", 2, false},
        {ALL "Disallow: /*$\n", "x", "/a", "Disallow: /*$", 2, false},
        {ALL "Disallow: /a*$\n", "x", "/b", "", 0, true},
        {ALL "Disallow: /a*a$\n", "x", "/a", "", 0, true},
        {ALL "Disallow: /a*a$\n", "x", "/aa", "Disallow: /a*a$", 2, false},
        {ALL "Disallow: /*a*b*c\n", "x", "/xaxbxc", "Disallow: /*a*b*c", 2,
         false},
        {ALL "Disallow: /*a*b*c\n", "x", "/xaxcxb", "", 0, true},
        {ALL "Disallow: /**a***b\n", "x", "/ab", "Disallow: /**a***b", 2,
         false},
        {ALL "Disallow: ***\n", "x", "/", "Disallow: ***", 2, false},
        {ALL "Disallow: /*?\n", "x", "/a?", "Disallow: /*?", 2, false},
        {ALL "Disallow: /?\n", "x", "?q", "Disallow: /?", 2, false},
        {ALL "Disallow: /\n", "x", "", "Disallow: /", 2, false},
        {ALL "Disallow: /\n", "x", "/robots.txt", "", 0, true},
        {ALL "Disallow: /\n", "x", "/robots.txt2", "Disallow: /", 2, false},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void robots_compares_escapes_by_what_they_mean(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"/%7ejoe", "/~joe", true},
        {"/a%3cd", "/a%3Cd", true},
        {"/a%3cd", "/a<d", true},
        {"/%e3%83%84", "/\xe3\x83\x84", true},
        {"/a%2fb", "/a/b", false},
        {"/a%2fb", "/a%2Fb", true},
        {"/a%3Fb", "/a?b", false},
        {"/a%23b", "/a#b", false},
        {"/a%3Ab", "/a:b", true},
        {"/a%25b", "/a%b", false},
        {"/a%", "/a%", true},
        {"/a%4", "/a%4", true},
        {"/a%zz", "/a%zz", true},
        {"/a?u=http://b", "/a?u=http%3A%2F%2Fb", true},
        {"/a?b%26c", "/a?b&c", false},
        {"/a?b%3Dc", "/a?b=c", false},
        {"/a?b%2Bc", "/a?b+c", false},
        {"/a%00b", "/a%00b", true},
        {"/a%2Ab", "/a*b", true}, /* RFC 9309 2.2.3 */
        {"/a%24", "/a$", true},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        /* as pattern and path, both ways round; a star or dollar in the
         * pattern and a number sign, which begins a comment, only one way */
        for (int swap = 0; swap < 2; swap++) {
            const char *pattern = swap ? rows[i].b : rows[i].a;
            const char *path = swap ? rows[i].a : rows[i].b;
            char file[100];
            struct robots *robots;

            if (strpbrk(pattern, "*$#"))
                continue;
            snprintf(file, sizeof(file), "User-agent: *\nDisallow: %s",
                     pattern);
            robots = parse(file, strlen(file), "x");
            if (allows(robots, path) == rows[i].same)
                fail_msg("%s and %s", pattern, path);
            robots_free(robots);
        }
    }
}

/* %2A in a pattern is a star, not a wildcard; the longest match counts an
 * escape as three octets however the character is written. */
static void robots_keeps_escaped_wildcards_apart(void **state)
{
    static const struct row rows[] = {
        {ALL "Disallow: /a%2Ab", "x", "/acb", "", 0, true},
        {ALL "Disallow: /a%24", "x", "/a$b", "Disallow: /a%24", 2, false},
        {ALL "Disallow: /\xe3\x83\x84\nAllow: /*****", "x", "/%E3%83%84",
         "Disallow: /\xe3\x83\x84", 2, false},
        {ALL "Disallow: /\xe3\x83\x84\nAllow: /%E3%83%84", "x", "/%E3%83%84",
         "Allow: /%E3%83%84", 3, true},
    };

    (void)state;
    expect_rows(rows, NR(rows));
}

static void robots_reads_any_line_end_and_garbage(void **state)
{
    static const struct row rows[] = {
        {"\xef\xbb\xbfUser-agent: *\nDisallow: /", "x", "/", "Disallow: /", 2,
         false},
        {"\xef\xbbUser-agent: *\nDisallow: /", "x", "/", "Disallow: /", 2,
         false},
        {"User-agent: *\rDisallow: /\r", "x", "/", "Disallow: /", 2, false},
        {"User-agent: *\r\n\r\nDisallow: /\r\n", "x", "/", "Disallow: /", 3,
         false},
        {"\n\r\rUser-agent: *\n\r\nDisallow: /", "x", "/", "Disallow: /", 6,
         false},
        {" \t User-agent \t:\t*\t\n\v Disallow:/ \f", "x", "/", "Disallow:/", 2,
         false},
        {"User-agent *\nDisallow /a\nDisallow /b c", "x", "/a", "Disallow /a",
         2, false},
        {"User-agent *\nDisallow /a\nDisallow /b c", "x", "/b", "", 0, true},
        {"useragent: *\nDissalow: /", "x", "/", "Dissalow: /", 2, false},
        {"User agent: *\nDisallaw: /", "x", "/", "Disallaw: /", 2, false},
        {"User-agent: *\nDisallows: /", "x", "/", "", 0, true},
        {"<html>\n<body>User-agent: *\nDisallow: /<br>", "x", "/", "", 0, true},
        {"::::\n:\n#\n \nUser-agent: *\nDisallow: /", "x", "/", "Disallow: /",
         6, false},
    };
    static const char binary[] = "\0\xff\xfe\0\nUser-agent: *\nDisallow: /\0x";
    struct robots *robots = parse(binary, sizeof(binary) - 1, "x");

    (void)state;
    assert_true(allows(robots, "/"));
    assert_false(robots_allows(robots, "/%00x", 5, NULL));
    robots_free(robots);
    expect_rows(rows, NR(rows));
}

static void robots_reads_crawl_delays(void **state)
{
    static const struct {
        const char *value;
        double delay_s;
    } rows[] = {
        {"1", 1},
        {"0", 0},
        {"0.5", 0.5},
        {".5", 0.5},
        {"5.", 5},
        {"10 # s", 10},
        {"2.25", 2.25},
        {"-1", -1},
        {"1,5", -1},
        {"10s", -1},
        {"1.2.3", -1},
        {"6<BR>", 6},
        {"6 </p>", 6},
        {"<br>", -1},
        {"", -1},
        {".", -1},
        {"nan", -1},
        {"inf", -1},
        {"0x10", -1},
        {"1e3", -1},
        {"86400", 86400},
        {"86401", 86400},
        {"1000000000", 86400},
        {"99999999999999999999999999999999999999999999", 86400},
        {"0.00000000000000000000000000000000000001", 0},
    };
    static const char file[] = "Crawl-delay: 9\n"
                               "User-agent: a\nCrawl-delay: 1\n"
                               "User-agent: b\nCrawl-delay: 2\nCrawl-delay: 1\n"
                               "User-agent: c\nUser-agent: d\n"
                               "Disallow: /\nCrawl-delay: 3\n"
                               "User-agent: e\nDisallow: /\n"
                               "User-agent: *\nCrawl-delay: 4\n";
    static const char *const tokens[] = {"a", "b", "c", "d", "e", "f"};
    static const double delays_s[] = {1, 2, 3, 3, -1, 4};

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        char text[200];
        struct robots *robots;
        double delay_s;

        snprintf(text, sizeof(text), "User-agent: *\ncrawl-delay: %s\n",
                 rows[i].value);
        robots = parse(text, strlen(text), "x");
        delay_s = robots_crawl_delay_s(robots);
        if (delay_s > rows[i].delay_s || delay_s < rows[i].delay_s)
            fail_msg("\"%s\" is %f", rows[i].value, delay_s);
        robots_free(robots);
    }
    for (size_t i = 0; i < NR(tokens); i++) {
        struct robots *robots = parse(file, sizeof(file) - 1, tokens[i]);

        assert_true(robots_crawl_delay_s(robots) * 10 == delays_s[i] * 10);
        robots_free(robots);
    }
}

static void robots_reads_a_file_that_comes_as_html(void **state)
{
    static const char file[] = "<html><body>\nUser-agent: a<br>\n"
                               "Disallow: <br>\nCrawl-delay: 1<br>\n"
                               "User-agent: *<br>\nDisallow: /b/\n"
                               "Crawl-delay: 2<br>\n</body></html>\n";
    static const char *const tokens[] = {"a", "other"};

    (void)state;
    for (size_t i = 0; i < NR(tokens); i++) {
        struct robots *robots = parse(file, sizeof(file) - 1, tokens[i]);

        assert_true(robots_crawl_delay_s(robots) * 10 == (double)(i + 1) * 10);
        assert_int_equal(robots_allows(robots, "/b/", 3, NULL), i == 0);
        assert_true(robots_allows(robots, "/", 1, NULL));
        robots_free(robots);
    }
}

static void robots_lists_sitemaps_of_the_whole_file(void **state)
{
    static const char file[] = "Sitemap: http://h/1\n"
                               "User-agent: a\nSITEMAP:/2\nDisallow: /\n"
                               "Sitemap:\nsite-map: http://h/1\n"
                               "User-agent: b\nSitemap: http://h/3 # c\n";
    static const char *const expected[] = {"http://h/1", "/2", "http://h/3"};
    struct robots *robots = parse(file, sizeof(file) - 1, "x");
    struct buf many;

    (void)state;
    assert_int_equal(robots_nr_sitemaps(robots), NR(expected));
    for (size_t i = 0; i < NR(expected); i++) {
        struct bytes sitemap = robots_sitemap(robots, i);

        assert_int_equal(sitemap.len, strlen(expected[i]));
        assert_memory_equal(sitemap.data, expected[i], sitemap.len);
    }
    robots_free(robots);

    buf_init(&many, FILE_MAX);
    for (int i = 0; i < ROBOTS_SITEMAPS_MAX + 5; i++)
        assert_int_equal(buf_addf(&many, "Sitemap: /%d\n", i), CERR_OK);
    robots = parse(many.data, many.len, "x");
    assert_int_equal(robots_nr_sitemaps(robots), ROBOTS_SITEMAPS_MAX);
    robots_free(robots);
    buf_release(&many);
}

/* A rule that ends at `end` of a file of `len` bytes. */
static bool reads_rule_at(size_t end, size_t len)
{
    static const char group[] = "User-agent: *\n", rule[] = "\nDisallow: /a\n";
    char *file = malloc(len);
    struct robots *robots;
    bool is_read;

    assert_non_null(file);
    memset(file, '#', len);
    memcpy(file, group, sizeof(group) - 1);
    memcpy(file + end - (sizeof(rule) - 1), rule, sizeof(rule) - 1);
    robots = parse(file, len, "x");
    is_read = !allows(robots, "/a");
    robots_free(robots);
    free(file);
    return is_read;
}

static void robots_reads_500_kib_and_no_half_line(void **state)
{
    (void)state;
    assert_true(reads_rule_at(ROBOTS_BYTES_MAX, ROBOTS_BYTES_MAX));
    assert_true(reads_rule_at(ROBOTS_BYTES_MAX, FILE_MAX));
    assert_false(reads_rule_at(ROBOTS_BYTES_MAX + 1, ROBOTS_BYTES_MAX + 1));
    assert_false(reads_rule_at(ROBOTS_BYTES_MAX + 1, FILE_MAX));
    assert_false(reads_rule_at(ROBOTS_BYTES_MAX + 5, FILE_MAX));
}

static void robots_bounds_rules_and_lines(void **state)
{
    struct buf file;
    struct robots *robots;
    char path[ROBOTS_LINE_BYTES + 10];

    (void)state;
    buf_init(&file, FILE_MAX);
    assert_int_equal(buf_add_str(&file, ALL), CERR_OK);
    for (int i = 0; i < ROBOTS_RULES_MAX; i++)
        assert_int_equal(buf_add_str(&file, "allow:/b\n"), CERR_OK);
    assert_int_equal(buf_add_str(&file, "disallow:/c\n"), CERR_OK);
    assert_true(file.len < ROBOTS_BYTES_MAX);
    robots = parse(file.data, file.len, "x");
    assert_true(allows(robots, "/c"));
    assert_true(robots_bytes(robots) < 10 * ROBOTS_BYTES_MAX);
    robots_free(robots);

    /* a pattern is cut where its line is */
    file.len = 0;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    assert_int_equal(buf_add_str(&file, ALL "Disallow: "), CERR_OK);
    assert_int_equal(buf_add(&file, path, sizeof(path)), CERR_OK);
    robots = parse(file.data, file.len, "x");
    assert_false(robots_allows(robots, path, ROBOTS_LINE_BYTES - 10, NULL));
    assert_true(robots_allows(robots, path, ROBOTS_LINE_BYTES - 11, NULL));
    robots_free(robots);
    buf_release(&file);
}

/* Wildcards cost time, so there is a limit to them; "/d*" is none. */
static void robots_bounds_wildcards(void **state)
{
    struct robots *robots;
    struct buf file;

    (void)state;
    buf_init(&file, FILE_MAX);
    assert_int_equal(buf_add_str(&file, ALL), CERR_OK);
    for (int i = 1; i < ROBOTS_WILDCARDS_MAX; i++)
        assert_int_equal(buf_addf(&file, "disallow:*a*%d$\n", i), CERR_OK);
    assert_int_equal(buf_add_str(&file, "disallow:/*b\n"
                                        "disallow:/*c\n"
                                        "disallow:/d*\n"
                                        "disallow:/e\n"),
                     CERR_OK);
    robots = parse(file.data, file.len, "x");
    assert_false(allows(robots, "/a1999"));
    assert_false(allows(robots, "/b"));
    assert_true(allows(robots, "/c"));
    assert_false(allows(robots, "/d"));
    assert_false(allows(robots, "/e"));
    robots_free(robots);
    buf_release(&file);
}

/* The densest files there can be: nothing in them may be an error. */
static void robots_holds_what_500_kib_can_say(void **state)
{
    static const char *const lines[] = {"allow:/\n",
                                        "allow:*\n",
                                        "allow:*a*a*a*a\n",
                                        "allow:**********\n",
                                        "sitemap:a\n",
                                        "user-agent:*\n",
                                        "\n",
                                        "allow:/%41%2f%2F\n"};

    (void)state;
    for (size_t i = 0; i < NR(lines); i++) {
        struct robots *robots;
        struct buf file;

        buf_init(&file, FILE_MAX);
        assert_int_equal(buf_add_str(&file, ALL), CERR_OK);
        while (file.len < ROBOTS_BYTES_MAX)
            assert_int_equal(buf_add_str(&file, lines[i]), CERR_OK);
        robots = parse(file.data, file.len, "x");
        assert_true(allows(robots, "/a/a/a"));
        robots_free(robots);
        buf_release(&file);
    }
}

/* A matcher that goes back would not end before the universe does. */
static void robots_matches_many_stars_in_linear_time(void **state)
{
    char file[2000] = "User-agent: *\nDisallow: /", path[2000];
    struct robots *robots;

    (void)state;
    for (int i = 0; i < 500; i++)
        strcat(file, "*a");
    strcat(file, "b");
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    robots = parse(file, strlen(file), "x");
    assert_true(robots_allows(robots, path, sizeof(path), NULL));
    path[sizeof(path) - 1] = 'b';
    assert_false(robots_allows(robots, path, sizeof(path), NULL));
    robots_free(robots);
}

/* The path of 2,000 bytes has most of what each pattern wants, and not all. */
static void robots_judges_right_by_thousands_of_patterns(void **state)
{
    static const struct {
        const char *front, *middle, *back; /* around the number of the rule */
        int nr_middles;
        const char *path; /* repeated */
    } rows[] = {
        {"/*", "a", "b", 230, "a"},   {"/*b", "a", "", 230, "a"},
        {"/*", "xb", "ab", 20, "ab"}, {"/", "*b", "q", 100, "ab"},
        {"/", "a", "", 200, "a"},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct robots *robots;
        struct buf file;
        char path[2001] = "/";

        buf_init(&file, FILE_MAX);
        assert_int_equal(buf_add_str(&file, ALL), CERR_OK);
        for (int rule = 0; rule < 2000; rule++) {
            assert_int_equal(
                buf_addf(&file, "Disallow: %s%d", rows[i].front, rule),
                CERR_OK);
            for (int k = 0; k < rows[i].nr_middles; k++)
                assert_int_equal(buf_add_str(&file, rows[i].middle), CERR_OK);
            assert_int_equal(buf_addf(&file, "%s\n", rows[i].back), CERR_OK);
        }
        for (size_t at = 1; at < sizeof(path); at++)
            path[at] = rows[i].path[at % strlen(rows[i].path)];
        robots = parse(file.data, file.len, "x");
        assert_true(robots_allows(robots, path, sizeof(path), NULL));
        robots_free(robots);
        buf_release(&file);
    }
}

/* No more is looked at than the budget allows; what is left counts against the
 * path, as the site may have meant it so. */
static void robots_counts_each_disallow_behind_its_budget(void **state)
{
    char path[2000];
    struct robots *robots;
    struct robots_verdict verdict;
    struct buf file;

    (void)state;
    memset(path, 'a', sizeof(path));
    path[0] = '/';
    buf_init(&file, FILE_MAX);
    assert_int_equal(buf_add_str(&file, ALL "Allow: /a\n"), CERR_OK);
    for (int i = 0; i < 200; i++)
        assert_int_equal(buf_add_str(&file, "Disallow: /*aaaaa*b*aaaaa\n"),
                         CERR_OK);
    robots = parse(file.data, file.len, "x");
    assert_true(robots_allows(robots, path, 50, NULL));
    assert_false(robots_allows(robots, path, sizeof(path), &verdict));
    assert_true(verdict.line > 3 && verdict.line < 200);
    robots_free(robots);
    buf_release(&file);
}

static void robots_policy_follows_the_answer(void **state)
{
    static const struct {
        int status;
        enum error error;
        enum robots_policy policy;
    } rows[] = {
        {200, ERROR_NONE, ROBOTS_PARSE},
        {204, ERROR_NONE, ROBOTS_PARSE},
        {200, ERROR_TOO_LARGE, ROBOTS_PARSE},
        {200, ERROR_TRUNCATED, ROBOTS_DISALLOW_ALL},
        {200, ERROR_BAD_ENCODING, ROBOTS_DISALLOW_ALL},
        {300, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {301, ERROR_REDIRECT_LIMIT, ROBOTS_ALLOW_ALL},
        {302, ERROR_REDIRECT_LOOP, ROBOTS_DISALLOW_ALL},
        {302, ERROR_BAD_REDIRECT, ROBOTS_DISALLOW_ALL},
        {302, ERROR_BAD_PORT, ROBOTS_DISALLOW_ALL},
        {400, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {401, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {403, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {404, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {404, ERROR_TRUNCATED, ROBOTS_ALLOW_ALL},
        {429, ERROR_NONE, ROBOTS_DISALLOW_ALL},
        {499, ERROR_NONE, ROBOTS_ALLOW_ALL},
        {500, ERROR_NONE, ROBOTS_DISALLOW_ALL},
        {503, ERROR_NONE, ROBOTS_DISALLOW_ALL},
        {599, ERROR_TOO_LARGE, ROBOTS_DISALLOW_ALL},
        {999, ERROR_NONE, ROBOTS_DISALLOW_ALL},
        {0, ERROR_NONE, ROBOTS_DISALLOW_ALL},
        {0, ERROR_DNS, ROBOTS_DISALLOW_ALL},
        {0, ERROR_TIMEOUT, ROBOTS_DISALLOW_ALL},
        {0, ERROR_TLS, ROBOTS_DISALLOW_ALL},
        {0, ERROR_CONNECT, ROBOTS_DISALLOW_ALL},
        {0, ERROR_BLOCKED_ADDRESS, ROBOTS_DISALLOW_ALL},
    };

    (void)state;
    for (size_t i = 0; i < NR(rows); i++)
        if (robots_policy(rows[i].status, rows[i].error) != rows[i].policy)
            fail_msg("status %d, error %d", rows[i].status, rows[i].error);
}

static void robots_without_a_file_allow_everything(void **state)
{
    struct robots *robots = NULL;

    (void)state;
    assert_int_equal(robots_parse(&robots, NULL, 0, "x"), CERR_OK);
    assert_true(allows(robots, "/"));
    assert_true(robots_crawl_delay_s(robots) < 0);
    assert_int_equal(robots_nr_sitemaps(robots), 0);
    robots_free(robots);
    robots_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(robots_finds_the_groups_of_its_token),
        cmocka_unit_test(robots_lets_the_longest_match_decide),
        cmocka_unit_test(robots_compares_escapes_by_what_they_mean),
        cmocka_unit_test(robots_keeps_escaped_wildcards_apart),
        cmocka_unit_test(robots_reads_any_line_end_and_garbage),
        cmocka_unit_test(robots_reads_crawl_delays),
        cmocka_unit_test(robots_reads_a_file_that_comes_as_html),
        cmocka_unit_test(robots_lists_sitemaps_of_the_whole_file),
        cmocka_unit_test(robots_reads_500_kib_and_no_half_line),
        cmocka_unit_test(robots_bounds_rules_and_lines),
        cmocka_unit_test(robots_bounds_wildcards),
        cmocka_unit_test(robots_holds_what_500_kib_can_say),
        cmocka_unit_test(robots_matches_many_stars_in_linear_time),
        cmocka_unit_test(robots_judges_right_by_thousands_of_patterns),
        cmocka_unit_test(robots_counts_each_disallow_behind_its_budget),
        cmocka_unit_test(robots_policy_follows_the_answer),
        cmocka_unit_test(robots_without_a_file_allow_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
