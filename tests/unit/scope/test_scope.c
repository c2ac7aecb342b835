/* scope: which URLs belong, and which rule said so. */
#include "crawler/scope/scope.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/cmocka_all.h"

static struct url parse(const char *text)
{
    struct url url;

    assert_int_equal(url_parse(&url, text, strlen(text), NULL), URL_OK);
    url_canonical(&url, &url);
    return url;
}

static struct scope *make(const struct scope_options *options)
{
    char message[SCOPE_MESSAGE_BYTES] = "";
    struct scope *scope = NULL;

    assert_int_equal(scope_new(&scope, options, message), CERR_OK);
    assert_string_equal(message, "");
    return scope;
}

static const struct {
    const char *seed, *url;
    bool host, domain, prefix;
} relations[] = {
    {"http://a.test/", "http://a.test/x", true, true, true},
    {"http://a.test/", "https://a.test/x", true, true, true},
    {"http://a.test:80/", "https://a.test:443/x", true, true, true},
    {"http://a.test:8080/", "http://a.test:8080/", true, true, true},
    {"http://a.test:8080/", "http://a.test/", false, true, false},
    {"http://a.test:443/", "https://a.test/", true, true, true},
    {"http://A.test/", "http://a.TEST/", true, true, true},
    {"http://a.test/d/e.html", "http://a.test/d/", true, true, true},
    {"http://a.test/d/e.html", "http://a.test/d/f/g?h", true, true, true},
    {"http://a.test/d/e.html", "http://a.test/d", true, true, false},
    {"http://a.test/d/", "http://a.test/dd/", true, true, false},
    {"http://a.test/d/?q=/x/", "http://a.test/d/y", true, true, true},
    {"http://www.example.com/", "http://example.com/", false, true, false},
    {"http://www.example.com/", "http://b.c.example.com:81/", false, true,
     false},
    {"http://example.com/", "http://example.org/", false, false, false},
    {"http://example.com/", "http://notexample.com/", false, false, false},
    {"http://a.example.co.uk/", "http://b.example.co.uk/", false, true, false},
    {"http://a.co.uk/", "http://b.co.uk/", false, false, false},
    {"http://co.uk/", "http://a.co.uk/", false, false, false},
    {"http://a.github.io/", "http://b.github.io/", false, false, false},
    {"http://1.2.3.4/", "http://1.2.3.4:8080/", false, true, false},
    {"http://1.2.3.4/", "http://2.2.3.4/", false, false, false},
    {"http://[::1]/", "http://[::1]/x", true, true, true},
    {"http://[::1]/", "http://[::2]/", false, false, false},
    {"http://localhost/", "http://other/", false, false, false},
    {"http://xn--bcher-kva.de/",
     "http://www.b\xc3\xbc"
     "cher.de/",
     false, true, false},
};

static void scope_relates_urls_to_their_seed(void **state)
{
    static const char *const names[] = {
        [SCOPE_HOST] = "scope host",
        [SCOPE_DOMAIN] = "scope domain",
        [SCOPE_PREFIX] = "scope prefix",
        [SCOPE_ANY] = "scope any",
    };

    (void)state;
    for (size_t kind = 0; kind < NR(names); kind++) {
        struct scope *scope =
            make(&(struct scope_options){.scope = (enum scope_kind)kind});

        for (size_t i = 0; i < NR(relations); i++) {
            struct url seed = parse(relations[i].seed);
            struct url url = parse(relations[i].url);
            bool expected[] = {
                [SCOPE_HOST] = relations[i].host,
                [SCOPE_DOMAIN] = relations[i].domain,
                [SCOPE_PREFIX] = relations[i].prefix,
                [SCOPE_ANY] = true,
            };
            struct scope_verdict verdict;

            if (scope_allows(scope, &url, &seed, &verdict) != expected[kind])
                fail_msg("%s of %s: %s", relations[i].url, relations[i].seed,
                         names[kind]);
            assert_int_equal(verdict.error,
                             expected[kind] ? ERROR_NONE : ERROR_SCOPE);
            assert_string_equal(verdict.rule, names[kind]);
            assert_int_equal(scope_allows(scope, &url, &seed, NULL),
                             expected[kind]);
        }
        scope_free(scope);
    }
    scope_free(NULL);
}

static void scope_asks_exclude_before_include(void **state)
{
    static const char *const include[] = {"/docs/", "^https:", "(a)(b)(c)"};
    static const char *const exclude[] = {"\\.pdf$", "(?i)PRIVATE"};
    static const struct {
        const char *url;
        enum error error;
        const char *rule;
    } rows[] = {
        {"http://a.test/docs/x", ERROR_NONE, "include /docs/"},
        {"https://a.test/x", ERROR_NONE, "include ^https:"},
        {"http://a.test/abc", ERROR_NONE, "include (a)(b)(c)"},
        {"http://a.test/x", ERROR_EXCLUDED, "no include pattern matches"},
        {"http://a.test/docs/x.pdf", ERROR_EXCLUDED, "exclude \\.pdf$"},
        {"http://a.test/docs/x.pdf?y", ERROR_NONE, "include /docs/"},
        {"http://a.test/docs/private", ERROR_EXCLUDED, "exclude (?i)PRIVATE"},
        {"http://b.test/docs/", ERROR_SCOPE, "scope host"},
    };
    struct scope *scope =
        make(&(struct scope_options){.scope = SCOPE_HOST,
                                     .include = include,
                                     .nr_include = NR(include),
                                     .exclude = exclude,
                                     .nr_exclude = NR(exclude)});
    struct url seed = parse("http://a.test/");

    (void)state;
    for (size_t i = 0; i < NR(rows); i++) {
        struct url url = parse(rows[i].url);
        struct scope_verdict verdict;
        bool allowed = scope_allows(scope, &url, &seed, &verdict);

        assert_int_equal(allowed, rows[i].error == ERROR_NONE);
        assert_int_equal(verdict.error, rows[i].error);
        assert_string_equal(verdict.rule, rows[i].rule);
    }
    scope_free(scope);
}

/* Each takes exponential time without a limit. */
static void scope_counts_a_costly_pattern_against_the_url(void **state)
{
    static const char *const nasty[] = {"(a|aa)+$", "(a+)+$", "(?:.+)+\\d$"};
    char text[4000] = "http://a.test/";
    struct url seed = parse("http://a.test/"), url;

    (void)state;
    memset(text + strlen(text), 'a', 3900);
    strcat(text, "?b");
    url = parse(text);
    for (size_t i = 0; i < NR(nasty); i++) {
        struct scope_options options = {
            .scope = SCOPE_ANY, .include = &nasty[i], .nr_include = 1};
        struct scope *include = make(&options), *exclude;
        struct scope_verdict verdict;

        options = (struct scope_options){
            .scope = SCOPE_ANY, .exclude = &nasty[i], .nr_exclude = 1};
        exclude = make(&options);
        assert_false(scope_allows(include, &url, &seed, &verdict));
        assert_int_equal(verdict.error, ERROR_EXCLUDED);
        assert_non_null(strstr(verdict.rule, "too costly"));
        assert_false(scope_allows(exclude, &url, &seed, &verdict));
        assert_int_equal(verdict.error, ERROR_EXCLUDED);
        assert_non_null(strstr(verdict.rule, "too costly"));
        scope_free(include);
        scope_free(exclude);
    }
}

static void expect_refused(const struct scope_options *options,
                           const char *message_part)
{
    char message[SCOPE_MESSAGE_BYTES] = "";
    struct scope *scope = NULL;

    assert_int_equal(scope_new(&scope, options, message), CERR_INVALID);
    assert_null(scope);
    if (!strstr(message, message_part))
        fail_msg("%s", message);
}

static void scope_says_what_is_wrong_with_a_pattern(void **state)
{
    const char *bad[] = {"fine", "open("};
    char *long_pattern = malloc(SCOPE_PATTERN_BYTES + 2);
    const char **many = calloc(SCOPE_PATTERNS_MAX + 1, sizeof(*many));
    const char *long_one = long_pattern;

    (void)state;
    assert_true(long_pattern && many);
    memset(long_pattern, 'a', SCOPE_PATTERN_BYTES + 1);
    long_pattern[SCOPE_PATTERN_BYTES + 1] = '\0';
    for (int i = 0; i <= SCOPE_PATTERNS_MAX; i++)
        many[i] = "x";

    expect_refused(
        &(struct scope_options){.exclude = bad, .nr_exclude = NR(bad)},
        "exclude pattern \"open(\": missing closing parenthesis, at byte 6");
    expect_refused(
        &(struct scope_options){.include = &long_one, .nr_include = 1},
        "include pattern of 4097 bytes, limit 4096");
    expect_refused(
        &(struct scope_options){.include = many,
                                .nr_include = SCOPE_PATTERNS_MAX + 1},
        "1001 include patterns, limit 1000");
    long_pattern[SCOPE_PATTERN_BYTES] = '\0';
    scope_free(
        make(&(struct scope_options){.include = &long_one, .nr_include = 1}));
    free(long_pattern);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scope_relates_urls_to_their_seed),
        cmocka_unit_test(scope_asks_exclude_before_include),
        cmocka_unit_test(scope_counts_a_costly_pattern_against_the_url),
        cmocka_unit_test(scope_says_what_is_wrong_with_a_pattern),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
