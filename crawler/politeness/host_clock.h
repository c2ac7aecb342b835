/*
 * host_clock: one host's clock: when it may be asked next, and by how many at
 * once.
 *
 * Whatever reaches the host runs on this clock: pages, redirects, robots.txt,
 * retries. A delay spaces the starts; 429, 503 and Retry-After push the due
 * time away; latency and errors above the host's own normal halve its window
 * of requests in flight, and calm answers open it again (AIMD). A host that
 * nothing is known of yet is asked once, then by half as many again in each
 * round trip, and has no errors as its normal, so its first one counts. A host
 * that cannot be reached several times in a row gets one probe, and then is
 * down; so does one that asks to wait each time, for HOST_PATIENCE_MS at least,
 * or a run might wait for ever.
 *
 *   UP --max_errors failures--> SUSPECT --a failed probe--> DOWN
 *    ^---------- a useful answer ---'
 *
 * Pure: it knows no URL, no storage and no clock of the system. One thread.
 */
#ifndef CRAWLER_POLITENESS_HOST_CLOCK_H
#define CRAWLER_POLITENESS_HOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define HOST_BACKOFF_MS     1000 /* the first back-off in ms; it doubles */
/* Milliseconds from the last failure to the probe, at least. */
#define HOST_PROBE_MS       5000
/* Milliseconds of waits in a row before a host is down, at least. */
#define HOST_PATIENCE_MS    300000
#define HOST_STATUS_UNKNOWN (-1)
#define HOST_SLOW_FACTOR    3   /* times its normal latency ... */
#define HOST_SLOW_MS        250 /* ... and so much more is too slow */
/* Share of errors among answers; more is never normal. */
#define HOST_ERRORS_NORMAL  0.25

/* What the user has set for a host; the same for every host but those with
 * settings of their own. */
struct host_limits {
    int per_host;               /* most requests in flight at once */
    int64_t delay_ms;           /* between two starts */
    int64_t max_wait_ms;        /* cap of Crawl-delay and of back-off */
    int64_t max_retry_after_ms; /* longest wait that Retry-After may ask for */
    int max_errors; /* failures to reach it, or waits, then SUSPECT */
};

enum host_state { HOST_UP, HOST_SUSPECT, HOST_DOWN };

struct host_clock {
    enum host_state state;
    int64_t due_ms;   /* no request starts before */
    int64_t delay_ms; /* between two starts */
    int in_flight;
    int most_in_flight;   /* most requests that were ever in flight at once */
    double window;        /* 1 to per_host: what may be in flight */
    bool is_opening;      /* its window was never cut nor wholly open */
    int64_t cut_ms;       /* when it was last halved */
    int64_t backoff_ms;   /* last back-off; 0: calm */
    double normal_ms;     /* its usual latency; 0: unknown */
    double recent_ms;     /* of the last few answers */
    double normal_errors; /* its usual share of HOST_ANSWER_TROUBLE, 0 to 1 */
    double recent_errors; /* of the last few answers */
    int nr_errors;        /* failures to reach it and waits, in a row */
    int64_t busy_ms;    /* when it began to ask for waits; INT64_MIN: before */
    int64_t suspect_ms; /* when it became HOST_SUSPECT */
    int status; /* 429, 503 while it asks us to wait; else 0; unknown when
                   its errors come from an earlier lease */
};

enum host_answer_kind {
    HOST_ANSWER_CALM,        /* an answer */
    HOST_ANSWER_BUSY,        /* 429, 503: wait */
    HOST_ANSWER_TROUBLE,     /* other 5xx, timeouts, broken answers */
    HOST_ANSWER_UNREACHABLE, /* no name, no connection */
    HOST_ANSWER_NOTHING,     /* says nothing about the host: our own failure */
};

struct host_answer {
    enum host_answer_kind kind;
    int status; /* 0: none */
    int64_t started_ms, now_ms;
    double latency_ms;      /* ms to the first byte, connecting not counted */
    int64_t retry_after_ms; /* -1: not asked for */
    double jitter;          /* from 0 up to below 1 */
};

/* Makes a clock by which a request may start at once. */
void host_clock_init(struct host_clock *clock,
                     const struct host_limits *limits);
/* Sets the delay of a Crawl-delay, capped; never below the user's own. */
void host_clock_set_crawl_delay(struct host_clock *clock,
                                const struct host_limits *limits,
                                int64_t delay_ms);

/* Whether its in-flight limit leaves room. */
bool host_clock_has_room(const struct host_clock *clock);
/* Whether a request may start now: due, and room. */
bool host_clock_may_start(const struct host_clock *clock, int64_t now_ms);
void host_clock_started(struct host_clock *clock, int64_t now_ms);
/* Takes back host_clock_started(): nothing reached the host. */
void host_clock_put_back(struct host_clock *clock);
void host_clock_answered(struct host_clock *clock,
                         const struct host_limits *limits,
                         const struct host_answer *answer);

/* Doubling delay `base_ms` << attempt, at most `cap_ms`, of which jitter takes
 * up to a half away. */
int64_t host_backoff_ms(int64_t base_ms, int attempt, int64_t cap_ms,
                        double jitter);

#endif
