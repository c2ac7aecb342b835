/*
 * crawl_internal: the one struct that a run hangs off, and what its three
 * files ask of one another. Included by crawl*.c only.
 */
#ifndef CRAWLER_CRAWL_INTERNAL_H
#define CRAWLER_CRAWL_INTERNAL_H

#include "base/buf.h"
#include "crawler/cli/clock_doubt.h"
#include "crawler/cli/progress.h"
#include "crawler/crawl.h"
#include "crawler/crawl_hosts.h"
#include "crawler/fetch/fetch_worker.h"
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
#define CRAWL_USER_AGENT  "crawl/" CRAWL_VERSION

/* A fetch that a worker has; its place is the pool task's `user`. */
struct crawl_flight {
    struct crawl *crawl;
    uint64_t fetch_id;
    struct crawl_flight *next_free;
};

struct crawl {
    const struct crawl_options *options;
    const struct config *config;
    struct crawl_hosts hosts;
    struct fetch_options fetch_options; /* workers hold a pointer to it */
    char product_token[64];
    bool sandbox_is_told; /* to the log and the database */

    struct pool *pool;
    struct storage *storage;
    struct frontier *frontier;
    struct input *input;
    struct progress *progress;
    int epoll_fd, signal_fd;
    bool input_watched; /* the list is a pipe and stands in epoll */

    struct crawl_flight *flights, *free_flights;
    struct buf job; /* of the fetch being submitted */
    parse_fn parse;
    void *parse_ctx;
    struct parse_options parse_options;

    int64_t start_ms, wall_offset_ms;
    int64_t next_commit_ms, next_sample_ms;
    struct frontier_stats committed; /* what may be reported as done */
    struct storage_counts before;    /* of earlier runs */
    struct clock_doubt clock_doubt;

    int stop_signal;       /* first of SIGINT, SIGTERM ... */
    int64_t stop_until_ms; /* then in-flight fetches are given up */
    bool stop_now, paused, limit_reached;
    bool closing; /* answers do not count any more */
    enum err err; /* our own failure: ends the run */
};

/* ---- crawl_setup.c ---- */

/* Settings into the options of each part. */
void crawl_fill_fetch_options(struct crawl *crawl);
void crawl_fill_frontier_options(struct crawl *crawl,
                                 struct frontier_options *options);
/* Opens everything in the one right order; on failure says why and returns
 * the exit status to leave with. */
enum crawl_exit crawl_open(struct crawl *crawl);
/* Takes everything down again, whatever of it stands. */
enum err crawl_close(struct crawl *crawl, const char *status,
                     const char *reason);
const char *crawl_main_output(const struct config *config);
/* Says once, after a worker's first answer, how far the workers are locked
 * in. */
enum err crawl_tell_sandbox(struct crawl *crawl, int worker);

/* ---- crawl_report.c ---- */

void crawl_view(struct crawl *crawl, int64_t now_ms,
                struct progress_view *view);
void crawl_sample(struct crawl *crawl, int64_t now_ms,
                  struct sample_record *sample);
void crawl_summary(struct crawl *crawl, const char *ended, const char *reason);
void crawl_print_status(struct crawl *crawl, int64_t now_ms);

#endif
