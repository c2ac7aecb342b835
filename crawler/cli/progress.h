/*
 * progress: what a person sees while a crawl runs, on standard error.
 *
 * On a terminal a few rows, redrawn at most ten times a second, cut to the
 * width, with log lines scrolling above them; elsewhere one key=value line
 * each interval; or nothing. It keeps no state of the crawl: the caller shows
 * it a view. Every text from outside is escaped before it gets here or in here.
 */
#ifndef CRAWLER_CLI_PROGRESS_H
#define CRAWLER_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress;

/* In the order of --progress; AUTO is what progress_choose() decides. */
enum progress_mode {
    PROGRESS_AUTO,
    PROGRESS_LIVE,
    PROGRESS_PLAIN,
    PROGRESS_NONE
};

#define PROGRESS_REDRAW_MS 100
#define PROGRESS_ROWS      4

struct progress_options {
    enum progress_mode mode; /* what to show; never PROGRESS_AUTO */
    int64_t interval_ms;     /* between two plain lines */
    FILE *out;               /* borrowed; standard error */
    const char *input;       /* "urls.txt", borrowed */
    const char *output;      /* "crawl.db", borrowed */
    int nr_workers;
    int64_t start_ms; /* monotonic */
};

/* The host that is waited for longest. */
struct progress_throttled {
    const char *host; /* "" if there is none */
    int status;       /* 429, 503; 0: another reason */
    int64_t for_ms;
};

/* The host whose answers take longest. */
struct progress_slowest {
    const char *host; /* NULL or "" if there is none */
    int64_t latency_ms;
};

/* What a crawl shows of itself at one moment. */
struct progress_view {
    int64_t nr_urls; /* known so far */
    bool list_done;  /* no more will come from the list */
    int64_t
        nr_ended; /* URLs of this database that ended, earlier runs included */
    int64_t nr_run; /* ended in this session, as are the next ones */
    int64_t nr_ok, nr_3xx, nr_4xx, nr_5xx, nr_failed, nr_skipped;
    int64_t nr_retrying;
    int nr_active, nr_hosts_waiting;
    int64_t bytes_down;
    bool paused, stopping;
    int64_t no_network_ms; /* since when nobody answers; 0: somebody does */
    struct progress_throttled throttled;
    struct progress_slowest slowest; /* for plain lines alone */
    int64_t wall_ms;                 /* what time it is */
};

/* Returned owned. In live mode it takes over the log's lines until the end. */
struct progress *progress_new(const struct progress_options *options);
/* Milliseconds until the next drawing is due; -1: never. */
int64_t progress_wait_ms(const struct progress *progress, int64_t now_ms);
/* True when a drawing is due: only then is a view worth making. */
bool progress_due(const struct progress *progress, int64_t now_ms);
void progress_draw(struct progress *progress, const struct progress_view *view,
                   int64_t now_ms);
/* Whether its lines name the slowest host: only then is it worth looking for.
 */
bool progress_is_plain(const struct progress *progress);
/* The terminal was resized. */
void progress_resized(struct progress *progress);
/* Removes the rows, gives the log back, frees. NULL is fine. */
void progress_free(struct progress *progress);

/* Chooses the mode for standard error from what the user has asked for. Never
 * returns PROGRESS_AUTO. */
enum progress_mode progress_choose(enum progress_mode wanted, bool quiet);

#endif
