/*
 * The index of a WARC output: CDXJ, one line for each response, sorted by its
 * SURT key ("com,example)/path"), so that a replay tool finds it by bisection.
 * The places come from the pages' rows; SQLite sorts, on disk if need be.
 */
#include "storage/sqlite/sqlite.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

/* Limit of a key. A canonical URL has at most as many bytes, and its key is
 * shorter than the URL. */
#define SURT_BYTES 8192

/* Whether the port is the one that the scheme implies. A SURT key leaves that
 * out. */
static bool is_default_port(bool https, const char *port, size_t len)
{
    return https ? len == 3 && memcmp(port, "443", 3) == 0
                 : len == 2 && memcmp(port, "80", 2) == 0;
}

/* Writes "www.example.com" as "com,example": the labels from right to left, so
 * that all hosts of a domain stand together. A leading "www." is left out, as
 * replay tools do when they make the key that they look for. */
static enum err add_host(struct buf *buf, const char *host, size_t len)
{
    enum err err = CERR_OK;
    bool first = true;

    if (len > 4 && memcmp(host, "www.", 4) == 0) {
        host += 4;
        len -= 4;
    }
    while (len && !err) {
        size_t at = len;

        while (at && host[at - 1] != '.')
            at--;
        if (!first)
            err = buf_add_byte(buf, ',');
        if (!err)
            err = buf_add(buf, host + at, len - at);
        first = false;
        len = at ? at - 1 : 0;
    }
    return err;
}

/* Appends the SURT key of a canonical URL. Path and query are in lower case,
 * because replay tools compare keys without regard to it; a fragment does not
 * occur in a canonical URL. */
static enum err add_surt(struct buf *buf, const char *url)
{
    bool https = strncmp(url, "https://", 8) == 0;
    const char *host = strstr(url, "://");
    size_t host_len, port_len = 0;
    const char *port, *path;
    enum err err;

    if (!host)
        return buf_add_str(buf, url);
    host += 3;
    path = host + strcspn(host, "/?#");
    port = memchr(host, ':', (size_t)(path - host));
    if (*host == '[' || !port) /* an IPv6 address has colons of its own */
        port = path;
    host_len = (size_t)(port - host);
    err = *host == '[' ? buf_add(buf, host, host_len)
                       : add_host(buf, host, host_len);
    if (port < path)
        port_len = (size_t)(path - port) - 1;
    if (!err && port_len && !is_default_port(https, port + 1, port_len))
        err = buf_add(buf, port, port_len + 1);
    if (!err)
        err = buf_add_byte(buf, ')');
    for (; *path && !err; path++)
        err = buf_add_byte(buf, (unsigned char)tolower(*path));
    return err;
}

/* surt(url) for ORDER BY: SQLite calls it for each row. A URL whose key does
 * not fit gets an empty one, and so stands in front. */
static void surt_function(sqlite3_context *context, int nr,
                          sqlite3_value **values)
{
    const char *url = (const char *)sqlite3_value_text(values[0]);
    struct buf buf;

    (void)nr;
    buf_init(&buf, SURT_BYTES);
    if (!url || add_surt(&buf, url))
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
