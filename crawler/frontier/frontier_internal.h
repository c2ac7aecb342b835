/*
 * internal: what the files of the frontier share.
 *
 * DESIGN
 * An `item` is a URL in memory: queued at a host, in flight, or waiting. It
 * belongs to the host of its key (origin) and stands at the host that it is
 * asked from now (host): another one behind a redirect. A `host` is an active
 * host: its clock, its rules, its queue, its lease.
 *
 *   storage --claim--> admit --> queue --next--> in flight --answer--> end
 *                        ^                            |
 *                        '-- retry, redirect, crash --'
 *
 * A host that may start something stands in a ring; one that waits
 * for its clock, in the heap; else nowhere, and the event that changes that
 * calls schedule_host(). Work that needs storage is left to the next turn
 * through two lists: `hungry` hosts want more URLs, `idle` ones may have
 * nothing to do.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_INTERNAL_H
#define CRAWLER_FRONTIER_FRONTIER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crawler/frontier/frontier.h"
#include "crawler/frontier/host_clock.h"
#include "crawler/frontier/host_rules.h"
#include "crawler/frontier/timer_heap.h"
#include "crawler/page/visit.h"
#include "crawler/robots/robots.h"
#include "crawler/url/url.h"
#include "storage/leases.h"
#include "storage/storage.h"

#define FRONTIER_HOSTS_MIN      8192 /* active at once, at least */
#define FRONTIER_HOSTS_EACH     8    /* ... and for each fetch in flight */
#define FRONTIER_ITEMS_EACH     4    /* URLs in memory for each such host */
#define FRONTIER_RULES_BYTES    ((size_t)64 << 20) /* parsed robots.txt of all */
#define FRONTIER_ITEM_KEEP      1024 /* bytes of text a free slot may keep */
#define FRONTIER_BATCH_MIN      16   /* URLs claimed of a host: doubles ... */
#define FRONTIER_BATCH_MAX      1024
#define FRONTIER_CLAIM_HOSTS    256    /* hosts claimed at once */
#define FRONTIER_REFILLS        256    /* claims of URLs in one turn */
#define FRONTIER_LINGER_MS      10000  /* longer waits are spent in storage */
#define FRONTIER_CROWDED_MS     1000   /* the same, when memory is short */
#define FRONTIER_LINES_FIRST    11000  /* lines added together: doubles ... */
#define FRONTIER_LINES_BATCH    352000 /* ... for long lists in any order */
#define FRONTIER_LINES_SLACK    4096   /* may come before the batch is pushed */
#define FRONTIER_LINES_STEP     64   /* stored in one turn: workers wait ... */
#define FRONTIER_RECORDS        1024 /* ... or at once, where they wait for it */
#define FRONTIER_LINKS_BATCH    2000
#define FRONTIER_BULK_LINES     1024 /* of a batch: then they are bulk */
#define FRONTIER_TEXT_BYTES     ((size_t)24 << 20) /* a batch is full then */
#define FRONTIER_HOST_KEY_BYTES 320

enum item_kind { ITEM_URL, ITEM_ROBOTS };
enum item_state {
    ITEM_FREE,
    ITEM_NEW, /* claimed, not yet admitted */
    ITEM_QUEUED,
    ITEM_IN_FLIGHT,
    ITEM_WAITING,     /* for its retry */
    ITEM_QUARANTINED, /* suspected of killing workers: runs alone, later */
};

/* The redirects of an item so far. */
struct chain {
    size_t nr_hops;
    struct visit_hop hops[VISIT_HOPS_MAX];
    char *texts[VISIT_HOPS_MAX]; /* owned; to_url of each hop, with a NUL */
};

struct item {
    struct item *next;      /* of its queue or list */
    struct item *hash_next; /* of its bucket */
    uint32_t slot, generation;
    enum item_kind kind;
    enum item_state state;

    struct url_key key;
    struct host *origin, *host;
    int64_t line;
    enum url_kind url_kind;
    int depth, nr_hops;
    int tries; /* requests started, earlier runs included */
    int nr_retries, nr_crashes;
    bool is_redirect_start,
        counts_as_try;     /* next (last) start is no try: a redirect's */
    bool in_quarantine;    /* it runs with nothing else beside it */
    bool is_off_level;     /* holds up no further level of its host */
    bool list_open;        /* the list was not read to its end when it began */
    enum error last_error; /* of the attempt before a retry */

    bool started; /* first_ms counts */
    int64_t first_ms, queued_ms, started_ms;
    double waited_ms; /* for turns, after the first start */

    struct chain *chain; /* owned; NULL: no redirect so far */
    char *text;          /* owned: url, NUL, listed, etag, last_modified */
    size_t text_cap;
    uint32_t url_len, listed_len, etag_len, modified_len;
};

/* Where links are followed, a host is walked level by level: first what one
 * link leads to, then what a redirect of that leads to, and so on. All that is
 * not URL_FOUND is of the first level. */
struct url_level {
    int depth, nr_hops;
};

struct items {
    struct item *head, *tail;
    int nr;
};

enum place { PLACE_NOWHERE, PLACE_RING, PLACE_DUE };
enum robots_state {
    ROBOTS_UNKNOWN,     /* robots.txt is to be asked for */
    ROBOTS_FETCHING,    /* its fetch is under way; URLs wait */
    ROBOTS_KNOWN,       /* `robots` decides; NULL: everything is allowed */
    ROBOTS_UNREACHABLE, /* unreachable: URLs end with robots_error */
};

struct host {
    bool has_sitemaps; /* they were offered */
    int64_t id;
    char *key; /* owned, "http://host:80" */
    struct host *hash_next;
    struct host *ring_prev, *ring_next; /* of the ring that it stands in */
    struct host_list *ring;             /* NULL: in none */
    struct host *hungry_next, *idle_next;
    struct host *lease_prev, *lease_next; /* in the order of renewal */
    bool is_hungry, is_idle;

    bool listed; /* the user's list names it */
    int64_t token;
    int64_t renew_ms;

    struct host_rules rules;
    struct host_clock clock;
    enum place place;
    struct items robots_queue; /* robots.txt: not held back by the gate */
    struct items queue;
    int nr_items;     /* that belong to it or are asked from it */
    int nr_off_level; /* of those that belong to it */
    struct url_level
        current_level;        /* of what was claimed last, where links count */
    bool is_closed;           /* nothing is claimed behind the level yet */
    int batch;                /* URLs to claim next time */
    bool more;                /* storage may have more to do */
    struct url_place claimed; /* how far it has been claimed */
    struct hash_range missed; /* bulk URLs that came outside of its walk */

    enum robots_state robots_state;
    enum error robots_error;
    bool robots_may_pass;  /* PAGE_MAY_PASS of the answer that closed it */
    char *robots_detail;   /* owned */
    struct robots *robots; /* owned */
    int robots_status;
    int64_t robots_at, robots_until; /* wall */
};

struct host_list {
    struct host *head, *tail;
    int nr;
};

/* A URL that was read: canonical in frontier->url, with its keys. */
struct keyed_url {
    struct url_key key;
    struct bytes host_key, url; /* views into the frontier */
};

/* Where a URL comes from: a line of the list, else a link. */
struct url_source {
    int64_t line; /* 0: a link */
    struct url_key parent;
    enum url_kind kind;
    int depth, nr_hops;
};

/* A URL on its way into storage; small, for there are many. batch->text has the
 * URL, then a note, the line as listed or why a discovered URL is refused, and
 * the parent of a link. */
struct batch_url {
    struct url_key key;
    int64_t line;
    uint32_t text_at, note_len;
    uint16_t url_len;
    uint16_t host_len; /* of the URL: the host's key but for its port ... */
    bool has_port;     /* ... unless the URL has one */
    enum url_kind kind;
    int depth, nr_hops;
};

struct batch {
    struct batch_url *urls;     /* owned, cap of them */
    struct url_record *records; /* owned, FRONTIER_RECORDS; so are the next */
    enum storage_added *added;
    struct bytes *notes; /* why a discovered URL is refused; empty: it is not */
    char (*host_keys)[FRONTIER_HOST_KEY_BYTES]; /* that no URL begins with */
    size_t nr, cap;
    size_t nr_full; /* it is full then; grows up to cap */
    struct buf text;
    bool reread;
    bool is_pushed; /* its URLs are to go to storage, some each turn */
    bool is_sorted; /* and the first `nr_stored` of them are there */
    size_t nr_stored;
};

struct frontier {
    struct frontier_options options;
    struct storage *storage;
    const struct hash_key *hash_key;

    struct item *items; /* cap_items slots, made at opening */
    uint32_t nr_slots, cap_items;
    uint32_t cap_urls; /* no more are claimed from then on */
    struct item *free_items;
    uint32_t nr_items;
    struct item **item_buckets;
    size_t bucket_mask;

    struct host **host_buckets;
    size_t host_mask;
    int nr_hosts, cap_hosts;
    size_t rules_bytes;      /* of the rules of all hosts */
    struct host_list ready;  /* a page to start and nothing in flight */
    struct host_list asking; /* robots.txt to ask for */
    struct host_list busy;   /* pages in flight, and one more would do */
    struct host_list hungry, idle, leases;
    struct heap due, retries;
    struct items quarantine;

    int nr_in_flight;
    int nr_robots_in_flight; /* of them */
    bool list_ended, stopped, paused, done;
    bool limit_hit, limit_done; /* reached; and what waited is dropped */
    bool quarantine_runs;       /* a suspect is in flight, and nothing else */
    int64_t nr_started;         /* URLs started for the first time */
    int64_t claim_ms;           /* when hosts are claimed next */
    double rate_next_ms;        /* no fetch of the run starts before */
    uint64_t random;
    struct frontier_stats stats;

    struct batch lines, links;
    struct follow *follow;  /* owned: scope, traps, what was seen */
    struct url url, parsed; /* room for reading a URL: 8 KiB each */
    char host_key[FRONTIER_HOST_KEY_BYTES];
};

/* ---- table.c ---- */
void table_init(struct frontier *frontier);
void table_release(struct frontier *frontier);
/* A new item of the host, ITEM_NEW; NULL when all slots are taken. Only those
 * of ITEM_URL are found by their key. */
struct item *item_new(struct frontier *frontier, struct host *origin,
                      enum item_kind kind, const struct url_claim *claim);
void item_free(struct frontier *frontier, struct item *item);
struct item *item_find(struct frontier *frontier, struct url_key key);
uint64_t item_id(const struct item *item);
struct item *item_by_id(struct frontier *frontier, uint64_t id);
/* What is asked for next: the last hop's target, or the URL itself. */
struct bytes item_target(const struct item *item);
struct bytes item_url(const struct item *item);
/* Moves the item to another host, for a redirect. */
void item_move(struct item *item, struct host *host);
/* Its host goes on to the next level without it: it waits for a retry, or for
 * another host. */
void item_set_off_level(struct frontier *frontier, struct item *item);
void items_add(struct items *list, struct item *item);
void items_add_front(struct items *list, struct item *item);
/* Takes an item out of its middle. */
void items_remove(struct items *items, struct item *item);
struct item *items_take(struct items *list);
/* A new active host; the caller has looked whether there is room. */
struct host *host_new(struct frontier *frontier,
                      const struct host_record *record);
struct host *host_find(struct frontier *frontier, int64_t host_id);
void host_free(struct frontier *frontier, struct host *host);

/* ---- schedule.c ---- */
/* Puts a host where it belongs now: ring, heap or nowhere. */
void schedule_host(struct frontier *frontier, struct host *host,
                   int64_t now_ms);
/* Puts it into the heap, although it has nothing to do: its clock counts
 * until then. */
void schedule_wait(struct frontier *frontier, struct host *host);
/* Longer waits are spent in storage. */
int64_t schedule_linger_ms(const struct frontier *frontier);
void schedule_due(struct frontier *frontier, int64_t now_ms);
/* No further page may be in flight; robots.txt has places of its own. */
bool schedule_pages_full(const struct frontier *frontier);
struct host *schedule_take(struct frontier *frontier);
bool host_is_ready(const struct host *host);
/* Whether schedule_take() has something. */
bool schedule_has_any(const struct frontier *frontier);
/* Hosts that stand in a ring. */
int schedule_nr_ready(const struct frontier *frontier);
/* All of its level has ended, or holds it up no more. */
bool host_level_has_ended(const struct host *host);
/* Marks it hungry if it is. */
void host_ask_for_more(struct frontier *frontier, struct host *host);
void host_mark_hungry(struct frontier *frontier, struct host *host);
void host_mark_idle(struct frontier *frontier, struct host *host);
struct host *host_take_hungry(struct frontier *frontier);
struct host *host_take_idle(struct frontier *frontier);
double frontier_random(struct frontier *frontier); /* from 0 up to below 1 */

/* ---- claim.c ---- */
enum err claim_turn(struct frontier *frontier, int64_t now_ms) CERR_CHECK;
/* The host of a redirect's target, made active if it was not. */
enum err lease_host(struct frontier *frontier, struct host **host,
                    const struct keyed_url *url, int64_t now_ms) CERR_CHECK;
/* Whether more hosts should be leased; whether more URLs fit in memory;
 * whether one of both is short. */
bool lease_wants_hosts(const struct frontier *frontier);
bool frontier_has_room(const struct frontier *frontier);
bool frontier_is_crowded(const struct frontier *frontier);
/* What the database shall know of it; due_at is left to the caller. */
void lease_fill_record(const struct frontier *frontier, const struct host *host,
                       struct host_record *record);
/* Writes what is known of the host, and keeps it. */
enum err lease_put_host(struct frontier *frontier,
                        const struct host *host) CERR_CHECK;
enum err lease_release_host(struct frontier *frontier, struct host *host,
                            int64_t now_ms) CERR_CHECK;
int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms);
/* A URL leaves memory and is still to do: to be claimed again. */
void claim_note_left(const struct item *item);
/* A URL entered storage: its host has more to do. */
void claim_note_added(struct frontier *frontier, const struct url_record *url,
                      enum storage_added added, int64_t now_ms);

/* ---- gate.c ---- */
/* Queues an item at its host, or ends it where the rules say no. */
enum err robots_admit(struct frontier *frontier, struct item *item,
                      int64_t now_ms) CERR_CHECK;
/* Judges again what waits at the host: its rules are known now, or it is
 * down. */
enum err robots_admit_again(struct frontier *frontier, struct host *host,
                            int64_t now_ms) CERR_CHECK;
/* Takes what storage remembers of its robots.txt. */
enum err robots_restore(struct frontier *frontier, struct host *host,
                        const struct host_record *record,
                        int64_t now_ms) CERR_CHECK;
enum err robots_answer(struct frontier *frontier, struct item *item,
                       const struct page *page, int64_t now_ms) CERR_CHECK;

/* ---- answer.c ---- */
struct ending {
    enum outcome outcome;
    enum error error;
    bool may_pass; /* as if the page had PAGE_MAY_PASS */
    struct bytes detail;
    const struct page *page; /* NULL: nothing was asked */
    int worker;
};
/* Counts and reports a URL that ended. */
enum err answer_visit(struct frontier *frontier,
                      const struct visit *visit) CERR_CHECK;
/* Ends an item: its visit, the counters; frees it. */
enum err answer_end(struct frontier *frontier, struct item *item,
                    const struct ending *ending, int64_t now_ms) CERR_CHECK;
enum err answer_fire_retries(struct frontier *frontier,
                             int64_t now_ms) CERR_CHECK;
/* Whether a later try could do better, and there is one left. */
bool answer_may_retry(const struct frontier *frontier, const struct item *item,
                      const struct page *page, int64_t now_ms);
void answer_retry_later(struct frontier *frontier, struct item *item,
                        int64_t now_ms);
/* Where a redirect leads, or what forbids to follow it. */
enum error answer_read_redirect(struct frontier *frontier,
                                const struct item *item,
                                const struct page *page, size_t max_hops,
                                struct keyed_url *target);
void answer_add_hop(struct item *item, const struct page *page,
                    struct bytes target);
enum err answer_take(struct frontier *frontier, struct item *item, int worker,
                     const struct page *page, int64_t now_ms) CERR_CHECK;

/* ---- door.c ---- */
struct url_key url_key_make(const struct frontier *frontier,
                            struct bytes host_key, struct bytes url);
/* The canonical form of a URL, or why it is refused; `room` is scratch. */
enum error url_key_canonical(struct url *url, struct url *room,
                             struct bytes text);
/* Keys of the URL in frontier->url. */
enum error url_key_fill(struct frontier *frontier, struct keyed_url *url);
/* Parses, canonicalises and keys a URL; ERROR_NONE or why it is refused. */
enum error url_key_read(struct frontier *frontier, struct bytes text,
                        struct keyed_url *url);
void batch_init(struct batch *batch, size_t nr_full, size_t cap);
void batch_release(struct batch *batch);
/* Adds a URL. Flush it when full. */
enum err batch_add(struct batch *batch, const struct keyed_url *url,
                   struct bytes note,
                   const struct url_source *source) CERR_CHECK;
bool batch_is_full(const struct batch *batch);
/* Stores at most `max` of its URLs; the batch is empty when all are there. */
enum err batch_step(struct frontier *frontier, struct batch *batch, size_t max,
                    int64_t now_ms) CERR_CHECK;
enum err batch_flush(struct frontier *frontier, struct batch *batch,
                     int64_t now_ms) CERR_CHECK;

#endif
