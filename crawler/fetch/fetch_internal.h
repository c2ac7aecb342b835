/*
 * internal: what the files of one transfer share.
 *
 * DESIGN. A request goes through the files in this order. Each calls some of
 * those below it, and none above.
 *
 *   fetch_worker.c       jobs from the pool, pages to the pool
 *   transfer.c           the set of transfers: starts, drives and ends them
 *   easy.c               libcurl's handles, and the options set on them
 *   request_headers.c    the header lines that a request carries
 *   curl_callbacks.c     what libcurl asks and reports while a request runs
 *   result.c             from a transfer that has ended to its page
 *   loop.c               sockets (epoll) and timers, as libcurl wants them
 *   phase.c              how far a transfer has come, and its time limits
 *   head.c, body.c       the answer as it arrives
 *   curl_error.c         what a failure of libcurl's means
 *   lookup.c             the name that a request needs, see crawler/names
 *   guard.c, auth.c, curl_alloc.c   addresses, credentials and memory, each
 *                        for itself
 *
 * libcurl stands between transfer.c, which calls it, and the callbacks, which
 * it calls: they run inside of transfers_turn(), and call nothing of libcurl's
 * but curl_easy_getinfo().
 *
 * Each piece of state has one owner: a struct below is written by the file
 * named above it, and read by the others.
 */
#ifndef CRAWLER_FETCH_FETCH_INTERNAL_H
#define CRAWLER_FETCH_FETCH_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "crawler/content/decode.h"
#include "crawler/content/scan.h"
#include "crawler/fetch/auth.h"
#include "crawler/fetch/body.h"
#include "crawler/fetch/guard.h"
#include "crawler/fetch/head.h"
#include "crawler/fetch/phase.h"
#include "crawler/fetch/transfer.h"
#include "crawler/names/names.h"

/* ---- loop.c ---- */

#define LOOP_EVENTS_MAX 256 /* taken from epoll at once */

/* What epoll knows about a descriptor and what libcurl wants it to know. */
struct interest {
    uint32_t armed; /* events in epoll; 0: it is not in there */
    bool is_ours;   /* we opened it for libcurl, so we see it close */
    bool is_wanted; /* libcurl wants its events now */
    void *owner;    /* as loop_socket_opened() was told; NULL: not known */
};

struct loop {
    int epoll_fd;               /* -1: not open */
    int other_fd;               /* the one that is not libcurl's; -1: none */
    struct interest *interests; /* owned; by descriptor */
    size_t nr_interests;
    struct epoll_event events[LOOP_EVENTS_MAX]; /* of the last wait */
    size_t nr_events, next_event;
    bool timer_is_set;
    int64_t timer_ms; /* when libcurl wants to be called */
    int64_t now_ms;   /* monotonic, at the end of the last wait */
    bool is_deaf;     /* a socket could not be watched: what waits for it would
                         be called too slow, so the worker has to leave */
};

/* An event on a socket of libcurl. */
struct loop_event {
    int fd;
    int mask;    /* CURL_CSELECT_IN and so on */
    void *owner; /* as loop_socket_opened() was told; NULL: not known */
};

/* Makes `multi` report its sockets and its timer to `loop`. As
 * err_from_errno(). */
enum err loop_open(struct loop *loop, CURLM *multi) CERR_CHECK;
void loop_close(struct loop *loop);
/* Watches one descriptor that is not libcurl's, for reading, in place of the
 * one before; -1: none. It only ends a wait. CERR_IO. */
enum err loop_watch_other(struct loop *loop, int fd) CERR_CHECK;
/* Watches a socket that is neither libcurl's nor the other one for EPOLLIN and
 * EPOLLOUT; its events name `owner`. 0: no longer, as it is about to be closed.
 */
void loop_watch(struct loop *loop, int fd, uint32_t events, void *owner);
void loop_socket_opened(struct loop *loop, int fd, void *owner);
/* Closes a socket, which also takes it out of epoll. Returns what close()
 * returns. */
int loop_close_socket(struct loop *loop, int fd);
/* Whether libcurl's timer has run out. If so, libcurl is to be called. */
bool loop_timer_is_due(struct loop *loop);
/* Waits for sockets at most `timeout_ms` (-1: no limit), or until the timer of
 * libcurl runs out. As err_from_errno(); a signal is no error. */
enum err loop_wait(struct loop *loop, int64_t timeout_ms) CERR_CHECK;
/* The next event of the last wait that libcurl wants to hear of. */
bool loop_next_event(struct loop *loop, struct loop_event *event);

/* ---- request_headers.c ---- */

/* The header lines that do not depend on the job; constant once open. */
struct request_headers {
    struct curl_slist *general; /* to every host */
    struct curl_slist **sets;   /* nr_sets whole lists, as jobs name them */
    size_t nr_sets;
};

/* CERR_NOMEM: close it all the same. */
enum err request_headers_open(struct request_headers *headers,
                              const struct fetch_options *options) CERR_CHECK;
void request_headers_close(struct request_headers *headers);
/* Returns the lines for a job that adds none of its own; borrowed. */
const struct curl_slist *
request_headers_usual(const struct request_headers *headers,
                      const struct job *job);
/*
 * The whole list for a job that adds lines of its own: a validator, which
 * makes the request conditional (RFC 9110 13.1), or credentials from `auth`
 * (may be NULL). `*own` is owned by the caller, and NULL if the job adds none.
 * CERR_NOMEM: there is no list.
 */
enum err request_headers_add_own(const struct request_headers *headers,
                                 const struct auth *auth, const struct job *job,
                                 struct curl_slist **own,
                                 bool *is_conditional) CERR_CHECK;

/* ---- proxy_choice.c ---- */

/* The proxy that asks for a canonical URL, a view of the options; NULL: its
 * host is asked itself. */
const char *proxy_choose(const struct fetch_options *options, const char *url);
/* Whether the URL may be handed to a proxy. A proxy connects for us, so an
 * address that stands in the URL is judged before, by the rules of a listed
 * host or of any; a name is the proxy's to look up. */
bool proxy_may_ask(const struct guard *guard, const char *url, bool is_listed);

/* ---- easy.c ---- */

/*
 * Connections of some of the hosts, kept open for use again. libcurl looks
 * through all of a cache at the end of each transfer, and through a chain of
 * hosts at its beginning: with one cache for a thousand hosts that was a
 * twelfth of the work (docs/decisions/0013).
 */
struct connection_cache {
    CURLSH *share;  /* owned; TLS sessions too */
    size_t nr_busy; /* transfers in libcurl that use it */
};

/* What all handles share. */
struct easy_shared {
    CURLM *multi; /* owned */
    struct connection_cache caches[TRANSFER_CACHES];
    size_t nr_caches;
    size_t max_connections; /* kept open for use again, in all caches */
    size_t cap_connections; /* of each cache, as libcurl was told last */
    struct request_headers headers;
    struct curl_slist *resolve; /* owned; for CURLOPT_RESOLVE */
    struct curl_slist *forget;  /* owned; what libcurl is to forget, with the
                                   next that it is told */
    struct curl_slist *forget_last;
    int64_t sweep_ms; /* when old addresses are thrown out next */
};

/* ---- lookup.c ---- */

/* Whose address libcurl will want, for a connection of this transfer. */
struct lookup {
    struct names_waiter waiter; /* first: the transfer is found by it */
    struct bytes host;          /* a view of the URL or of `proxy_host` */
    uint16_t port;
    bool is_needed;       /* it is a name, and libcurl is not told of it yet */
    const char *proxy;    /* the one that `proxy_host` was read of */
    char proxy_host[256]; /* "": it could not be read */
    uint16_t proxy_port;
    int64_t asked_ms; /* when it began to wait */
    uint32_t took_us; /* so long it waited */
};

/* Finds out whose address the transfer needs. */
void lookup_aim(struct transfer *transfer);
/* Whether the sandbox is stale: then no connection can be trusted to lead where
 * it should. */
bool lookup_is_stale(struct transfers *set);
/* Tells libcurl the addresses that are known, unless another transfer did.
 * CERR_NOMEM. */
enum err lookup_tell(struct transfer *transfer) CERR_CHECK;
/* The transfer has ended, or is about to: lets libcurl forget the addresses of
 * a name that no other needs. */
void lookup_end(struct transfer *transfer);
/* Notes why the name has no address. Returns what that is called if it is
 * certain; ERROR_NONE: what CURLE_COULDNT_RESOLVE_HOST is, which is our own
 * failure where descriptors are short. */
enum error lookup_error(struct transfer *transfer, enum name_state state);

/* One of libcurl's easy handles, and what is set on it now. */
struct easy {
    CURL *handle;                   /* owned */
    CURLU *parts;                   /* owned; of the URL */
    struct connection_cache *cache; /* its connection's; NULL: none yet */
    const char *proxy;              /* that it asks; NULL: none */
    struct curl_slist *own_headers; /* owned; of this request, or NULL */
    const struct curl_slist *sent_headers; /* those that are set */
    struct curl_slist *resolve; /* owned; what libcurl was told last */
    bool is_started;            /* libcurl has it */
    bool sweeps;                /* it throws out addresses that are too old */
    bool is_raw;                /* the options are those of JOB_RAW */
    bool may_be_http2;          /* ALPN offers it */
    bool is_conditional;        /* a validator was sent */
};

/* Sets an option and returns CERR_NOMEM from the caller if that fails: all
 * options that are set are known to libcurl 7.88, so nothing but the copy of a
 * text can. */
#define EASY_SET(handle, option, value)                                        \
    do {                                                                       \
        if (curl_easy_setopt(handle, option, value) != CURLE_OK)               \
            return CERR_NOMEM;                                                 \
    } while (0)

/* CERR_NOMEM: close it all the same. */
enum err easy_shared_open(struct easy_shared *shared,
                          const struct fetch_options *options,
                          size_t max_connections) CERR_CHECK;
void easy_shared_close(struct easy_shared *shared);
/* Tells libcurl, before it works for a cache with so many transfers, how many
 * connections a cache may keep. */
void easy_limit_connections(struct easy_shared *shared, size_t nr_busy);
/* Makes the handle, with every option that does not depend on a job.
 * CERR_NOMEM: close it all the same. */
enum err easy_open(struct transfer *transfer) CERR_CHECK;
void easy_close(struct easy *easy);
/* Sets what depends on the job. CERR_NOMEM. */
enum err easy_aim(struct transfer *transfer, const struct job *job) CERR_CHECK;
/* Gives the transfer to libcurl, which begins when it is called next.
 * CERR_NOMEM. */
enum err easy_start(struct transfer *transfer) CERR_CHECK;
/* Takes the transfer out of libcurl; its connection is kept if it can be used
 * again. */
void easy_stop(struct transfer *transfer);

/* ---- curl_callbacks.c ---- */

/* Lets libcurl report all that happens to this transfer. CERR_NOMEM. */
enum err curl_callbacks_set(struct transfer *transfer) CERR_CHECK;

/* ---- result.c ---- */

/* Texts of the page that are not as they were received. */
struct result_texts {
    char mime[128];
    struct buf cleaned;
    struct buf location; /* of a redirect, canonical */
};

/* Decides how the transfer ends, before libcurl has ended it: what is decided
 * first counts, and goes before what libcurl says. */
void result_decide(struct transfer *transfer, enum error error,
                   const char *note);
/* How often memory or descriptors were refused to any transfer. */
uint64_t result_nr_refused(void);
/* Fills the page of a transfer that libcurl ended with `code`. */
void result_fill(struct transfer *transfer, CURLcode code);
/* Ends a transfer whose answer came while there was no memory to read it. */
void result_lose(struct transfer *transfer);

/* ---- transfer.c ---- */

/* What is known of a transfer's failure, beside its phase. */
struct transfer_failure {
    enum error error;              /* decided by us, see result_decide() */
    char note[PAGE_DETAIL_BYTES];  /* our words about it; "" */
    char message[CURL_ERROR_SIZE]; /* libcurl's words; "" */
    bool tried_address;  /* some address passed the guard: curl_callbacks.c */
    bool may_pass;       /* no name server could tell: lookup.c */
    bool is_exhausted;   /* no descriptor for a socket: curl_callbacks.c */
    uint64_t nr_refused; /* result_nr_refused() when it began */
};

/* Bytes as they were on the wire, for JOB_RAW: written by curl_callbacks.c. */
struct transfer_raw {
    struct buf request, body;
};

/*
 * Memory of all bodies of a worker. Where it is spent, bodies that are not
 * small are paused, but for the largest; that one is cut when nothing was freed
 * for BODIES_WAIT_MS. So small pages go on beside a host that fills the memory.
 */
#define BODIES_SMALL_BYTES ((size_t)256 << 10)
#define BODIES_WAIT_MS     5000

struct bodies {
    struct body_spares spares;
    size_t used_bytes; /* held by all transfers: written by curl_callbacks.c */
    size_t nr_paused;
    int64_t freed_ms; /* when the last was freed, or the first was paused */
};

struct transfer {
    struct transfers *set;       /* borrowed */
    STAILQ_ENTRY(transfer) link; /* while idle, and while ended */
    uint64_t id;
    uint32_t flags; /* enum job_flag */
    struct buf url; /* with a NUL behind it */
    struct easy easy;
    struct lookup lookup;
    struct phase_clock clock;
    struct transfer_failure failure;
    struct head head;
    struct body body;
    struct decode *decode; /* from the set's spares while a body runs */
    size_t held_bytes;     /* of memory for its body, as they were counted */
    bool is_paused;        /* by the budget of all bodies */
    bool was_away;         /* the process did not run for a while of it */
    bool is_sniffed;       /* `sniff` holds what a large body is */
    struct sniff sniff;
    struct transfer_raw raw;
    struct result_texts texts;
    struct page page;
};

STAILQ_HEAD(transfer_list, transfer);

struct transfers {
    struct fetch_options options; /* defaults filled in */
    char agent[64];               /* product token of the user agent */
    struct loop loop;
    struct easy_shared easy;
    struct names *names;     /* owned */
    struct guard *guard;     /* owned */
    struct auth *auth;       /* owned; NULL: none */
    struct scan *scan;       /* owned */
    struct sandbox *sandbox; /* borrowed; NULL: none */
    int64_t files_ms; /* now_ms when the sandbox's files were looked at */

    struct transfer **all; /* owned; max_transfers places */
    size_t nr_all;
    struct transfer_list idle;
    struct transfer_list ended; /* in the order in which they ended */
    size_t nr_busy;             /* started and not recycled */
    int64_t check_ms;           /* when time limits are looked at next */
    int64_t check_every_ms;
    bool has_false_http2; /* some server said HTTP/2 and did not speak it */
    struct bodies bodies;
};

/* ---- fetch_options.c ---- */

/* A copy with the named default in place of each 0 that makes no sense. */
void fetch_options_fill(struct fetch_options *out,
                        const struct fetch_options *in);

#endif
