/*
 * frontier: what to fetch next, and when.
 *
 * It stands between the list and the pool. URLs come in (lines of the list,
 * links, sitemaps, redirects) through one intake: canonical form, dedupe,
 * scope, trap rules, storage. They leave as fetches, each when the clock of its
 * host lets it, and end as visits, each exactly once, whatever happened.
 *
 * In memory it keeps only active hosts and URLs that are queued or in flight,
 * both bounded; everything else waits in storage. It knows no socket, file or
 * clock: the caller passes the time. All `now_ms` are monotonic; wall time, for
 * rows and for clocks that outlive the process, is `now_ms` + wall_offset_ms.
 * It makes the fetches of robots.txt and sitemaps itself. One thread.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_H
#define CRAWLER_FRONTIER_FRONTIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crawler/frontier/frontier_options.h"
#include "crawler/page/outcome.h"
#include "crawler/page/page.h"
#include "crawler/politeness/network.h"
#include "storage/storage.h"

struct frontier;

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
 * Borrows `storage` for its life. `message` gets the reason of CERR_INVALID (a
 * pattern that does not compile).
 */
enum err frontier_open(struct frontier **frontier,
                       const struct frontier_options *options,
                       struct storage *storage,
                       char message[STORAGE_MESSAGE_BYTES]) CERR_CHECK;
void frontier_free(struct frontier *frontier);

/* ---- in ---- */

/*
 * A line of the list, without its line end. Bad lines become rows at once;
 * good ones gather until a batch is full or pushed; then frontier_turn() takes
 * some to storage each time, so that workers are not kept waiting. Meanwhile
 * add no line: it would wait for all of them.
 */
enum err frontier_add_line(struct frontier *frontier, struct bytes text,
                           int64_t line, int64_t now_ms) CERR_CHECK;
/* A line over the reader's limit: a row, with its first bytes. */
enum err frontier_add_long_line(struct frontier *frontier, struct bytes text,
                                int64_t line) CERR_CHECK;
/* The list `name` cannot be decoded from this line on: a row that says so. */
enum err frontier_add_damage(struct frontier *frontier, struct bytes name,
                             int64_t line, struct bytes detail) CERR_CHECK;
/*
 * A list that was read before is read again, by its number: its lines count as
 * they are now. `whole`: at the end, what it names no more is no longer listed;
 * until then no host is asked, so that nothing is in flight that goes. Such
 * lists come first.
 */
enum err frontier_begin_reading(struct frontier *frontier, int64_t number,
                                bool whole) CERR_CHECK;
/* After its last line is in storage. */
enum err frontier_end_reading(struct frontier *frontier, bool whole) CERR_CHECK;
enum frontier_lines {
    FRONTIER_LINES_NONE,     /* all lines so far are in storage */
    FRONTIER_LINES_GATHERED, /* some wait for more of them */
    FRONTIER_LINES_PUSHED,   /* some are on their way */
};
enum frontier_lines frontier_lines_state(const struct frontier *frontier);
/* Sends the gathered lines to storage even though the batch is not full. */
void frontier_push_lines(struct frontier *frontier);
/* Takes all gathered lines to storage at once. */
enum err frontier_flush_lines(struct frontier *frontier,
                              int64_t now_ms) CERR_CHECK;
/* Whether places are free and nothing is there to start: then workers wait for
 * lines, not the other way round, and a turn takes more of them to storage. */
bool frontier_wants_more(const struct frontier *frontier);
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
                         const struct page *page, int64_t now_ms) CERR_CHECK;
/*
 * Takes at most `max_links` of the links of an answer before frontier_answer()
 * is called for it: one that has many would keep others waiting. `rest` is
 * page->links before the first call, and empty when all are taken or none is
 * to be followed. CERR_INVALID: that fetch is over.
 */
enum err frontier_take_links(struct frontier *frontier, uint64_t id,
                             const struct page *page, struct bytes *rest,
                             size_t max_links) CERR_CHECK;
/* Takes the links so far to storage, which else the next turn does. */
enum err frontier_store_links(struct frontier *frontier,
                              int64_t now_ms) CERR_CHECK;
/* Hosts that may be heard of soon: no more than there are fetches. */
int frontier_nr_asked_hosts(const struct frontier *frontier);
/* The fetch was never started (no worker took it): it is queued again. */
void frontier_put_back(struct frontier *frontier, uint64_t id);

/*
 * Housekeeping: leases hosts and refills their URLs, releases and renews
 * leases, fires retries. Call it once a turn of the loop, before
 * frontier_next(). The links of the pages that ended since the last turn enter
 * storage here: commit between a turn and the next answers, or a crash could
 * lose them.
 */
enum err frontier_turn(struct frontier *frontier, int64_t now_ms) CERR_CHECK;
/* Milliseconds until frontier_turn() or frontier_next() could have something
 * new without an answer; -1: only an answer can bring it. */
int64_t frontier_wait_ms(const struct frontier *frontier, int64_t now_ms);

/* What the frontier believes of our own network; the caller sets what only he
 * can see of it (network.h), and tells it of a probe that was answered. */
struct network *frontier_network(struct frontier *frontier);

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
enum err frontier_release(struct frontier *frontier, int64_t now_ms) CERR_CHECK;

/* How often hosts asked to wait or became slow, and we gave in. */
struct frontier_waits {
    int64_t nr_429, nr_503;
    int64_t nr_slow_downs;   /* fewer requests at once, by latency or errors */
    int64_t longest_wait_ms; /* that a host asked for */
};

/* Listed URLs whose links are not followed. */
struct frontier_left_out {
    int64_t nr_moved_away;      /* they redirect to another domain */
    int64_t nr_unread_sitemaps; /* they are sitemaps, without --sitemaps */
};

/* What progress and summary show. Counts are of this session. */
struct frontier_stats {
    int64_t nr_lines, nr_bad_lines, nr_duplicates;
    int64_t nr_visits[OUTCOME_NR]; /* URLs that ended, by outcome */
    int64_t nr_by_error[ERROR_NR];
    int64_t nr_status[6]; /* URLs that ended with an answer, by hundreds: [2]
                             is 2xx; [0]: those outside of 100 to 599 */
    int64_t nr_requests;  /* all requests: hops, robots.txt and retries too */
    int64_t nr_answers; /* answers with a status, without those of robots.txt */
    int64_t nr_more_refused; /* links that traps refused, without a row */
    struct frontier_left_out left_out;
    int64_t nr_retries_waiting;
    int64_t nr_queued; /* known and to do, in memory or not */
    int nr_in_flight;
    int nr_hosts_active;  /* with a request in flight or due */
    int nr_hosts_waiting; /* held back by their clock */
    int64_t bytes_down;   /* bytes of bodies on the wire */
    struct frontier_waits waits;
    /* the host that is asked to wait longest, for the progress rows */
    const char *throttled_host; /* "" if none; borrowed until the next call */
    int throttled_status;       /* 429, 503; 0: crawl-delay or errors */
    int64_t throttled_until_ms;
};
void frontier_get_stats(const struct frontier *frontier,
                        struct frontier_stats *stats);
/* The host whose last answers were the slowest, of those in memory, and their
 * latency; "" if none has answered. Borrowed until the next call; looks at each
 * host. */
const char *frontier_slowest_host(const struct frontier *frontier,
                                  int64_t *latency_ms);

#endif
