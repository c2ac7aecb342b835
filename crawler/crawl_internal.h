/*
 * crawl_internal: the one struct that a run hangs off, and what its three
 * files ask of one another. Included by crawl*.c only.
 */
#ifndef CRAWLER_CRAWL_INTERNAL_H
#define CRAWLER_CRAWL_INTERNAL_H

#include "base/buf.h"
#include "crawler/cli/progress.h"
#include "crawler/clock_doubt.h"
#include "crawler/crawl.h"
#include "crawler/crawl_settings.h"
#include "crawler/frontier/frontier.h"
#include "crawler/input.h"
#include "crawler/messages.h"
#include "crawler/network_probe.h"
#include "crawler/worker_lines.h"
#include "pool/pool.h"
#include "pool/pool_stats.h"
#include "storage/record.h"
#include "storage/storage.h"

/* Milliseconds of work that a crash can lose: so much where the disk is fast,
 * CRAWL_COMMIT_SHARE times what a commit takes where it is slow, and no more
 * than CRAWL_COMMIT_MAX_MS and CRAWL_COMMIT_ROWS (docs/decisions/0039). */
#define CRAWL_COMMIT_MS     200
#define CRAWL_COMMIT_SHARE  4
#define CRAWL_COMMIT_MAX_MS 10000
#define CRAWL_COMMIT_ROWS   20000
#define CRAWL_SAMPLE_MS     1000
/* Milliseconds that transfers in flight get to end after Ctrl-C. */
#define CRAWL_STOP_MS       4000
/* So many committed bytes may wait for the readers of streams; with more of
 * them nothing new is asked for. */
#define CRAWL_UNREAD_BYTES  (1u << 20)
/* Slices of the list in one turn of the loop: some 1,800 lines. */
#define CRAWL_SLICES_MAX    16

/* A fetch that a worker has. The pool hands the pointer back with the answer.
 */
struct crawl_flight {
    struct crawl *crawl;
    uint64_t fetch_id, host; /* host: frontier_fetch.affinity */
    struct bytes url;        /* borrowed until frontier_answer() */
    struct crawl_flight *next_free;
};

struct crawl_flights {
    struct crawl_flight *all, *free; /* all: owned; free: those without a fetch,
                                        linked by next_free */
    struct buf job; /* the encoded job of the fetch that is being submitted */
};

/* A copy of a part of what a worker has sent. */
struct crawl_copy {
    void *data; /* owned */
    size_t cap;
};

#define CRAWL_HOST_COSTS 256

/* Answers with many links, see crawl_waiting.c. */
struct crawl_waiting {
    struct waiting_answer *first, *last; /* owned; one for each host */
    int nr_hosts;
    size_t bytes;     /* of all their copies */
    int64_t next_us;  /* when the pause after the last slice ends, monotonic */
    bool is_heard;    /* another answer came since then */
    int64_t debt_us;  /* what they have cost since the last slice */
    int64_t nr_taken; /* links since the last commit */
    struct host_cost {
        uint64_t host;
        int64_t us, at_us; /* fading; when the last fading was due */
    } costs[CRAWL_HOST_COSTS];
};

/* The copies of the answer at hand, and the answers that wait. */
struct crawl_answers {
    struct crawl_copy fields, payload;
    struct crawl_waiting waiting;
};

/* The parse callback, with the options of the default one. */
struct crawl_parse {
    parse_fn fn;
    void *ctx;
    struct parse_options options;
};

/* Our own network, as far as it can be seen from outside the frontier. */
struct crawl_network {
    struct network_probe probe;
    bool is_said; /* that it is down */
};

/* What the loop sleeps on and until when. Times are monotonic. */
struct crawl_loop {
    int epoll_fd, signal_fd;
    bool input_watched; /* the list is a pipe and stands in epoll */
    int stream_fd;      /* an output that waits for its reader; -1: none */
    bool told_to_wait;  /* that a named pipe has no reader */
    struct messages *messages;
    int64_t start_ms, next_commit_ms, next_sample_ms;
    struct crawl_network network;
};

/*
 *   RUNNING ----> STOPPING ----> STOPPED
 *      |             |              |
 *      +-------------+--------------+----> CLOSING
 *
 *   RUNNING  -> STOPPING  a signal [on_signal], --max-duration [housekeeping]
 *   STOPPING -> STOPPED   a second signal [on_signal]
 *   any      -> STOPPED   the reader of a stream has left [push_streams]
 *   any      -> CLOSING   [crawl_close]
 */
enum crawl_phase {
    CRAWL_RUNNING,
    CRAWL_STOPPING, /* nothing new starts; fetches in flight may end */
    CRAWL_STOPPED,  /* the loop ends at once, whatever is in flight */
    CRAWL_CLOSING,  /* answers are dropped; their URLs stay to do */
};

/* Why and how the run is being stopped. */
struct crawl_stop {
    enum crawl_phase phase;
    int signal_nr;    /* the first of SIGINT, SIGTERM ...; 0: none came */
    bool at_duration; /* --max-duration is over */
    bool at_network;  /* --network-timeout is over */
    int64_t until_ms; /* while STOPPING: when fetches in flight are given up,
                         monotonic ms */
    char why[200];    /* in words, for the table `runs` and the summary */
};

struct crawl {
    const struct crawl_options *options;
    const struct config *config;
    struct crawl_settings settings; /* workers hold a pointer to a part */

    struct pool *pool;
    struct storage *storage;
    struct frontier *frontier;
    struct input *input;
    struct progress *progress;
    struct worker_lines *worker_lines;

    struct crawl_loop loop;
    struct crawl_flights flights;
    struct crawl_answers answers;
    struct crawl_parse parse;
    struct crawl_stop stop;
    bool is_paused; /* SIGUSR2 has paused the run; the next one lets it go on */
    bool sandbox_is_noted; /* in the log and the database */

    struct frontier_stats
        committed; /* counts at the last commit: what may be reported as done */
    struct storage_counts
        before; /* counts of the database before this session */
    struct clock_doubt clock_doubt;
    enum err err; /* first failure of our own; it ends the run */
};

/* The flight has ended and is free for another fetch. */
static inline void crawl_free_flight(struct crawl *crawl,
                                     struct crawl_flight *flight)
{
    flight->next_free = crawl->flights.free;
    crawl->flights.free = flight;
}

/* ---- crawl_setup.c ---- */

/* Opens everything in the one right order; on failure says why and returns
 * the exit status to leave with. */
enum crawl_exit crawl_open(struct crawl *crawl);
/* Closes whatever of it is open. Returns the error of closing the database. */
enum err crawl_close(struct crawl *crawl, const char *status,
                     const char *reason);
/* Notes once, after a worker's first answer, in the log and the database how
 * far the workers are locked in. */
enum err crawl_note_sandbox(struct crawl *crawl, int worker);

/* ---- crawl_waiting.c ---- */

/* Whether the links of an answer would keep other hosts waiting. */
bool crawl_must_wait(struct crawl *crawl, const struct crawl_flight *flight,
                     const struct page *page, int64_t now_us);
/* Takes over an answer and its copies in crawl->answers. `begin_us`: when it
 * came. CERR_NOMEM leaves all as it was. */
enum err crawl_wait(struct crawl *crawl, struct crawl_flight *flight,
                    int worker, const struct page *page,
                    int64_t begin_us) CERR_CHECK;
/* Notes that an answer was taken which did not wait. */
void crawl_note_direct(struct crawl *crawl);
/* Takes links of the answers that wait, if it is time for that, and ends those
 * of which none is left. */
enum err crawl_take_waiting(struct crawl *crawl) CERR_CHECK;
/* Notes what a commit took, part of which is due to the links among its rows.
 */
void crawl_note_commit(struct crawl *crawl, int64_t took_us, size_t nr_rows);
/* Milliseconds until it is; -1: none waits. */
int64_t crawl_waiting_wait_ms(const struct crawl *crawl);
/* Frees them; their URLs are still to do. */
void crawl_drop_waiting(struct crawl *crawl);

/* ---- crawl_network.c ---- */

/* Looks at the network before the frontier hears of this answer. */
void crawl_see_answer(struct crawl *crawl, const struct page *page,
                      struct bytes url, int64_t now_ms);
/* Probes while nobody is heard, and says what comes and goes. Returns true when
 * --network-timeout is over. */
bool crawl_watch_network(struct crawl *crawl, int64_t now_ms);
/* Milliseconds until crawl_watch_network() has something to do; -1: nothing. */
int64_t crawl_network_wait_ms(const struct crawl *crawl, int64_t now_ms);

/* ---- crawl_report.c ---- */

/* Fills what is shown of the run: the progress line, a row of the table
 * `samples`, and the summary at the end. */
void crawl_view(struct crawl *crawl, int64_t now_ms,
                struct progress_view *view);
void crawl_sample(struct crawl *crawl, int64_t now_ms,
                  struct sample_record *sample);
void crawl_summary(struct crawl *crawl, const char *ended, const char *reason);
/* Prints one line about the run to the log; SIGUSR1 asks for it. */
void crawl_print_status(struct crawl *crawl, int64_t now_ms);

#endif
