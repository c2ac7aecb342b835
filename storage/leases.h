/*
 * leases: what a frontier keeps in storage, and takes from it.
 *
 * Hosts are leased, not URLs (docs/protocol.md): a claim makes a host ours
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

#include "base/err.h"
#include "storage/record.h"
#include "storage/url_order.h"

struct storage;

#define STORAGE_HOST_IDLE                                                      \
    INT64_C(0x4000000000000000) /* due_at: nothing to do */
#define STORAGE_LEASE_MS 120000

enum storage_added {
    STORAGE_ADDED,    /* is new */
    STORAGE_KNOWN,    /* was there */
    STORAGE_ADOPTED,  /* had been discovered; now it is a line of the list, and
                       * URL_LISTED */
    STORAGE_REOPENED, /* the same, and as a link it had been refused unasked
                       * (trap, blocked_address): it is to do again */
};

/*
 * Bulk URLs are handed out in the order of their key, by a walk that passes
 * over those that have ended; all others through an index, which costs as
 * much as the row. So URL_BULK is for many at once: a few would let the walk
 * begin anew.
 *
 * Adds URLs, sorted by (host_id, url_hash); `added` (may be NULL) gets one
 * entry each. New hosts are made, idle ones woken at `now_ms`.
 */
enum err storage_add_urls(struct storage *storage,
                          const struct url_record *urls, size_t nr_urls,
                          int64_t now_ms, enum storage_added *added) CERR_CHECK;
/* A line without a URL of its own; in place of what an earlier version of the
 * list had there. */
enum err storage_put_line(struct storage *storage,
                          const struct line_record *line) CERR_CHECK;
/* A later version of the list has no bad line there. Duplicates stay. */
enum err storage_drop_line(struct storage *storage, int64_t line) CERR_CHECK;

/* How far a list has been read, so that a resume does not read it again. */
struct storage_input {
    const char *name;             /* as the user named it */
    int64_t number;               /* of the list, from 0; storage gives it */
    int64_t size_bytes, mtime_ns; /* its identity; -1: none (a pipe) */
    int64_t offset_bytes, line;   /* read and committed so far */
    bool done;
};
/* Fills the other fields for input->name. CERR_NOT_FOUND: never read, and
 * `number` alone is filled; put it before the first line of the list. */
enum err storage_get_input(struct storage *storage,
                           struct storage_input *input) CERR_CHECK;
enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input) CERR_CHECK;

/* Called for each claimed host (URL); its arguments are borrowed. A return
 * other than CERR_OK ends the claim with that code. */
typedef enum err (*storage_host_fn)(void *ctx, const struct host_record *host);
struct url_claim {
    struct url_key key;
    struct bytes url, listed;
    int64_t line;
    enum url_kind kind;
    int depth, nr_hops, tries;
    struct bytes etag, last_modified; /* of the stored answer, for a refetch */
};
typedef enum err (*storage_url_fn)(void *ctx, const struct url_claim *url);
/* Who takes what is claimed. The callback of the other kind is not called. */
struct storage_taker {
    storage_host_fn on_host;
    storage_url_fn on_url; /* must not write */
    void *ctx;
};

/* Leases at most `max_hosts` hosts that are due at `now_ms`. */
enum err storage_claim_hosts(struct storage *storage, int64_t now_ms,
                             size_t max_hosts,
                             const struct storage_taker *taker) CERR_CHECK;
/*
 * Leases one host by its key, due or not, and makes its row (idle, not listed)
 * if there is none: a redirect leads to it. CERR_BUSY: somebody else has it.
 */
enum err storage_claim_host(struct storage *storage, int64_t host_id,
                            struct bytes host_key, int64_t now_ms,
                            const struct storage_taker *taker) CERR_CHECK;
/* URLs of a leased host still to do from `place` on: the bulk ones by
 * url_hash, then the others in the order of url_order.h and by url_hash. */
enum err storage_claim_urls(struct storage *storage, int64_t host_id,
                            const struct url_place *place, size_t max_urls,
                            const struct storage_taker *taker) CERR_CHECK;
/* Writes the host's fields, keeps the lease, and does not look at due_at.
 * CERR_NOT_FOUND, here and below: the host is not ours by this token. */
enum err storage_put_host(struct storage *storage,
                          const struct host_record *host) CERR_CHECK;
/* The same, and gives the lease back: due_at says when it may be claimed. */
enum err storage_release_host(struct storage *storage,
                              const struct host_record *host) CERR_CHECK;
enum err storage_renew_host(struct storage *storage, int64_t host_id,
                            int64_t token, int64_t now_ms) CERR_CHECK;
/* Wakes idle hosts that have URLs to do; `nr_woken` of them. Before a run is
 * called finished this must find none. */
enum err storage_sweep(struct storage *storage, int64_t now_ms,
                       size_t *nr_woken) CERR_CHECK;
/* Earliest due_at of hosts nobody holds; STORAGE_HOST_IDLE if there is none. */
enum err storage_next_due(struct storage *storage, int64_t *due_at) CERR_CHECK;
/* A URL's start is counted before its answer is known, so that one that kills
 * whoever fetches it is seen. */
enum err storage_put_tries(struct storage *storage, struct url_key key,
                           int tries) CERR_CHECK;
/* A URL_FOUND still to do that a shorter way leads to; others are left
 * alone. */
enum err storage_bring_forward(struct storage *storage, struct url_key key,
                               int depth, int nr_hops) CERR_CHECK;
/* True when the URL is known, with whether it has ended. */
enum err storage_find_url(struct storage *storage, struct url_key key,
                          bool *known, bool *ended) CERR_CHECK;

/* Calls `fn` for every URL that the list names, or for every other one, with
 * `key`, `url` and `line` alone: what a scope is made of, and what traps have
 * counted. It reads all of them. `fn` must not write. */
enum err storage_each_url(struct storage *storage, bool listed,
                          storage_url_fn fn, void *ctx) CERR_CHECK;

#endif
