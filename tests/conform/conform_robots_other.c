/*
 * robots_other: what robots.txt says beside rules, by `kind`:
 *
 *   crawl-delay    `robots` for `agent`: seconds, or null
 *   sitemaps       `robots`: the list of URLs, resolved against `base`
 *   robots-url     `url`: where its robots.txt is
 *   http-status    `status` of the answer: allow-all, disallow-all or parse
 *   fetch-outcome  `case`, a way that the fetch went, in words: likewise
 */
#include "tests/conform/conform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crawler/robots/robots.h"
#include "crawler/url/url.h"

#define ROBOTS_FILE_MAX ((size_t)16 << 20)

static struct robots *parse(const json_t *test)
{
    const char *agent = conform_text(test, "agent");
    struct robots *robots = NULL;
    struct buf file;

    buf_init(&file, ROBOTS_FILE_MAX);
    if (!conform_bytes(test, "robots", &file))
        conform_stop(test, "no robots");
    if (robots_parse(&robots, file.data, file.len, agent ? agent : "*"))
        conform_stop(test, "out of memory");
    buf_release(&file);
    return robots;
}

static void crawl_delay(const json_t *test, struct conform_answer *answer)
{
    const json_t *expected = json_object_get(test, "expected");
    struct robots *robots = parse(test);
    double delay_s = robots_crawl_delay_s(robots);

    if (json_is_number(expected))
        conform_put(&answer->expected, "%g", json_number_value(expected));
    else
        conform_put(&answer->expected, "none");
    if (delay_s >= 0)
        conform_put(&answer->got, "%g", delay_s);
    else
        conform_put(&answer->got, "none");
    robots_free(robots);
}

/* Appends the URL in its canonical form, or as it is if it has none. */
static void put_url(struct buf *out, const char *text, size_t len,
                    const struct url *base)
{
    static struct url url;

    if (url_parse(&url, text, len, base) != URL_OK) {
        conform_put(out, "%.*s\n", (int)len, text);
        return;
    }
    url_canonical(&url, &url);
    conform_put(out, "%s\n", url.text);
}

static void sitemaps(const json_t *test, struct conform_answer *answer)
{
    const char *base_text = conform_text(test, "base");
    static struct url base;
    const struct url *against = NULL;
    struct robots *robots = parse(test);
    const json_t *value;
    size_t i;

    if (base_text &&
        url_parse(&base, base_text, strlen(base_text), NULL) == URL_OK)
        against = &base;
    json_array_foreach(json_object_get(test, "expected"), i, value)
        put_url(&answer->expected, json_string_value(value),
                json_string_length(value), NULL);
    for (i = 0; i < robots_nr_sitemaps(robots); i++) {
        struct bytes sitemap = robots_sitemap(robots, i);

        put_url(&answer->got, sitemap.data, sitemap.len, against);
    }
    robots_free(robots);
}

static void robots_url(const json_t *test, struct conform_answer *answer)
{
    static const char path[] = "/robots.txt";
    const char *expected = conform_text(test, "expected");
    const char *text = conform_text(test, "url");
    static struct url url;

    if (!text)
        conform_stop(test, "no url");
    conform_put(&answer->expected, "%s\n", expected ? expected : "none");
    if (url_parse(&url, text, strlen(text), NULL) == URL_OK)
        put_url(&answer->got, path, sizeof(path) - 1, &url);
    else
        conform_put(&answer->got, "none\n");
}

/* ---- the fetch of robots.txt ---- */

/* A fetch in words, "301-to-404", "dns-failure", "6-redirects", read word by
 * word: what stands last is how it ended. */
struct fetch {
    int status;
    long hops; /* the number read last: "6-redirects" */
    bool more; /* "more-than-5-redirects" */
    enum error error;
    bool has_no_body;
    size_t body_bytes; /* 0: nothing is said of it */
};

static const struct {
    const char *word;
    enum error error;
} error_words[] = {
    {"dns", ERROR_DNS},
    {"nxdomain", ERROR_DNS},
    {"connect", ERROR_CONNECT},
    {"connection", ERROR_CONNECT},
    {"refused", ERROR_CONNECT},
    {"reset", ERROR_CONNECT_CLOSED},
    {"tls", ERROR_TLS},
    {"ssl", ERROR_TLS},
    {"certificate", ERROR_TLS},
    {"timeout", ERROR_TIMEOUT},
    {"network", ERROR_CONNECT},
    {"unreachable", ERROR_CONNECT},
    {"closed", ERROR_CONNECT_CLOSED},
    {"loop", ERROR_REDIRECT_LOOP},
    {"truncated", ERROR_TRUNCATED},
    {"cut", ERROR_TRUNCATED},
};
#define NR_ERROR_WORDS (sizeof(error_words) / sizeof(error_words[0]))

static void read_number(struct fetch *fetch, long number, const char *unit)
{
    if (strcmp(unit, "MiB") == 0 || strcmp(unit, "MB") == 0)
        fetch->body_bytes = (size_t)number << 20;
    else if (strcmp(unit, "KiB") == 0 || strcmp(unit, "KB") == 0)
        fetch->body_bytes = (size_t)number << 10;
    else if (*unit == '\0' && number >= 100 && number <= 999)
        fetch->status = (int)number;
    else if (*unit == '\0')
        fetch->hops = number + fetch->more;
}

static void read_word(struct fetch *fetch, const char *word)
{
    char *end;
    long number = strtol(word, &end, 10);

    for (size_t i = 0; i < NR_ERROR_WORDS; i++)
        if (strcmp(word, error_words[i].word) == 0)
            fetch->error = error_words[i].error;
    fetch->has_no_body |= strcmp(word, "empty") == 0;
    fetch->more |= strcmp(word, "more") == 0 || strcmp(word, "over") == 0;
    if (strcmp(word, "many") == 0)
        fetch->hops = ROBOTS_REDIRECTS_MAX + 1;
    if (strncmp(word, "redirect", 8) == 0 && fetch->hops > ROBOTS_REDIRECTS_MAX)
        fetch->error = ERROR_REDIRECT_LIMIT;
    if (end > word)
        read_number(fetch, number, end);
}

/*
 * Whether parsing a body of that size finds a rule that ends at `at`: a group
 * for all, comments up to the rule, more comments behind it.
 */
static bool finds_rule(size_t body_bytes, size_t at)
{
    static const char group[] = "User-agent: *\n";
    static const char rule[] = "\nDisallow: /deep\n";
    char *body = malloc(body_bytes);
    struct robots *robots = NULL;
    bool found = false;

    if (!body)
        return false;
    memset(body, '#', body_bytes);
    memcpy(body, group, sizeof(group) - 1);
    memcpy(body + at - (sizeof(rule) - 1), rule, sizeof(rule) - 1);
    if (robots_parse(&robots, body, body_bytes, "crawl") == CERR_OK)
        found = !robots_allows(robots, "/deep", 5, NULL);
    robots_free(robots);
    free(body);
    return found;
}

/* The body decides: what comes of parsing it? */
static const char *parse_outcome(const struct fetch *fetch)
{
    struct robots *robots = NULL;
    bool allowed = false;

    if (!fetch->has_no_body && fetch->body_bytes <= ROBOTS_BYTES_MAX)
        return "parse";
    if (fetch->body_bytes > ROBOTS_BYTES_MAX)
        return finds_rule(fetch->body_bytes, (size_t)500 * 1024)
                   ? "parse-first-500KiB-or-more"
                   : "parse-less";
    if (robots_parse(&robots, "", 0, "crawl") == CERR_OK)
        allowed = robots_allows(robots, "/", 1, NULL);
    robots_free(robots);
    return allowed ? "allow-all" : "disallow-all";
}

static void fetch_outcome(const json_t *test, struct conform_answer *answer)
{
    const char *text = conform_text(test, "case");
    const char *expected = conform_text(test, "expected");
    struct fetch fetch = {.error = ERROR_NONE};
    char *words = text ? strdup(text) : NULL;
    enum robots_policy policy;

    if (!words || !expected)
        conform_stop(test, "no case or expected");
    for (char *rest = words, *word = strsep(&rest, "-"); word;
         word = strsep(&rest, "-"))
        read_word(&fetch, word);
    free(words);
    conform_put(&answer->expected, "%s", expected);
    if (fetch.status == 0 && fetch.error == ERROR_NONE)
        fetch.status = 200; /* "5-redirects": and then the file */
    policy = robots_policy(fetch.status, fetch.error);
    if (policy == ROBOTS_PARSE)
        conform_put(&answer->got, "%s", parse_outcome(&fetch));
    else
        conform_put(&answer->got, "%s",
                    policy == ROBOTS_ALLOW_ALL ? "allow-all" : "disallow-all");
}

static void http_status(const json_t *test, struct conform_answer *answer)
{
    static const char *const words[] = {[ROBOTS_PARSE] = "parse",
                                        [ROBOTS_ALLOW_ALL] = "allow-all",
                                        [ROBOTS_DISALLOW_ALL] = "disallow-all"};
    const json_t *status = json_object_get(test, "status");
    const char *expected = conform_text(test, "expected");

    if (!json_is_integer(status) || !expected)
        conform_stop(test, "no status or expected");
    conform_put(&answer->expected, "%s", expected);
    conform_put(
        &answer->got, "%s",
        words[robots_policy((int)json_integer_value(status), ERROR_NONE)]);
}

static const struct {
    const char *kind;
    void (*run)(const json_t *test, struct conform_answer *answer);
} kinds[] = {
    {"crawl-delay", crawl_delay},     {"sitemaps", sitemaps},
    {"robots-url", robots_url},       {"http-status", http_status},
    {"fetch-outcome", fetch_outcome},
};

static bool run(const json_t *test, struct conform_answer *answer)
{
    const char *kind = conform_text(test, "kind");

    for (size_t i = 0; kind && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i].kind) != 0)
            continue;
        kinds[i].run(test, answer);
        return conform_same(answer);
    }
    conform_stop(test, "unknown kind");
}

const struct conform_suite conform_robots_other = {
    .name = "robots_other", .run = run, .group = "kind", .gating = NULL};
