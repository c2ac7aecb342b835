/* Reading a database: one read-only connection, statements, status. */
#include "storage/query.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "storage/crawl_lock.h"
#include "storage/sqlite/sqlite_journal.h"
#include "storage/sqlite/sqlite_reader.h"

/* Of these letters are the words behind an @ made. */
#define SMALL_LETTERS "abcdefghijklmnopqrstuvwxyz"

/* The message may quote bytes from outside, so control characters in it are
 * escaped before it reaches a terminal. */
enum err reader_fail(struct reader *reader, enum err err, const char *format,
                     ...)
{
    char raw[STORAGE_MESSAGE_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(raw, sizeof(raw), format, args);
    va_end(args);
    text_escape(raw, strlen(raw), reader->message, sizeof(reader->message));
    return err;
}

enum err reader_fail_sqlite(struct reader *reader, int rc)
{
    enum err err = sqlite_err_of(reader->db, rc);

    /* SQLITE_ERROR while reading comes from the statement and not from the
     * disk: there is no such column, or a function got a wrong value */
    if ((rc & 0xff) == SQLITE_ERROR)
        err = CERR_INVALID;
    return reader_fail(reader, err, "%s: %s", reader->path,
                       sqlite3_errmsg(reader->db));
}

/* Reads the first column of the first row; 0 if there is no row. */
enum err reader_number(struct reader *reader, const char *sql, int64_t *number)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL);

    *number = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *number = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? CERR_OK
               : reader_fail_sqlite(reader, rc);
}

/* Refuses a database of another program, and one whose schema is not ours: a
 * query would find other columns than it asks for. */
static enum err check_owner(struct reader *reader)
{
    int64_t id, version;
    enum err err = reader_number(reader, "PRAGMA application_id", &id);

    if (!err)
        err = reader_number(reader, "PRAGMA user_version", &version);
    if (err)
        return err;
    if (id != STORAGE_APPLICATION_ID)
        return reader_fail(reader, CERR_FORMAT, "%s: not a database of crawl",
                           reader->path);
    if (version != STORAGE_SCHEMA_VERSION)
        return reader_fail(reader, CERR_FORMAT,
                           "%s: schema %" PRId64 ", and this version of "
                           "crawl knows %d",
                           reader->path, version, STORAGE_SCHEMA_VERSION);
    return CERR_OK;
}

/* Opens a connection on which statements of the user may run: it can neither
 * write nor attach other files. sqlite3_open_v2() does not look at the file;
 * the SELECT shows whether it is a database at all. The cache has 64 MiB. */
static int open_connection(struct reader *reader, int flags)
{
    int rc = sqlite3_open_v2(
        reader->path, &reader->db,
        flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(reader->db, STORAGE_BUSY_MS);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(reader->db,
                          "PRAGMA query_only = ON; PRAGMA trusted_schema ="
                          " OFF; PRAGMA cache_size = -65536;"
                          "PRAGMA temp_store = FILE;"
                          "SELECT 1 FROM sqlite_master",
                          NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        sqlite3_limit(reader->db, SQLITE_LIMIT_ATTACHED, 0);
    return rc;
}

/* Says why a file cannot be opened read-only. A reading command never writes: a
 * journal is rolled back by the crawl that goes on, and by nobody else. */
static enum err fail_readonly(struct reader *reader, int rc)
{
    switch (journal_look(reader->path)) {
    case JOURNAL_PLAIN:
        return reader_fail(reader, CERR_STATE,
                           "%s: a crawl was killed while it wrote there; the "
                           "same crawl, started again, repairs it and goes on",
                           reader->path);
    case JOURNAL_FOREIGN:
        return reader_fail(reader, CERR_FORMAT,
                           "%s-journal names another file and is not from "
                           "crawl; move it away, it is not needed",
                           reader->path);
    case JOURNAL_NONE:
        break;
    }
    return reader_fail_sqlite(reader, rc);
}

/* Opens the file read-only. */
static enum err open_reader(struct reader *reader)
{
    struct stat file;
    int rc;

    if (stat(reader->path, &file))
        return reader_fail(reader, err_from_errno(errno), "%s: %s",
                           reader->path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return reader_fail(reader, CERR_INVALID, "%s: not a regular file",
                           reader->path);
    rc = open_connection(reader, SQLITE_OPEN_READONLY);
    if ((rc & 0xff) == SQLITE_READONLY)
        return fail_readonly(reader, rc);
    if (rc && sqlite_err_of(reader->db, rc) == CERR_BUSY) {
        sqlite3_close(reader->db);
        reader->db = NULL;
        if (!crawl_lock_is_possible(reader->path))
            return reader_fail(reader, CERR_STATE,
                               "%s: the file system there gives no file "
                               "locks; copy the file to a local disk first",
                               reader->path);
        return reader_fail(reader, CERR_BUSY, "%s: database is locked",
                           reader->path);
    }
    return rc ? reader_fail_sqlite(reader, rc) : check_owner(reader);
}

enum err reader_open(struct reader **reader, const char *path,
                     char message[STORAGE_MESSAGE_BYTES])
{
    struct reader *opened = xcalloc(1, sizeof(*opened));
    enum err err;

    opened->path = xstrdup(path);
    err = open_reader(opened);
    snprintf(message, STORAGE_MESSAGE_BYTES, "%s", opened->message);
    if (err) {
        reader_close(opened);
        opened = NULL;
    }
    *reader = opened;
    return err;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    sqlite3_close(reader->db);
    free(reader->body);
    free(reader->path);
    free(reader);
}

const char *reader_message(const struct reader *reader)
{
    return reader->message;
}

/* ---- named queries ---- */

const struct query_info *query_list(size_t *nr_queries)
{
    *nr_queries = nr_sqlite_queries;
    return sqlite_queries;
}

const struct query_info *query_find(const char *name)
{
    for (size_t i = 0; i < nr_sqlite_queries; i++)
        if (strcmp(sqlite_queries[i].name, name) == 0)
            return &sqlite_queries[i];
    return NULL;
}

/* A page without links leaves none, so the options count as well. */
enum err reader_has_links(struct reader *reader,
                          const struct query_options *options, bool *has)
{
    char sql[400];
    int64_t nr = 0;
    enum err err;

    snprintf(sql, sizeof(sql),
             "SELECT EXISTS (SELECT 1 FROM runs"
             " WHERE (%" PRId64 " = 0 OR id = %" PRId64
             ") AND json_valid(config)"
             " AND config ->> '$.extract' = 'links')"
             " OR EXISTS (SELECT 1 FROM links l WHERE %" PRId64 " = 0"
             " OR EXISTS (SELECT 1 FROM pages p"
             " WHERE p.id = l.page_id AND p.run_id = %" PRId64 "))",
             options->run, options->run, options->run, options->run);
    err = reader_number(reader, sql, &nr);
    *has = nr != 0;
    return err;
}

/* Appends the common table `p`: the pages that the query is about. NOT
 * MATERIALIZED keeps SQLite from copying all columns first when a query reads
 * `p` twice. */
static enum err add_pages(struct reader *reader, int64_t run, struct buf *sql)
{
    int64_t nr_runs;
    enum err err = reader_number(reader,
                                 "SELECT (SELECT count(*) FROM runs) +"
                                 " (SELECT count(*) FROM meta"
                                 " WHERE k = 'unlisted')",
                                 &nr_runs);

    if (err)
        return err;
    if (run)
        return buf_addf(sql,
                        "p AS NOT MATERIALIZED (SELECT * FROM pages"
                        " WHERE run_id = %" PRId64 ")",
                        run);
    /* with one run there is one answer of each URL, which is the newest, and
     * `unlisted` says that not every URL counts any more */
    return buf_addf(sql, "p AS NOT MATERIALIZED (SELECT * FROM %s)",
                    nr_runs > 1 ? "v_latest" : "pages");
}

/* Appends the table of counted refusals, or an empty one where an older program
 * has made the database. */
static enum err add_refusals(struct reader *reader, struct buf *sql)
{
    int64_t is_there;
    enum err err = reader_number(reader,
                                 "SELECT count(*) FROM sqlite_master"
                                 " WHERE type = 'table' AND name = 'refusals'",
                                 &is_there);

    if (err)
        return err;
    return buf_add_str(sql, is_there ? "refusals"
                                     : "(SELECT 0 AS run_id, 0 AS nr_more,"
                                       " '' AS example WHERE 0)");
}

/* Appends a column, or one for all where an older program has made the
 * database, which has no such column. A plain 1 would be the number of a column
 * behind GROUP BY. */
static enum err add_column(struct reader *reader, const char *table,
                           const char *column, struct buf *sql)
{
    bool has =
        sqlite3_table_column_metadata(reader->db, NULL, table, column, NULL,
                                      NULL, NULL, NULL, NULL) == SQLITE_OK;

    return buf_add_str(sql, has ? column : "(1 + 0)");
}

/* Appends what one word stands for. CERR_INVALID means that there is no such
 * word: a slip in the file of the query, which the test that runs all queries
 * would find. */
static enum err add_word(struct reader *reader, struct bytes word,
                         const struct query_options *options, struct buf *sql)
{
    if (word.len == 5 && memcmp(word.data, "pages", 5) == 0)
        return add_pages(reader, options->run, sql);
    if (word.len == 8 && memcmp(word.data, "refusals", 8) == 0)
        return add_refusals(reader, sql);
    if (word.len == 3 && memcmp(word.data, "run", 3) == 0)
        return buf_addf(sql, "%" PRId64, options->run);
    if (word.len == 7 && memcmp(word.data, "session", 7) == 0)
        return add_column(reader, "samples", "session", sql);
    if (word.len == 5 && memcmp(word.data, "other", 5) == 0)
        return buf_addf(sql, "%" PRId64, options->other);
    return CERR_INVALID;
}

enum err reader_sql(struct reader *reader, const struct query_info *query,
                    const struct query_options *options, struct buf *sql)
{
    const char *at = query->sql;
    enum err err = CERR_OK;

    while (!err) {
        size_t plain = strcspn(at, "@");
        struct bytes word;

        err = buf_add(sql, at, plain);
        at += plain;
        if (err || !*at)
            break;
        word = (struct bytes){at + 1, strspn(at + 1, SMALL_LETTERS)};
        err = add_word(reader, word, options, sql);
        at += 1 + word.len;
    }
    if (!err && options->limit > 0)
        err = buf_addf(sql, "\nLIMIT %" PRId64, options->limit);
    return err;
}

/* ---- results ---- */

/* Reads one value, with its text unless it is a blob. The text comes last:
 * sqlite3_column_text() converts the value in place, and its type would be
 * lost. */
static struct query_value read_value(sqlite3_stmt *stmt, int column)
{
    struct query_value value = {.type = QUERY_NULL};

    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        value.type = QUERY_INT;
        value.integer = sqlite3_column_int64(stmt, column);
        break;
    case SQLITE_FLOAT:
        value.type = QUERY_REAL;
        value.real = sqlite3_column_double(stmt, column);
        break;
    case SQLITE_TEXT:
        value.type = QUERY_TEXT;
        break;
    case SQLITE_BLOB:
        value.type = QUERY_BLOB;
        value.text = column_bytes(stmt, column);
        break;
    default:
        break;
    }
    if (value.type != QUERY_NULL && value.type != QUERY_BLOB) {
        value.text.data = sqlite3_column_text(stmt, column);
        value.text.len = (size_t)sqlite3_column_bytes(stmt, column);
    }
    return value;
}

/* Calls `fn` once with the names alone and then with each row, so that a result
 * without rows still has a head. */
static enum err give_rows(struct reader *reader, sqlite3_stmt *stmt,
                          query_row_fn fn, void *ctx)
{
    size_t nr = (size_t)sqlite3_column_count(stmt);
    const char **names = xcalloc(nr + 1, sizeof(*names));
    struct query_value *values = xcalloc(nr + 1, sizeof(*values));
    struct query_row row = {.nr_columns = nr, .names = names};
    enum err err;
    int rc = SQLITE_ROW;

    for (size_t i = 0; i < nr; i++)
        names[i] = sqlite3_column_name(stmt, (int)i);
    err = fn(ctx, &row);
    row.values = values;
    while (!err && rc == SQLITE_ROW) {
        rc = sqlite3_step(stmt);
        if (rc != SQLITE_ROW)
            break;
        for (size_t i = 0; i < nr; i++)
            values[i] = read_value(stmt, (int)i);
        row.nr_rows++;
        err = fn(ctx, &row);
    }
    if (!err && rc != SQLITE_DONE)
        err = reader_fail_sqlite(reader, rc);
    free(names);
    free(values);
    return err;
}

/* Whether another statement stands behind the first one. SQLite itself decides:
 * it makes no statement of blanks, semicolons and comments. */
static bool has_more(struct reader *reader, const char *tail, size_t len)
{
    sqlite3_stmt *next = NULL;
    bool more;

    if (sqlite3_prepare_v2(reader->db, tail, (int)len, &next, NULL))
        return true;
    more = next != NULL;
    sqlite3_finalize(next);
    return more;
}

/* query_only would stop a write anyway. sqlite3_stmt_readonly() stops it before
 * anything runs, with a sentence that says what to do. */
enum err reader_run(struct reader *reader, const char *sql, size_t len,
                    query_row_fn fn, void *ctx)
{
    sqlite3_stmt *stmt = NULL;
    const char *tail = sql;
    enum err err;
    int rc;

    if (len > READER_SQL_BYTES)
        return reader_fail(reader, CERR_TOO_BIG,
                           "the statement is longer than %d bytes",
                           READER_SQL_BYTES);
    rc = sqlite3_prepare_v2(reader->db, sql, (int)len, &stmt, &tail);
    if (rc)
        err = reader_fail_sqlite(reader, rc);
    else if (!stmt)
        err = reader_fail(reader, CERR_INVALID, "there is no statement");
    else if (has_more(reader, tail, len - (size_t)(tail - sql)))
        err = reader_fail(reader, CERR_INVALID,
                          "one statement at a time, please");
    else if (!sqlite3_stmt_readonly(stmt))
        err = reader_fail(reader, CERR_INVALID,
                          "a query can only read; use the sqlite3 shell to "
                          "change a database");
    else
        err = give_rows(reader, stmt, fn, ctx);
    sqlite3_finalize(stmt);
    return err;
}

/* ---- status ---- */

/* The counters are read from the table meta: counting the rows would take
 * seconds in a large database. A counter that never moved has no row. */
static const char counts_sql[] =
    "SELECT coalesce((SELECT CAST(v AS integer) FROM meta WHERE k = 'urls'),"
    " 0), coalesce((SELECT CAST(v AS integer) FROM meta WHERE k = 'ended'),"
    " 0), coalesce((SELECT CAST(v AS integer) FROM meta WHERE k = 'lines'),"
    " 0), coalesce((SELECT CAST(v AS integer) FROM meta"
    " WHERE k = 'bad_lines'), 0), coalesce((SELECT CAST(v AS integer)"
    " FROM meta WHERE k = 'hosts'), 0)";

/* The newest run, with its pages counted by their outcome. */
static const char run_sql[] =
    "SELECT r.id, r.status, r.started_at, r.finished_at,"
    " sum(p.outcome = 'ok'), sum(p.outcome = 'http_error'),"
    " sum(p.outcome = 'error'), sum(p.outcome = 'skipped'),"
    " sum(p.outcome = 'redirect'), sum(p.bytes_down),"
    " (SELECT count(*) FROM runs)"
    " FROM (SELECT * FROM runs ORDER BY id DESC LIMIT 1) r"
    " LEFT JOIN pages p ON p.run_id = r.id";

/* Speed over the last ten samples, and what the last one says of the workers.
 * Time and counts of a session begin at 0, so an older sample that is ahead of
 * a newer one is of the session before. */
static const char rate_sql[] =
    "WITH s AS (SELECT rowid AS id, done, t_ms FROM samples"
    " ORDER BY rowid DESC LIMIT 10),"
    " o AS (SELECT s.* FROM s WHERE NOT EXISTS (SELECT 1 FROM s n"
    " JOIN s b ON b.id < n.id AND b.t_ms >= n.t_ms WHERE s.id <= b.id))"
    "SELECT (max(done) - min(done)) * 1000.0 / nullif(max(t_ms) - min(t_ms),"
    " 0), (SELECT active FROM samples ORDER BY rowid DESC LIMIT 1),"
    " (SELECT workers_busy FROM samples ORDER BY rowid DESC LIMIT 1) FROM o";

/* Copies a text, cut to the room; NULL becomes an empty text. */
static void copy_column(char *out, size_t cap, sqlite3_stmt *stmt, int column)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    snprintf(out, cap, "%s", text ? (const char *)text : "");
}

static void read_counts(sqlite3_stmt *stmt, struct reader_status *status)
{
    status->counts = (struct storage_counts){
        .nr_urls = sqlite3_column_int64(stmt, 0),
        .nr_ended = sqlite3_column_int64(stmt, 1),
        .nr_lines = sqlite3_column_int64(stmt, 2),
        .nr_bad_lines = sqlite3_column_int64(stmt, 3),
        .nr_hosts = sqlite3_column_int64(stmt, 4),
    };
}

static void read_run(sqlite3_stmt *stmt, struct reader_status *status)
{
    status->run_id = sqlite3_column_int64(stmt, 0);
    copy_column(status->run_status, sizeof(status->run_status), stmt, 1);
    copy_column(status->started_at, sizeof(status->started_at), stmt, 2);
    copy_column(status->finished_at, sizeof(status->finished_at), stmt, 3);
    status->nr_ok = sqlite3_column_int64(stmt, 4);
    status->nr_http_errors = sqlite3_column_int64(stmt, 5);
    status->nr_errors = sqlite3_column_int64(stmt, 6);
    status->nr_skipped = sqlite3_column_int64(stmt, 7);
    status->nr_redirects = sqlite3_column_int64(stmt, 8);
    status->bytes_down = sqlite3_column_int64(stmt, 9);
    status->nr_runs = sqlite3_column_int64(stmt, 10);
}

static void read_rate(sqlite3_stmt *stmt, struct reader_status *status)
{
    status->urls_a_second = sqlite3_column_double(stmt, 0);
    status->nr_active = sqlite3_column_int64(stmt, 1);
    status->nr_workers_busy = sqlite3_column_int64(stmt, 2);
}

/* Fills `status` from the first row; without a row it stays as it is. */
static enum err read_row(struct reader *reader, const char *sql,
                         void (*read)(sqlite3_stmt *, struct reader_status *),
                         struct reader_status *status)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        read(stmt, status);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE
               ? CERR_OK
               : reader_fail_sqlite(reader, rc);
}

enum err reader_status(struct reader *reader, struct reader_status *status)
{
    pid_t holder = 0;
    enum err err;

    *status = (struct reader_status){0};
    status->running = crawl_lock_is_held(reader->path, &holder);
    status->pid = (int)holder;
    err = read_row(reader, counts_sql, read_counts, status);
    if (!err)
        err = read_row(reader, run_sql, read_run, status);
    if (!err)
        err = read_row(reader, rate_sql, read_rate, status);
    return err;
}

/* ---- how much has ended ---- */

enum err reader_progress(struct reader *reader,
                         struct reader_progress *progress)
{
    int64_t nr_listed = 0, nr_bad = 0, nr_unread = 0;
    enum err err = reader_number(
        reader, "SELECT count(*) FROM urls WHERE line > 0", &nr_listed);

    *progress = (struct reader_progress){0};
    if (!err)
        err = reader_number(reader, "SELECT count(*) FROM lines", &nr_bad);
    if (!err)
        err = reader_number(
            reader, "SELECT count(*) FROM urls WHERE state = 0 AND line > 0",
            &progress->nr_lines_left);
    if (!err)
        err = reader_number(
            reader,
            "SELECT count(*) FROM urls WHERE state = 0 AND line IS NULL",
            &progress->nr_found_left);
    if (!err)
        err = reader_number(
            reader, "SELECT count(*) FROM inputs WHERE done = 0", &nr_unread);
    progress->nr_lines = nr_listed + nr_bad;
    progress->has_unread = nr_unread > 0;
    return err;
}
