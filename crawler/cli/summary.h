/*
 * summary: the last lines of a crawl, on standard error.
 *
 * Counts by outcome, rate and bytes, the most frequent causes of errors, each
 * with what to do about it, and the next command to type.
 */
#ifndef CRAWLER_CLI_SUMMARY_H
#define CRAWLER_CLI_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define SUMMARY_CAUSES 3 /* causes that are shown at most */

/* One cause of URLs that did not end well. Texts are borrowed. */
struct summary_cause {
    const char *code; /* "dns", "404" */
    int64_t nr;
    const char *meaning, *hint; /* "" if there is none */
};

/* URLs that ended, by outcome. */
struct summary_ended {
    int64_t nr_ok, nr_redirect, nr_http_error, nr_error, nr_skipped;
};

/* A run of several sessions as a whole. */
struct summary_all {
    int64_t nr_sessions; /* up to 1: there is nothing to tell */
    int64_t work_ms;     /* without the time between them */
    struct summary_ended ended;
};

/* How hosts made the crawl slower. */
struct summary_waits {
    int64_t nr_429, nr_503, nr_slow_downs, longest_wait_ms;
};

/* Counts are of this session. */
struct summary {
    const char *ended;    /* "done", "interrupted", "limit", "failed" */
    const char *reason;   /* "" when done */
    const char *database; /* path of the database, for the next command; NULL:
                             none was written */
    const char *again;    /* the command that goes on; "" when done */
    const char *secrets;  /* flags to add to it, one a line; NULL: none */
    int64_t nr_bad_lines, nr_duplicates;
    struct summary_ended visits;
    struct summary_all all;
    int64_t nr_left;       /* still to do */
    int64_t nr_moved_away; /* listed URLs that redirect to another domain */
    int64_t nr_unread_sitemaps; /* listed, without --sitemaps */
    int64_t nr_requests, bytes_down;
    int64_t elapsed_ms;
    struct summary_waits waits;
    bool clock_in_doubt; /* our clock may be wrong, see clock_doubt.h */
    const struct summary_cause *causes; /* most frequent first */
    size_t nr_causes;
};

void summary_print(const struct summary *summary, FILE *out);

#endif
