/*
 * trap: stops a crawl from following a host whose pages never end.
 *
 * Calendars, faceted search, session ids and relative links gone wrong make
 * endless URLs. Each rule here is a limit with a default, a name and a reason
 * for the row. The rules are for discovered URLs; a line of the list is what
 * the user wants. Pure. One thread per object.
 *
 * Variants of one path, by its query, by parameters (";jsessionid=1") or by
 * repeated slashes, are counted together in a sketch of fixed size (a
 * count-min sketch, Cormode and Muthukrishnan 2005) over all hosts: it may
 * count too many when tens of millions of URLs have queries, never too few. It
 * lives in memory: whoever resumes a run counts again what is known.
 */
#ifndef CRAWLER_SCOPE_TRAP_H
#define CRAWLER_SCOPE_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/wire.h"
#include "crawler/url/url.h"

#define TRAP_URL_BYTES          2048
#define TRAP_PATH_DEPTH         32
#define TRAP_REPEATED_SEGMENTS  4
#define TRAP_QUERY_VARIANTS     1000
#define TRAP_PAGES_PER_HOST     1000000
#define TRAP_EQUAL_PAGES        50
#define TRAP_QUERY_VARIANTS_MAX 65534 /* the sketch counts no further */
#define TRAP_REASON_BYTES       128

/* 0: the default above; negative: no limit. */
struct trap_limits {
    int url_bytes;         /* length of the canonical URL */
    int path_depth;        /* segments of the path */
    int repeated_segments; /* times that one segment stands in the path */
    int query_variants;    /* different queries and forms of one path */
    int pages_per_host;
    int equal_pages; /* with one content, of URLs of one pattern */
};

enum trap_rule {
    TRAP_NONE,
    TRAP_IS_TOO_LONG,
    TRAP_IS_TOO_DEEP,
    TRAP_IS_REPEATING,
    TRAP_HAS_TOO_MANY_QUERIES,
    TRAP_HAS_TOO_MANY_PAGES,
    TRAP_HAS_EQUAL_PAGES, /* said by judge.h, which knows equal_pages.h */
};

/* The option that sets the limit of a rule, without dashes: "max-path-depth".
 */
const char *trap_rule_name(enum trap_rule rule);

struct trap; /* opaque, about 1 MiB */

/* Owned by the caller. Never NULL. Copies both. */
struct trap *trap_new(const struct trap_limits *limits,
                      const struct hash_key *key);
void trap_free(struct trap *trap);

/*
 * Judges a canonical URL that is new. `nr_pages` is the number of URLs of its
 * host known so far. When it is a trap, `reason` (may be NULL) says which
 * limit at what value: "segments of the path: 40, limit 32".
 */
enum trap_rule trap_judge(const struct trap *trap, const struct url *url,
                          int64_t nr_pages, char reason[TRAP_REASON_BYTES]);
/* The limit of pages with equal content; 0: none. */
int trap_equal_pages(const struct trap *trap);
/* How many more would be let in by a limit; INT64_MAX: all. At or below 0:
 * none. For whoever judges before it has counted all. */
int64_t trap_pages_left(const struct trap *trap, int64_t nr_pages);
int64_t trap_queries_left(const struct trap *trap, const struct url *url);
/* Whether trap_count() may have to count the text of a URL, told without
 * parsing it; most have no variants. */
bool trap_may_count(struct bytes url);
/* Counts a URL that is new; to be called once for each. */
void trap_count(struct trap *trap, const struct url *url);

#endif
