/*
 * storage: the database that is frontier, result and memory in one, and the
 * append-only outputs beside it. Here it is opened, committed and closed; what
 * goes in and out between is in leases.h (the frontier's side) and results.h.
 *
 * There is one writer: the process that opened it, with one connection. Writes
 * gather in a transaction that storage_commit() ends; only then do they count
 * as stored. The append-only outputs (db.txt, JSONL, CSV, WARC) are
 * exactly-once through their byte offset, which is committed in the same
 * transaction: on opening they are cut back to it. With text outputs alone the
 * state lives in a database beside the first of them, "FILE.crawl-state",
 * which a finished run removes.
 *
 * After an error of CERR_FULL, CERR_IO, CERR_BUSY or CERR_CORRUPT the open
 * transaction is rolled back and every later write is refused with the same
 * code: stop, close, exit 5; a later run goes on from the last commit.
 * storage_message() has the sentence for the user.
 *
 * Open it after pool_open(); never use it across a fork. One thread.
 */
#ifndef STORAGE_STORAGE_H
#define STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

struct storage;
struct error_record;

/* Room for a sentence to the user, with its NUL; longer ones are cut. */
#define STORAGE_MESSAGE_BYTES 600

enum storage_refetch {
    STORAGE_REFETCH_NONE,
    STORAGE_REFETCH_FAILED, /* outcome error, or status 408, 429, 5xx */
    STORAGE_REFETCH_STALE,  /* fetched longer ago than stale_ms */
    STORAGE_REFETCH_ALL,
};

/* Is asked again and again while a named pipe among the outputs has no reader,
 * and sleeps in between. Returns false when it is to be waited no longer. */
struct storage_waiter {
    bool (*fn)(void *ctx, const char *path);
    void *ctx;
};

struct storage_options {
    const char *const *outputs; /* paths; "-" streams JSONL to stdout */
    size_t nr_outputs;
    const char *format; /* kind where the suffix does not tell; NULL: none */
    bool force;         /* start over: outputs are emptied */
    enum storage_refetch refetch;
    int64_t stale_ms;                  /* for STORAGE_REFETCH_STALE */
    bool store_bodies;                 /* keeps page_record.body */
    const struct error_record *errors; /* fills the table `errors` */
    size_t nr_errors;
    /* about this run, for the table `runs` */
    const char *version, *command, *config_json, *user_agent, *input;
    /* Flags whose values are kept nowhere, one a line: a crawl that was begun
     * with some goes on only with the same. NULL: none. */
    const char *secrets;
    int nr_workers;
    int64_t now_ms;                      /* wall time */
    const struct storage_waiter *waiter; /* NULL: such a pipe is refused */
};

enum storage_state {
    STORAGE_NEW,        /* nothing was there: a first run */
    STORAGE_UNFINISHED, /* goes on with an interrupted run */
    STORAGE_FINISHED,   /* everything of the list was done already */
};

/*
 * Says which files --force takes away besides those that are named as outputs:
 * later parts of an archive, and its index. Empty when there is none. Nothing
 * is changed.
 */
void storage_forced(const struct storage_options *options,
                    char message[STORAGE_MESSAGE_BYTES]);

/*
 * Opens or makes all outputs, takes the exclusive lock, cuts text outputs back
 * to what is committed, and begins or continues a run. On failure `message`
 * says what happened and what to do, in one line; else it is a remark about
 * what was begun with other options, or empty.
 * Returns CERR_BUSY (another crawl has it: pid in the message), CERR_FORMAT
 * (foreign or newer), CERR_CORRUPT, CERR_PERM, CERR_FULL, CERR_IO,
 * CERR_NOT_FOUND (folder), CERR_INVALID (an unknown extension, a folder, a
 * symbolic link, or the same file twice), CERR_CANCELED (the waiter),
 * CERR_EXISTS (a text output that holds something else), CERR_STATE (an output
 * that this crawl has begun without). An unfinished crawl goes on as it was:
 * `refetch` counts for a finished one alone.
 */
enum err storage_open(struct storage **storage,
                      const struct storage_options *options,
                      char message[STORAGE_MESSAGE_BYTES]) CERR_CHECK;
enum storage_state storage_state(const struct storage *storage);
/* Whether the name of an output, or the word `format` of --format (NULL: none
 * was given), means a database, which can be asked. */
bool storage_is_database(const char *path, const char *format);
/* Whether a later start finds what this one has done: not when all outputs are
 * streams. */
bool storage_goes_on(const struct storage *storage);
/* The key of host_id and url_hash in this database. */
const struct hash_key *storage_hash_key(const struct storage *storage);
/* Whether an output wants page_record.raw_..., links, body. */
bool storage_wants_raw(const struct storage *storage);
/* Sentence about the first error that stopped it; "" if none did. */
const char *storage_message(const struct storage *storage);

/*
 * Streams get what is committed as their readers take it, and never hold a
 * commit up. storage_unread() tells the bytes that they have not taken, and a
 * descriptor that waits (-1: none); storage_push() writes more of them.
 */
size_t storage_unread(const struct storage *storage, int *fd);
enum err storage_push(struct storage *storage) CERR_CHECK;
/* The stream whose reader has left, as the user named it; NULL: none has. It
 * gets no more rows, the other outputs get all. */
const char *storage_left(const struct storage *storage);
/* Whether its error came when all rows were committed, as that of a stream,
 * which gets its rows then. */
bool storage_kept_rows(const struct storage *storage);
/* Rows waiting for the next commit. */
size_t storage_uncommitted(const struct storage *storage);
/* Makes everything so far durable, or reports why it is not. */
enum err storage_commit(struct storage *storage) CERR_CHECK;
/* Drops what is not committed, and stops the storage as an error of its own
 * would do. It is for a caller whose `err` kept him from making rows to which
 * rows that wait belong. */
void storage_abandon(struct storage *storage, enum err err);

struct storage_counts {
    int64_t nr_urls, nr_ended;      /* of the whole database */
    int64_t nr_lines, nr_bad_lines; /* lines of the list; without a URL */
    int64_t nr_hosts;
};
enum err storage_count(struct storage *storage,
                       struct storage_counts *counts) CERR_CHECK;
/* Whether any host has answered in this run, earlier sessions included. It may
 * read all pages. */
enum err storage_run_answered(struct storage *storage,
                              bool *answered) CERR_CHECK;

/* What came of a run, all its sessions together. */
struct storage_totals {
    int64_t nr_sessions, work_ms; /* without the time between sessions */
    int64_t nr_ok, nr_redirect, nr_http_error, nr_error, nr_skipped;
};
/* Reads all pages of the run. */
enum err storage_run_totals(struct storage *storage,
                            struct storage_totals *totals) CERR_CHECK;
/*
 * Ends the run: "done", "interrupted", "limit" or "failed" with its reason;
 * when done, makes the indexes for queries. Then the file goes back to one
 * file without a journal. What readers of streams have not taken is dropped.
 * Frees `storage` whatever happens; NULL is fine.
 */
enum err storage_close(struct storage *storage, const char *status,
                       const char *reason, int64_t now_ms) CERR_CHECK;

#endif
