/*
 * scope: whether a URL belongs to the crawl, by the user's own rules.
 *
 * Three rules, all must agree: --scope relative to the seed, no --exclude
 * pattern matches, and, where there are --include patterns, one of them
 * matches. Patterns are PCRE2, unanchored, on the canonical URL; limits on
 * matching make a nasty pattern end quickly, and then it counts against the
 * URL. Pure. One thread per object: matching uses its scratch memory.
 */
#ifndef CRAWLER_SCOPE_SCOPE_H
#define CRAWLER_SCOPE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "crawler/page/outcome.h"
#include "crawler/url/url.h"

#define SCOPE_MESSAGE_BYTES  256
#define SCOPE_PATTERNS_MAX   1000   /* of --include and --exclude each */
#define SCOPE_PATTERN_BYTES  4096   /* longest pattern */
#define SCOPE_MATCH_STEPS    100000 /* PCRE2 match limit of one match */
#define SCOPE_MATCH_HEAP_KIB 1024   /* PCRE2 heap limit of one match */

struct scope; /* opaque */

enum scope_kind {
    SCOPE_HOST,   /* same scheme-less host and port as the seed */
    SCOPE_DOMAIN, /* same registrable domain (public suffix list) */
    SCOPE_PREFIX, /* below the seed's folder */
    SCOPE_ANY,
};

/* Texts are borrowed for the call. */
struct scope_options {
    enum scope_kind scope;
    const char *const *include, *const *exclude;
    size_t nr_include, nr_exclude;
};

/*
 * On CERR_OK `*scope` is owned by the caller. CERR_INVALID: a pattern does not
 * compile, is too long, or there are too many; `message` says which and why.
 */
enum err scope_new(struct scope **scope, const struct scope_options *options,
                   char message[SCOPE_MESSAGE_BYTES]) CERR_CHECK;
void scope_free(struct scope *scope);

struct scope_verdict {
    enum error error; /* ERROR_NONE, ERROR_SCOPE or ERROR_EXCLUDED */
    const char *rule; /* what decided, "exclude \.pdf$"; borrowed from the
                         scope object; never NULL */
};

/* Whether a URL is in scope of a seed; both are canonical. `verdict` may be
 * NULL. */
bool scope_allows(struct scope *scope, const struct url *url,
                  const struct url *seed, struct scope_verdict *verdict);

/* Whether two URLs have one host: http and https of a name are the same when
 * each is on its default port. */
bool scope_is_same_host(const struct url *a, const struct url *b);
/* Whether somebody registered both names as one domain (public suffix list), or
 * they are equal. */
bool scope_is_same_domain(const struct scope *scope, const struct url *a,
                          const struct url *b);

#endif
