/*
 * phase: how far a transfer has come, since when, and whether it takes too
 * long.
 *
 *   IDLE ─► RESOLVING ─► WAITING ─► CONNECTING ─► ASKED ─► ANSWERING ─► ENDED
 *    ▲ │                  ▲     │                   ▲                     │
 *    │ └── address known ─┘     └── connection open ┘                     │
 *    └────────────────────────────────────────────────────────────────────┘
 *
 *   IDLE -> WAITING          [transfers_start]
 *   IDLE -> RESOLVING        [transfers_start] its name is not known yet
 *   RESOLVING -> WAITING     [go_on]
 *   WAITING -> CONNECTING    [on_open_socket]
 *   WAITING -> ASKED         [on_request]      a connection was open
 *   CONNECTING -> ASKED      [on_request]
 *   ASKED -> ANSWERING       [on_head_line]
 *   ASKED -> CONNECTING      the open connection was dead: libcurl asks once
 *                            more over a new one
 *   any of these -> ENDED    [end_transfer]    by libcurl, a limit or a cancel
 *   ENDED -> IDLE            [transfer_recycle]
 *
 * Pure: takes the time as a parameter.
 */
#ifndef CRAWLER_FETCH_PHASE_H
#define CRAWLER_FETCH_PHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crawler/fetch/fetch_worker.h"
#include "crawler/page/outcome.h"

/* In the order of one request, so that "at least PHASE_ASKED" has a meaning. */
enum phase {
    PHASE_IDLE,       /* not in use */
    PHASE_RESOLVING,  /* its name is looked up; libcurl does not have it yet */
    PHASE_WAITING,    /* waits for a connection, or has not begun */
    PHASE_CONNECTING, /* connects, TLS handshake included */
    PHASE_ASKED,      /* request on its way, no line of the answer yet */
    PHASE_ANSWERING,  /* head or body are arriving */
    PHASE_ENDED,      /* out of libcurl; its page is ready or handed out */
};

struct phase_clock {
    enum phase phase;
    int64_t start_ms;        /* when PHASE_WAITING began */
    int64_t phase_ms;        /* when `phase` began */
    uint64_t received_bytes; /* of head and body, since `start_ms` */
    /* The stall window begins with the answer, and again each time that enough
     * bytes came within one. */
    int64_t window_ms;
    uint64_t window_bytes; /* `received_bytes` when it began */
};

/* From PHASE_IDLE to PHASE_WAITING. */
void phase_start(struct phase_clock *clock, int64_t now_ms);
/* Enters `phase`, or enters it again: the time limit of that phase begins anew.
 */
void phase_enter(struct phase_clock *clock, enum phase phase, int64_t now_ms);
/* Takes `away_ms`, in which this process did not run, out of all limits. */
void phase_forgive(struct phase_clock *clock, int64_t away_ms);
/* Whether the transfer has begun and not ended. */
bool phase_is_active(const struct phase_clock *clock);

/*
 * Holds an active transfer to the time limits of `options`. ERROR_NONE, or
 * which limit was passed: ERROR_DNS_TIMEOUT, ERROR_CONNECT_TIMEOUT,
 * ERROR_STALLED, or ERROR_TIMEOUT (first byte, total). `*note` says more, or
 * is "". Static.
 */
enum error phase_check(struct phase_clock *clock,
                       const struct fetch_options *options, int64_t now_ms,
                       const char **note);
/* How often phase_check() should be called: some twenty times within the
 * shortest limit, every 5 to 250 ms. */
int64_t phase_check_every_ms(const struct fetch_options *options);

#endif
