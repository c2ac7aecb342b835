/*
 * robots: what a host's robots.txt says to one crawler (RFC 9309).
 *
 * The file is parsed for one product token: the rules of all groups that name
 * it, or those of the groups for "*" when none does. The longest pattern that
 * matches decides, Allow wins a tie. Crawl-delay and Sitemap are read too.
 *
 * The bytes come from outside and may be anything: lines that make no sense
 * are passed over, size and number of everything are bounded, and a path is
 * judged within some 60 us, whatever the file (robots_index.h). Pure; a parsed
 * object is read-only and may be used by several threads.
 */
#ifndef CRAWLER_ROBOTS_ROBOTS_H
#define CRAWLER_ROBOTS_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"

/* RFC 9309 2.5 asks for at least 500 KiB; what lies behind is not read, nor is
 * a line that is cut there. */
#define ROBOTS_BYTES_MAX     ((size_t)500 * 1024)
#define ROBOTS_LINE_BYTES    16663 /* longer lines are cut, as Google does */
#define ROBOTS_RULES_MAX     50000 /* for one token; later ones are dropped */
/* Rules with a wildcard before their end, which cost time for each URL; later
 * ones are dropped. */
#define ROBOTS_WILDCARDS_MAX 2000
#define ROBOTS_SITEMAPS_MAX  1000
#define ROBOTS_DELAY_MAX_S   86400.0 /* larger crawl delays count as this */

struct robots; /* opaque */

/*
 * Parses for `token`, of which only the leading product token counts
 * ("crawl/1.0 (...)" is "crawl"); it is compared without regard to case.
 * On CERR_OK `*robots` is owned by the caller and borrows nothing.
 * CERR_NOMEM.
 */
enum err robots_parse(struct robots **robots, const void *data, size_t len,
                      const char *token) CERR_CHECK;
void robots_free(struct robots *robots);

/* The rule that decided. Texts are borrowed from the robots object. */
struct robots_verdict {
    bool allowed;
    struct bytes rule; /* its line as written; empty when none matched */
    int line;          /* its line number; 0 when none matched */
};

/*
 * Judges a path with query ("/a/b?c=d", as in the canonical URL; without a
 * leading slash one is added). /robots.txt itself is always allowed (2.2.2).
 * `verdict` may be NULL. Returns whether it may be fetched.
 */
bool robots_allows(const struct robots *robots, const char *target, size_t len,
                   struct robots_verdict *verdict);

/* Returns the seconds between two requests; negative when the file asks for
 * none. */
double robots_crawl_delay_s(const struct robots *robots);

/* Counts the sitemap lines of the whole file; each is kept once, in order, as
 * written. */
size_t robots_nr_sitemaps(const struct robots *robots);
struct bytes robots_sitemap(const struct robots *robots, size_t i);

/* Returns the bytes of memory that the object holds, for the budget of a cache.
 */
size_t robots_bytes(const struct robots *robots);

/* ---- what the answer to the robots.txt request itself means ---- */

enum robots_policy {
    ROBOTS_PARSE,        /* the body counts, also an empty or cut one */
    ROBOTS_ALLOW_ALL,    /* "unavailable": there are no rules (2.3.1.3) */
    ROBOTS_DISALLOW_ALL, /* "unreachable": nothing until retried (2.3.1.4) */
};

/*
 * `status` and `error` of the final answer, after at most
 * ROBOTS_REDIRECTS_MAX redirects were followed (ERROR_REDIRECT_LIMIT behind
 * that).
 */
#define ROBOTS_REDIRECTS_MAX 5
enum robots_policy robots_policy(int status, enum error error);

#endif
