/*
 * storage: the database that is frontier, result and memory in one, and the
 * append-only outputs beside it.
 *
 * There is one writer: the process that opened it, with one connection. Writes
 * gather in a transaction that storage_commit() ends; only then do they count
 * as stored. The append-only outputs (db.txt, JSONL, CSV, WARC) are
 * exactly-once through their byte offset, which is committed in the same
 * transaction: on opening they are cut back to it. With text outputs alone the
 * state lives in a database beside the first of them, "FILE.crawl-state",
 * which a finished run removes.
 *
 * Hosts are leased, not URLs (docs/protocol.md): a claim makes a host ours
 * until it is released, renewed or past its lease; a batch of a host that is
 * no longer ours is refused by its token. After an error of ERR_FULL, ERR_IO,
 * ERR_BUSY or ERR_CORRUPT the open transaction is rolled back and every later
 * write is refused with the same code: stop, close, exit 5; a later run goes
 * on from the last commit. storage_message() has the sentence for the user.
 *
 * Open it after pool_open(); never use it across a fork. One thread.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "storage/record.h"

struct storage;

#define STORAGE_HOST_IDLE                                                      \
    INT64_C(0x4000000000000000) /* due_at: nothing to do */
#define STORAGE_LEASE_MS      120000
#define STORAGE_MESSAGE_BYTES 600

enum storage_refetch {
    STORAGE_REFETCH_NONE,
    STORAGE_REFETCH_FAILED, /* outcome error, or status 408, 429, 5xx */
    STORAGE_REFETCH_STALE,  /* fetched longer ago than stale_ms */
    STORAGE_REFETCH_ALL,
};

struct storage_options {
    const char *const *outputs; /* paths; "-" streams JSONL to stdout */
    size_t nr_outputs;
    const char *format; /* kind where the extension does not tell; NULL */
    bool force;         /* start over: outputs are emptied */
    enum storage_refetch refetch;
    int64_t stale_ms;
    bool store_bodies;
    const struct error_record *errors; /* fills the table `errors` */
    size_t nr_errors;
    /* about this run, for the table `runs` */
    const char *version, *command, *config_json, *user_agent, *input;
    int nr_workers;
    int64_t now_ms; /* wall */
};

enum storage_state {
    STORAGE_NEW,        /* nothing was there: a first run */
    STORAGE_UNFINISHED, /* goes on with an interrupted run */
    STORAGE_FINISHED,   /* everything of the list was done already */
};

/*
 * Opens or makes all outputs, takes the exclusive lock, cuts text outputs back
 * to what is committed, and begins or continues a run. On failure `message`
 * says what happened and what to do, in one line.
 * Returns ERR_BUSY (another crawl has it: pid in the message), ERR_FORMAT
 * (foreign, newer, or an unknown extension), ERR_CORRUPT, ERR_PERM, ERR_FULL,
 * ERR_IO, ERR_NOT_FOUND (folder), ERR_INVALID (a folder, a symbolic link, or
 * the same file twice), ERR_EXISTS (a text output that holds something else),
 * ERR_STATE (an output that this crawl has begun without). An unfinished
 * crawl goes on as it was: `refetch` counts for a finished one alone.
 */
enum err storage_open(struct storage **storage,
                      const struct storage_options *options,
                      char message[STORAGE_MESSAGE_BYTES]) ERR_CHECK;
enum storage_state storage_state(const struct storage *storage);
/* The key of host_id and url_hash in this database. */
const struct hash_key *storage_hash_key(const struct storage *storage);
/* Whether an output wants page_record.raw_..., links, body. */
bool storage_wants_raw(const struct storage *storage);
/* Sentence about the first error that stopped it; "" if none did. */
const char *storage_message(const struct storage *storage);

/* ---- frontier ---- */

enum storage_added {
    STORAGE_ADDED,   /* is new */
    STORAGE_KNOWN,   /* was there */
    STORAGE_ADOPTED, /* had been discovered; now it is a line of the list,
                      * of URL_PRIO_LISTED at most */
};

/*
 * Adds URLs, sorted by (host_id, url_hash); `added` (may be NULL) gets one
 * entry each. New hosts are made, idle ones woken at `now_ms`.
 */
enum err storage_add_urls(struct storage *storage,
                          const struct url_record *urls, size_t nr_urls,
                          int64_t now_ms, enum storage_added *added) ERR_CHECK;
enum err storage_put_line(struct storage *storage,
                          const struct line_record *line) ERR_CHECK;

/* How far a list has been read, so that a resume does not read it again. */
struct storage_input {
    const char *name;             /* as the user named it */
    int64_t number;               /* of the list, from 0; storage gives it */
    int64_t size_bytes, mtime_ns; /* its identity; -1: none (a pipe) */
    int64_t offset_bytes, line;   /* read and committed so far */
    bool done;
};
/* Fills the other fields for input->name. ERR_NOT_FOUND: never read, and
 * `number` alone is filled; put it before the first line of the list. */
enum err storage_get_input(struct storage *storage,
                           struct storage_input *input) ERR_CHECK;
enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input) ERR_CHECK;

/* Called for each claimed host (URL); its arguments are borrowed. A return
 * other than ERR_OK ends the claim with that code. */
typedef enum err (*storage_host_fn)(void *ctx, const struct host_record *host);
struct url_claim {
    struct url_key key;
    struct bytes url, listed;
    int64_t line;
    int depth, prio, tries;
    struct bytes etag, last_modified; /* of the stored answer, for a refetch */
};
typedef enum err (*storage_url_fn)(void *ctx, const struct url_claim *url);

/* Leases at most `max_hosts` hosts that are due at `now_ms`. */
enum err storage_claim_hosts(struct storage *storage, int64_t now_ms,
                             size_t max_hosts, storage_host_fn fn,
                             void *ctx) ERR_CHECK;
/*
 * Leases one host by its key, due or not, and makes its row (idle, not listed)
 * if there is none: a redirect leads to it. ERR_BUSY: somebody else has it.
 */
enum err storage_claim_host(struct storage *storage, int64_t host_id,
                            struct bytes host_key, int64_t now_ms,
                            storage_host_fn fn, void *ctx) ERR_CHECK;
/* How far the URLs of a host have been claimed. */
struct url_place {
    int64_t walk_from; /* bulk URLs: from this url_hash on */
    int prio;          /* the others: behind this prio and url_hash */
    int64_t url_hash;
};
/* Nothing has been claimed yet. */
#define URL_PLACE_FIRST ((struct url_place){INT64_MIN, INT_MIN, INT64_MIN})
/* URLs of a leased host still to do from `place` on: the bulk ones by
 * url_hash, then the others by (prio, url_hash). `fn` must not write. */
enum err storage_claim_urls(struct storage *storage, int64_t host_id,
                            const struct url_place *place, size_t max_urls,
                            storage_url_fn fn, void *ctx) ERR_CHECK;
/* Writes the host's fields, keeps the lease, and does not look at due_at.
 * ERR_NOT_FOUND, here and below: the host is not ours by this token. */
enum err storage_put_host(struct storage *storage,
                          const struct host_record *host) ERR_CHECK;
/* The same, and gives the lease back: due_at says when it may be claimed. */
enum err storage_release_host(struct storage *storage,
                              const struct host_record *host) ERR_CHECK;
enum err storage_renew_host(struct storage *storage, int64_t host_id,
                            int64_t token, int64_t now_ms) ERR_CHECK;
/* Wakes idle hosts that have URLs to do; `nr_woken` of them. Before a run is
 * called finished this must find none. */
enum err storage_sweep(struct storage *storage, int64_t now_ms,
                       size_t *nr_woken) ERR_CHECK;
/* Earliest due_at of hosts nobody holds; STORAGE_HOST_IDLE if there is none. */
enum err storage_next_due(struct storage *storage, int64_t *due_at) ERR_CHECK;
/* A URL's start is counted before its answer is known, so that one that kills
 * whoever fetches it is seen. */
enum err storage_put_tries(struct storage *storage, struct url_key key,
                           int tries) ERR_CHECK;
/* A URL still to do that a shorter way leads to; others are left alone. */
enum err storage_bring_forward(struct storage *storage, struct url_key key,
                               int depth, int prio) ERR_CHECK;
/* True when the URL is known, with whether it has ended. */
enum err storage_find_url(struct storage *storage, struct url_key key,
                          bool *known, bool *ended) ERR_CHECK;

/* Calls `fn` for every URL of the list, with `url` and `line` alone: what a
 * scope is made of. It reads all of them. `fn` must not write. */
enum err storage_each_listed(struct storage *storage, storage_url_fn fn,
                             void *ctx) ERR_CHECK;

/* ---- results ---- */

/*
 * Ends a URL: its page row, links, redirects, state, and a line in each text
 * output. A URL that has ended in this run already is left alone (ERR_EXISTS),
 * and so is one that was never added (ERR_NOT_FOUND). Status 304 to a refetch
 * repeats the stored answer and its links under the new run.
 */
enum err storage_put_page(struct storage *storage,
                          const struct page_record *page) ERR_CHECK;
struct attempt_record {
    struct url_key key;
    int attempt;
    int64_t at;
    int status;
    struct bytes error, detail;
    double elapsed_ms;
};
/* One request that did not end its URL (a retry follows). */
enum err storage_put_attempt(struct storage *storage,
                             const struct attempt_record *attempt) ERR_CHECK;
enum err storage_put_sample(struct storage *storage,
                            const struct sample_record *sample) ERR_CHECK;
/* `level`: "info", "warning", "error"; `what`: one word, as "worker_death". */
enum err storage_put_event(struct storage *storage, int64_t now_ms,
                           const char *level, const char *what,
                           const char *detail) ERR_CHECK;

/* What the workers' sandbox reached, for the table `runs`. */
enum err storage_put_sandbox(struct storage *storage,
                             const char *level) ERR_CHECK;

/* Rows waiting for the next commit. */
size_t storage_uncommitted(const struct storage *storage);
/* Makes everything so far durable, or reports why it is not. */
enum err storage_commit(struct storage *storage) ERR_CHECK;

struct storage_counts {
    int64_t nr_urls, nr_ended;      /* of the whole database */
    int64_t nr_lines, nr_bad_lines; /* lines of the list; without a URL */
    int64_t nr_hosts;
};
enum err storage_count(struct storage *storage,
                       struct storage_counts *counts) ERR_CHECK;

/*
 * Ends the run: "done", "interrupted", "limit" or "failed" with its reason;
 * when done, makes the indexes for queries. Then the file goes back to one
 * file without a journal. Frees `storage` whatever happens; NULL is fine.
 */
enum err storage_close(struct storage *storage, const char *status,
                       const char *reason, int64_t now_ms) ERR_CHECK;

#endif
