/*
 * sqlite: what the files sqlite_*.c share, and nobody else includes.
 *
 * Every statement of the writing side is one entry of `enum stmt`, prepared
 * at its first use and kept. Parameters are bound from left to right through
 * a struct binder, which remembers the first failure, and storage_run() or
 * storage_step() asks for it: so no return code of SQLite is lost.
 */
#ifndef STORAGE_SQLITE_SQLITE_H
#define STORAGE_SQLITE_SQLITE_H

#include <sqlite3.h>

#include "storage/crawl_lock.h"
#include "storage/record.h"
#include "storage/sink/sink.h"
#include "storage/stamp.h"
#include "storage/storage.h"

#define STORAGE_APPLICATION_ID 0x6372776c /* "crwl" */
#define STORAGE_SCHEMA_VERSION 3
#define STORAGE_SINKS_MAX      16
#define STORAGE_LINKS_AT_ONCE  8
#define STORAGE_BUSY_MS        5000 /* patience with a shell that writes */

extern const char storage_schema[];       /* schema.sql, for SQLite */
extern const char storage_results_view[]; /* results.sql, the same */

enum stmt {
    STMT_BEGIN,
    STMT_COMMIT,
    STMT_ADD_URL,
    STMT_ADOPT_URL,
    STMT_DROP_REFUSED,
    STMT_REOPEN_URL,
    STMT_HAS_HOST,
    STMT_ADD_HOST,
    STMT_WAKE_HOST,
    STMT_PUT_LINE,
    STMT_CHANGE_LINE,
    STMT_DROP_LINE,
    STMT_GET_INPUT,
    STMT_PUT_INPUT,
    STMT_DUE_HOSTS,
    STMT_LEASE_HOST,
    STMT_WALK_URLS,
    STMT_CLAIM_URLS,
    STMT_PUT_HOST,
    STMT_RELEASE_HOST,
    STMT_PUT_ROBOTS,
    STMT_RENEW_HOST,
    STMT_SWEEP,
    STMT_NEXT_DUE,
    STMT_PUT_TRIES,
    STMT_BRING_FORWARD,
    STMT_FIND_URL,
    STMT_LISTED_URLS,
    STMT_FOUND_URLS,
    STMT_END_URL,
    STMT_PUT_PAGE,
    STMT_KEPT_PAGE,
    STMT_KEEP_LINKS,
    STMT_PUT_LINK,
    STMT_PUT_LINKS, /* STORAGE_LINKS_AT_ONCE rows */
    STMT_PUT_REDIRECT,
    STMT_PUT_BODY,
    STMT_PUT_ATTEMPT,
    STMT_PUT_SAMPLE,
    STMT_PUT_EVENT,
    STMT_PUT_OUTPUT,
    STMT_PUT_META,
    STMT_OPEN_RUN,
    STMT_PUT_SANDBOX,
    STMT_RUN_ANSWER,
    STMT_NR
};

/* The text of each, in sqlite_sql.c, with the words of sqlite_columns.h. */
extern const char *const storage_sql[STMT_NR];

struct storage {
    sqlite3 *db;
    sqlite3_stmt *stmts[STMT_NR];
    struct lock lock;
    char *path;     /* of the database; "" is a temporary one */
    bool path_made; /* this open made the file */
    bool is_state;  /* beside text outputs: removed when done */
    enum storage_state state;

    bool in_transaction;
    bool run_marked; /* the run's row says running */
    size_t nr_uncommitted;
    enum err broken; /* what stopped it; CERR_OK: nothing did */
    char message[STORAGE_MESSAGE_BYTES];

    struct hash_key hash_key;
    int64_t run_id;
    int64_t next_page_id; /* one writer: ids need no query */
    struct storage_counts counts, counts_stored;
    bool store_bodies;
    void *zstd; /* ZSTD_CCtx; NULL until a body is stored */

    char **inputs; /* owned; names of the lists by their numbers */
    size_t nr_inputs;

    struct sink *sinks[STORAGE_SINKS_MAX]; /* owned */
    size_t nr_sinks;

    struct stamp stamp;
};

/* ---- sqlite_open.c ---- */

/* Whether the name, or the word `format`, means a database. */
bool storage_is_database(const char *path, const char *format);

/* ---- sqlite_stmt.c ---- */

/*
 * Keeps the first error with its sentence, rolls back, and refuses what comes
 * later: for the failures after which nothing may be written. Returns `err`.
 */
enum err storage_break(struct storage *storage, enum err err,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a result code of SQLite while doing `what`. */
enum err storage_break_sqlite(struct storage *storage, int rc,
                              const char *what);
enum err storage_err_of(sqlite3 *db, int rc);
/* CERR_OK when writing is still allowed; opens the transaction if need be. */
enum err storage_begin(struct storage *storage) CERR_CHECK;
/* Runs statements without parameters that are not worth preparing; they may
 * have the words of sqlite_columns.h. */
enum err storage_exec(struct storage *storage, const char *sql) CERR_CHECK;
/* First column of the first row as a number; `fallback` if there is none. */
enum err storage_number(struct storage *storage, const char *sql,
                        int64_t fallback, int64_t *number) CERR_CHECK;
/* ISO 8601 text of a wall time, valid until the next call. */
struct bytes storage_iso(struct storage *storage, int64_t wall_ms);

/* Parameters in order; `rc` is the first failure. */
struct binder {
    sqlite3_stmt *stmt;
    int at; /* number of the parameter bound last */
    int rc;
};

struct binder storage_bind(struct storage *storage, enum stmt which);
/* Runs to the end, ignoring rows; resets. Any failure breaks the storage. */
enum err storage_run(struct storage *storage, struct binder *binder) CERR_CHECK;
/* One row: *row tells whether there was one. Resets when there was none. */
enum err storage_step(struct storage *storage, struct binder *binder,
                      bool *row) CERR_CHECK;

void bind_int(struct binder *binder, int64_t value);
void bind_int_or_null(struct binder *binder, int64_t value, int64_t null);
void bind_real_or_null(struct binder *binder, double value, double null);
void bind_null(struct binder *binder);
/* NULL when empty. The bytes are borrowed until the statement ran. */
void bind_text(struct binder *binder, struct bytes text);
void bind_str(struct binder *binder, const char *text);
void bind_blob(struct binder *binder, struct bytes blob);
/* A view of a column, borrowed until the next step. */
struct bytes column_bytes(sqlite3_stmt *stmt, int column);

/* ---- sqlite_setup.c ---- */

/* Checks that the file is ours or new, and makes the schema in a new one. */
enum err storage_setup(struct storage *storage,
                       const struct storage_options *options) CERR_CHECK;
/* Writes the counters that changed since the last commit. */
enum err storage_put_counts(struct storage *storage) CERR_CHECK;
/* Begins the run or goes on with the last one; sets `state`. */
enum err storage_start_run(struct storage *storage,
                           const struct storage_options *options) CERR_CHECK;

/* ---- sqlite_inputs.c ---- */

/* Reads the names of the lists. */
enum err storage_read_inputs(struct storage *storage) CERR_CHECK;
void storage_free_inputs(struct storage *storage);
/* Name of the list that has the line; empty for 0, or an unknown one. */
struct bytes storage_input_of(const struct storage *storage, int64_t line);

/* ---- sqlite_cdxj.c ---- */

/* Writes the index beside a WARC output, anew each time. */
enum err storage_write_index(struct storage *storage,
                             const struct sink *sink) CERR_CHECK;

/* ---- sqlite_results.c ---- */

/* Tells the text outputs about a line that got no URL of its own. */
enum err storage_sink_line(struct storage *storage,
                           const struct line_record *line) CERR_CHECK;

#endif
