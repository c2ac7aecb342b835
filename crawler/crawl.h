/*
 * crawl: one run, from the list to the database.
 *
 * It opens pool, storage, frontier and input, runs the one event loop around
 * them, and closes them again. All state hangs off one struct crawl. One run at
 * a time in a process; call it before any thread is started, as the pool forks.
 */
#ifndef CRAWLER_CRAWL_H
#define CRAWLER_CRAWL_H

#include "crawler/cli/config.h"
#include "crawler/parse.h"

/* What the program returns to the shell. */
enum crawl_exit {
    CRAWL_EXIT_OK = 0,        /* every URL ended */
    CRAWL_EXIT_FAILURE = 1,   /* the program itself failed */
    CRAWL_EXIT_USAGE = 2,     /* the options or the list are wrong */
    CRAWL_EXIT_NO_ANSWER = 3, /* finished, but no URL of the run answered */
    CRAWL_EXIT_LIMIT = 4,     /* stopped by a limit of the user, work is left */
    CRAWL_EXIT_STORAGE = 5,   /* disk full, database locked or not ours */
    CRAWL_EXIT_INTERRUPT = 130,
    CRAWL_EXIT_READER_LEFT = 141, /* 128 + SIGPIPE, as any program's */
    CRAWL_EXIT_TERMINATED = 143,
};

struct crawl_options {
    const struct config *config; /* borrowed */
    const char *command; /* the command that goes on, for the table `runs` and
                            for "go on" */
    const char *secrets; /* as config_secrets(): what of it is stored nowhere;
                            NULL: nothing */
    parse_fn parse;      /* called for each URL that ended; NULL: parse_visit */
    void *parse_ctx; /* first argument of `parse`; NULL with parse_visit, which
                        gets its own */
};

/* Runs the crawl to its end and says on standard error what there is to say. */
enum crawl_exit crawl_run(const struct crawl_options *options);

#endif
