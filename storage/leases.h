/*
 * leases: what a frontier keeps in storage, and takes from it.
 *
 * Hosts are leased, not URLs (docs/protocol.md): a lease makes a host ours
 * until it is released, renewed or past its lease; what is written for a host
 * that is no longer ours is refused by its token. It knows when a host may be
 * asked, not why: clocks, robots and retries are the frontier's.
 *
 * Writes belong to the open transaction: storage.h has its rules. One thread.
 */
#ifndef STORAGE_LEASES_H
#define STORAGE_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "storage/record.h"
#include "storage/url_order.h"

struct storage;

/* The due_at of a host that has nothing to do: later than any time. */
#define STORAGE_HOST_IDLE INT64_C(0x4000000000000000)
/* How long a lease lasts unless it is renewed. */
#define STORAGE_LEASE_MS  120000

/* What became of a URL that was to be added. */

enum storage_added {
    STORAGE_ADDED,    /* it was not known */
    STORAGE_KNOWN,    /* it was known, and nothing changed */
    STORAGE_ADOPTED,  /* it had been discovered; now it is a line of the list,
                       * of the kind URL_LISTED */
    STORAGE_REOPENED, /* it was adopted, and is to do again: as a link it had
                       * been refused unasked (trap, blocked_address) */
    STORAGE_KEPT,     /* a line of the list that is being read again: its URL
                       * was known, and has the line's number as it is now */
    STORAGE_ABSENT,   /* it was only looked up, and is not known */
};

/*
 * Adds URLs, which must be sorted by (host_id, url_hash); `added` (may be NULL)
 * gets one entry for each. New hosts are made, and idle ones are due at
 * `now_ms`.
 *
 * Bulk URLs are handed out in the order of their key, by a walk that passes
 * over those that have ended; all others through an index, whose entry costs as
 * much as the row. So URL_BULK is for many URLs at once: a few late ones would
 * make the walk of their host begin anew.
 */
enum err storage_add_urls(struct storage *storage,
                          const struct url_record *urls, size_t nr_urls,
                          int64_t now_ms, enum storage_added *added) CERR_CHECK;
/* Stores a line without a URL of its own, in place of what an earlier version
 * of the list had there. */
enum err storage_put_line(struct storage *storage,
                          const struct line_record *line) CERR_CHECK;

/* What is no longer so when a list was read again. */
struct storage_gone {
    int64_t
        nr_forgotten;  /* URLs that were never asked, and are not known now */
    int64_t nr_closed; /* URLs to do that keep an older answer */
};
/*
 * Begins to read a list again, by its number. Until the end, its lines are
 * taken as they are now: a URL that stood on another line gets the new number,
 * the first line that names it keeps it, and what is as it was is not written.
 */
enum err storage_begin_reading(struct storage *storage,
                               int64_t number) CERR_CHECK;
/*
 * The list has been read. `whole`: what it names no more is marked as no longer
 * listed, by a negative line, and is in no result; of a URL that was never
 * asked nothing is left. One that another list names as well is that one's now.
 * No host may be leased then: what is handed out would be taken away.
 */
enum err storage_end_reading(struct storage *storage, bool whole,
                             struct storage_gone *gone) CERR_CHECK;

/* How far a list has been read, so that a resume does not read it again. */
struct storage_input {
    const char *name;             /* as the user named it first */
    const char *path;             /* of the file, whole, without links in it;
                                     NULL: a pipe, a URL, or not known */
    int64_t number;               /* of the list, from 0; storage gives it */
    int64_t size_bytes, mtime_ns; /* its identity; -1: none (a pipe) */
    int64_t offset_bytes, line;   /* read and committed so far */
    bool done;
};
/* Calls `fn` with each list that was read, in the order of their numbers.
 * Texts are borrowed for the call. `fn` must not write. */
typedef enum err (*storage_input_fn)(void *ctx,
                                     const struct storage_input *input);
enum err storage_each_input(struct storage *storage, storage_input_fn fn,
                            void *ctx) CERR_CHECK;
/* Fills the other fields but `path` for input->name. CERR_NOT_FOUND: never
 * read, and `number` alone is filled; put it before the first line of the list.
 */
enum err storage_get_input(struct storage *storage,
                           struct storage_input *input) CERR_CHECK;
enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input) CERR_CHECK;

/* Called for each host that was leased, or each URL of a refill. The arguments
 * are borrowed for the call. A return other than CERR_OK ends the lease or
 * refill with that code. */
typedef enum err (*storage_host_fn)(void *ctx, const struct host_record *host);
/* A URL that is handed out; fields as in struct url_record. */
struct stored_url {
    struct url_key key;
    struct bytes url, listed;
    int64_t line;
    enum url_kind kind;
    int depth, nr_hops;
    int tries;                        /* requests started so far */
    struct bytes etag, last_modified; /* of the stored answer, for a refetch */
};
typedef enum err (*storage_url_fn)(void *ctx, const struct stored_url *url);
/* The callbacks of a lease or refill. A lease calls only on_host, a refill only
 * on_url; the other one may be NULL. */
struct storage_taker {
    storage_host_fn on_host;
    storage_url_fn on_url; /* must not write */
    void *ctx;
};

/* Leases at most `max_hosts` hosts that are due at `now_ms`. */
enum err storage_lease_hosts(struct storage *storage, int64_t now_ms,
                             size_t max_hosts,
                             const struct storage_taker *taker) CERR_CHECK;
/*
 * Leases one host by its key, due or not, and makes its row (idle, not listed)
 * if there is none: a redirect leads to it. CERR_BUSY: somebody else has it.
 */
enum err storage_lease_host(struct storage *storage, int64_t host_id,
                            struct bytes host_key, int64_t now_ms,
                            const struct storage_taker *taker) CERR_CHECK;
/* Whether the list names a host; a host that is not known is not listed. */
enum err storage_host_is_listed(struct storage *storage, int64_t host_id,
                                bool *is_listed) CERR_CHECK;
/* Refills a leased host: hands out its URLs to do from `place` on, the bulk
 * ones by url_hash, then the others in the order of url_order.h and by
 * url_hash. */
enum err storage_refill_urls(struct storage *storage, int64_t host_id,
                             const struct url_place *place, size_t max_urls,
                             const struct storage_taker *taker) CERR_CHECK;
/* Writes the host's fields, keeps the lease, and does not look at due_at.
 * CERR_NOT_FOUND, here and below: the host is not ours by this token. */
enum err storage_put_host(struct storage *storage,
                          const struct host_record *host) CERR_CHECK;
/* Writes the host's fields and gives the lease back; due_at says when the host
 * may be leased again. */
enum err storage_release_host(struct storage *storage,
                              const struct host_record *host) CERR_CHECK;
/* Makes the lease last STORAGE_LEASE_MS from now on. */
enum err storage_renew_host(struct storage *storage, int64_t host_id,
                            int64_t token, int64_t now_ms) CERR_CHECK;
/* Wakes idle hosts that have URLs to do, and tells their number. A run may only
 * be called finished when there is none. */
enum err storage_sweep(struct storage *storage, int64_t now_ms,
                       size_t *nr_woken) CERR_CHECK;
/* The earliest due_at of all hosts that are not leased; STORAGE_HOST_IDLE if
 * there is no such host. */
enum err storage_next_due(struct storage *storage, int64_t *due_at) CERR_CHECK;
/* Writes how often a URL was started. That happens before its answer is known,
 * so that a URL which kills the process that fetches it is noticed. */
enum err storage_put_tries(struct storage *storage, struct url_key key,
                           int tries) CERR_CHECK;
/* Brings a URL_FOUND forward to which a shorter way leads. A URL that has
 * ended, or is of another kind, or comes earlier already, stays as it is;
 * *is_moved says whether it did not. */
enum err storage_bring_forward(struct storage *storage, struct url_key key,
                               int depth, int nr_hops,
                               bool *is_moved) CERR_CHECK;

/* Where a redirect leads with which a URL has ended in this run: appended to
 * `to`, which stays as it is if there is none. `is_loop`: the redirect is one
 * of a loop, or leads into one. */
enum err storage_get_redirect(struct storage *storage, struct url_key key,
                              struct buf *to, bool *is_loop) CERR_CHECK;

/* Calls `fn` for every URL that the list names, or for every other one, with
 * `key`, `url` and `line` alone: what a scope is made of, and what traps have
 * counted. It reads all of them. `fn` must not write. */
enum err storage_each_url(struct storage *storage, bool listed,
                          storage_url_fn fn, void *ctx) CERR_CHECK;

/* Calls `fn` for every listed URL that ended with the answer of another one, to
 * which redirects led. The texts are borrowed; `fn` must not write. */
typedef enum err (*storage_landing_fn)(void *ctx, struct bytes listed,
                                       struct bytes landed);
enum err storage_each_landing(struct storage *storage, storage_landing_fn fn,
                              void *ctx) CERR_CHECK;

#endif
