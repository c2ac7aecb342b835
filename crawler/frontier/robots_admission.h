/*
 * robots_admission: what is known of a host's robots.txt, and so which of its
 * URLs may start (RFC 9309).
 *
 *                fetch                   an answer
 *   UNKNOWN --------------> FETCHING --------------> KNOWN
 *      ^                       |                       |
 *      |                       | no answer, 5xx, 429   | 24 hours
 *      |                       v                       |
 *      |                  UNREACHABLE                  |
 *      '-----------------------------------------------'
 *
 *   UNKNOWN  -> FETCHING    [admission_fetch]
 *   FETCHING -> KNOWN       [admission_settle, by robots_admission_learn]
 *   FETCHING -> UNREACHABLE [the same]
 *   FETCHING -> UNKNOWN     [drop_fresh: a limit of the run was reached]
 *   UNKNOWN  -> KNOWN       [admission_restore: storage remembers it]
 *   KNOWN    -> UNKNOWN     [admission_judge: it has expired]
 *
 * The functions here are pure; the frontier's own are in frontier_internal.h.
 */
#ifndef CRAWLER_FRONTIER_ROBOTS_ADMISSION_H
#define CRAWLER_FRONTIER_ROBOTS_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/page/outcome.h"
#include "crawler/robots/robots.h"

enum robots_state {
    ROBOTS_UNKNOWN,     /* robots.txt is to be asked for */
    ROBOTS_FETCHING,    /* its fetch is under way; URLs wait */
    ROBOTS_KNOWN,       /* `rules` decide; NULL: everything is allowed */
    ROBOTS_UNREACHABLE, /* URLs end with `error` */
};

/* What is known of the robots.txt of one host. All zero: nothing yet. */
struct robots_admission {
    enum robots_state state;
    struct robots *rules;      /* owned */
    int status;                /* as host_record.robots_status */
    int64_t fetched_at, until; /* ms since 1970: when it came, and when it is to
                                  be asked for again */
    /* These three are valid in ROBOTS_UNREACHABLE only. */
    enum error error;
    bool may_pass; /* PAGE_MAY_PASS of that answer */
    char *detail;  /* owned */
};

void robots_admission_release(struct robots_admission *admission);
/*
 * Takes what an answer means: rules, none, or that nothing is allowed while it
 * cannot be had (`error` and `detail` are then left to the caller). `token` is
 * ours. CERR_NOMEM.
 */
enum err robots_admission_learn(struct robots_admission *admission, int status,
                                enum error error, struct bytes text,
                                const char *token) CERR_CHECK;
/* Notes that everything is allowed. */
void robots_admission_allow_all(struct robots_admission *admission);
/* Whether its rules let a canonical URL through; `verdict` says which does. */
bool robots_admission_allows(const struct robots_admission *admission,
                             struct bytes url, struct robots_verdict *verdict);
/* What a Crawl-delay asks for; -1: there is none. */
int64_t robots_admission_delay_ms(const struct robots_admission *admission);

#endif
