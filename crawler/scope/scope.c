/* The user's rules about what belongs to the crawl. See scope.h. */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "crawler/scope/scope.h"

#include <libpsl.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define DOMAIN_BYTES 256 /* RFC 1035 2.3.4: 253, and a dot, and the NUL */

struct pattern {
    pcre2_code *code;
    char *rule;       /* "exclude \.pdf$" */
    char *too_costly; /* the same with a word about it */
};

struct patterns {
    struct pattern *of;
    size_t nr;
};

struct scope {
    enum scope_kind scope;
    struct patterns include, exclude;
    pcre2_match_context *context;
    pcre2_match_data *match;
    const psl_ctx_t *psl; /* built into libpsl; NULL when it has none */
};

/* ---- patterns ---- */

/* Makes the text that rows have about a pattern, once and not for each URL. */
static char *join(const char *verb, const char *text, const char *remark)
{
    size_t cap = strlen(verb) + 1 + strlen(text) + strlen(remark) + 1;
    char *joined = xmalloc(cap);

    snprintf(joined, cap, "%s %s%s", verb, text, remark);
    return joined;
}

/* Patterns are compiled once, and matched on each URL that is new. */
static enum err compile(struct pattern *pattern, const char *verb,
                        const char *text, char message[SCOPE_MESSAGE_BYTES])
{
    size_t len = strlen(text), at = 0;
    PCRE2_UCHAR why[128];
    int number = 0;

    if (len > SCOPE_PATTERN_BYTES) {
        snprintf(message, SCOPE_MESSAGE_BYTES,
                 "%s pattern of %zu bytes, limit %d", verb, len,
                 SCOPE_PATTERN_BYTES);
        return CERR_INVALID;
    }
    pattern->code = pcre2_compile((PCRE2_SPTR)text, len, 0, &number, &at, NULL);
    if (!pattern->code) {
        pcre2_get_error_message(number, why, sizeof(why));
        snprintf(message, SCOPE_MESSAGE_BYTES,
                 "%s pattern \"%.80s\": %s, at byte %zu", verb, text,
                 (const char *)why, at + 1);
        return CERR_INVALID;
    }
    /* without JIT (a kernel that forbids it) it matches all the same */
    (void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
    pattern->rule = join(verb, text, "");
    pattern->too_costly = join(verb, text, " (too costly to match)");
    return CERR_OK;
}

static enum err compile_all(struct patterns *patterns, const char *verb,
                            const char *const *texts, size_t nr,
                            char message[SCOPE_MESSAGE_BYTES])
{
    enum err err = CERR_OK;

    if (nr > SCOPE_PATTERNS_MAX) {
        snprintf(message, SCOPE_MESSAGE_BYTES, "%zu %s patterns, limit %d", nr,
                 verb, SCOPE_PATTERNS_MAX);
        return CERR_INVALID;
    }
    patterns->of = xcalloc(nr ? nr : 1, sizeof(*patterns->of));
    patterns->nr = nr;
    for (size_t i = 0; i < nr && !err; i++)
        err = compile(&patterns->of[i], verb, texts[i], message);
    return err;
}

static void patterns_release(struct patterns *patterns)
{
    for (size_t i = 0; i < patterns->nr; i++) {
        pcre2_code_free(patterns->of[i].code);
        free(patterns->of[i].rule);
        free(patterns->of[i].too_costly);
    }
    free(patterns->of);
}

enum matched { MATCHED_NOT, MATCHED, MATCHED_TOO_COSTLY };

/* Finds the first pattern that matches, or is too costly to tell. */
static enum matched match_any(struct scope *scope,
                              const struct patterns *patterns,
                              const struct url *url, const char **rule)
{
    for (size_t i = 0; i < patterns->nr; i++) {
        int result = pcre2_match(patterns->of[i].code, (PCRE2_SPTR)url->text,
                                 url->len, 0, 0, scope->match, scope->context);

        if (result == PCRE2_ERROR_NOMATCH)
            continue;
        if (result < 0) { /* one of the limits */
            *rule = patterns->of[i].too_costly;
            return MATCHED_TOO_COSTLY;
        }
        *rule = patterns->of[i].rule;
        return MATCHED;
    }
    return MATCHED_NOT;
}

/* ---- scope ---- */

static bool is_same(const char *a, size_t a_len, const char *b, size_t b_len)
{
    return a_len == b_len && memcmp(a, b, a_len) == 0;
}

static bool has_default_port(const struct url *url)
{
    return url->port == (url->scheme == URL_HTTPS ? 443 : 80);
}

static bool is_same_name(const struct url *a, const struct url *b)
{
    return is_same(a->text + a->host_at, a->host_len, b->text + b->host_at,
                   b->host_len);
}

bool scope_is_same_host(const struct url *a, const struct url *b)
{
    return is_same_name(a, b) &&
           (a->port == b->port || (has_default_port(a) && has_default_port(b)));
}

/* Finds the part of a name that somebody registered (public suffix list); NULL:
 * it has none. */
static const char *registrable(const struct scope *scope, const struct url *url,
                               char name[DOMAIN_BYTES])
{
    if (!scope->psl || url->host_is_ipv4 || url->host_is_ipv6 ||
        url->host_len >= DOMAIN_BYTES)
        return NULL;
    memcpy(name, url->text + url->host_at, url->host_len);
    name[url->host_len] = '\0';
    return psl_registrable_domain(scope->psl, name);
}

/* Two names without a registrable domain (localhost, addresses) are the same
 * only when they are equal. */
bool scope_is_same_domain(const struct scope *scope, const struct url *a,
                          const struct url *b)
{
    char a_name[DOMAIN_BYTES], b_name[DOMAIN_BYTES];
    const char *a_domain, *b_domain;

    if (is_same_name(a, b))
        return true;
    a_domain = registrable(scope, a, a_name);
    b_domain = registrable(scope, b, b_name);
    return a_domain && b_domain && strcmp(a_domain, b_domain) == 0;
}

/* Returns the length of the path up to its last slash. */
static size_t folder_len(const struct url *url)
{
    const char *path = url->text + url->path_at;
    const char *slash = memrchr(path, '/', url->path_len);

    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* A folder is the path up to its last slash: a seed /docs/intro has everything
 * below /docs/. */
static bool is_below(const struct url *url, const struct url *seed)
{
    size_t len = folder_len(seed);

    return scope_is_same_host(url, seed) && url->path_len >= len &&
           memcmp(url->text + url->path_at, seed->text + seed->path_at, len) ==
               0;
}

/* The seed is the page that a link was found on, or the URL that was listed. */
static bool is_in_scope(const struct scope *scope, const struct url *url,
                        const struct url *seed)
{
    switch (scope->scope) {
    case SCOPE_HOST:
        return scope_is_same_host(url, seed);
    case SCOPE_DOMAIN:
        return scope_is_same_domain(scope, url, seed);
    case SCOPE_PREFIX:
        return is_below(url, seed);
    case SCOPE_ANY:
        return true;
    }
    return false;
}

/* ---- public ---- */

enum err scope_new(struct scope **scope, const struct scope_options *options,
                   char message[SCOPE_MESSAGE_BYTES])
{
    struct scope *new = xcalloc(1, sizeof(*new));
    enum err err;

    *scope = NULL;
    new->scope = options->scope;
    new->psl = psl_builtin();
    new->match = pcre2_match_data_create(1, NULL);
    new->context = pcre2_match_context_create(NULL);
    if (!new->match || !new->context) {
        scope_free(new);
        return CERR_NOMEM;
    }
    pcre2_set_match_limit(new->context, SCOPE_MATCH_STEPS);
    pcre2_set_heap_limit(new->context, SCOPE_MATCH_HEAP_KIB);
    err = compile_all(&new->include, "include", options->include,
                      options->nr_include, message);
    if (!err)
        err = compile_all(&new->exclude, "exclude", options->exclude,
                          options->nr_exclude, message);
    if (err) {
        scope_free(new);
        return err;
    }
    *scope = new;
    return CERR_OK;
}

void scope_free(struct scope *scope)
{
    if (!scope)
        return;
    patterns_release(&scope->include);
    patterns_release(&scope->exclude);
    pcre2_match_context_free(scope->context);
    pcre2_match_data_free(scope->match);
    free(scope);
}

/* The user's exclude is stronger than include; scope comes before both. */
bool scope_allows(struct scope *scope, const struct url *url,
                  const struct url *seed, struct scope_verdict *verdict)
{
    static const char *const names[] = {[SCOPE_HOST] = "scope host",
                                        [SCOPE_DOMAIN] = "scope domain",
                                        [SCOPE_PREFIX] = "scope prefix",
                                        [SCOPE_ANY] = "scope any"};
    struct scope_verdict result = {ERROR_NONE, names[scope->scope]};

    if (!is_in_scope(scope, url, seed))
        result.error = ERROR_SCOPE;
    else if (match_any(scope, &scope->exclude, url, &result.rule))
        result.error = ERROR_EXCLUDED;
    else if (scope->include.nr &&
             match_any(scope, &scope->include, url, &result.rule) != MATCHED)
        result.error = ERROR_EXCLUDED;
    if (result.error == ERROR_EXCLUDED && result.rule == names[scope->scope])
        result.rule = "no include pattern matches";
    if (verdict)
        *verdict = result;
    return result.error == ERROR_NONE;
}
