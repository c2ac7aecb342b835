/*
 * frontier_explain: by which rule a URL would be fetched, refused or waited
 * for.
 *
 * It decides by the functions that the frontier itself decides by, in the same
 * order, with the same options: judge.h for scope and traps, host_rules.h for
 * the settings of its host, robots_admission.h and host_clock.h for robots.txt
 * and its delay. It keeps no state of a crawl: what storage knows is told to
 * it. It fetches nothing and knows no storage itself. One thread.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_EXPLAIN_H
#define CRAWLER_FRONTIER_FRONTIER_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/wire.h"
#include "crawler/frontier/frontier_options.h"
#include "crawler/frontier/robots_admission.h"
#include "crawler/page/outcome.h"
#include "crawler/url/url.h"

struct explain; /* opaque */

/*
 * About one canonical URL with a host (url_key.h reads it). Options and URL are
 * borrowed for the object's life. On CERR_OK `*explain` is owned by the caller.
 * CERR_INVALID: a pattern of the options does not compile; `message` says why.
 */
enum err explain_new(struct explain **explain,
                     const struct frontier_options *options,
                     const struct url *url,
                     char message[SCOPE_MESSAGE_BYTES]) CERR_CHECK;
void explain_free(struct explain *explain);

/* What counts for its host; borrowed. */
const struct host_rules *explain_host_rules(const struct explain *explain);

/* Storage knows a found URL on the same host: it counts for traps. */
void explain_count_page(struct explain *explain, struct bytes url);
/* A listed URL landed there, by redirects: the scope goes along. */
void explain_add_landing(struct explain *explain, const struct url *listed,
                         const struct url *landed);
/* The list has this canonical URL: its folder is in scope of --scope prefix. */
void explain_add_listed(struct explain *explain, const struct url *url);

/* What is known of the URL. Texts are borrowed for the call. */
struct explain_facts {
    const struct url *from; /* the page that it is found on; NULL: a line */
    const struct url
        *landed;           /* where redirects led from there; NULL: nowhere */
    bool landed_is_listed; /* the list names the host of `landed` */
    bool page_says_nofollow, link_says_nofollow; /* of `from` */
    int depth;           /* links from the list to it; of a found one */
    bool is_known;       /* storage knows the URL */
    int robots_status;   /* of its host's robots.txt; 0: not asked yet */
    struct bytes robots; /* the text of that answer */
};

/* The rules in the order in which they are asked. */
enum explain_rule {
    EXPLAIN_NOTHING,
    EXPLAIN_DEPTH,
    EXPLAIN_NOFOLLOW,
    EXPLAIN_SCOPE,
    EXPLAIN_TRAPS,
    EXPLAIN_ROBOTS,
};

/* A line of the list is not refused by depth, scope and traps; the fields say
 * what they would do to a link. */
struct explanation {
    enum error error;          /* of the first rule that refuses; ERROR_NONE */
    enum explain_rule decides; /* that rule */
    bool is_nofollow;          /* the page or the link says so, and it counts */
    bool has_moved_away;   /* the page landed on another domain than its line */
    bool waits_for_robots; /* robots.txt is asked first, and decides */
    bool is_too_deep;
    bool is_in_scope;
    struct scope_verdict scope; /* the rule that decided; borrowed */
    enum trap_rule trap;
    bool is_trapped; /* not where it came before a limit of counts */
    char trap_reason[TRAP_REASON_BYTES];
    enum robots_state robots; /* UNKNOWN, KNOWN or UNREACHABLE */
    bool has_rules;           /* KNOWN, and there is a robots.txt */
    struct robots_verdict
        rule; /* the line of robots.txt that decides; borrowed from `explain` */
    int64_t delay_ms;            /* between two requests to its host ... */
    bool is_delay_of_robots_txt; /* ... because a Crawl-delay asks for it */
};

/* Judges the URL. Ask each object once only. CERR_NOMEM. */
enum err frontier_explain(struct explain *explain,
                          const struct explain_facts *facts,
                          struct explanation *explanation) CERR_CHECK;

#endif
