/*
 * From a database to the other formats: rows become pages again and go through
 * the same sinks that a crawl writes to, so each line of an export is what the
 * crawl would have written. For a WARC there are only the stored bodies
 * (docs/decisions/0030-export.md).
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "storage/sink/sink.h"
#include "storage/sqlite/sqlite_columns.h"
#include "storage/sqlite/sqlite_page.h"
#include "storage/sqlite/sqlite_reader.h"

/* Largest stored body that is unpacked: 512 MiB, far above what a crawl keeps.
 */
#define EXPORT_BODY_BYTES (INT64_C(1) << 29)

/* ---- rows into pages ---- */

/* Pages come in the order of the list, and those that were discovered come
 * last. The word @exported is explained in sqlite_columns.h. */
static const char newest_sql[] =
    "SELECT @exported FROM urls u JOIN pages p ON p.id = u.page_id"
    " WHERE u.line IS NULL OR u.line > 0"
    " ORDER BY coalesce(u.line, 0) <= 0, u.line, p.id";
static const char run_sql[] =
    "SELECT @exported FROM pages p JOIN urls u ON u.shard = 0"
    " AND u.host_id = p.host_id AND u.url_hash = p.url_hash"
    " WHERE p.run_id = ? ORDER BY coalesce(u.line, 0) <= 0, u.line, p.id";
/* A WARC holds only what has a stored body, in the order of completion. */
static const char newest_bodies_sql[] =
    "SELECT @exported, b.body_bytes, b.zstd FROM urls u"
    " JOIN pages p ON p.id = u.page_id"
    " JOIN bodies b ON b.content_hash = p.content_hash"
    " WHERE u.line IS NULL OR u.line > 0 ORDER BY p.id";
static const char run_bodies_sql[] =
    "SELECT @exported, b.body_bytes, b.zstd FROM pages p"
    " JOIN urls u ON u.shard = 0 AND u.host_id = p.host_id"
    " AND u.url_hash = p.url_hash"
    " JOIN bodies b ON b.content_hash = p.content_hash"
    " WHERE p.run_id = ? ORDER BY p.id";
/* Lines without a URL have no page; they stand in a table of their own. The
 * number of the list is in the high bits of `line` (storage_line()). */
static const char lines_sql[] =
    "SELECT l.line, l.text, l.error, @line_detail, i.name FROM lines l"
    " LEFT JOIN inputs i ON i.number = l.line >> 40"
    " LEFT JOIN urls u ON u.shard = 0 AND u.host_id = l.same_host_id"
    " AND u.url_hash = l.same_hash ORDER BY l.line";

/* Reads a row of newest_sql or run_sql. `reader` is there for export_rows(),
 * which calls all three functions alike. */
static enum err read_page(struct reader *reader, sqlite3_stmt *stmt,
                          struct page_record *page)
{
    (void)reader;
    (void)page_read(page, stmt);
    return CERR_OK;
}

/* Reads a page with its body, and unpacks the body into reader->body. Somebody
 * may have changed the size that stands in the row, so it is checked before the
 * allocation, and then against what the unpacking gives. */
static enum err read_stored(struct reader *reader, sqlite3_stmt *stmt,
                            struct page_record *page)
{
    int column = page_read(page, stmt);
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

/* Reads a row of lines_sql as the page that outputs show for such a line. */
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

/* A result whose rows are read one by one. A page borrows its texts from the
 * statement until the next step. */
struct source {
    sqlite3_stmt *stmt; /* owned; NULL: there are no rows */
    enum err (*read)(struct reader *, sqlite3_stmt *, struct page_record *);
    bool has_row; /* `page` is the next one */
    struct page_record page;
};

/* Moves to the next row, if there is one. */
static enum err step(struct reader *reader, struct source *source)
{
    int rc = sqlite3_step(source->stmt);

    source->has_row = rc == SQLITE_ROW;
    if (source->has_row)
        return source->read(reader, source->stmt, &source->page);
    return rc == SQLITE_DONE ? CERR_OK : reader_fail_sqlite(reader, rc);
}

/* Prepares the statement, and moves to its first row. */
static enum err start(struct reader *reader, struct source *source,
                      const char *sql, int64_t run)
{
    int rc = columns_prepare(reader->db, sql, 0, &source->stmt);

    if (rc == SQLITE_OK && run)
        rc = sqlite3_bind_int64(source->stmt, 1, run);
    return rc == SQLITE_OK ? step(reader, source)
                           : reader_fail_sqlite(reader, rc);
}

/* The source whose row comes next: lines in the order of the list, and behind
 * them what was discovered. */
static struct source *next_source(struct source sources[2])
{
    struct source *pages = &sources[0], *lines = &sources[1];

    if (!lines->has_row)
        return pages->has_row ? pages : NULL;
    return pages->has_row && pages->page.line > 0 &&
                   pages->page.line <= lines->page.line
               ? pages
               : lines;
}

/* Writes to the sink the rows of both sources. */
static enum err export_rows(struct reader *reader, struct sink *sink,
                            struct source sources[2])
{
    struct source *source;

    while ((source = next_source(sources))) {
        struct sink_place place = {0};
        enum err err = sink_put(sink, &source->page, &place);

        /* An export has no commit that a stream had to wait for, so
         * that a pipe gets its bytes early and memory stays small. */
        if (!err && sink->buf.len >= SINK_FLUSH_BYTES)
            err = sink_drain(sink);
        if (err)
            return reader_fail(reader, err, "%s: cannot write: %s", sink->path,
                               err_str(err));
        err = step(reader, source);
        if (err)
            return err; /* it has set the message already */
    }
    return CERR_OK;
}

/* Exports the run, or with 0 the newest page of each URL. An archive gets only
 * pages with a stored body; the other formats get all pages and the lines
 * without a URL. */
static enum err export_all(struct reader *reader, struct sink *sink,
                           int64_t run)
{
    struct source sources[2] = {{.read = read_page}, {.read = read_line}};
    enum err err;

    if (sink->is_export) {
        sources[0].read = read_stored;
        err = start(reader, &sources[0],
                    run ? run_bodies_sql : newest_bodies_sql, run);
    } else {
        err = start(reader, &sources[0], run ? run_sql : newest_sql, run);
        if (!err)
            err = start(reader, &sources[1], lines_sql, 0);
    }
    if (!err)
        err = export_rows(reader, sink, sources);
    sqlite3_finalize(sources[0].stmt);
    sqlite3_finalize(sources[1].stmt);
    if (err)
        return err;
    err = sink_drain(sink);
    return err ? reader_fail(reader, err, "%s: cannot write: %s", sink->path,
                             err_str(err))
               : CERR_OK;
}

/* Refuses to make an archive from a database that has no body at all. */
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

/* The checks come before the file is made, so that a refused export leaves
 * nothing behind. */
enum err reader_export(struct reader *reader, const char *path,
                       const char *format, const struct query_options *options)
{
    const struct sink_ops *ops = sink_kind(path, format);
    struct sink *sink = NULL;
    enum err err;

    if (back_end_of(path, format) && options->run)
        return reader_fail(reader, CERR_INVALID,
                           "%s: a database has all runs: leave out --run",
                           path);
    if (back_end_of(path, format))
        return reader_copy(reader, path);
    if (!ops)
        return reader_fail(reader, CERR_INVALID,
                           "%s: cannot export to that; end the name in .db, "
                           ".txt, .jsonl, .csv or .warc.gz, or give --format",
                           path);
    err = ops->wants_raw ? need_bodies(reader, path) : CERR_OK;
    if (err)
        return err;
    err = sink_open(&sink, path, ops);
    while (err == CERR_AGAIN) { /* a named pipe: its reader may come */
        (void)poll(NULL, 0, 100);
        err = sink_open(&sink, path, ops);
    }
    if (!err && sink_has_content(sink)) {
        sink_close(sink, false);
        return reader_fail(reader, CERR_EXISTS,
                           "%s: exists already; name another file", path);
    }
    if (!err) {
        sink->is_export = ops->wants_raw;
        sink->version = options->version;
        sink->now_ms = options->now_ms;
        err = sink_resume(sink, 0, 0, SINK_REST_FOREIGN);
    }
    if (!err)
        err = sink_start(sink);
    if (err)
        reader_fail(reader, err, "%s: cannot write there: %s",
                    sink && sink->taken ? sink->taken : path, err_str(err));
    else
        err = export_all(reader, sink, options->run);
    sink_close(sink, err != CERR_OK);
    return err;
}
