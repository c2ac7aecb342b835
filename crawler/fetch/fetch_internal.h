/*
 * What the files of one transfer share: transfer.c (the set and its lists),
 * loop.c (epoll, timers, time limits), handle.c (libcurl's handles and their
 * options), events.c (what libcurl reports on the way), answer.c (from a
 * transfer that has ended to its page).
 */
#ifndef CRAWLER_FETCH_FETCH_INTERNAL_H
#define CRAWLER_FETCH_FETCH_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "crawler/content/decode.h"
#include "crawler/content/scan.h"
#include "crawler/fetch/auth.h"
#include "crawler/fetch/body.h"
#include "crawler/fetch/guard.h"
#include "crawler/fetch/head.h"
#include "crawler/fetch/transfer.h"
#include "crawler/fetch/verdict.h"

struct transfer {
    struct transfers *set; /* borrowed */
    struct transfer *next; /* in the list of free or of done ones */
    CURL *easy;            /* owned */
    CURLU *parts;          /* owned; of the URL */
    bool active;           /* in the multi handle */
    bool sweeps;           /* it throws out addresses that are too old */
    struct cache *cache;   /* that its connection comes from; NULL: none yet */

    uint64_t id;
    uint32_t flags;                /* enum job_flag */
    bool conditional;              /* a validator was sent */
    struct buf url;                /* NUL behind it */
    struct curl_slist *headers;    /* owned; of this request alone, or NULL */
    const struct curl_slist *sent; /* what the handle has */

    enum phase phase;
    bool looking_up;     /* counts in set->nr_lookups */
    bool tried_address;  /* some address passed the guard */
    bool exhausted;      /* no descriptor for a socket */
    uint64_t nr_refused; /* transfer_nr_refused(), before it began */
    int64_t start_ms;
    int64_t phase_ms;         /* when the phase began */
    uint64_t progress;        /* lines and body bytes, counted together */
    uint64_t window_progress; /* the same when the stall window began */
    int64_t window_ms;

    enum error error;              /* decided by us before libcurl ended */
    char note[PAGE_DETAIL_BYTES];  /* our words about it; "" */
    char message[CURL_ERROR_SIZE]; /* libcurl's words */

    struct head head;
    struct body body;
    bool is_sniffed;
    struct sniff sniff;    /* of a large body, while it comes */
    struct decode *decode; /* borrowed from the set while a body runs */
    struct buf raw_request, raw_body; /* JOB_RAW */
    bool is_raw; /* the handle's options are those of JOB_RAW */
    char mime[128];
    struct buf texts; /* cleaned texts of the page */
    struct buf location;
    struct page page;
};

/*
 * Connections that are open, of some of the hosts. libcurl looks through all
 * of a cache at the end of each transfer, and through a chain of hosts at its
 * beginning: with one cache for a thousand hosts that was a twelfth of the
 * work.
 */
struct cache {
    CURLSH *share;  /* owned; TLS sessions too */
    size_t nr_busy; /* transfers that use it */
};

/* What epoll knows about a descriptor and what libcurl wants it to know. */
struct interest {
    uint32_t armed; /* events in epoll; 0: not in there */
    bool is_ours;   /* made by our open-socket callback, so we see it close */
    bool is_wanted; /* libcurl wants its events now */
    struct cache *cache; /* NULL: not known */
};

struct transfers {
    struct fetch_options options; /* defaults filled in */
    CURLM *multi;
    struct cache caches[TRANSFER_CACHES];
    size_t nr_caches;
    size_t cap_connections;     /* of each cache, as libcurl was told last */
    struct curl_slist *headers; /* sent to every host */
    struct curl_slist **header_sets; /* nr_header_sets: whole lists */
    struct curl_slist *resolve;
    struct guard *guard;
    struct auth *auth; /* NULL: none */
    struct scan *scan;
    struct sandbox *sandbox; /* borrowed; NULL: none */
    char agent[64];          /* product token of the user agent */

    size_t max_connections; /* kept open for use again */
    int epoll_fd;
    int watched_fd; /* -1: none */
    uint32_t watched_events;
    struct interest *interests; /* by descriptor */
    size_t nr_interests;
    bool is_deaf; /* a socket could not be watched: what waits for it would be
                     called too slow, so the worker has to leave */
    bool timer_is_set;
    int64_t timer_ms; /* when libcurl wants to be called */
    int64_t now_ms;
    int64_t check_ms; /* when time limits are looked at next */
    int64_t check_every_ms;
    int64_t sweep_ms; /* when old addresses are thrown out next */

    struct transfer **all; /* max_transfers places */
    size_t nr_all;
    struct transfer *free;
    struct transfer *done, *done_last;
    size_t nr_busy; /* started and not recycled */
    size_t nr_lookups;
    int64_t files_ms;         /* now_ms when the sandbox was last looked at */
    size_t nr_fresh;          /* started since the last turn */
    struct decode **decoders; /* max_transfers places; idle ones */
    size_t nr_decoders;
    struct buf spares[TRANSFER_SPARES_MAX]; /* owned; for bodies to come */
    size_t nr_spares, spare_bytes;
};

/* options.c */
void fetch_options_fill(struct fetch_options *out,
                        const struct fetch_options *in);

/* handle.c */
enum err handles_open(struct transfers *set) CERR_CHECK;
void handles_close(struct transfers *set);
/* A handle with every option that does not depend on the job. */
enum err handle_make(struct transfer *transfer) CERR_CHECK;
/* Sets what does. */
enum err handle_aim(struct transfer *transfer,
                    const struct job *job) CERR_CHECK;

/* Tells libcurl how many connections a cache may have in what comes next; NULL:
 * any of them. */
void handles_limit(struct transfers *set, const struct cache *cache);

/* events.c: libcurl's callbacks */
size_t event_head_line(char *line, size_t size, size_t nr, void *ctx);
size_t event_body(char *data, size_t size, size_t nr, void *ctx);
int event_lookup(void *resolver, void *reserved, void *ctx);
curl_socket_t event_open_socket(void *ctx, curlsocktype purpose,
                                struct curl_sockaddr *address);
int event_request(void *ctx, char *peer_ip, char *own_ip, int peer_port,
                  int own_port);
int event_debug(CURL *easy, curl_infotype type, char *data, size_t len,
                void *ctx);
void transfer_enter(struct transfer *transfer, enum phase phase);
void transfer_lookup_ended(struct transfer *transfer);

/* loop.c */
enum err loop_open(struct transfers *set) CERR_CHECK;
void loop_close(struct transfers *set);
void loop_socket_opened(struct transfer *transfer, int fd);
int loop_close_socket(void *ctx, curl_socket_t fd);

/* transfer.c: takes it out of libcurl and into the list of done ones.
 * `error` other than ERROR_NONE goes before what `code` says. */
void transfer_end(struct transfer *transfer, CURLcode code, enum error error,
                  const char *note);

/* Memory for a body that begins, if some lies spare. */
void transfer_take_spare(struct transfer *transfer);

/* answer.c */
/* How often memory or descriptors were refused to any transfer. */
uint64_t transfer_nr_refused(void);
void answer_fill(struct transfer *transfer, CURLcode code);
/* It came, but there was no memory to read it. */
void answer_lose(struct transfer *transfer);

#endif
