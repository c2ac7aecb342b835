/*
 * frontier_web: a frontier on a real database in a temporary folder, and a web
 * that a test makes up: one function that answers each fetch, at a virtual
 * time. No network, no clock, no sleeping.
 */
#ifndef TESTS_UNIT_FRONTIER_FRONTIER_WEB_H
#define TESTS_UNIT_FRONTIER_FRONTIER_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/frontier/frontier.h"

#define WEB_WALL_MS     INT64_C(1790000000000) /* wall time of virtual 0 */
#define WEB_VISITS_MAX  4096
#define WEB_FETCHES_MAX 16384

/* One answer that the web gives; page_init() was called. */
struct web_answer {
    struct page page;
    struct buf links;
    int64_t latency_ms; /* 10 unless set */
    bool put_back;      /* no worker took it */
};

struct web_fetch {
    char url[512];
    uint32_t flags;
    uint32_t header_set;
    int64_t started_ms;
    int nr_in_flight; /* beside it, when it started */
};

struct web_visit {
    char url[512], listed[512], final_url[512], detail[256];
    int64_t line;
    int depth, tries;
    enum outcome outcome;
    enum error error;
    bool may_pass;
    int status;
    size_t nr_hops;
    double elapsed_ms, wait_ms;
};

struct web;
typedef void (*web_answer_fn)(struct web *web, const char *url,
                              struct web_answer *answer);

struct web {
    struct frontier_options options; /* set before web_open() */
    struct local_names *local_names; /* all below .test */
    web_answer_fn answer;
    void *ctx; /* the test's own */
    int64_t now_ms;
    int64_t stop_at_ms; /* frontier_stop() then; 0: never */
    int nr_asked;       /* fetches so far, put back ones too */
    size_t slice_links; /* links are taken so many at a time; 0: all at once */

    struct web_fetch *fetches;
    size_t nr_fetches;
    struct web_visit *visits;
    size_t nr_visits;

    char folder[64], path[96];
    struct storage *storage;
    struct frontier *frontier;
    struct flight *flights;
    size_t nr_flights;
};

/* A web whose answers are 200; per_host 6, retries 2, robots ignored. */
void web_init(struct web *web);
/* The same as a test's fixture. */
int web_setup(void **state);
int web_teardown(void **state);
void web_open(struct web *web);
/* Ends the run as crawl does; web_open() goes on with the same database. */
void web_close(struct web *web, const char *status);
/* Drops everything as a killed process would: nothing is released. */
void web_kill(struct web *web);
void web_free(struct web *web);

/* The list: lines with LF between them, from line 1. */
void web_add_list(struct web *web, const char *lines);
/* http://HOST/0, /1 ...; the list may go on. */
void web_add_many(struct web *web, const char *host, int nr);
/* Runs to the end, and fails the test if it does not come. */
enum frontier_end web_run(struct web *web);
/* The one visit of a URL; fails if there is none or more than one. */
const struct web_visit *web_visit(const struct web *web, const char *url);
size_t web_nr_fetches(const struct web *web, const char *url);
/* A redirect, an error, a text body as answers. */
void web_redirect(struct web_answer *answer, int status, const char *to);
void web_fail(struct web_answer *answer, enum error error);
void web_body(struct web_answer *answer, const char *body);
void web_link(struct web_answer *answer, const char *url, uint8_t rel);
void web_status(struct web_answer *answer, int status);

#endif
