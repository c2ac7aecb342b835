/* From a database to the other formats, and the index of a WARC output. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "storage/sqlite/sqlite_reader.h"

#define EXPORT_BODY_BYTES (INT64_C(1) << 29)

/* ---- rows into pages ---- */

/* In the order of read_page(). The lines without a URL have no page. */
#define EXPORT_COLUMNS                                                         \
    "u.line, p.url, u.listed, p.final_url, p.outcome, p.error, p.detail,"      \
    " p.status, p.length, p.bytes_down, p.content_length, p.chars,"            \
    " p.retry_later, p.fetched_at, p.elapsed_ms, p.wait_ms, p.dns_ms,"         \
    " p.connect_ms, p.tls_ms, p.ttfb_ms, p.total_ms, p.tries, p.redirects,"    \
    " p.worker, p.ip, p.mime, p.charset, p.encoding, p.http_version, p.etag,"  \
    " p.last_modified, p.truncated, p.content_hash, p.title, p.description,"   \
    " p.canonical, p.robots, p.lang, p.h1, p.links_out, p.depth,"              \
    " (SELECT i.name FROM inputs i WHERE i.number = u.line >> 40)"

static const char newest_sql[] =
    "SELECT " EXPORT_COLUMNS " FROM urls u JOIN pages p ON p.id = u.page_id"
    " ORDER BY u.line IS NULL, u.line, p.id";
static const char run_sql[] =
    "SELECT " EXPORT_COLUMNS " FROM pages p JOIN urls u ON u.shard = 0"
    " AND u.host_id = p.host_id AND u.url_hash = p.url_hash"
    " WHERE p.run_id = ? ORDER BY u.line IS NULL, u.line, p.id";
/* for WARC: only what has a stored body */
static const char newest_bodies_sql[] =
    "SELECT " EXPORT_COLUMNS ", b.body_bytes, b.zstd FROM urls u"
    " JOIN pages p ON p.id = u.page_id"
    " JOIN bodies b ON b.content_hash = p.content_hash ORDER BY p.id";
static const char run_bodies_sql[] =
    "SELECT " EXPORT_COLUMNS ", b.body_bytes, b.zstd FROM pages p"
    " JOIN urls u ON u.shard = 0 AND u.host_id = p.host_id"
    " AND u.url_hash = p.url_hash"
    " JOIN bodies b ON b.content_hash = p.content_hash"
    " WHERE p.run_id = ? ORDER BY p.id";
static const char lines_sql[] =
    "SELECT l.line, l.text, l.error, l.detail, i.name FROM lines l"
    " LEFT JOIN inputs i ON i.number = l.line >> 40 ORDER BY l.line";

/* The next column, from left to right. */
struct cursor {
    sqlite3_stmt *stmt;
    int at;
};

static int64_t next_int(struct cursor *cursor, int64_t none)
{
    int column = cursor->at++;

    return sqlite3_column_type(cursor->stmt, column) == SQLITE_NULL
               ? none
               : sqlite3_column_int64(cursor->stmt, column);
}

static double next_real(struct cursor *cursor)
{
    return sqlite3_column_double(cursor->stmt, cursor->at++);
}

static struct bytes next_bytes(struct cursor *cursor)
{
    return column_bytes(cursor->stmt, cursor->at++);
}

/* "2026-11-23T08:19:42.123Z", as stamp_text() writes it; 0: no time. */
static int64_t read_time(struct bytes text)
{
    struct tm utc = {0};
    char copy[CLOCK_ISO_BYTES];
    const char *end;

    if (text.len != CLOCK_ISO_BYTES - 1)
        return 0;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    end = strptime(copy, "%Y-%m-%dT%H:%M:%S", &utc);
    if (!end || *end != '.')
        return 0;
    return (int64_t)timegm(&utc) * 1000 + strtol(end + 1, NULL, 10);
}

/* Returns the number of the column behind the last. */
static int read_columns(sqlite3_stmt *stmt, struct page_record *page)
{
    struct cursor next = {.stmt = stmt};

    *page = (struct page_record){.line = next_int(&next, 0)};
    page->url = next_bytes(&next);
    page->listed = next_bytes(&next);
    page->final_url = next_bytes(&next);
    page->outcome = next_bytes(&next);
    page->error = next_bytes(&next);
    page->detail = next_bytes(&next);
    page->status = (int)next_int(&next, 0);
    page->length = next_int(&next, -1);
    page->bytes_down = next_int(&next, 0);
    page->content_length = next_int(&next, -1);
    page->chars = next_int(&next, -1);
    page->retry_later = next_int(&next, 0) != 0;
    page->fetched_at = read_time(next_bytes(&next));
    page->elapsed_ms = next_real(&next);
    page->wait_ms = next_real(&next);
    page->dns_ms = next_real(&next);
    page->connect_ms = next_real(&next);
    page->tls_ms = next_real(&next);
    page->ttfb_ms = next_real(&next);
    page->total_ms = next_real(&next);
    page->tries = (int)next_int(&next, 0);
    page->nr_redirects = (int)next_int(&next, 0);
    page->worker = (int)next_int(&next, -1);
    page->ip = next_bytes(&next);
    page->mime = next_bytes(&next);
    page->charset = next_bytes(&next);
    page->encoding = next_bytes(&next);
    page->http_version = next_bytes(&next);
    page->etag = next_bytes(&next);
    page->last_modified = next_bytes(&next);
    page->truncated = next_bytes(&next);
    page->content_hash = next_bytes(&next);
    page->title = next_bytes(&next);
    page->description = next_bytes(&next);
    page->canonical = next_bytes(&next);
    page->robots = next_bytes(&next);
    page->lang = next_bytes(&next);
    page->h1 = next_bytes(&next);
    page->nr_links_out = next_int(&next, -1);
    page->depth = (int)next_int(&next, 0);
    page->input = next_bytes(&next);
    return next.at;
}

static enum err read_page(struct reader *reader, sqlite3_stmt *stmt,
                          struct page_record *page)
{
    (void)reader;
    (void)read_columns(stmt, page);
    return CERR_OK;
}

static enum err read_stored(struct reader *reader, sqlite3_stmt *stmt,
                            struct page_record *page)
{
    int column = read_columns(stmt, page);
    int64_t size = sqlite3_column_int64(stmt, column);
    struct bytes packed = column_bytes(stmt, column + 1);

    free(reader->body);
    reader->body =
        size > 0 && size <= EXPORT_BODY_BYTES ? malloc((size_t)size) : NULL;
    if (!reader->body)
        return reader_fail(reader, CERR_TOO_BIG,
                           "%s: no memory for a stored body of %" PRId64
                           " bytes",
                           reader->path, size);
    if (ZSTD_decompress(reader->body, (size_t)size, packed.data, packed.len) !=
        (size_t)size)
        return reader_fail(
            reader, CERR_CORRUPT, "%s: a stored body is damaged: that of %.*s",
            reader->path, (int)page->url.len, (const char *)page->url.data);
    page->body = (struct bytes){reader->body, (size_t)size};
    return CERR_OK;
}

static enum err read_line(struct reader *reader, sqlite3_stmt *stmt,
                          struct page_record *page)
{
    (void)reader;
    *page = sink_line_page(&(struct line_record){
        .line = sqlite3_column_int64(stmt, 0),
        .text = column_bytes(stmt, 1),
        .error = column_bytes(stmt, 2),
        .detail = column_bytes(stmt, 3),
    });
    page->input = column_bytes(stmt, 4);
    return CERR_OK;
}

static enum err export_rows(struct reader *reader, struct sink *sink,
                            const char *sql, int64_t run,
                            enum err (*read)(struct reader *, sqlite3_stmt *,
                                             struct page_record *))
{
    sqlite3_stmt *stmt = NULL;
    enum err err = CERR_OK, read_err = CERR_OK;
    int rc = sqlite3_prepare_v2(reader->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK && run)
        rc = sqlite3_bind_int64(stmt, 1, run);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    while (rc == SQLITE_ROW && !err) {
        struct page_record page;
        struct sink_place place = {0};

        read_err = read(reader, stmt, &page);
        if (read_err)
            break;
        err = sink_put(sink, &page, &place);
        /* a stream waits for no commit here */
        if (!err && sink->buf.len >= SINK_FLUSH_BYTES)
            err = sink_flush(sink);
        if (!err)
            rc = sqlite3_step(stmt);
    }
    sqlite3_finalize(stmt);
    if (read_err)
        return read_err; /* has its sentence */
    if (err)
        return reader_fail(reader, err, "%s: cannot write: %s", sink->path,
                           err_str(err));
    return rc == SQLITE_DONE ? CERR_OK : reader_fail_sqlite(reader, rc);
}

static enum err export_all(struct reader *reader, struct sink *sink,
                           int64_t run)
{
    enum err err = sink->is_export
                       ? export_rows(reader, sink,
                                     run ? run_bodies_sql : newest_bodies_sql,
                                     run, read_stored)
                       : export_rows(reader, sink, run ? run_sql : newest_sql,
                                     run, read_page);

    if (!err && !sink->is_export)
        err = export_rows(reader, sink, lines_sql, 0, read_line);
    if (err)
        return err;
    err = sink_flush(sink);
    return err ? reader_fail(reader, err, "%s: cannot write: %s", sink->path,
                             err_str(err))
               : CERR_OK;
}

static enum err need_bodies(struct reader *reader, const char *path)
{
    int64_t some;
    enum err err =
        reader_number(reader, "SELECT EXISTS (SELECT 1 FROM bodies)", &some);

    if (err || some)
        return err;
    return reader_fail(reader, CERR_FORMAT,
                       "%s: the database has no bodies; crawl with --store "
                       "body to export them, or with a .warc.gz among the "
                       "outputs to keep what went over the wire",
                       path);
}

enum err reader_export(struct reader *reader, const char *path,
                       const char *format, const struct query_options *options)
{
    const struct sink_ops *ops = sink_kind(path, format);
    struct sink *sink = NULL;
    enum err err;

    if (storage_is_database(path, format) && options->run)
        return reader_fail(reader, CERR_INVALID,
                           "%s: a database has all runs: leave out --run",
                           path);
    if (storage_is_database(path, format))
        return reader_copy(reader, path);
    if (!ops)
        return reader_fail(reader, CERR_FORMAT,
                           "%s: cannot export to that; end the name in .db, "
                           ".txt, .jsonl, .csv or .warc.gz, or give --format",
                           path);
    err = ops->wants_raw ? need_bodies(reader, path) : CERR_OK;
    if (err)
        return err;
    err = sink_open(&sink, path, ops);
    if (!err && sink_has_content(sink)) {
        sink_close(sink, false);
        return reader_fail(reader, CERR_EXISTS,
                           "%s: exists already; name another file", path);
    }
    if (!err) {
        sink->is_export = ops->wants_raw;
        sink->version = options->version;
        sink->now_ms = options->now_ms;
        err = sink_resume(sink, 0, 0);
    }
    if (!err)
        err = sink_start(sink);
    if (err)
        reader_fail(reader, err, "%s: cannot write there: %s", path,
                    err_str(err));
    else
        err = export_all(reader, sink, options->run);
    sink_close(sink, err != CERR_OK);
    return err;
}
