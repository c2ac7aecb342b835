/*
 * transfer: many requests at once, each from its job to its page.
 *
 * One libcurl multi handle in one epoll, driven by the caller turn by turn.
 * Handles are used again with only the URL set anew; epoll's interest changes
 * lazily. Time limits for look-up, connection, first byte, stall and total are
 * kept here. Follows no redirect. Not safe for use by two threads at once.
 *
 *   start ─► turn, turn ... ─► next_done ─► page ─► recycle
 */
#ifndef CRAWLER_FETCH_TRANSFER_H
#define CRAWLER_FETCH_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crawler/fetch/fetch_worker.h"
#include "crawler/page/job.h"
#include "crawler/page/page.h"

/* Connections kept open for use again, and the caches that they are kept in, by
 * host (docs/decisions/0013). */
#define TRANSFER_CONNECTIONS_MAX 4096
#define TRANSFER_CACHES          16
/* Requests at once on an HTTP/2 connection, before another is opened. */
#define TRANSFER_STREAMS_MAX     32
/* Memory that an idle transfer keeps for a raw body. */
#define TRANSFER_KEEP_BYTES      ((size_t)64 << 10)
/* Size of the receive window of TCP from the start, in bytes
 * (docs/decisions/0014). */
#define TRANSFER_WINDOW_BYTES    (2 << 20)

/* Debian's certificate authorities. It is libcurl's own default there, and
 * named because the sandbox has to know the file. */
#define TRANSFER_CA_FILE "/etc/ssl/certs/ca-certificates.crt"

struct sandbox;   /* sandbox.h */
struct transfers; /* the set; opaque */
struct transfer;  /* one of them; opaque, lives as long as the set */

/*
 * `options` as checked by fetch_options_check(); 0 means its default. Borrows
 * its texts. CERR_NOMEM, CERR_LIMIT (descriptors), CERR_INVALID, and those of
 * auth_load(). Owned by the caller.
 */
enum err transfers_open(struct transfers **set,
                        const struct fetch_options *options) CERR_CHECK;
/* Ends what is in flight without a report; NULL is fine. */
void transfers_close(struct transfers *set);

/* The sandbox that the process is in, borrowed: once it is stale, look-ups end
 * as ERROR_INTERNAL, because they might go astray. */
void transfers_set_sandbox(struct transfers *set, struct sandbox *sandbox);

/* Watches one descriptor of the caller's in the same epoll, for reading, in
 * place of the one before; -1: none. It ends the wait of a turn. CERR_IO. */
enum err transfers_watch(struct transfers *set, int fd) CERR_CHECK;

/* How many transfers may be started before the next turn. */
size_t transfers_room(const struct transfers *set);
/* How many transfers are started and not recycled. */
size_t transfers_busy(const struct transfers *set);

/* Copies the job; nothing is sent before the next turn. Call it only while
 * there is room. CERR_NOMEM: `id` has not been started. */
enum err transfers_start(struct transfers *set, uint64_t id,
                         const struct job *job) CERR_CHECK;
/* Ends a transfer as canceled; it comes out of next_done like any other.
 * False: no such transfer in flight. */
bool transfers_cancel(struct transfers *set, uint64_t id);

/*
 * One turn: sends, receives, watches the time limits. Waits at most
 * `timeout_ms` (-1: no limit) for something to happen. Take all that has ended
 * before the next turn, as that does not wake it. CERR_IO; CERR_NOMEM when a
 * socket could not be watched.
 */
enum err transfers_turn(struct transfers *set, int timeout_ms) CERR_CHECK;
/* The next one that has ended, in order, its page scanned; NULL if there is
 * none. Ends the life of the page handed out before. */
struct transfer *transfers_next_done(struct transfers *set);

uint64_t transfer_id(const struct transfer *transfer);
/* Lives until the transfer is recycled or the next one is handed out; the
 * caller may change it. */
struct page *transfer_page(struct transfer *transfer);
/* Gives it back after next_done. */
void transfer_recycle(struct transfer *transfer);

#endif
