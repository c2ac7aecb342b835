/*
 * robots: any file, any path. The first byte is the length of the path that
 * follows, the rest is the file. The path is also taken as a pattern and
 * matched against the file's beginning, beside a matcher that is slow and
 * plain.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/robots/robots.h"
#include "crawler/robots/robots_index.h"
#include "crawler/robots/robots_rule.h"

#define PATH_MAX_BYTES 300
#define RULES_MAX      60 /* so few cannot use up the budget of a path */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void judge(const char *path, size_t path_len, const void *file,
                  size_t len)
{
    struct robots *robots = NULL;
    struct robots_verdict verdict;
    double delay_s;

    require(robots_parse(&robots, file, len, "crawl/1.0") == CERR_OK);
    require(robots_allows(robots, path, path_len, &verdict) == verdict.allowed);
    require((verdict.line == 0) == (verdict.rule.len == 0));
    require(verdict.line || verdict.allowed);
    require(verdict.rule.len <= ROBOTS_LINE_BYTES);
    delay_s = robots_crawl_delay_s(robots);
    require(delay_s <= ROBOTS_DELAY_MAX_S);
    require(robots_nr_sitemaps(robots) <= ROBOTS_SITEMAPS_MAX);
    for (size_t i = 0; i < robots_nr_sitemaps(robots); i++)
        require(robots_sitemap(robots, i).len > 0);
    robots_free(robots);
}

/* reaches[i]: the pattern so far matches the first i bytes of the path. */
static bool matches_slowly(const char *pattern, size_t pattern_len,
                           const char *path, size_t len)
{
    bool anchored = pattern_len && pattern[pattern_len - 1] == '$';
    bool reaches[PATH_MAX_BYTES + 1] = {true};
    bool found = false;

    for (size_t p = 0; p < pattern_len - anchored; p++) {
        bool next[PATH_MAX_BYTES + 1] = {false};
        bool any = false;

        for (size_t i = 0; i <= len; i++) {
            any |= reaches[i];
            if (pattern[p] == '*')
                next[i] = any;
            else if (i)
                next[i] = reaches[i - 1] && path[i - 1] == pattern[p];
        }
        memcpy(reaches, next, sizeof(reaches));
    }
    for (size_t i = 0; i < len && !anchored; i++)
        found |= reaches[i];
    return found || reaches[len];
}

/* Whether the bytes have an escaped wildcard, which the slow matcher does not
 * tell from a wildcard. */
static bool has_escaped_wildcard(const char *text, size_t len)
{
    return memmem(text, len, "%2A", 3) || memmem(text, len, "%2a", 3) ||
           memmem(text, len, "%24", 3);
}

static void match(const char *pattern, size_t pattern_len, const char *raw_path,
                  size_t len)
{
    char path[PATH_MAX_BYTES], normal[PATH_MAX_BYTES];
    struct robots_rule rule = {0};
    struct buf pool;
    int64_t steps = 0;

    if (has_escaped_wildcard(pattern, pattern_len))
        return;
    len = robots_normalize(raw_path,
                           len < PATH_MAX_BYTES ? len : PATH_MAX_BYTES, path);
    buf_init(&pool, (size_t)1 << 20);
    require(robots_rule_compile(&rule, &pool, pattern, pattern_len) == CERR_OK);
    pattern_len = robots_normalize(pattern, pattern_len, normal);
    require(robots_rule_matches(&rule, &pool, path, len, &steps) ==
            matches_slowly(normal, pattern_len, path, len));
    require(steps < 0); /* whatever it looked at was counted */
    buf_release(&pool);
}

/* Each line of the file is a rule: the index finds the first that matches. */
static void find(const char *path, size_t path_len, const char *file,
                 size_t len)
{
    static struct robots_rule rules[RULES_MAX];
    struct robots_index index;
    struct buf pool;
    char normal[PATH_MAX_BYTES];
    size_t nr = 0, expected = ROBOTS_NO_RULE;

    buf_init(&pool, (size_t)1 << 20);
    path_len = robots_normalize(path, path_len, normal);
    while (len > 0 && nr < RULES_MAX) {
        const char *end = memchr(file, '\n', len);
        size_t line_len = end ? (size_t)(end - file) : len;

        rules[nr] = (struct robots_rule){.allow = nr % 2};
        require(robots_rule_compile(&rules[nr++], &pool, file,
                                    line_len < 1000 ? line_len : 1000) ==
                CERR_OK);
        file += line_len + (end != NULL);
        len -= line_len + (end != NULL);
    }
    for (size_t i = nr; i-- > 0;) {
        int64_t steps = 0;

        if (robots_rule_matches(&rules[i], &pool, normal, path_len, &steps))
            expected = i;
    }
    const struct robots_rules all = {rules, nr, &pool};

    require(robots_index_make(&index, &all) == CERR_OK);
    require(robots_index_find(&index, &all, normal, path_len) == expected);
    robots_index_release(&index);
    buf_release(&pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = (const char *)data + 1;
    size_t path_len;

    if (!size)
        return 0;
    path_len = data[0] < size - 1 ? data[0] : size - 1;
    judge(path, path_len, path + path_len, size - 1 - path_len);
    find(path, path_len, path + path_len, size - 1 - path_len);
    match(path, path_len, path + path_len, size - 1 - path_len);
    return 0;
}
