/*
 * The index of a WARC output: CDXJ, one line for each response, sorted by its
 * SURT key ("com,example)/path"), so that a replay tool finds it by bisection.
 * The places come from the pages' rows; SQLite sorts, on disk if need be.
 */
#include "storage/sqlite/sqlite.h"

#include <string.h>

#include "base/buf.h"
#include "storage/sink/surt.h"

/* surt(url) for ORDER BY: SQLite calls it for each row. A URL whose key does
 * not fit gets an empty one, and so stands in front. */
static void surt_function(sqlite3_context *context, int nr,
                          sqlite3_value **values)
{
    const char *url = (const char *)sqlite3_value_text(values[0]);
    struct buf buf;

    (void)nr;
    buf_init(&buf, 4 * SURT_URL_BYTES);
    if (!url || surt_add(&buf, (struct bytes){url, strlen(url)}))
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
    else
        sqlite3_result_text(context, (const char *)buf.data, (int)buf.len,
                            SQLITE_TRANSIENT);
    buf_release(&buf);
}

/*
 * A line is the key, the time as 14 digits, and a JSON object. json_object() of
 * SQLite escapes the texts. Numbers are JSON strings there, and a revisit has
 * the MIME type "warc/revisit": that is what readers of CDXJ expect. A 304 has
 * the digest of the answer that it confirms, or none. A page that no WARC file
 * has keeps warc_type NULL.
 */
static const char lines_sql[] =
    "SELECT surt(at) || ' ' || replace(replace(replace(substr(fetched_at, 1,"
    " 19), '-', ''), ':', ''), 'T', '') || ' ' ||"
    " replace(json_object('url', at,"
    " 'mime', CASE WHEN warc_type = 'response' THEN coalesce(mime, 'unk')"
    " ELSE 'warc/revisit' END, 'status', CASE warc_type"
    " WHEN 'not_modified' THEN '304' ELSE CAST(status AS text) END,"
    " 'digest', warc_digest, 'length', CAST(warc_length AS text), 'offset',"
    " CAST(warc_offset AS text), 'filename', warc_file),"
    " ',\"digest\":null', '')"
    " FROM (SELECT *, coalesce(final_url, url) AS at FROM pages"
    " WHERE warc_type IS NOT NULL) ORDER BY 1";

enum err sqlite_index_archive(struct back_end *back, storage_text_fn fn,
                              void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    int rc = sqlite3_create_function(sqlite->db, "surt", 1,
                                     SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL,
                                     surt_function, NULL, NULL);

    if (rc)
        return sqlite_break(sqlite, rc, "index the WARC file");
    sqlite_sort_beside(sqlite);
    return sqlite_each_text(sqlite, lines_sql, fn, ctx);
}
