/*
 * storage_ops: what a back end must do, so that a storage can stand on it.
 *
 * The storage above (storage.c, leases.c, results.c) owns the outputs beside
 * the database, the counters, the sentence of the first error and the order of
 * a commit. A back end keeps rows and finds them again. It knows no output and
 * no counter, and nobody but the storage calls it.
 *
 * Rules for every function of the tables:
 * - What it writes belongs to one transaction that the back end begins with
 *   the first row; `commit` makes it durable, `roll_back` drops it.
 * - CERR_OK and the answers named at the function are answers. After any other
 *   error it has set the failure, with a sentence for the user, and does not
 *   clean up: the storage calls `roll_back`, and then nothing but `close`.
 * - An error that a callback returned is handed on, and is no failure.
 * - Arguments are borrowed for the call. One thread.
 *
 * Private to storage/ and to the back ends of tests.
 */
#ifndef STORAGE_STORAGE_OPS_H
#define STORAGE_STORAGE_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "storage/failure.h"
#include "storage/leases.h"
#include "storage/page_row.h"
#include "storage/record.h"
#include "storage/results.h"
#include "storage/storage.h"

/* A back end puts this at the beginning of a struct of its own. */
struct back_end {
    const struct storage_ops *ops; /* the storage sets it, after `open` */
    struct failure *failure;       /* borrowed from the storage above */
};

/* What an opening finds in the database. All zero before the opening. */
struct storage_found {
    enum storage_state state;
    struct hash_key hash_key; /* random in a new database */
    struct storage_counts counts;
    bool has_pages; /* an output that joins now would lack them */
    bool forced;    /* it was emptied for --force */
    bool run_open;  /* the run's row says that it is under way */
    char remark[STORAGE_MESSAGE_BYTES / 2]; /* for the user; mostly empty */
};

/* What a later start may find behind the committed bytes of an output. The
 * numbers stand in the database. */
enum storage_output_state {
    STORAGE_OUTPUT_CLOSED, /* nothing: the session ended in order */
    STORAGE_OUTPUT_OPEN,   /* unfinished work of a session that was killed */
    STORAGE_OUTPUT_BEHIND, /* a later session wrote rows without it */
};

/* How much of an append-only output is committed. */
struct storage_output {
    const char *key;      /* path as the database remembers it */
    const char *kind;     /* sink_ops.kind */
    int part;             /* number of the file written last, from 0 */
    int64_t offset_bytes; /* committed bytes of that file */
    enum storage_output_state state;
};

/* What becomes of the database when it is closed. */
enum storage_leave {
    STORAGE_KEEP,
    STORAGE_UNDO,   /* it is removed if this open made it */
    STORAGE_REMOVE, /* it is removed: nothing is left to remember */
};

typedef enum err (*storage_text_fn)(void *ctx, struct bytes text);

/* The database as a whole: opening and closing, the run, and how far its lists
 * have been read and its outputs written. */
struct session_ops {
    /*
     * Opens or makes the database, locks it, begins the run or goes on with
     * it, and leaves that uncommitted. `path` (borrowed until it is closed) is
     * empty for a temporary one. On failure *back is NULL, and a file that
     * this call made is gone.
     */
    enum err (*open)(struct back_end **back, const char *path,
                     const struct storage_options *options,
                     struct failure *failure,
                     struct storage_found *found) CERR_CHECK;
    /* Frees it whatever happens; what is uncommitted is lost. */
    enum err (*close)(struct back_end *back,
                      enum storage_leave leave) CERR_CHECK;
    /* Makes everything durable, with the counters as they are then. */
    enum err (*commit)(struct back_end *back,
                       const struct storage_counts *counts) CERR_CHECK;
    void (*roll_back)(struct back_end *back); /* fine when nothing is open */

    /* Marks a run that had ended as under way again, by a new session. */
    enum err (*open_run)(struct back_end *back) CERR_CHECK;
    enum err (*end_run)(struct back_end *back, const char *status,
                        const char *reason, int64_t now_ms) CERR_CHECK;
    /* As storage_run_answered(). */
    enum err (*run_answered)(struct back_end *back, bool *answered) CERR_CHECK;
    /* As storage_run_totals(). */
    enum err (*run_totals)(struct back_end *back,
                           struct storage_totals *totals) CERR_CHECK;
    /* After the last commit, before `close`: makes what queries need if the
     * run is done, and a database of one file. */
    enum err (*finish)(struct back_end *back, bool done) CERR_CHECK;
    /* Calls `fn` with each line, sorted, of a CDXJ index of the answers that
     * stand in WARC files. NULL: it keeps no such places. */
    enum err (*index_archive)(struct back_end *back, storage_text_fn fn,
                              void *ctx) CERR_CHECK;

    /* As storage_each_input(), with paths as they were put. */
    enum err (*each_input)(struct back_end *back, storage_input_fn fn,
                           void *ctx) CERR_CHECK;
    /* As storage_get_input(); CERR_NOT_FOUND changes nothing. */
    enum err (*get_input)(struct back_end *back,
                          struct storage_input *input) CERR_CHECK;
    enum err (*put_input)(struct back_end *back,
                          const struct storage_input *input) CERR_CHECK;
    /* Marks every output as behind; those of the session are put after it. */
    enum err (*leave_outputs)(struct back_end *back) CERR_CHECK;
    /* Fills all but kind for output->key. CERR_NOT_FOUND: a new one. */
    enum err (*get_output)(struct back_end *back,
                           struct storage_output *output) CERR_CHECK;
    enum err (*put_output)(struct back_end *back,
                           const struct storage_output *output) CERR_CHECK;
};

/* URLs to add, sorted by (host_id, url_hash), and what became of them. */
struct url_batch {
    const struct url_record *urls;
    size_t nr_urls;
    int64_t now_ms;
    enum storage_added *added; /* one for each URL; filled */
    size_t nr_new_hosts;       /* filled */
};

enum line_change {
    LINE_SAME,    /* the row stood there already, or the line repeats itself */
    LINE_ADDED,   /* there was no row for the line */
    LINE_CHANGED, /* there was a row with another content */
};

/* What became of what a list names no more. */
struct reading_end {
    int64_t nr_forgotten, nr_closed; /* as in struct storage_gone */
    int64_t nr_marked;               /* URLs with an answer, closed ones too */
    int64_t nr_dropped;              /* rows of bad lines and duplicates */
};

/* The frontier's side. A function without a comment does what the function of
 * leases.h with that name does. */
struct lease_ops {
    enum err (*add_urls)(struct back_end *back,
                         struct url_batch *batch) CERR_CHECK;
    enum err (*put_line)(struct back_end *back, const struct line_record *line,
                         enum line_change *change) CERR_CHECK;
    /* The line of that URL; 0: no list names it, or it is not known. */
    enum err (*line_of)(struct back_end *back, struct url_key key,
                        int64_t *line) CERR_CHECK;
    enum err (*begin_reading)(struct back_end *back, int64_t number) CERR_CHECK;
    /* `end` is zeros before the call. */
    enum err (*end_reading)(struct back_end *back, bool whole,
                            struct reading_end *end) CERR_CHECK;
    /* *nr_leased counts the hosts that were leased, also those before an
     * error. Opens no transaction when no host is due. */
    enum err (*lease_hosts)(struct back_end *back, int64_t now_ms,
                            size_t max_hosts, const struct storage_taker *taker,
                            size_t *nr_leased) CERR_CHECK;
    /* Makes a host, idle and not listed, if there is none. */
    enum err (*make_host)(struct back_end *back, int64_t host_id,
                          struct bytes host_key, bool *made) CERR_CHECK;
    /* Leases a host that is there, due or not. CERR_BUSY: somebody has it. */
    enum err (*lease_host)(struct back_end *back, int64_t host_id,
                           int64_t now_ms,
                           const struct storage_taker *taker) CERR_CHECK;
    enum err (*host_is_listed)(struct back_end *back, int64_t host_id,
                               bool *is_listed) CERR_CHECK;
    enum err (*refill_urls)(struct back_end *back, int64_t host_id,
                            const struct url_place *place, size_t max_urls,
                            const struct storage_taker *taker) CERR_CHECK;
    enum err (*put_host)(struct back_end *back,
                         const struct host_record *host) CERR_CHECK;
    enum err (*release_host)(struct back_end *back,
                             const struct host_record *host) CERR_CHECK;
    enum err (*renew_host)(struct back_end *back, int64_t host_id,
                           int64_t token, int64_t now_ms) CERR_CHECK;
    enum err (*sweep)(struct back_end *back, int64_t now_ms,
                      size_t *nr_woken) CERR_CHECK;
    enum err (*next_due)(struct back_end *back, int64_t *due_at) CERR_CHECK;
    enum err (*put_tries)(struct back_end *back, struct url_key key,
                          int tries) CERR_CHECK;
    enum err (*bring_forward)(struct back_end *back, struct url_key key,
                              int depth, int nr_hops,
                              bool *is_moved) CERR_CHECK;
    enum err (*get_redirect)(struct back_end *back, struct url_key key,
                             struct buf *to, bool *is_loop) CERR_CHECK;
    enum err (*each_url)(struct back_end *back, bool listed, storage_url_fn fn,
                         void *ctx) CERR_CHECK;
    enum err (*each_landing)(struct back_end *back, storage_landing_fn fn,
                             void *ctx) CERR_CHECK;
};

/* Writes the page to the outputs beside the database, and fills row->warc,
 * which is borrowed until the next call. */
typedef enum err (*storage_page_fn)(void *ctx, struct page_record *row);

/* The result's side. A function without a comment does what the function of
 * results.h with that name does. */
struct result_ops {
    /*
     * Completes `row` (id, run, what a 304 keeps of the stored answer) and
     * stores it. Calls `fn` once, when it is sure that the page is stored:
     * after the URL's state was taken.
     */
    enum err (*put_page)(struct back_end *back, struct page_record *row,
                         storage_page_fn fn, void *ctx) CERR_CHECK;
    enum err (*put_attempt)(struct back_end *back,
                            const struct attempt_record *attempt) CERR_CHECK;
    enum err (*put_sample)(struct back_end *back,
                           const struct sample_record *sample) CERR_CHECK;
    enum err (*put_event)(struct back_end *back, int64_t now_ms,
                          const char *level, const char *what,
                          const char *detail) CERR_CHECK;
    enum err (*put_sandbox)(struct back_end *back,
                            const char *level) CERR_CHECK;
    enum err (*end_loops)(struct back_end *back, int64_t *nr) CERR_CHECK;
    enum err (*add_refused)(struct back_end *back,
                            const struct refusal_record *refusal) CERR_CHECK;
    enum err (*get_refused)(struct back_end *back, int64_t host_id,
                            struct bytes rule, int64_t *nr_rows) CERR_CHECK;
    enum err (*count_found)(struct back_end *back, int64_t host_id, int64_t max,
                            int64_t *nr) CERR_CHECK;
};

struct storage_ops {
    const char *suffixes; /* ".db .sqlite": blank between */
    const char *formats;  /* the words of --format that mean it */
    const struct session_ops *session;
    const struct lease_ops *lease;
    const struct result_ops *result;
};

/* ---- back_ends.c: the choice ---- */

/* The back end that the name of an output, or the word `format`, means; NULL:
 * the output is no database. */
const struct storage_ops *back_end_of(const char *path, const char *format);
/* The back end of a state that no output names. */
const struct storage_ops *back_end_default(void);

/* ---- storage.c ---- */

/* As storage_open(), on the back end `ops` whatever the names say: for tests.
 */
enum err storage_open_on(const struct storage_ops *ops,
                         struct storage **storage,
                         const struct storage_options *options,
                         char message[STORAGE_MESSAGE_BYTES]) CERR_CHECK;

#endif
