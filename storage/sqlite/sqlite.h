/*
 * sqlite: what the files of the SQLite back end share.
 *
 * Each statement that is used more than once stands in statements.h, and is
 * prepared at its first use and kept. Parameters are bound from left to right
 * through a struct binder, which remembers the first failure, and sqlite_run()
 * or sqlite_step() asks for it: so no return code of SQLite is lost.
 *
 * Private to storage/sqlite. What the functions of the tables promise stands
 * in storage_ops.h.
 */
#ifndef STORAGE_SQLITE_SQLITE_H
#define STORAGE_SQLITE_SQLITE_H

#include <sqlite3.h>

#include "storage/crawl_lock.h"
#include "storage/record.h"
#include "storage/sqlite/binder.h"
#include "storage/stamp.h"
#include "storage/storage_ops.h"

/* PRAGMA application_id, by which a file shows that it is ours: "crwl". */
#define STORAGE_APPLICATION_ID 0x6372776c
/* PRAGMA user_version. A database with another number is refused. */
#define STORAGE_SCHEMA_VERSION 3
#define STORAGE_LINKS_AT_ONCE  8 /* rows of one STMT_PUT_LINKS */
/* How long SQLite waits for a lock of another program, such as a shell in which
 * somebody writes, before it gives up with SQLITE_BUSY. */
#define STORAGE_BUSY_MS        5000

extern const char storage_schema[];       /* the text of schema.sql */
extern const char storage_results_view[]; /* the text of results.sql */

enum stmt {
#define STATEMENT(name, sql) STMT_##name,
#include "storage/sqlite/statements.h"
#undef STATEMENT
    STMT_NR
};

/* The text of each statement; the words of sqlite_columns.h still stand in
 * it. */
extern const char *const sqlite_sql[STMT_NR];

/* What a session says of itself. Texts are owned. */
struct session_words {
    char *version, *command, *config, *user_agent;
    int nr_workers;
    int64_t now_ms; /* when it began */
};

struct sqlite {
    struct back_end base; /* must be first: the storage sees only this */
    sqlite3 *db;          /* owned */
    sqlite3_stmt *stmts[STMT_NR]; /* owned; NULL: not yet used */
    struct crawl_lock lock;
    const char *path; /* borrowed; "" is a temporary database */
    bool path_made;   /* this open made the file */
    bool in_transaction;

    int64_t run_id;  /* row of `runs` that new rows belong to; from 1 */
    int64_t session; /* of that run; from 1 */
    struct session_words words;
    int64_t next_page_id; /* counted here: nobody else writes pages */
    struct storage_counts counts_stored; /* as the table `meta` has them */
    bool store_bodies; /* --store body: keep bodies in the table `bodies` */
    void *zstd;        /* owned ZSTD_CCtx; NULL until a body is stored */

    int64_t reading; /* 1 + number of the list that is read again; 0: none */

    struct stamp stamp; /* holds the text that sqlite_iso() returned last */
};

/* `base` is the first member, so both have one address (C11, 6.7.2.1). */
static inline struct sqlite *sqlite_of(struct back_end *back)
{
    return (struct sqlite *)(void *)back;
}

/* ---- the tables of functions ---- */

extern const struct lease_ops sqlite_lease;   /* sqlite_frontier.c */
extern const struct result_ops sqlite_result; /* sqlite_results.c */

/* sqlite_reading.c: a list that is read again, and the URL of a line of it. */
enum err sqlite_begin_reading(struct back_end *back, int64_t number) CERR_CHECK;
enum err sqlite_end_reading(struct back_end *back, bool whole,
                            struct reading_end *end) CERR_CHECK;
/* Whether the line is of the list that is being read again. */
bool sqlite_is_reading(const struct sqlite *sqlite, int64_t line);
/* Notes that a line of it has a row in `lines`. */
enum err sqlite_note_line(struct sqlite *sqlite, int64_t line) CERR_CHECK;
/* What a line of it finds. */
enum reading_found {
    READING_NEW,   /* no row: the URL is to be added */
    READING_FOUND, /* a row that no list names now: it is to be adopted */
    READING_DONE   /* it is done: *added is STORAGE_KEPT, or STORAGE_KNOWN of a
                      line that only repeats another one */
};
enum err sqlite_read_again(struct sqlite *sqlite, const struct url_record *url,
                           enum storage_added *added,
                           enum reading_found *found) CERR_CHECK;

/* sqlite_open.c */
enum err sqlite_open(struct back_end **back, const char *path,
                     const struct storage_options *options,
                     struct failure *failure,
                     struct storage_found *found) CERR_CHECK;
enum err sqlite_close(struct back_end *back,
                      enum storage_leave leave) CERR_CHECK;
enum err sqlite_commit(struct back_end *back,
                       const struct storage_counts *counts) CERR_CHECK;
void sqlite_roll_back(struct back_end *back);
enum err sqlite_open_run(struct back_end *back) CERR_CHECK;
enum err sqlite_end_run(struct back_end *back, const char *status,
                        const char *reason, int64_t now_ms) CERR_CHECK;
enum err sqlite_run_answered(struct back_end *back, bool *answered) CERR_CHECK;
enum err sqlite_run_totals(struct back_end *back,
                           struct storage_totals *totals) CERR_CHECK;
enum err sqlite_finish(struct back_end *back, bool done) CERR_CHECK;
/* sqlite_cdxj.c */
enum err sqlite_index_archive(struct back_end *back, storage_text_fn fn,
                              void *ctx) CERR_CHECK;
/* sqlite_offsets.c */
enum err sqlite_each_input(struct back_end *back, storage_input_fn fn,
                           void *ctx) CERR_CHECK;
enum err sqlite_get_input(struct back_end *back,
                          struct storage_input *input) CERR_CHECK;
enum err sqlite_put_input(struct back_end *back,
                          const struct storage_input *input) CERR_CHECK;
enum err sqlite_get_output(struct back_end *back,
                           struct storage_output *output) CERR_CHECK;
enum err sqlite_put_output(struct back_end *back,
                           const struct storage_output *output) CERR_CHECK;
enum err sqlite_leave_outputs(struct back_end *back) CERR_CHECK;
/* Adds the column `state` to the outputs of an older database. */
enum err sqlite_add_output_state(struct sqlite *sqlite) CERR_CHECK;
enum err sqlite_add_input_path(struct sqlite *sqlite) CERR_CHECK;
enum err sqlite_add_refusals(struct sqlite *sqlite) CERR_CHECK;
enum err sqlite_renew_views(struct sqlite *sqlite) CERR_CHECK;
enum err sqlite_add_sessions(struct sqlite *sqlite) CERR_CHECK;

/* ---- sqlite_stmt.c ---- */

/* Sets the failure for a result code of SQLite while doing `what`. */
enum err sqlite_break(struct sqlite *sqlite, int rc, const char *what);
/* The error that a result code means. `db` may be NULL; if not, the errno that
 * SQLite kept there makes the answer more exact. */
enum err sqlite_err_of(sqlite3 *db, int rc);
/* Opens the transaction unless it is open. */
enum err sqlite_begin(struct sqlite *sqlite) CERR_CHECK;
/* Runs statements without parameters that are not worth preparing; they may
 * have the words of sqlite_columns.h. */
enum err sqlite_exec(struct sqlite *sqlite, const char *sql) CERR_CHECK;
/* First column of the first row as a number; `fallback` if there is none. */
enum err sqlite_number(struct sqlite *sqlite, const char *sql, int64_t fallback,
                       int64_t *number) CERR_CHECK;
/* ISO 8601 text of a wall time, valid until the next call. */
struct bytes sqlite_iso(struct sqlite *sqlite, int64_t wall_ms);
/* Makes SQLite put the temporary files of its sorts beside the database. */
void sqlite_sort_beside(const struct sqlite *sqlite);

/* A binder for a statement of statements.h, which is prepared at its first use.
 * A failure to prepare it comes out when it runs. */
struct binder sqlite_bind(struct sqlite *sqlite, enum stmt which);
/* A binder for a statement that runs only once. The caller finalizes it. */
struct binder sqlite_bind_once(struct sqlite *sqlite, const char *sql);
/* Calls `fn` with the first column of each row of a query without parameters.
 */
enum err sqlite_each_text(struct sqlite *sqlite, const char *sql,
                          storage_text_fn fn, void *ctx) CERR_CHECK;
/* Runs a statement to its end, ignores its rows, and resets it. Any failure
 * breaks the storage. */
enum err sqlite_run(struct sqlite *sqlite, struct binder *binder) CERR_CHECK;
/* Fetches the next row; *row tells whether there was one. The statement is
 * reset when there was none; a caller that stops earlier resets it himself. */
enum err sqlite_step(struct sqlite *sqlite, struct binder *binder,
                     bool *row) CERR_CHECK;

/* A view of a column, borrowed until the next step. */
struct bytes column_bytes(sqlite3_stmt *stmt, int column);

/* ---- sqlite_body.c ---- */

/* A larger body is compressed and stored in pieces. */
#define SQLITE_BODY_PIECES_FROM ((size_t)4 << 20)

/* Stores the body of a page, compressed, if bodies are kept and an equal one is
 * not there. */
enum err sqlite_put_body(struct sqlite *sqlite,
                         const struct page_record *page) CERR_CHECK;

/* ---- sqlite_frontier.c ---- */

/* Tells whether the URL is known, ended or not. */
enum err sqlite_find_url(struct sqlite *sqlite, struct url_key key,
                         bool *known) CERR_CHECK;

/* ---- sqlite_setup.c ---- */

/* Checks that the file is ours or new, and makes the schema in a new one. */
enum err sqlite_setup(struct sqlite *sqlite,
                      const struct storage_options *options,
                      struct storage_found *found) CERR_CHECK;
/* Writes the counters that changed since the last commit. */
enum err sqlite_put_counts(struct sqlite *sqlite,
                           const struct storage_counts *counts) CERR_CHECK;
/* Begins the run or goes on with the last one. */
/* Begins another session of the newest run. */
enum err sqlite_go_on(struct sqlite *sqlite) CERR_CHECK;
void sqlite_free_words(struct sqlite *sqlite);
enum err sqlite_start_run(struct sqlite *sqlite,
                          const struct storage_options *options,
                          struct storage_found *found) CERR_CHECK;

#endif
