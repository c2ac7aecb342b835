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
#include "pool/pool.h"
#include "pool/pool_stats.h"
#include "storage/record.h"
#include "storage/storage.h"

#define CRAWL_COMMIT_MS   200 /* most that a crash can take back */
#define CRAWL_COMMIT_ROWS 20000
#define CRAWL_SAMPLE_MS   1000
#define CRAWL_STOP_MS     4000 /* for transfers in flight after Ctrl-C */
#define CRAWL_SLICES_MAX  16   /* of the list in one turn: some 1,800 lines */

/* A fetch that a worker has; its place is the pool task's `user`. */
struct crawl_flight {
    struct crawl *crawl;
    uint64_t fetch_id;
    struct crawl_flight *next_free;
};

struct crawl_flights {
    struct crawl_flight *all, *free; /* owned; free: a list of those */
    struct buf job;                  /* of the fetch being submitted */
};

/* The parse callback, with the options of the default one. */
struct crawl_parse {
    parse_fn fn;
    void *ctx;
    struct parse_options options;
};

/* What the loop sleeps on and until when. Times are monotonic. */
struct crawl_loop {
    int epoll_fd, signal_fd;
    bool input_watched; /* the list is a pipe and stands in epoll */
    int64_t start_ms, next_commit_ms, next_sample_ms;
};

/*
 *   RUNNING ----> STOPPING ----> STOPPED
 *      |             |              |
 *      +-------------+--------------+----> CLOSING
 *
 *   RUNNING  -> STOPPING  a signal [on_signal], --max-duration [housekeeping]
 *   STOPPING -> STOPPED   a second signal [on_signal]
 *   any      -> CLOSING   [crawl_close]
 */
enum crawl_phase {
    CRAWL_RUNNING,
    CRAWL_STOPPING, /* nothing new starts; what is in flight may end */
    CRAWL_STOPPED,  /* at once */
    CRAWL_CLOSING,  /* answers do not count any more */
};

struct crawl_stop {
    enum crawl_phase phase;
    int signal_nr;    /* the first of SIGINT, SIGTERM ...; 0: none came */
    bool at_duration; /* --max-duration is over */
    int64_t until_ms; /* while STOPPING: then fetches are given up */
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

    struct crawl_loop loop;
    struct crawl_flights flights;
    struct crawl_parse parse;
    struct crawl_stop stop;
    bool is_paused;        /* SIGUSR2 */
    bool sandbox_is_noted; /* in the log and the database */

    struct frontier_stats committed; /* what may be reported as done */
    struct storage_counts before;    /* of earlier runs */
    struct clock_doubt clock_doubt;
    enum err err; /* our own failure: ends the run */
};

/* ---- crawl_setup.c ---- */

/* Opens everything in the one right order; on failure says why and returns
 * the exit status to leave with. */
enum crawl_exit crawl_open(struct crawl *crawl);
/* Takes everything down again, whatever of it stands. */
enum err crawl_close(struct crawl *crawl, const char *status,
                     const char *reason);
/* Notes once, after a worker's first answer, in the log and the database how
 * far the workers are locked in. */
enum err crawl_note_sandbox(struct crawl *crawl, int worker);

/* ---- crawl_report.c ---- */

/* Three moments of the run: for progress, for the table `samples`, and its
 * last lines. */
void crawl_view(struct crawl *crawl, int64_t now_ms,
                struct progress_view *view);
void crawl_sample(struct crawl *crawl, int64_t now_ms,
                  struct sample_record *sample);
void crawl_summary(struct crawl *crawl, const char *ended, const char *reason);
/* A line for SIGUSR1. */
void crawl_print_status(struct crawl *crawl, int64_t now_ms);

#endif
