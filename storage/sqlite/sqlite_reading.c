/*
 * A list that was read before and has changed is read again.
 *
 * DESIGN. The keys of its URLs are gathered in a temporary table, which is a
 * file of its own that nobody syncs: so the first of two equal lines is known,
 * and at the end what was not named, in one walk along both tables. In the
 * database only that is written which is not as it was. A reading that does not
 * come to its end leaves no trace but numbers that are right already; the list
 * counts as read only with the end, so the next start reads it again.
 */
#include "storage/sqlite/sqlite.h"

#include <string.h>

/* Lines of list ?1: `line` is number << 40 | line. */
#define OF_LIST "line BETWEEN ?1 << 40 AND (?1 << 40) + 1099511627775"

static const char begin_sql[] =
    "CREATE TEMP TABLE IF NOT EXISTS reading_urls (host_id bigint,"
    " url_hash bigint, PRIMARY KEY (host_id, url_hash)) WITHOUT ROWID;"
    "CREATE TEMP TABLE IF NOT EXISTS reading_lines (line integer PRIMARY KEY);"
    "CREATE TEMP TABLE IF NOT EXISTS reading_gone (host_id bigint,"
    " url_hash bigint, heir bigint, PRIMARY KEY (host_id, url_hash))"
    " WITHOUT ROWID;"
    "DELETE FROM temp.reading_urls; DELETE FROM temp.reading_lines;"
    "DELETE FROM temp.reading_gone";

enum err sqlite_begin_reading(struct back_end *back, int64_t number)
{
    struct sqlite *sqlite = sqlite_of(back);

    sqlite->reading = number + 1;
    return sqlite_exec(sqlite, begin_sql);
}

bool sqlite_is_reading(const struct sqlite *sqlite, int64_t line)
{
    return sqlite->reading > 0 && line > 0 &&
           line >> STORAGE_LINE_BITS == sqlite->reading - 1;
}

enum err sqlite_note_line(struct sqlite *sqlite, int64_t line)
{
    struct binder binder;

    if (!sqlite_is_reading(sqlite, line))
        return CERR_OK;
    binder = sqlite_bind(sqlite, STMT_NOTE_LINE);
    bind_int(&binder, line);
    return sqlite_run(sqlite, &binder);
}

/* Writes the line and its text into the row of its URL. */
static enum err move_url(struct sqlite *sqlite, const struct url_record *url)
{
    struct binder binder = sqlite_bind(sqlite, STMT_MOVE_URL);

    bind_int(&binder, url->line);
    bind_text(&binder, url->listed);
    bind_int(&binder, url->key.host_id);
    bind_int(&binder, url->key.url_hash);
    return sqlite_run(sqlite, &binder);
}

/* Compares the row of the URL with the line. */
static enum err compare_row(struct sqlite *sqlite, const struct url_record *url,
                            enum storage_added *added,
                            enum reading_found *found)
{
    struct binder binder = sqlite_bind(sqlite, STMT_URL_LINE);
    struct bytes listed;
    int64_t line;
    bool row, same;
    enum err err;

    bind_int(&binder, url->key.host_id);
    bind_int(&binder, url->key.url_hash);
    err = sqlite_step(sqlite, &binder, &row);
    if (err || !row)
        return err;
    line = sqlite3_column_int64(binder.stmt, 0);
    listed = column_bytes(binder.stmt, 1);
    same = line == url->line && listed.len == url->listed.len &&
           (listed.len == 0 ||
            memcmp(listed.data, url->listed.data, listed.len) == 0);
    sqlite3_reset(binder.stmt);
    *found = line > 0 ? READING_DONE : READING_FOUND;
    if (line <= 0)
        return CERR_OK;
    *added = sqlite_is_reading(sqlite, line) ? STORAGE_KEPT : STORAGE_KNOWN;
    return *added == STORAGE_KEPT && !same ? move_url(sqlite, url) : CERR_OK;
}

enum err sqlite_read_again(struct sqlite *sqlite, const struct url_record *url,
                           enum storage_added *added, enum reading_found *found)
{
    struct binder binder = sqlite_bind(sqlite, STMT_NOTE_URL);
    enum err err;

    *found = READING_NEW;
    bind_int(&binder, url->key.host_id);
    bind_int(&binder, url->key.url_hash);
    err = sqlite_run(sqlite, &binder);
    if (err)
        return err;
    if (sqlite3_changes(sqlite->db) == 0) {
        *found = READING_DONE; /* an earlier line has it */
        *added = STORAGE_KNOWN;
        return CERR_OK;
    }
    return compare_row(sqlite, url, added, found);
}

/* Runs one statement, whose parameter, if it has one, is the number of the
 * list, and tells how many rows it changed. */
static enum err run_for_list(struct sqlite *sqlite, const char *sql,
                             int64_t *nr_rows)
{
    struct binder binder = sqlite_bind_once(sqlite, sql);
    enum err err;

    if (sqlite3_bind_parameter_count(binder.stmt) > 0)
        bind_int(&binder, sqlite->reading - 1);
    err = sqlite_run(sqlite, &binder);
    *nr_rows = err ? 0 : sqlite3_changes64(sqlite->db);
    sqlite3_finalize(binder.stmt);
    return err;
}

/* Gives what another list names as a duplicate to that list: the row of the
 * duplicate becomes the URL's. */
static enum err hand_over(struct sqlite *sqlite, struct reading_end *end)
{
    int64_t nr_heirs = 0, nr_rows;
    enum err err = run_for_list(
        sqlite,
        "UPDATE temp.reading_gone SET heir = l.line FROM lines l"
        " WHERE l.same_host_id = reading_gone.host_id"
        " AND l.same_hash = reading_gone.url_hash AND l.line >> 40 <> ?1",
        &nr_heirs);

    if (err || nr_heirs == 0)
        return err;
    err = run_for_list(
        sqlite,
        "UPDATE urls SET line = l.line, listed = nullif(l.text, urls.url)"
        " FROM temp.reading_gone g, lines l"
        " WHERE urls.shard = 0 AND urls.host_id = g.host_id"
        " AND urls.url_hash = g.url_hash AND l.line = g.heir",
        &nr_rows);
    if (!err)
        err = run_for_list(sqlite,
                           "DELETE FROM lines WHERE line IN"
                           " (SELECT heir FROM temp.reading_gone)",
                           &nr_heirs);
    end->nr_dropped += nr_heirs;
    if (!err)
        err = run_for_list(sqlite,
                           "DELETE FROM temp.reading_gone"
                           " WHERE heir IS NOT NULL",
                           &nr_rows);
    return err;
}

/* Takes the URLs that are gone out of the list. A URL without an answer goes,
 * so that a page which links to it can bring it back. */
static enum err unlist(struct sqlite *sqlite, struct reading_end *end)
{
    enum err err =
        run_for_list(sqlite,
                     "DELETE FROM urls WHERE shard = 0 AND page_id IS NULL"
                     " AND (host_id, url_hash) IN"
                     " (SELECT host_id, url_hash FROM temp.reading_gone)",
                     &end->nr_forgotten);

    if (!err)
        err = run_for_list(sqlite,
                           "UPDATE urls SET state = 2 FROM temp.reading_gone g"
                           " WHERE urls.shard = 0 AND urls.host_id = g.host_id"
                           " AND urls.url_hash = g.url_hash AND urls.state = 0",
                           &end->nr_closed);
    if (!err)
        err =
            run_for_list(sqlite,
                         "UPDATE urls SET line = -line FROM temp.reading_gone g"
                         " WHERE urls.shard = 0 AND urls.host_id = g.host_id"
                         " AND urls.url_hash = g.url_hash",
                         &end->nr_marked);
    /* queries look for it before they look at each URL's line */
    if (!err && end->nr_marked > 0)
        err = sqlite_exec(sqlite, "INSERT INTO meta (k, v) VALUES"
                                  " ('unlisted', '1') ON CONFLICT DO NOTHING");
    return err;
}

enum err sqlite_end_reading(struct back_end *back, bool whole,
                            struct reading_end *end)
{
    struct sqlite *sqlite = sqlite_of(back);
    int64_t nr_gone = 0;
    enum err err = whole ? sqlite_begin(sqlite) : CERR_OK;

    if (!err && whole)
        err = run_for_list(sqlite,
                           "DELETE FROM lines WHERE " OF_LIST
                           " AND NOT EXISTS (SELECT 1 FROM temp.reading_lines r"
                           " WHERE r.line = lines.line)",
                           &end->nr_dropped);
    if (!err && whole)
        err = run_for_list(
            sqlite,
            "INSERT INTO temp.reading_gone (host_id, url_hash)"
            " SELECT host_id, url_hash FROM urls WHERE shard = 0 AND " OF_LIST
            " AND NOT EXISTS (SELECT 1 FROM temp.reading_urls r"
            " WHERE r.host_id = urls.host_id AND r.url_hash = urls.url_hash)",
            &nr_gone);
    if (!err && nr_gone > 0)
        err = hand_over(sqlite, end);
    if (!err && nr_gone > 0)
        err = unlist(sqlite, end);
    if (!err) /* the room goes back to the file system */
        err = sqlite_exec(sqlite, "DELETE FROM temp.reading_urls;"
                                  " DELETE FROM temp.reading_lines;"
                                  " DELETE FROM temp.reading_gone");
    sqlite->reading = 0;
    return err;
}
