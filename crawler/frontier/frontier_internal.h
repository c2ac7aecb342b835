/*
 * frontier_internal: what the files of the frontier share.
 *
 * DESIGN
 * An `item` is a URL in memory. It belongs to the host of its key (origin) and
 * stands at the host that it is asked from now (host): another one behind a
 * redirect. A `host` here is one whose lease is ours: its clock, its rules, its
 * robots admission, its queue, its place in storage.
 *
 * The parts decide and return a `struct verdict`; frontier.c alone acts on it,
 * in move_item(), and so it alone moves items from state to state (see enum
 * item_state). Nothing that a part calls comes back up to it. What an answer
 * leads to beyond its own URL waits in two queues that the next turn drains:
 * `links`, URLs on their way into storage, and `changed`, hosts whose queue is
 * to be judged again. So an answer ends its own URL, with the hops that were
 * asked for it, and no other one.
 *
 * The files, each calling those below it:
 *
 *   frontier_open.c        begin and end
 *   lines.c                lines of the list
 *   frontier.c             moves items: next, answer, turn, release
 *   frontier_explain.c     which rule decides about a URL, without a frontier
 *   frontier_status.c      what is left, what it waits for, counts
 *   frontier_fetch.c       what a worker is told about an item
 *   answer.c               verdict on an answer ...
 *     redirect.c             ... that leads elsewhere
 *   politeness.c           what an answer tells the host's clock
 *     retry.c                whether a failure may pass, and who is to blame
 *   sitemaps.c             what a sitemap leads to ...
 *     offer.c                ... and a page, judged one by one
 *   intake.c               batches of URLs on their way into storage
 *   refill.c               URLs of a leased host out of storage
 *   lease.c                hosts out of storage and back
 *   robots_admission.c     verdict on an item at its host
 *   ending.c               the visit of a URL that ended
 *   schedule.c             which host is next: rings and the heap of waits
 *   item_table.c           items by key and by id
 *   host_table.c           hosts by id
 *     host_rules.c           what the user has set for one host
 *   url_key.c              texts into canonical URLs and their keys
 *   frontier_base.c        defaults, time, chance and room, for all of them
 *
 * and below them crawler/scope (what belongs to the crawl) and
 * crawler/politeness (the clock of a host).
 *
 * Who owns what: struct frontier has all state. An item belongs to item_table
 * and stands in one list at most, as its state says; a host belongs to
 * host_table for as long as its lease is ours. Texts of items and rules of
 * robots.txt are theirs; a verdict owns nothing.
 *
 * A host that may start something stands in a ring; one that waits for its
 * clock, in the heap; else nowhere, and the event that changes that calls
 * schedule_host(). Work that needs storage is left to the next turn through
 * two more lists: `hungry` hosts want more URLs, `idle` ones may have nothing
 * to do.
 */
#ifndef CRAWLER_FRONTIER_FRONTIER_INTERNAL_H
#define CRAWLER_FRONTIER_FRONTIER_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "crawler/frontier/frontier.h"
#include "crawler/frontier/host_rules.h"
#include "crawler/frontier/robots_admission.h"
#include "crawler/frontier/url_key.h"
#include "crawler/page/visit.h"
#include "crawler/politeness/host_clock.h"
#include "crawler/politeness/timer_heap.h"
#include "crawler/robots/robots.h"
#include "crawler/scope/judge.h"
#include "crawler/url/url.h"
#include "storage/leases.h"
#include "storage/storage.h"

#define FRONTIER_HOSTS_MIN   8192 /* active at once, at least */
#define FRONTIER_HOSTS_EACH  8    /* ... and for each fetch in flight */
#define FRONTIER_ITEMS_EACH  4    /* URLs in memory for each such host */
#define FRONTIER_RULES_BYTES ((size_t)64 << 20) /* parsed robots.txt of all */
#define FRONTIER_ITEM_KEEP   1024 /* bytes of text a free slot may keep */
#define FRONTIER_BATCH_MIN   16   /* URLs claimed of a host: doubles ... */
#define FRONTIER_BATCH_MAX   1024
#define FRONTIER_CLAIM_HOSTS 256    /* hosts claimed at once */
#define FRONTIER_REFILLS     256    /* claims of URLs in one turn */
#define FRONTIER_LINGER_MS   10000  /* longer waits are spent in storage */
#define FRONTIER_CROWDED_MS  1000   /* the same, when memory is short */
#define FRONTIER_LINES_FIRST 11000  /* lines added together: doubles ... */
#define FRONTIER_LINES_BATCH 352000 /* ... for long lists in any order */
#define FRONTIER_LINES_SLACK 4096   /* may come before the batch is pushed */
#define FRONTIER_LINES_STEP  64     /* stored in one turn: workers wait ... */
#define FRONTIER_RECORDS     1024   /* ... or at once, where they wait for it */
#define FRONTIER_LINKS_BATCH 2000   /* more links wait for no turn */
#define FRONTIER_BULK_LINES  1024   /* of a batch: then they are bulk */
#define FRONTIER_TEXT_BYTES  ((size_t)24 << 20) /* a batch is full then */
/* What a batch may hold: full, and then one answer more, a sitemap of 50 MiB
 * all of whose bytes are escaped in canonical form. */
#define FRONTIER_TEXT_LIMIT  (FRONTIER_TEXT_BYTES + ((size_t)160 << 20))

/* ---- items ---- */

enum item_kind { ITEM_URL, ITEM_ROBOTS };

/*
 * Where an item is. All transitions are in frontier.c.
 *
 *              refill        QUEUE, WAIT_ROBOTS        frontier_next
 *   FREE --------------> NEW -----------------> QUEUED -------------> IN_FLIGHT
 *    ^                    |                      ^  ^                  |  |  |
 *    |        END         |                      |  | QUEUE (redirect, |  |  |
 *    +--------------------+----------------------+  | cancelled, crash)|  |  |
 *    |                                              +------------------+  |  |
 *    |  END                                         |                     |  |
 *    +----------------------------------------------|---------------------+  |
 *    |                                              +------ RETRYING <-------+
 *    |  END                                         |         RETRY          |
 *    +------------------ RUNS_ALONE <--- QUARANTINED <-----------------------+
 *                             |               ^           QUARANTINE
 *                             +---------------+
 *
 * - FREE -> NEW [item_new, called by refill_host and admission_fetch]
 * - NEW -> QUEUED [enqueue, by VERDICT_QUEUE or VERDICT_WAIT_ROBOTS]
 * - QUEUED -> QUEUED [readmit_hosts: what is known of its host has changed]
 * - QUEUED -> IN_FLIGHT [take_from_host]
 * - IN_FLIGHT -> QUEUED [enqueue, by VERDICT_ADMIT or VERDICT_REDIRECT]
 * - IN_FLIGHT -> QUEUED [frontier_put_back: no worker took it]
 * - IN_FLIGHT -> RETRYING [wait_for_retry, by VERDICT_RETRY]
 * - RETRYING -> QUEUED [enqueue, called by fire_retries]
 * - IN_FLIGHT -> QUARANTINED [put_in_quarantine, by VERDICT_QUARANTINE]
 * - QUARANTINED -> RUNS_ALONE [take_quarantined]
 * - RUNS_ALONE -> QUARANTINED [put_in_quarantine, frontier_put_back]
 * - RUNS_ALONE -> QUEUED, RETRYING [as from IN_FLIGHT: it did not crash]
 * - any but FREE -> FREE [end_url, settle_robots, by VERDICT_END]
 * - QUEUED -> FREE [end_hop: a chain of redirects has asked for it]
 * - QUEUED -> FREE [release_host, drop_fresh: it is still to do]
 */
enum item_state {
    ITEM_FREE,
    ITEM_NEW, /* out of storage, not yet admitted */
    ITEM_QUEUED,
    ITEM_IN_FLIGHT,
    ITEM_RETRYING,    /* waits in the heap of retries */
    ITEM_QUARANTINED, /* may have killed workers: waits until it runs alone */
    ITEM_RUNS_ALONE,  /* in flight, with nothing else beside it */
};

/* The redirects of an item so far. */
struct redirect_chain {
    size_t nr_hops;
    struct visit_hop hops[VISIT_HOPS_MAX];
    char *texts[VISIT_HOPS_MAX]; /* owned; to_url of each hop, with a NUL */
};

/* Where a URL comes from. */
struct url_source {
    int64_t line; /* of the list; 0: it was found */
    enum url_kind kind;
    int depth, nr_hops;
};

struct item_tries {
    int nr; /* requests started, earlier runs included */
    int nr_retries, nr_crashes;
    bool is_redirect_start; /* the next start goes on, and is no further try */
    bool counts_as_try;     /* the last start did */
    bool list_was_open;     /* lines were still to come at the last start */
    enum error last_error;  /* of the attempt before */
};

struct item_times {
    bool has_started; /* first_ms counts */
    int64_t first_ms, queued_ms, started_ms;
    double waited_ms; /* for the host's turn, after the first start */
};

/* Owned; one block of memory that the slot keeps: url, NUL, listed, etag,
 * last_modified. */
struct item_text {
    char *data;
    size_t cap;
    uint32_t url_len, listed_len, etag_len, modified_len;
};

struct item {
    struct item *next;      /* of its queue or list */
    struct item *hash_next; /* of its bucket */
    uint32_t slot, generation;
    enum item_kind kind;
    enum item_state state;
    bool is_off_level; /* its host goes on to the next level without it */
    struct url_key key;
    struct host *origin, *host;
    struct url_source source;
    struct item_tries tries;
    struct item_times times;
    struct item_text text;
    struct redirect_chain *chain; /* owned; NULL: no redirect so far */
};

struct items {
    struct item *head, *tail;
    int nr;
};

static inline bool item_is_sitemap(const struct item *item)
{
    return item->source.kind == URL_SITEMAP;
}

/* ---- hosts ---- */

/* Where links are followed, a host is walked level by level: first what one
 * link leads to, then what a redirect of that leads to, and so on. All that is
 * not URL_FOUND is of the first level. */
struct url_level {
    int depth, nr_hops;
};

/* How far a host's URLs have come out of storage. */
struct host_walk {
    struct url_level current; /* of the last ones, where links are followed */
    bool is_closed; /* the next URLs are of a level that has not begun */
    bool has_more;  /* storage may have more to do */
    int batch;      /* URLs to claim next time */
    struct url_place place;
    struct hash_range missed; /* bulk URLs added where the walk had been */
};

enum host_place {
    PLACE_NOWHERE,
    PLACE_RING, /* it may start something */
    PLACE_DUE,  /* it waits in the heap for its clock */
};

struct host_list {
    struct host *head, *tail;
    int nr;
};

/* Its links in the lists of schedule.c. */
struct host_lists {
    enum host_place place;
    struct host_list *ring; /* that it stands in; NULL: none */
    struct host *ring_prev, *ring_next;
    struct host *hungry_next, *idle_next, *changed_next;
    bool is_hungry, is_idle, is_changed;
};

struct host_lease {
    int64_t token;
    int64_t renew_ms;
    struct host *prev, *next; /* in the order of renewal */
};

struct host {
    int64_t id;
    char *key; /* owned, "http://host:80" */
    struct host *hash_next;
    bool is_listed;    /* the user's list names it */
    bool has_sitemaps; /* they were offered */
    struct host_rules rules;
    struct host_clock clock;
    struct robots_admission robots;
    struct host_walk walk;
    struct host_lease lease;
    struct host_lists lists;
    struct items
        robots_queue; /* fetches of robots.txt: they may always start */
    struct items queue;
    int nr_items;     /* that belong to it or are asked from it */
    int nr_off_level; /* of those that belong to it */
};

/* All of its level has ended, or does not hold it up. */
static inline bool host_level_has_ended(const struct host *host)
{
    return host->nr_items == host->nr_off_level;
}

/* ---- verdicts ---- */

struct ending {
    enum outcome outcome;
    enum error error;
    bool may_pass; /* as if the page had PAGE_MAY_PASS */
    struct bytes detail;
    const struct page *page; /* NULL: nothing was asked */
    int worker;              /* slot; -1: none */
};

enum verdict_action {
    VERDICT_ADMIT,       /* its host's robots admission decides (anew) */
    VERDICT_QUEUE,       /* it may start when its host's clock lets it */
    VERDICT_WAIT_ROBOTS, /* likewise, and robots.txt is to be fetched first */
    VERDICT_RETRY,       /* at due_ms it is admitted again */
    VERDICT_REDIRECT,    /* `target` is asked next */
    VERDICT_QUARANTINE,  /* it runs again, alone */
    VERDICT_END,         /* with `ending` */
};

/* What is to be done with an item. Fields of other actions are undefined;
 * texts are views into the item, the page or the verdict itself. */
struct verdict {
    enum verdict_action action;
    bool is_attempt;         /* of an answer: a try has failed, and more come */
    bool is_further_try;     /* of an answer: the next start is one */
    int64_t due_ms;          /* RETRY */
    struct keyed_url target; /* REDIRECT */
    struct ending ending;    /* END */
    bool has_leads;          /* END: links and hops of its page count */
    char text[32];           /* room for ending.detail ... */
    struct page page;        /* ... and for ending.page */
};

/* ---- batches ---- */

/* A URL on its way into storage; small, for there are many. batch->text has the
 * URL, then a note, the line as listed or why a found URL is refused, and the
 * parent of a found one. */
struct batch_url {
    struct url_key key;
    struct url_source source;
    uint32_t text_at, note_len;
    uint16_t url_len;
    uint16_t host_len; /* of the URL: the host's key but for its port ... */
    bool has_port;     /* ... unless the URL has one */
    bool is_late;      /* all before it is stored first: see batch_add_late */
};

struct batch {
    struct batch_url *urls;     /* owned, cap of them */
    struct url_record *records; /* owned, FRONTIER_RECORDS; so are the next */
    enum storage_added *added;
    struct bytes *notes; /* why a found URL is refused; empty: it is not */
    char (*host_keys)[URL_HOST_KEY_BYTES]; /* that no URL begins with */
    size_t nr, cap;
    size_t nr_full;  /* it is full then ... */
    size_t max_full; /* ... which doubles up to this */
    struct buf text;
    bool is_reread; /* lines of a list that was read before and has changed */
    bool is_pushed; /* its URLs are to go to storage, some each turn */
    size_t run_at, run_end;              /* sorted, and stored together ... */
    size_t nr_stored;                    /* ... up to here */
    char late_reason[TRAP_REASON_BYTES]; /* why the run's late URL is refused */
};

/* ---- the frontier ---- */

struct item_table {
    struct item *slots; /* owned, cap of them, made at opening */
    uint32_t nr_slots, cap;
    uint32_t cap_urls; /* no more are claimed from then on */
    uint32_t nr;
    struct item *free;
    struct item **buckets; /* owned */
    size_t bucket_mask;
};

struct host_table {
    struct host **buckets; /* owned */
    size_t bucket_mask;
    int nr, cap;
    size_t rules_bytes; /* of the robots.txt of all */
};

struct schedule {
    struct host_list ready;   /* a page to start and nothing in flight */
    struct host_list asking;  /* robots.txt to ask for */
    struct host_list busy;    /* pages in flight, and one more would do */
    struct heap due;          /* hosts that wait for their clock */
    struct host_list hungry;  /* want more URLs */
    struct host_list idle;    /* may have nothing to do */
    struct host_list changed; /* their queues are to be judged again */
};

struct flights {
    int nr;
    int nr_robots;       /* of them */
    bool one_runs_alone; /* and nothing else may start */
    int64_t nr_started;  /* URLs started for the first time */
    double next_ms;      /* no fetch of the run starts before (--rate) */
};

enum run_limit {
    LIMIT_NONE,
    LIMIT_REACHED, /* --max-urls, --max-bytes: nothing new starts ... */
    LIMIT_DROPPED, /* ... and what had not started is back in storage */
};

struct run {
    bool list_has_ended;
    bool is_stopped, is_paused;
    bool is_done; /* storage has nothing to do either */
    enum run_limit limit;
};

struct frontier {
    struct frontier_options options;
    struct storage *storage; /* borrowed, as is the next */
    const struct hash_key *hash_key;
    struct item_table items;
    struct host_table hosts;
    struct schedule schedule;
    struct host_list leases; /* all hosts, in the order of renewal */
    int64_t lease_ms;        /* when hosts are leased next */
    struct heap retries;
    struct items quarantine;
    struct flights flights;
    struct run run;
    uint64_t random;
    struct frontier_stats stats;
    struct batch lines, links;
    struct judge *judge;       /* owned */
    struct url_reader *reader; /* owned; the URL that was read last */
};

/* ---- frontier_base.c ---- */
/* Zeros that mean a named default become it. */
void frontier_set_defaults(struct frontier_options *options);
/* Whether links or sitemaps are followed. */
bool frontier_has_offers(const struct frontier_options *options);
/* Whether links are followed to URLs of that depth. */
bool frontier_follows_to(const struct frontier_options *options, int depth);
void frontier_judge_options(const struct frontier_options *options,
                            struct judge_options *judge);
int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms);
double frontier_random(struct frontier *frontier); /* from 0 up to below 1 */
/* Whether more URLs fit in memory. */
bool frontier_has_room(const struct frontier *frontier);
/* Whether one of hosts, robots.txt and URLs is short of room. */
bool frontier_is_crowded(const struct frontier *frontier);

/* ---- item_table.c ---- */
void item_table_init(struct frontier *frontier);
void item_table_release(struct frontier *frontier);
/* A new item of the host, ITEM_NEW; NULL when all slots are taken. Only those
 * of ITEM_URL are found by their key. */
struct item *item_new(struct frontier *frontier, struct host *origin,
                      enum item_kind kind, const struct url_claim *claim);
/* The item is in no list any more. */
void item_free(struct frontier *frontier, struct item *item);
struct item *item_find(struct frontier *frontier, struct url_key key);
uint64_t item_id(const struct item *item);
/* One that is in flight; NULL if that fetch is none. */
struct item *item_by_id(struct frontier *frontier, uint64_t id);
struct bytes item_url(const struct item *item);
struct bytes item_listed(const struct item *item);
struct bytes item_etag(const struct item *item);
struct bytes item_last_modified(const struct item *item);
/* What is asked for next: the last hop's target, or the URL itself. */
struct bytes item_target(const struct item *item);
/* It is asked from another host now, for a redirect. */
void item_set_host(struct item *item, struct host *host);
void items_add(struct items *list, struct item *item);
void items_add_front(struct items *list, struct item *item);
/* Out of its middle. */
void items_remove(struct items *items, struct item *item);
/* The first one, or NULL. */
struct item *items_take(struct items *list);

/* ---- host_table.c ---- */
void host_table_init(struct frontier *frontier);
void host_table_release(struct frontier *frontier);
/* A new active host; the caller has looked whether there is room. */
struct host *host_new(struct frontier *frontier,
                      const struct host_record *record);
struct host *host_find(struct frontier *frontier, int64_t host_id);
/* It has no items any more and stands in no list. */
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
/* Hosts whose time has come go to their rings. */
void schedule_due(struct frontier *frontier, int64_t now_ms);
/* No further page may be in flight; robots.txt has places of its own. */
bool schedule_pages_full(const struct frontier *frontier);
/* Out of its ring; NULL: no host may start anything. */
struct host *schedule_take(struct frontier *frontier);
/* Whether schedule_take() has something. */
bool schedule_has_any(const struct frontier *frontier);
/* Hosts that stand in a ring. */
int schedule_nr_ready(const struct frontier *frontier);
/* It has something that its robots admission lets start. */
bool host_is_ready(const struct host *host);
/* Marks it hungry if it is. */
void host_ask_for_more(struct frontier *frontier, struct host *host);
void host_mark_hungry(struct frontier *frontier, struct host *host);
void host_mark_idle(struct frontier *frontier, struct host *host);
void host_mark_changed(struct frontier *frontier, struct host *host);
/* The first one of each list, or NULL. */
struct host *schedule_take_hungry(struct frontier *frontier);
struct host *schedule_take_idle(struct frontier *frontier);
struct host *schedule_take_changed(struct frontier *frontier);

/* ---- ending.c ---- */
/* Counts and reports a URL that ended. */
enum err ending_report(struct frontier *frontier,
                       const struct visit *visit) CERR_CHECK;
/* The same of an item. It stays where it is. */
enum err ending_report_item(struct frontier *frontier, const struct item *item,
                            const struct ending *ending,
                            int64_t now_ms) CERR_CHECK;

/* ---- robots_admission.c: see robots_admission.h for its rules ---- */
/* Takes what storage remembers of a host's robots.txt. */
enum err admission_restore(struct frontier *frontier, struct host *host,
                           const struct host_record *record,
                           int64_t now_ms) CERR_CHECK;
/* The verdict on an item at its host: QUEUE, WAIT_ROBOTS or END. */
void admission_judge(struct frontier *frontier, const struct item *item,
                     int64_t now_ms, struct verdict *verdict);
/* A new item that fetches the host's robots.txt; URLs wait for it. */
enum err admission_fetch(struct frontier *frontier, struct host *host,
                         struct item **item) CERR_CHECK;
/* What storage shall remember of an answer. */
struct robots_news {
    bool is_any;
    struct bytes text;
};
/* The end of that item: the admission of its origin is settled. */
enum err admission_settle(struct frontier *frontier, const struct item *item,
                          const struct page *page, int64_t now_ms,
                          struct robots_news *news) CERR_CHECK;

/* ---- lease.c ---- */
/* Leases hosts that are due, while more are wanted. */
enum err lease_hosts(struct frontier *frontier, int64_t now_ms) CERR_CHECK;
bool lease_wants_hosts(const struct frontier *frontier);
/* The host of a redirect's target, leased if it was not. */
enum err lease_host(struct frontier *frontier, struct host **host,
                    const struct keyed_url *url, int64_t now_ms) CERR_CHECK;
enum err lease_renew(struct frontier *frontier, int64_t now_ms) CERR_CHECK;
/* Writes what is known of the host, and keeps it. `robots`: the text of its
 * robots.txt where that is news, else empty. */
enum err lease_put_host(struct frontier *frontier, const struct host *host,
                        struct bytes robots) CERR_CHECK;
/* Gives the host back, and frees it; `to_do`: it has URLs to do. */
enum err lease_release(struct frontier *frontier, struct host *host, bool to_do,
                       int64_t now_ms) CERR_CHECK;

/* ---- refill.c ---- */
/* Claims a batch of the host's URLs; `fresh` gets them as new items. */
enum err refill_host(struct frontier *frontier, struct host *host,
                     struct items *fresh) CERR_CHECK;
/* A URL leaves memory and is still to do: to be claimed again. */
void refill_note_left(const struct item *item);
/* A URL entered storage: its host has more to do. */
void refill_note_added(struct frontier *frontier, const struct url_record *url,
                       enum storage_added added, int64_t now_ms);

/* ---- intake.c ---- */
void batch_init(struct batch *batch, size_t nr_full, size_t max_full);
void batch_release(struct batch *batch);
/* Adds a URL; `parent` is the page that a found one was on, else NULL. */
enum err batch_add(struct batch *batch, const struct keyed_url *url,
                   struct bytes note, const struct url_key *parent,
                   const struct url_source *source) CERR_CHECK;
/* The same, of a found URL that is judged by the traps when it is stored, and
 * all before it with it: what waits counts then. */
enum err batch_add_late(struct batch *batch, const struct keyed_url *url,
                        const struct url_key *parent,
                        const struct url_source *source) CERR_CHECK;
bool batch_is_full(const struct batch *batch);
/* Stores at most `max` of its URLs; the batch is empty when all are there. */
enum err intake_step(struct frontier *frontier, struct batch *batch, size_t max,
                     int64_t now_ms) CERR_CHECK;
/* Stores all of them. */
enum err intake_flush(struct frontier *frontier, struct batch *batch,
                      int64_t now_ms) CERR_CHECK;
/* Stores one hop of a chain of redirects; *is_new: it was not known. */
enum err intake_add_hop(struct frontier *frontier, const struct keyed_url *url,
                        const struct item *item, int64_t now_ms,
                        bool *is_new) CERR_CHECK;

/* ---- offer.c ---- */
/* A URL that something led to. */
struct offer {
    struct bytes url;
    struct url_key parent;
    uint64_t context;               /* of the judgement: the page's host */
    const struct url *seed, *seed2; /* for scope; NULL: not judged */
    struct url_source source;
};
/* Judges it by scope and traps; what passes, or is refused by a trap, joins
 * frontier->links. */
enum err offer_url(struct frontier *frontier,
                   const struct offer *offer) CERR_CHECK;
/* Parses where the item's answer came from, for its offers; they borrow
 * `seeds`. */
bool offer_set_seeds(const struct item *item, struct url seeds[2],
                     struct offer *offer);
/* Offers what the answer of an item leads to; sitemaps are read elsewhere. */
enum err offer_leads(struct frontier *frontier, const struct item *item,
                     const struct page *page) CERR_CHECK;

/* ---- sitemaps.c ---- */
/* Offers the sitemaps of a listed host whose robots.txt is known, once. */
enum err sitemaps_offer(struct frontier *frontier,
                        struct host *host) CERR_CHECK;
/* Offers what a sitemap names. */
enum err sitemaps_read(struct frontier *frontier, const struct item *item,
                       const struct page *page) CERR_CHECK;

/* ---- redirect.c ---- */
/* Where a redirect leads, or what forbids to follow it. */
enum error redirect_read(struct frontier *frontier, const struct item *item,
                         const struct page *page, size_t max_hops,
                         struct keyed_url *target);
void redirect_add_hop(struct item *item, const struct page *page,
                      struct bytes target);
/* The visit of hop `i` of an item that `page` ended; `moved` is room. Its key
 * is left to the caller. */
void redirect_hop_visit(const struct item *item, size_t i,
                        const struct page *page, struct page *moved,
                        struct visit *visit);

/* ---- retry.c ---- */
/* Whether the same request could do better later. */
bool retry_may_help(const struct page *page);
/* Whether it is asked again, and when: RETRY, or nothing is changed. */
bool retry_judge(struct frontier *frontier, const struct item *item,
                 const struct page *page, int64_t now_ms,
                 struct verdict *verdict);
/* A private host was refused, and a line of the list may still name it. */
void retry_when_listed(const struct frontier *frontier, int64_t now_ms,
                       struct verdict *verdict);
/* The verdict on an item whose worker died; false: it is to blame. */
bool retry_judge_crash(const struct item *item, const struct page *page,
                       struct verdict *verdict);
/* Writes a try that failed and did not end its URL. */
enum err retry_put_attempt(struct frontier *frontier, const struct item *item,
                           const struct page *page, int64_t now_ms) CERR_CHECK;

/* ---- politeness.c ---- */
/* Tells the host's clock; true when it asks for a wait that shall be
 * remembered whatever happens to us. */
bool politeness_answered(struct frontier *frontier, const struct item *item,
                         const struct page *page, int64_t now_ms);

/* ---- answer.c ---- */
/* The verdict on an answer: all but QUEUE and WAIT_ROBOTS. */
void answer_judge(struct frontier *frontier, const struct item *item,
                  const struct page *page, int64_t now_ms,
                  struct verdict *verdict);

/* ---- frontier_fetch.c ---- */
void fetch_fill(const struct frontier *frontier, const struct item *item,
                struct frontier_fetch *fetch);

/* ---- frontier_status.c ---- */
/* A fetch may start, but for clocks and limits. */
bool status_has_place(const struct frontier *frontier);

#endif
