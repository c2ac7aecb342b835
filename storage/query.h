/*
 * query: reading a crawl's database, finished or under way.
 *
 * A reader opens the file read-only and never waits for the crawl that writes
 * it (WAL), nor does the crawl wait for it. Named queries (storage/queries) are
 * plain SQL that can be printed and run in any SQLite shell. One thread, one
 * result at a time.
 */
#ifndef STORAGE_QUERY_H
#define STORAGE_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/wire.h"
#include "storage/storage.h"

struct query_info {
    const char *name;  /* "broken" */
    const char *shows; /* "links that lead to an error", for a list */
    const char *sql;   /* with words in it that reader_sql() replaces */
    bool needs_links;  /* means nothing where reader_has_links() says no */
};

/* All named queries, in the order in which a list should show them. */
const struct query_info *query_list(size_t *nr_queries);
/* The query of that name; NULL if there is none. */
const struct query_info *query_find(const char *name);

struct reader;

/* Opens a database for reading. After an error *reader is NULL, and `message`
 * says in one line why: CERR_NOT_FOUND, CERR_FORMAT, CERR_CORRUPT, CERR_PERM,
 * CERR_BUSY. */
enum err reader_open(struct reader **reader, const char *path,
                     char message[STORAGE_MESSAGE_BYTES]) CERR_CHECK;
void reader_close(struct reader *reader);
/* The sentence about the last failure; "" if there was none. */
const char *reader_message(const struct reader *reader);

struct query_options {
    const char *version; /* of crawl, for an export to WARC; may be NULL */
    int64_t now_ms;      /* wall time, for an export to WARC */
    int64_t run;   /* pages of this run; 0: the newest answer of each URL */
    int64_t other; /* second run of `diff`; 0: the one before */
    int64_t limit; /* rows at most; 0: all */
};

/* Whether the links of pages are in the database: those of options->run, or of
 * any run. Where they are not, the options of the run say that they were not
 * to be stored. */
enum err reader_has_links(struct reader *reader,
                          const struct query_options *options,
                          bool *has) CERR_CHECK;

/* The whole statement of a named query; appended to `sql`, without a NUL. */
enum err reader_sql(struct reader *reader, const struct query_info *query,
                    const struct query_options *options,
                    struct buf *sql) CERR_CHECK;

enum query_type { QUERY_NULL, QUERY_INT, QUERY_REAL, QUERY_TEXT, QUERY_BLOB };

struct query_value {
    enum query_type type;
    int64_t integer;
    double real;
    struct bytes text; /* the value as text; of a blob its bytes */
};

/* One row, borrowed. The first call of a result has nr_rows 0 and tells the
 * names alone (`values` NULL). A return other than CERR_OK ends it. */
struct query_row {
    size_t nr_rows; /* rows so far, with this one */
    size_t nr_columns;
    const char *const *names;
    const struct query_value *values;
};
typedef enum err (*query_row_fn)(void *ctx, const struct query_row *row);

/*
 * Runs one statement, which can only read. CERR_INVALID: not SQL, several
 * statements, or one that would write; the message has SQLite's words.
 */
enum err reader_run(struct reader *reader, const char *sql, size_t len,
                    query_row_fn fn, void *ctx) CERR_CHECK;

/* What `crawl status` shows, also of a crawl that is running. */
struct reader_status {
    bool running; /* a process has the lock */
    int pid;      /* of that process; 0: unknown */
    char run_status[16], started_at[25], finished_at[25];
    int64_t run_id, nr_runs;
    struct storage_counts counts;
    int64_t nr_ok, nr_http_errors, nr_errors, nr_skipped, nr_redirects;
    int64_t bytes_down;
    double urls_a_second; /* over the last samples; 0: unknown */
    int64_t nr_active, nr_workers_busy;
};
enum err reader_status(struct reader *reader,
                       struct reader_status *status) CERR_CHECK;

/* ---- what is known of one URL and its host, for `crawl why` ---- */

/* A URL that was seen. Empty texts: there is none. */
struct known_url {
    int64_t line; /* in its list, from 1; 0: discovered */
    int64_t depth;
    struct bytes parent;     /* URL of the page that it was found on */
    struct bytes outcome;    /* how it ended; empty: it has not yet */
    int status;              /* of its answer; 0: none */
    struct bytes error;      /* as in page_record */
    struct bytes detail;     /* as in page_record */
    struct bytes fetched_at; /* ISO 8601 */
    bool is_hop;             /* redirects of `parent` lead there */
};

/* A page, and its links to one URL. */
struct known_link {
    struct bytes page;   /* its URL, as a line or a link has it */
    struct bytes landed; /* where redirects led from there; empty: nowhere */
    struct bytes robots; /* what the page says to robots: "nofollow", empty */
    int64_t depth;       /* of the page */
    bool is_redirect;    /* it is no page, but redirects to the URL */
    bool has_links;      /* its links are stored ... */
    bool lacks_links;    /* ... or not, though it has some */
    int64_t nr_links, nr_nofollow; /* ... those to the URL; of them with rel */
};

/* A host that was seen. */
struct known_host {
    bool listed;       /* a line of the list names it */
    int robots_status; /* this and the next two: as in host_record */
    int64_t robots_at, robots_until;
    struct bytes robots; /* its robots.txt; empty: none or unknown */
};

/* The arguments are borrowed for the call. An error that the callback returns
 * ends the reading and is handed on. */
typedef enum err (*known_url_fn)(void *ctx, const struct known_url *url);
typedef enum err (*known_host_fn)(void *ctx, const struct known_host *host);
typedef enum err (*known_text_fn)(void *ctx, struct bytes url);
typedef enum err (*known_link_fn)(void *ctx, const struct known_link *link);
typedef enum err (*known_pair_fn)(void *ctx, struct bytes left,
                                  struct bytes right);

/* Calls `fn` once if the canonical URL was seen, else not at all. */
enum err reader_find_url(struct reader *reader, const char *url,
                         known_url_fn fn, void *ctx) CERR_CHECK;
/* Calls `fn` once if the host of this key ("http://host:80") was seen, else not
 * at all. */
enum err reader_find_host(struct reader *reader, const char *host_key,
                          known_host_fn fn, void *ctx) CERR_CHECK;
/* Calls `fn` with each URL of that host that no list has. */
enum err reader_each_found(struct reader *reader, const char *host_key,
                           known_text_fn fn, void *ctx) CERR_CHECK;
/*
 * Calls `fn` once with the page `from`, which may also be known by where it
 * landed; not at all if it is unknown. NULL: with the page that links to the
 * canonical URL, one that lets robots follow before others, then the nearest to
 * the list. Reads all URLs, or all links.
 */
enum err reader_find_link(struct reader *reader, const char *url,
                          const char *from, known_link_fn fn,
                          void *ctx) CERR_CHECK;
/* Calls `fn` with each listed URL that redirects led away from, and where to.
 */
enum err reader_each_landing(struct reader *reader, known_pair_fn fn,
                             void *ctx) CERR_CHECK;
/* Calls `fn` with each option of the newest run, by its name; a list comes
 * value by value. The value's data is NULL where there is none. */
enum err reader_each_option(struct reader *reader, known_pair_fn fn,
                            void *ctx) CERR_CHECK;
/* Calls `fn` with each URL of the lists. */
enum err reader_each_listed(struct reader *reader, known_text_fn fn,
                            void *ctx) CERR_CHECK;

/* Whether there are at least two runs, among them those that the options name.
 */
enum err reader_has_runs(struct reader *reader,
                         const struct query_options *options,
                         bool *has) CERR_CHECK;

/* How much of the lists has ended. */
struct reader_progress {
    int64_t nr_lines, nr_lines_left; /* lines of the lists; of them to do */
    int64_t nr_found_left;           /* discovered URLs to do */
    bool has_unread;                 /* a list was not read to its end */
};
/* Reads all URLs. */
enum err reader_progress(struct reader *reader,
                         struct reader_progress *progress) CERR_CHECK;

/*
 * Writes the newest answer of each URL, or those of options->run, and the
 * lines without one at their places, in the order of the list (what was
 * discovered comes last), to a new file: .txt, .jsonl, .csv, "-". A .db is a
 * compact copy of everything (CERR_INVALID with a run). A .warc.gz has the
 * stored bodies as resource records (docs/decisions/0030-export.md).
 * CERR_INVALID: an unknown kind. CERR_FORMAT: a WARC without stored bodies.
 * CERR_EXISTS: the file is there already.
 */
enum err reader_export(struct reader *reader, const char *path,
                       const char *format,
                       const struct query_options *options) CERR_CHECK;

#endif
