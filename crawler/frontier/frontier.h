/*
 * frontier: what to fetch next, and when.
 *
 * It stands between the list and the pool. URLs come in (lines of the list,
 * links, sitemaps, redirects) through one door: canonical form, dedupe, scope,
 * trap rules, storage. They leave it as fetches, each by the right of its
 * host's clock, and end as visits, each exactly once, whatever happened.
 *
 * In memory it keeps only active hosts and URLs that are queued or in flight,
 * both bounded; everything else waits in storage. It knows no socket, file or
 * clock: the caller passes the time. All `now_ms` are monotonic; wall time, for
 * rows and for clocks that outlive the process, is `now_ms` + wall_offset_ms.
 * robots.txt and sitemaps are fetches of its own, made for itself. One thread.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_H
#define CRAWLER_FRONTIER_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crawler/page/page.h"
#include "crawler/page/visit.h"
#include "storage/storage.h"

struct frontier;

/* Fetches of robots.txt have places of their own on top of the concurrency, an
 * eighth of it (one at least): they are small, and with many hosts they would
 * take a good part of the places from pages. */
#define FRONTIER_ROBOTS_SHARE 8

enum frontier_scope {
    SCOPE_HOST,   /* same scheme-less host and port as the seed */
    SCOPE_DOMAIN, /* same registrable domain (public suffix list) */
    SCOPE_PREFIX, /* below the seed's folder */
    SCOPE_ANY,
};

/* What the user has set for one host, or for all names below it. Numbers that
 * are not set are -1. */
struct frontier_host {
    const char *pattern; /* canonical: "example.com", "*.example.com" */
    int64_t delay_ms, max_crawl_delay_ms, max_retry_after_ms;
    int per_host, retries, ignore_robots;
    uint32_t header_set; /* goes into its fetches; 0: not set */
};

/* Zero means the named default where 0 makes no sense. Texts are borrowed for
 * the frontier's life. */
struct frontier_options {
    int concurrency;            /* fetches in flight in all; 256; robots.txt
                                   comes on top: FRONTIER_ROBOTS_SHARE */
    int per_host;               /* fetches in flight to one host; 6 */
    int64_t delay_ms;           /* between two requests to one host; 0 */
    int64_t max_crawl_delay_ms; /* cap on Crawl-delay and on back-off */
    int64_t max_retry_after_ms; /* cap on what Retry-After asks for; 1 h */
    double rate_per_s;          /* of the whole run; 0: no limit */

    bool ignore_robots;
    const char *product_token;         /* for robots.txt; "crawl" */
    int max_redirects;                 /* -1: default 10; 0: follow none */
    int retries;                       /* after the first try */
    int64_t retry_delay_ms;            /* doubles, with jitter */
    int max_host_errors;               /* then the host is taken as down */
    const struct frontier_host *hosts; /* later ones win */
    size_t nr_hosts;

    int depth;                /* links are followed so far; 0: list only */
    bool sitemaps;            /* read sitemaps of the listed hosts */
    bool store_links;         /* ask workers for links without following */
    bool head_scan;           /* title, canonical, robots ... of each page */
    bool want_body, want_raw; /* for outputs that keep them */
    enum frontier_scope scope;
    const char *const *include, *const *exclude; /* PCRE2 */
    size_t nr_include, nr_exclude;

    int max_pages_per_host, max_path_depth, max_repeated_segments;
    int max_query_variants; /* of one path on a host */
    int max_url_length;     /* in bytes, of a followed URL */
    int64_t max_urls;       /* fetched in this run; 0: no limit */
    int64_t max_bytes;      /* received in this run; 0: no limit */

    int64_t wall_offset_ms; /* wall clock less monotonic clock */
    uint64_t seed;          /* of the jitter; fixed in tests */

    visit_fn on_visit; /* every URL that ended */
    void *ctx;
};

/* One fetch for a worker. Texts are borrowed until frontier_answer(). */
struct frontier_fetch {
    uint64_t id;     /* never 0; for frontier_answer */
    const char *url; /* canonical */
    size_t url_len;
    uint32_t flags;      /* enum job_flag */
    uint32_t header_set; /* of the host that is asked; 0: none */
    uint64_t affinity;   /* of the host, never 0 */
    struct bytes etag, last_modified;
};

/*
 * Borrows `storage` for its life. `message` gets the reason of ERR_INVALID (a
 * pattern that does not compile).
 */
enum err frontier_open(struct frontier **frontier,
                       const struct frontier_options *options,
                       struct storage *storage,
                       char message[STORAGE_MESSAGE_BYTES]) ERR_CHECK;
void frontier_free(struct frontier *frontier);

/* Most fetches that frontier_next() ever has out at once. */
int frontier_max_in_flight(int concurrency);

/* ---- in ---- */

/*
 * A line of the list, without its line end. Bad lines become rows at once;
 * good ones gather until a batch is full or pushed; then frontier_turn() takes
 * some to storage each time, so that workers are not kept waiting. Meanwhile
 * add no line: it would wait for all of them. `reread`:
 * the list was read in an earlier run and has changed, so a known URL is no
 * duplicate.
 */
enum err frontier_add_line(struct frontier *frontier, const char *text,
                           size_t len, int64_t line, bool reread,
                           int64_t now_ms) ERR_CHECK;
/* A line over the reader's limit: a row, with its first bytes. */
enum err frontier_add_long_line(struct frontier *frontier, const char *text,
                                size_t len, int64_t line) ERR_CHECK;
enum frontier_lines {
    FRONTIER_LINES_NONE,     /* all lines so far are in storage */
    FRONTIER_LINES_GATHERED, /* some wait for more of them */
    FRONTIER_LINES_PUSHED,   /* some are on their way */
};
enum frontier_lines frontier_lines_state(const struct frontier *frontier);
void frontier_push_lines(struct frontier *frontier);
/* All of them, at once. */
enum err frontier_flush_lines(struct frontier *frontier,
                              int64_t now_ms) ERR_CHECK;
/* No more lines will come. */
void frontier_list_ended(struct frontier *frontier);

/* ---- out ---- */

/*
 * The next fetch that may start now. False when there is none: every URL waits
 * for its host's clock, for an answer, or for room (--concurrency).
 */
bool frontier_next(struct frontier *frontier, int64_t now_ms,
                   struct frontier_fetch *fetch);
/*
 * The answer to a fetch; `page` is borrowed. A worker's death is a page with
 * ERROR_WORKER_CRASH (or ERROR_SANDBOX). May call on_visit.
 */
enum err frontier_answer(struct frontier *frontier, uint64_t id, int worker,
                         const struct page *page, int64_t now_ms) ERR_CHECK;
/* The fetch was never started (no worker took it): it is queued again. */
void frontier_put_back(struct frontier *frontier, uint64_t id);

/*
 * Housekeeping: claims hosts and URLs from storage, releases and renews
 * leases, fires retries. Call it once a turn of the loop, before
 * frontier_next(). The links of the pages that ended since the last turn enter
 * storage here: commit between a turn and the next answers, or a crash could
 * lose them.
 */
enum err frontier_turn(struct frontier *frontier, int64_t now_ms) ERR_CHECK;
/* Milliseconds until frontier_turn() or frontier_next() could have something
 * new without an answer; -1: only an answer can bring it. */
int64_t frontier_wait_ms(const struct frontier *frontier, int64_t now_ms);

enum frontier_end {
    FRONTIER_RUNNING,
    FRONTIER_DONE,  /* every URL has ended */
    FRONTIER_LIMIT, /* a limit of the user was reached, and nothing is in
                       flight any more; work is left */
};
enum frontier_end frontier_ended(const struct frontier *frontier);
/* Starts nothing more; what is in flight may be answered (Ctrl-C). */
void frontier_stop(struct frontier *frontier);
void frontier_pause(struct frontier *frontier, bool paused);
/* Gives back what is held: in-flight URLs stay to do, host clocks are written.
 * Call it before the last storage_commit(). */
enum err frontier_release(struct frontier *frontier, int64_t now_ms) ERR_CHECK;

/* What progress and summary show. Counts are of this run. */
struct frontier_stats {
    int64_t nr_lines, nr_bad_lines, nr_duplicates;
    int64_t nr_visits[OUTCOME_NR]; /* by outcome */
    int64_t nr_by_error[ERROR_NR];
    int64_t nr_status[6]; /* listed by hundreds: [2] is 2xx */
    int64_t nr_requests;  /* with hops, robots, retries */
    int64_t nr_answers;   /* of them: with a status, but for robots.txt */
    int64_t nr_retries_waiting;
    int64_t nr_queued; /* known and to do, in memory or not */
    int nr_in_flight;
    int nr_hosts_active;  /* with a request in flight or due */
    int nr_hosts_waiting; /* held back by their clock */
    int64_t bytes_down;   /* wire bytes of bodies */
    /* the host that is asked to wait longest, for the progress rows */
    const char *throttled_host; /* "" if none; borrowed until the next call */
    int throttled_status;       /* 429, 503; 0: crawl-delay or errors */
    int64_t throttled_until_ms;
};
void frontier_get_stats(const struct frontier *frontier,
                        struct frontier_stats *stats);

#endif
