/*
 * What a database knows of one URL, of one host and of its runs. Texts from the
 * user reach SQLite as parameters, never as part of a statement.
 */
#include "storage/sqlite/sqlite_reader.h"

/* The rows of one statement while they are read. */
struct rows {
    struct reader *reader; /* borrowed */
    sqlite3_stmt *stmt;    /* owned until end_rows() */
    int rc; /* of the last call; SQLITE_OK before the first row */
};

/* Prepares the statement. A failure is kept in `rc` and comes out in
 * end_rows(), so that callers need no test between the two. */
static struct rows begin_rows(struct reader *reader, const char *sql)
{
    struct rows rows = {.reader = reader};

    rows.rc = sqlite3_prepare_v2(reader->db, sql, -1, &rows.stmt, NULL);
    return rows;
}

/* Prepares a statement that has one parameter, a text. The text is borrowed
 * until end_rows(). */
static struct rows begin_rows_of(struct reader *reader, const char *sql,
                                 const char *text)
{
    struct rows rows = begin_rows(reader, sql);

    if (rows.rc == SQLITE_OK)
        rows.rc = sqlite3_bind_text(rows.stmt, 1, text, -1, SQLITE_STATIC);
    return rows;
}

/* Steps to the next row; false at the end and after any failure. */
static bool next_row(struct rows *rows)
{
    if (rows->rc == SQLITE_OK || rows->rc == SQLITE_ROW)
        rows->rc = sqlite3_step(rows->stmt);
    return rows->rc == SQLITE_ROW;
}

/* Ends the reading. `err` is what the caller met while he read; it goes before
 * a failure of SQLite. */
static enum err end_rows(struct rows *rows, enum err err)
{
    if (!err && rows->rc != SQLITE_ROW && rows->rc != SQLITE_DONE)
        err = reader_fail_sqlite(rows->reader, rows->rc);
    sqlite3_finalize(rows->stmt);
    return err;
}

/* A URL, or one that redirects of a line have led to, which has no row of its
 * own where no links are followed. The mask takes the number of the list out of
 * the line (STORAGE_LINE_MASK). */
static const char url_sql[] =
    "SELECT max(u.line, 0) & 1099511627775, u.depth, o.url, p.outcome,"
    " p.status, p.error, p.detail, p.fetched_at,"
    " u.line IS NULL AND o.depth = u.depth AND q.redirects > 0"
    " FROM urls u"
    " LEFT JOIN pages p ON p.id = u.page_id AND u.state <> 0"
    " LEFT JOIN urls o ON o.shard = u.shard"
    " AND o.host_id = u.parent_host_id AND o.url_hash = u.parent_hash"
    " LEFT JOIN pages q ON q.id = o.page_id"
    " WHERE u.url = ?1"
    " UNION ALL "
    "SELECT 0, o.depth, o.url, q.outcome, q.status, q.error, q.detail,"
    " q.fetched_at, 1"
    " FROM pages q JOIN urls o ON o.page_id = q.id"
    " WHERE q.final_url = ?1 AND q.redirects > 0"
    " AND NOT EXISTS (SELECT 1 FROM urls WHERE url = ?1)";

enum err reader_find_url(struct reader *reader, const char *url,
                         known_url_fn fn, void *ctx)
{
    struct rows rows = begin_rows_of(reader, url_sql, url);
    enum err err = CERR_OK;

    /* SQLite reads a column that is NULL as 0 and as an empty text, which is
     * what "none" means in these structs */
    if (next_row(&rows))
        err = fn(ctx, &(struct known_url){
                          .line = sqlite3_column_int64(rows.stmt, 0),
                          .depth = sqlite3_column_int64(rows.stmt, 1),
                          .parent = column_bytes(rows.stmt, 2),
                          .outcome = column_bytes(rows.stmt, 3),
                          .status = sqlite3_column_int(rows.stmt, 4),
                          .error = column_bytes(rows.stmt, 5),
                          .detail = column_bytes(rows.stmt, 6),
                          .fetched_at = column_bytes(rows.stmt, 7),
                          .is_hop = sqlite3_column_int(rows.stmt, 8) != 0,
                      });
    return end_rows(&rows, err);
}

enum err reader_find_host(struct reader *reader, const char *host_key,
                          known_host_fn fn, void *ctx)
{
    struct rows rows = begin_rows_of(
        reader,
        "SELECT h.listed, h.robots_status, h.robots_at, h.robots_until, r.body"
        " FROM hosts h LEFT JOIN robots r ON r.shard = h.shard"
        " AND r.host_id = h.host_id WHERE h.host = ?",
        host_key);
    enum err err = CERR_OK;

    if (next_row(&rows))
        err = fn(ctx, &(struct known_host){
                          .listed = sqlite3_column_int(rows.stmt, 0) != 0,
                          .robots_status = sqlite3_column_int(rows.stmt, 1),
                          .robots_at = sqlite3_column_int64(rows.stmt, 2),
                          .robots_until = sqlite3_column_int64(rows.stmt, 3),
                          .robots = column_bytes(rows.stmt, 4),
                      });
    return end_rows(&rows, err);
}

/* Hands on the first column of each row, and ends the reading. */
static enum err give_urls(struct rows *rows, known_text_fn fn, void *ctx)
{
    enum err err = CERR_OK;

    while (!err && next_row(rows))
        err = fn(ctx, column_bytes(rows->stmt, 0));
    return end_rows(rows, err);
}

/* The line of a URL that no list has is NULL, not 0. */
enum err reader_each_found(struct reader *reader, const char *host_key,
                           known_text_fn fn, void *ctx)
{
    struct rows rows = begin_rows_of(
        reader,
        "SELECT u.url FROM hosts h JOIN urls u ON u.shard = h.shard"
        " AND u.host_id = h.host_id LEFT JOIN pages p ON p.id = u.page_id"
        " WHERE u.line IS NULL AND h.host = ?"
        " AND (p.error IS NULL OR p.error <> 'trap')",
        host_key);

    return give_urls(&rows, fn, ctx);
}

/* The columns of struct known_link, of the pages p with the links l. */
#define LINK_COLUMNS                                                           \
    "SELECT u.url, p.final_url, p.robots, u.depth, p.outcome = 'redirect',"    \
    " EXISTS (SELECT 1 FROM links x WHERE x.page_id = p.id),"                  \
    " count(l.page_id), coalesce(sum(l.rel LIKE '%nofollow%'), 0),"            \
    " coalesce(p.links_out > 0, 0)"

static const char link_from_sql[] = LINK_COLUMNS
    " FROM urls u JOIN pages p ON p.id = u.page_id"
    " LEFT JOIN links l ON l.page_id = p.id AND l.to_url = ?1"
    " WHERE u.url = ?2 OR p.final_url = ?2"
    " GROUP BY p.id ORDER BY u.url = ?2 DESC, u.depth, p.id LIMIT 1";
static const char any_link_sql[] = LINK_COLUMNS
    " FROM links l JOIN pages p ON p.id = l.page_id"
    " JOIN urls u ON u.page_id = p.id WHERE l.to_url = ?1"
    " GROUP BY p.id ORDER BY (coalesce(p.robots LIKE '%nofollow%', 0)"
    " OR count(*) = sum(l.rel LIKE '%nofollow%')), u.depth, p.id LIMIT 1";

enum err reader_find_link(struct reader *reader, const char *url,
                          const char *from, known_link_fn fn, void *ctx)
{
    struct rows rows =
        begin_rows_of(reader, from ? link_from_sql : any_link_sql, url);
    enum err err = CERR_OK;

    if (rows.rc == SQLITE_OK && from)
        rows.rc = sqlite3_bind_text(rows.stmt, 2, from, -1, SQLITE_STATIC);
    if (next_row(&rows))
        err = fn(ctx, &(struct known_link){
                          .page = column_bytes(rows.stmt, 0),
                          .landed = column_bytes(rows.stmt, 1),
                          .robots = column_bytes(rows.stmt, 2),
                          .depth = sqlite3_column_int64(rows.stmt, 3),
                          .is_redirect = sqlite3_column_int(rows.stmt, 4) != 0,
                          .has_links = sqlite3_column_int(rows.stmt, 5) != 0,
                          .nr_links = sqlite3_column_int64(rows.stmt, 6),
                          .nr_nofollow = sqlite3_column_int64(rows.stmt, 7),
                          .lacks_links = sqlite3_column_int(rows.stmt, 8) &&
                                         !sqlite3_column_int(rows.stmt, 5),
                      });
    return end_rows(&rows, err);
}

/* Hands on the first two columns of each row, and ends the reading. */
static enum err give_pairs(struct rows *rows, known_pair_fn fn, void *ctx)
{
    enum err err = CERR_OK;

    while (!err && next_row(rows))
        err = fn(ctx, column_bytes(rows->stmt, 0), column_bytes(rows->stmt, 1));
    return end_rows(rows, err);
}

enum err reader_each_landing(struct reader *reader, known_pair_fn fn, void *ctx)
{
    struct rows rows =
        begin_rows(reader, "SELECT u.url, p.final_url FROM urls u JOIN pages p"
                           " ON p.id = u.page_id WHERE u.line IS NOT NULL"
                           " AND p.outcome = 'ok' AND p.redirects > 0");

    return give_pairs(&rows, fn, ctx);
}

/* An older program may have written no JSON. Truth is 1 and 0 in SQLite, and
 * an option takes it as yes and no. */
enum err reader_each_option(struct reader *reader, known_pair_fn fn, void *ctx)
{
    struct rows rows = begin_rows(
        reader,
        "SELECT o.key, CASE o.type WHEN 'true' THEN 'yes' WHEN 'false' THEN"
        " 'no' WHEN 'array' THEN a.value ELSE o.value END"
        " FROM (SELECT * FROM runs ORDER BY id DESC LIMIT 1) r"
        " JOIN json_each(CASE WHEN json_valid(r.config) THEN r.config"
        " ELSE '{}' END) o"
        " LEFT JOIN json_each(CASE o.type WHEN 'array' THEN o.value"
        " ELSE '[]' END) a");

    return give_pairs(&rows, fn, ctx);
}

enum err reader_each_listed(struct reader *reader, known_text_fn fn, void *ctx)
{
    struct rows rows =
        begin_rows(reader, "SELECT url FROM urls WHERE line > 0");

    return give_urls(&rows, fn, ctx);
}

/* The sum counts what is missing: the run, the other run, a second run at all.
 * The number 0 stands for a run that was not asked for, and lacks nothing. */
enum err reader_has_runs(struct reader *reader,
                         const struct query_options *options, bool *has)
{
    struct rows rows =
        begin_rows(reader, "SELECT (?1 > 0 AND ?1 NOT IN (SELECT id FROM runs))"
                           " + (?2 > 0 AND ?2 NOT IN (SELECT id FROM runs))"
                           " + ((SELECT count(*) FROM runs) < 2) = 0");

    *has = false;
    if (rows.rc == SQLITE_OK)
        rows.rc = sqlite3_bind_int64(rows.stmt, 1, options->run);
    if (rows.rc == SQLITE_OK)
        rows.rc = sqlite3_bind_int64(rows.stmt, 2, options->other);
    if (next_row(&rows))
        *has = sqlite3_column_int(rows.stmt, 0) != 0;
    return end_rows(&rows, CERR_OK);
}
