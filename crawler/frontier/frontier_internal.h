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
#include "crawler/politeness/network.h"
#include "crawler/politeness/timer_heap.h"
#include "crawler/robots/robots.h"
#include "crawler/scope/judge.h"
#include "crawler/scope/refusals.h"
#include "crawler/url/url.h"
#include "storage/leases.h"
#include "storage/storage.h"

#define FRONTIER_HOSTS_MIN   8192 /* hosts in memory at once, at least */
#define FRONTIER_HOSTS_EACH  8    /* ... and so many for each fetch in flight */
#define FRONTIER_ITEMS_EACH  4    /* URLs in memory for each host in memory */
#define FRONTIER_RULES_BYTES ((size_t)64 << 20) /* parsed robots.txt of all */
#define FRONTIER_ITEM_KEEP   1024  /* bytes of text a free slot may keep */
#define FRONTIER_BATCH_MIN   16    /* URLs of a host's first refill; doubles */
#define FRONTIER_BATCH_MAX   1024  /* ... up to this */
#define FRONTIER_LEASE_HOSTS 256   /* hosts leased at once */
#define FRONTIER_REFILLS     256   /* hosts refilled in one turn */
#define FRONTIER_LINGER_MS   10000 /* longer waits are spent in storage */
#define FRONTIER_CROWDED_MS  1000  /* the same, when memory is short */

/* Lines are stored in batches that double from the first size to the largest,
 * which is for long lists in any order. */
#define FRONTIER_LINES_FIRST 11000
#define FRONTIER_LINES_BATCH 352000
/* Lines that may come before it is pushed. */
#define FRONTIER_LINES_SLACK 4096
#define FRONTIER_LINES_STEP  64 /* stored in one turn while workers are busy */
#define FRONTIER_RECORDS     1024 /* ... and while they wait for work */
#define FRONTIER_BULK_LINES  1024 /* a batch of so many lines is bulk */

#define FRONTIER_SITEMAPS  100000 /* sitemaps that one session reads */
#define FRONTIER_OWN_PORTS 4096   /* private hosts by other ports */

#define FRONTIER_LINKS_BATCH 2000 /* more links do not wait for the turn */
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
    ITEM_RETRYING,    /* waits in the heap of retries until its time */
    ITEM_QUARANTINED, /* may have killed workers: waits until it runs alone */
    ITEM_RUNS_ALONE,  /* in flight, and nothing else is */
};

/* The redirects of an item so far. */
struct redirect_chain {
    size_t nr_hops;
    struct visit_hop hops[VISIT_HOPS_MAX];
    char *texts[VISIT_HOPS_MAX]; /* owned; the to_url of each hop, with a NUL */
};

/* Where a URL comes from. */
struct url_source {
    int64_t line; /* line of the list, from 1; 0: it was found */
    enum url_kind kind;
    int depth, nr_hops;
};

/* How often an item was asked for, and how that went. */
struct item_tries {
    int nr; /* tries so far, those of earlier sessions included */
    int nr_retries, nr_crashes;
    bool is_redirect_start; /* the next start follows a redirect and is no new
                               try */
    bool counts_as_try;     /* the last start was a new try */
    bool list_was_open;     /* lines were still to come at the last start */
    enum error
        last_error; /* error of the try before; ERROR_NONE: there was none */
};

/* Monotonic ms: first start, last joining of a queue, last start. */
struct item_times {
    bool has_started; /* it was started once, so first_ms is valid */
    int64_t first_ms, queued_ms, started_ms;
    int64_t held_ms; /* first failure that may be the network's; 0: none */
    double
        waited_ms; /* ms in the queue of its host, from the second start on */
};

/* The texts of an item in one owned block, which the slot keeps for its next
 * item: url, NUL, listed, etag, last_modified. */
struct item_text {
    char *data;
    size_t cap;
    uint32_t url_len, listed_len, etag_len, modified_len;
};

/* Entries of a sitemap, all of them and those that are left out. */
struct sitemap_drops {
    int nr_entries, nr_out, nr_sitemaps;
};

struct item {
    struct item *next;      /* the next one in its queue or list */
    struct item *hash_next; /* the next one in its bucket */
    uint32_t slot, generation;
    enum item_kind kind;
    enum item_state state;
    bool is_off_level;    /* its host may begin the next level without it */
    bool links_are_taken; /* those of its answer, which is still to come */
    struct url_key key;
    struct host *origin, *host;
    struct url_source source;
    struct item_tries tries;
    struct item_times times;
    struct item_text text;
    struct redirect_chain *chain; /* owned; NULL: no redirect so far */
    struct sitemap_drops dropped;
};

struct items {
    struct item *head, *tail;
    int nr;
};

/* Whether the URL lies out of scope and is asked because a redirect leads
 * there: its answer is told, and its links are not followed. */
static inline bool item_is_checked(const struct item *item)
{
    return item->source.kind == URL_FOUND &&
           item->source.nr_hops >= URL_HOPS_CHECKED;
}

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
    struct url_level current; /* level of the URLs read last; all zero unless
                                 links are followed */
    bool is_closed; /* the next URLs are of a level that has not begun */
    bool has_more;  /* storage may have more to do */
    int batch;      /* URLs that the next refill reads */
    struct url_place place;
    struct hash_range
        missed; /* range of bulk URLs that were added behind the walk */
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

/* The links of a host in the lists of schedule.c. */
struct host_lists {
    enum host_place place;
    struct host_list *ring; /* the ring that it stands in; NULL: none */
    struct host *ring_prev, *ring_next;
    struct host *hungry_next, *idle_next, *changed_next;
    bool is_hungry, is_idle, is_changed;
};

/* The right to ask a host and to write its row; storage gives it for
 * STORAGE_LEASE_MS. */
struct host_lease {
    int64_t token;
    int64_t renew_ms;
    struct host *prev, *next; /* in the order of renewal */
};

/* A host whose lease is ours. */
struct host {
    int64_t id;
    char *key; /* owned, "http://host:80" */
    struct host *hash_next;
    bool is_listed; /* the user's list names it */
    bool
        has_local_name; /* it is one of the user's own network, local_names.h */
    bool is_own_port;   /* it is a listed one by another port or scheme */
    bool has_sitemaps;  /* its sitemaps were offered, which happens once */
    struct host_rules rules;
    struct host_clock clock;
    int64_t told_ms; /* when an event said last that it is asked less */
    struct robots_admission robots;
    struct host_walk walk;
    struct host_lease lease;
    struct host_lists lists;
    struct items
        robots_queue; /* fetches of robots.txt, which need no admission */
    struct items queue;
    int nr_sitemaps;  /* that were offered for it */
    int nr_items;     /* items that belong to it or are asked from it */
    int nr_off_level; /* items of it that do not hold up its level */
};

/* Whether the user has allowed that it has a private address. */
static inline bool host_may_be_private(const struct host *host)
{
    return host->has_local_name && (host->is_listed || host->is_own_port);
}

/* Whether every item of the current level has ended or does not hold it up. */
static inline bool host_level_has_ended(const struct host *host)
{
    return host->nr_items == host->nr_off_level;
}

/* ---- verdicts ---- */

/* How a URL ends; texts and page are borrowed. */
struct ending {
    enum outcome outcome;
    enum error error;
    bool may_pass; /* as if the page had PAGE_MAY_PASS */
    struct bytes detail;
    const struct page *page; /* the last answer; NULL: nothing was asked */
    int worker;              /* slot; -1: none */
};

enum verdict_action {
    VERDICT_ADMIT, /* the robots admission of its host decides, maybe anew */
    VERDICT_QUEUE, /* it may start when its host's clock lets it */
    VERDICT_WAIT_ROBOTS, /* it is queued, and robots.txt is fetched first */
    VERDICT_RETRY,       /* at due_ms it is admitted again */
    VERDICT_REDIRECT,    /* `target` is asked next */
    VERDICT_QUARANTINE,  /* it runs again, alone */
    VERDICT_END,         /* it ends as `ending` says */
};

/* What is to be done with an item. Fields of other actions are undefined;
 * texts are views into the item, the page or the verdict itself. */
struct verdict {
    enum verdict_action action;
    bool is_attempt;     /* for an answer: this try has failed, and more come */
    bool is_further_try; /* for an answer: the next start counts as a new try */
    int64_t due_ms;      /* RETRY */
    struct keyed_url target;      /* REDIRECT */
    struct ending ending;         /* END */
    bool has_leads;               /* END: links and hops of its page count */
    char text[TRAP_REASON_BYTES]; /* room for ending.detail ... */
    struct page page;             /* ... and for ending.page */
};

/* ---- batches ---- */

/* A URL on its way into storage. It is small, as there are many. batch->text
 * has the URL, then a note (the line as listed, or why a found URL is refused),
 * and then the key of the parent if the URL was found. */
struct batch_url {
    struct url_key key;
    struct url_source source;
    uint32_t text_at, note_len;
    uint16_t url_len;
    uint16_t host_len; /* length of the start of the URL that is the key of its
                          host ... */
    bool has_port;     /* ... which lacks the port unless this is set */
    bool is_late; /* judged by the traps only when all before it is stored: see
                     batch_add_late() */
    uint8_t rule; /* enum trap_rule: what refuses it; the note says how */
};

/* Why a found URL is refused. */
struct batch_note {
    enum trap_rule rule; /* TRAP_NONE: it is not */
    struct bytes reason;
};

/* URLs that are sorted and stored together. */
struct batch {
    struct batch_url *urls;     /* owned, cap of them */
    struct url_record *records; /* owned, FRONTIER_RECORDS of them, as of the
                                   next three arrays */
    enum storage_added *added;
    struct batch_note *notes;
    char (*host_keys)[URL_HOST_KEY_BYTES]; /* room for the keys of hosts that no
                                              URL begins with */
    size_t nr, cap;
    size_t nr_full;  /* number of URLs that makes it full ... */
    size_t max_full; /* ... which doubles up to this */
    struct buf text;
    bool is_pushed; /* its URLs go to storage, some in each turn */
    size_t run_at,
        run_end;      /* the run of URLs that is sorted and being stored ... */
    size_t nr_stored; /* ... and the number of URLs stored so far */
    enum trap_rule late_rule; /* what refuses the URL that begins the run ... */
    char late_reason[TRAP_REASON_BYTES]; /* ... and how */
};

/* ---- the frontier ---- */

/* All items, by slot and by key. */
struct item_table {
    struct item *slots; /* owned, cap of them, made at opening */
    uint32_t nr_slots, cap;
    uint32_t cap_urls; /* URLs that fit: from there on none is read */
    uint32_t nr;
    struct item *free;
    struct item **buckets; /* owned */
    size_t bucket_mask;
};

/* All hosts in memory, by id. */
struct host_table {
    struct host **buckets; /* owned */
    size_t bucket_mask;
    int nr, cap;
    size_t rules_bytes; /* bytes of the parsed robots.txt of all hosts, now */
};

/* The rings and the heap of schedule.c, and the three lists for the next turn.
 */
struct schedule {
    struct host_list ready;   /* a page to start and nothing in flight */
    struct host_list asking;  /* robots.txt to ask for */
    struct host_list busy;    /* pages in flight, and one more would do */
    struct heap due;          /* hosts that wait for their clock */
    struct host_list hungry;  /* want more URLs */
    struct host_list idle;    /* may have nothing to do */
    struct host_list changed; /* their queues are to be judged again */
};

/* Fetches that a worker has, and the rate of the whole run. */
struct flights {
    int nr;
    int nr_robots;       /* how many of them fetch a robots.txt */
    bool one_runs_alone; /* a suspect is in flight, so nothing else may start */
    int64_t nr_started;  /* URLs started for the first time */
    double next_ms; /* no fetch starts before this time (--rate), monotonic */
};

enum run_limit {
    LIMIT_NONE,
    LIMIT_REACHED, /* --max-urls, --max-bytes: nothing new starts ... */
    LIMIT_DROPPED, /* ... and what had not started is back in storage */
};

/* Whether fetches start. A run that is paused still fires retries and leases
 * hosts.
 *
 *     GOING <---> PAUSED      [frontier_pause]
 *     GOING, PAUSED -> STOPPED [frontier_stop, frontier_release], for good
 */
enum run_state {
    RUN_GOING,
    RUN_PAUSED,
    RUN_STOPPED,
};

/* Hosts on other ports to which redirects of listed hosts lead. */
struct own_ports {
    int64_t *host_ids; /* owned, FRONTIER_OWN_PORTS of them; NULL: none */
    size_t nr;
};

struct run {
    enum run_state state;
    bool list_has_ended;
    bool is_done;        /* nothing is left to do in storage either */
    bool holds;          /* a list is read again: no host is leased meanwhile */
    int64_t nr_sitemaps; /* that were offered */
    bool has_checked;    /* some URL was added that is only to be checked */
    enum run_limit limit;
    struct network network; /* whether it is ours that fails */
};

struct frontier {
    struct frontier_options options;
    struct storage *storage; /* borrowed; so is hash_key */
    const struct hash_key *hash_key;
    struct item_table items;
    struct host_table hosts;
    struct schedule schedule;
    struct host_list leases; /* all hosts in memory, in the order of renewal */
    int64_t lease_ms;        /* when storage is asked for hosts next, monotonic;
                                INT64_MAX: no host is due */
    struct heap retries;
    struct items quarantine;
    struct flights flights;
    struct run run;
    uint64_t random;
    struct frontier_stats stats;
    struct batch lines, links;
    struct own_ports own_ports;
    struct judge *judge;       /* owned */
    struct refusals *refusals; /* owned */
    struct url_reader *reader; /* owned; holds the URL that was read last */
};

/* ---- frontier_base.c ---- */
/* Replaces each zero that means a default by that default. */
void frontier_set_defaults(struct frontier_options *options);
/* Whether links or sitemaps are followed. */
bool frontier_has_offers(const struct frontier_options *options);
/* Whether links are followed to URLs of that depth. */
bool frontier_follows_to(const struct frontier_options *options, int depth);
void frontier_judge_options(const struct frontier_options *options,
                            struct judge_options *judge);
int64_t frontier_wall_ms(const struct frontier *frontier, int64_t now_ms);
double frontier_random(struct frontier *frontier); /* at least 0 and below 1 */
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
                      enum item_kind kind, const struct stored_url *stored);
/* Frees an item that is in no list any more. */
void item_free(struct frontier *frontier, struct item *item);
struct item *item_find(struct frontier *frontier, struct url_key key);
uint64_t item_id(const struct item *item);
/* The item in flight with that id; NULL: that fetch is over. */
struct item *item_by_id(struct frontier *frontier, uint64_t id);
struct bytes item_url(const struct item *item);
struct bytes item_listed(const struct item *item);
struct bytes item_etag(const struct item *item);
struct bytes item_last_modified(const struct item *item);
/* What is asked for next: the last hop's target, or the URL itself. */
struct bytes item_target(const struct item *item);
/* Notes that the item is asked from another host now, for a redirect. */
void item_set_host(struct item *item, struct host *host);
void items_add(struct items *list, struct item *item);
void items_add_front(struct items *list, struct item *item);
/* Takes an item out of the middle of a list. */
void items_remove(struct items *items, struct item *item);
/* Takes the first item out of a list; NULL: it is empty. */
struct item *items_take(struct items *list);

/* ---- host_table.c ---- */
void host_table_init(struct frontier *frontier);
void host_table_release(struct frontier *frontier);
/* A new active host; the caller has looked whether there is room. */
struct host *host_new(struct frontier *frontier,
                      const struct host_record *record);
struct host *host_find(struct frontier *frontier, int64_t host_id);
/* Frees a host that has no items any more and stands in no list. */
void host_free(struct frontier *frontier, struct host *host);
/* Notes that a redirect of a host leads to another one, which may be a listed
 * host by another port. */
void private_note_redirect(struct frontier *frontier, const struct host *from,
                           const struct keyed_url *to);
/* The same for a host that is listed, by its key. */
void private_note(struct frontier *frontier, struct bytes from,
                  const struct keyed_url *to);
bool private_knows(const struct frontier *frontier, int64_t host_id);
/* Whether a host that the guard refused is a listed one by another port; then
 * it may be asked from now on. */
enum err private_permit(struct frontier *frontier, struct host *host,
                        bool *is_permitted) CERR_CHECK;

/* ---- schedule.c ---- */
/* Puts a host where it belongs now: ring, heap or nowhere. */
void schedule_host(struct frontier *frontier, struct host *host,
                   int64_t now_ms);
/* Puts a host into the heap although it has nothing to do: its clock must be
 * kept until then. */
void schedule_wait(struct frontier *frontier, struct host *host);
/* How long a host may wait for its clock in memory, in ms; one that waits
 * longer goes back to storage. */
int64_t schedule_linger_ms(const struct frontier *frontier);
/* Moves hosts whose time has come from the heap to their rings. */
void schedule_due(struct frontier *frontier, int64_t now_ms);
/* Whether no further page may be in flight; robots.txt has places of its own.
 */
bool schedule_pages_full(const struct frontier *frontier);
/* Takes the next host out of its ring; NULL: no host may start anything. */
struct host *schedule_take(struct frontier *frontier);
/* Whether schedule_take() has something. */
bool schedule_has_any(const struct frontier *frontier);
/* How many hosts stand in a ring. */
int schedule_nr_ready(const struct frontier *frontier);
/* Whether the host has something that its robots admission lets start. */
bool host_is_ready(const struct host *host);
/* Marks the host hungry if its queue is running low and storage may have more.
 */
void host_ask_for_more(struct frontier *frontier, struct host *host);
void host_mark_hungry(struct frontier *frontier, struct host *host);
void host_mark_idle(struct frontier *frontier, struct host *host);
void host_mark_changed(struct frontier *frontier, struct host *host);
/* These take the first host of a list; NULL: it is empty. */
struct host *schedule_take_hungry(struct frontier *frontier);
struct host *schedule_take_idle(struct frontier *frontier);
struct host *schedule_take_changed(struct frontier *frontier);

/* ---- ending.c ---- */
/* Counts and reports a URL that ended. */
enum err ending_report(struct frontier *frontier,
                       const struct visit *visit) CERR_CHECK;
/* Counts and reports an item that ended; the item itself stays where it is. */
enum err ending_report_item(struct frontier *frontier, const struct item *item,
                            const struct ending *ending,
                            int64_t now_ms) CERR_CHECK;

/* ---- robots_admission.c: see robots_admission.h for its rules ---- */
/* Restores what storage remembers of the robots.txt of a host. */
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
/* Settles the admission of the origin by the answer to its robots.txt. */
enum err admission_settle(struct frontier *frontier, const struct item *item,
                          const struct page *page, int64_t now_ms,
                          struct robots_news *news) CERR_CHECK;

/* ---- lease.c ---- */
/* Leases hosts that are due, as long as more are wanted. */
enum err lease_hosts(struct frontier *frontier, int64_t now_ms) CERR_CHECK;
bool lease_wants_hosts(const struct frontier *frontier);
/* Finds the host of a redirect's target in memory, or leases it. */
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
/* Reads a batch of the host's URLs; `fresh` gets them as new items. */
enum err refill_host(struct frontier *frontier, struct host *host,
                     struct items *fresh) CERR_CHECK;
/* Notes that a URL leaves memory and is still to do, so that it is read
 * again. */
void refill_note_left(const struct item *item);
/* Notes that a found URL that is still in storage comes earlier now. */
void refill_note_moved(struct frontier *frontier, const struct url_record *url);
/* Notes that a URL entered storage: its host has more to do. */
void refill_note_added(struct frontier *frontier, const struct url_record *url,
                       enum storage_added added, int64_t now_ms);

/* Stores a line that got no URL. *count grows if that makes a row: a line that
 * is read again has one. */
enum err intake_put_line(struct frontier *frontier,
                         const struct line_record *line,
                         int64_t *count) CERR_CHECK;

/* ---- intake.c ---- */
void batch_init(struct batch *batch, size_t nr_full, size_t max_full);
void batch_release(struct batch *batch);
/* Adds a URL; `parent` is the page that a found one was on, else NULL. */
enum err batch_add(struct batch *batch, const struct keyed_url *url,
                   struct bytes note, const struct url_key *parent,
                   const struct url_source *source) CERR_CHECK;
/* Adds a found URL that may be over a limit of the traps. It is judged when it
 * is stored, after all before it, as what waits in the batch counts too. */
enum err batch_add_late(struct batch *batch, const struct keyed_url *url,
                        const struct url_key *parent,
                        const struct url_source *source) CERR_CHECK;
bool batch_is_full(const struct batch *batch);
/* Sees to it that the traps know the pages of a host exactly, where their limit
 * may count when the found URLs that wait are stored. */
enum err intake_count_pages(struct frontier *frontier,
                            int64_t host_id) CERR_CHECK;
/* Stores at most `max` of its URLs; the batch is empty when all are there. */
enum err intake_step(struct frontier *frontier, struct batch *batch, size_t max,
                     int64_t now_ms) CERR_CHECK;
/* Makes what counts refused links in the frontier's storage. */
struct refusals *intake_refusals(struct frontier *frontier);
/* Stores all found URLs that wait, and what was refused among them. */
enum err intake_flush_links(struct frontier *frontier,
                            int64_t now_ms) CERR_CHECK;
/* Stores all URLs of the batch. */
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
    uint64_t
        context; /* what a refusal is remembered for: the host of the page */
    const struct url *seed,
        *seed2; /* scope is judged relative to these; NULL: it is not judged */
    struct url_source source;
    int *nr_out; /* counts what is out of scope; NULL: nobody asks */
};
/* Judges the URL by scope and traps. What passes, and what a trap refuses,
 * joins frontier->links. */
enum err offer_url(struct frontier *frontier,
                   const struct offer *offer) CERR_CHECK;
/* Parses where the item's answer came from, for its offers; they borrow
 * `seeds`. */
bool offer_set_seeds(const struct item *item, struct url seeds[2],
                     struct offer *offer);
/* Offers at most `max` links off the front of *rest, the encoded links of the
 * page that the item is answered with. What is not followed is passed over. */
enum err offer_slice(struct frontier *frontier, struct item *item,
                     const struct page *page, struct bytes *rest,
                     size_t max) CERR_CHECK;
/* Offers what the answer of an item leads to but for links that are taken;
 * sitemaps are read elsewhere. */
enum err offer_leads(struct frontier *frontier, const struct item *item,
                     const struct page *page) CERR_CHECK;

/* ---- sitemaps.c ---- */
/* Whether the answer of an item is read as a sitemap: it was known as one, or
 * the list names it and it turns out to be one. */
bool sitemaps_has(const struct frontier *frontier, const struct item *item,
                  const struct page *page);
/* Offers the sitemaps of a listed host whose robots.txt is known, once. */
enum err sitemaps_offer(struct frontier *frontier, struct host *host,
                        int64_t now_ms) CERR_CHECK;
/* Offers at most `max` entries of a sitemap, off the front of *rest; see
 * offer_slice(). */
enum err sitemaps_take(struct frontier *frontier, struct item *item,
                       const struct page *page, struct bytes *rest,
                       size_t max) CERR_CHECK;
/* Offers what is not taken yet, and tells what was left out. */
enum err sitemaps_end(struct frontier *frontier, struct item *item,
                      const struct page *page, int64_t now_ms) CERR_CHECK;

/* ---- redirect.c ---- */
/* Where a redirect leads, or what forbids to follow it. */
enum error redirect_read(struct frontier *frontier, const struct item *item,
                         const struct page *page, size_t max_hops,
                         struct keyed_url *target);
/* Whether the redirect of a found item to `target` closes a loop of found URLs,
 * or leads into one: others of it may have ended before. */
enum err redirect_find_loop(struct frontier *frontier, const struct item *item,
                            struct url_key target, bool *is_loop) CERR_CHECK;
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
/* Whether the request failed because we were stopped or asleep while it ran:
 * then it is asked again, and that is no new try. */
bool retry_is_of_absence(const struct page *page);
/* Decides whether the item is asked again, and when. Returns false, and changes
 * nothing, if it is not. */
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
/* Tells the network about an answer. Returns whether that says nothing about
 * the host, because nobody answers. */
bool politeness_is_of_network(struct frontier *frontier,
                              const struct item *item, const struct page *page,
                              int64_t now_ms);
/* What an answer changed for its host. */
struct politeness_news {
    bool must_keep; /* a wait that must be remembered whatever happens to us */
    bool is_event;  /* that it is asked less from now on, which is said */
};
/* Tells the clock of the host about an answer. */
struct politeness_news politeness_answered(struct frontier *frontier,
                                           const struct item *item,
                                           const struct page *page,
                                           bool is_held, int64_t now_ms);
/* Writes the event that a host is asked less from now on. */
enum err politeness_put_event(struct frontier *frontier,
                              const struct host *host,
                              int64_t now_ms) CERR_CHECK;

/* ---- answer.c ---- */
/* The verdict on an answer: all but QUEUE and WAIT_ROBOTS. */
/* The verdict on an answer that says nothing: nothing was sent. */
void answer_again(struct verdict *verdict);
enum err answer_judge(struct frontier *frontier, const struct item *item,
                      const struct page *page, int64_t now_ms,
                      struct verdict *verdict) CERR_CHECK;

/* ---- frontier_fetch.c ---- */
void fetch_fill(const struct frontier *frontier, const struct item *item,
                struct frontier_fetch *fetch);

/* ---- frontier_status.c ---- */
/* Whether there is room for one more fetch; clocks and limits are not looked
 * at. */
bool status_has_place(const struct frontier *frontier);

#endif
