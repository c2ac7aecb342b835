/*
 * The frontier's side of the SQLite back end: URLs, lines and leased hosts.
 *
 * DESIGN. A look by key costs a third of an insert that finds the row there.
 * So known links, and hosts for which a batch has no news, are looked up before
 * anything is written. Whether a statement did something is read from
 * sqlite3_changes(), which counts the rows of the last one.
 */
#include "storage/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Binds the two parameters that the word KEY of sqlite_sql.c stands for. */
static void bind_key(struct binder *binder, struct url_key key)
{
    bind_int(binder, key.host_id);
    bind_int(binder, key.url_hash);
}

/* ---- URLs ---- */

/* The number for the column `prio`; url_order.h explains it. */
static int order_of(const struct url_record *url)
{
    return url_order_of(url->kind, url->depth, url->nr_hops);
}

/* Adds a row for the URL. `added` is false when a row with its key is there:
 * the statement then does nothing. */
static enum err insert_url(struct sqlite *sqlite, const struct url_record *url,
                           bool *added)
{
    struct binder binder = sqlite_bind(sqlite, STMT_ADD_URL);
    enum err err;

    bind_key(&binder, url->key);
    bind_text(&binder, url->url);
    bind_text(&binder, url->listed);
    bind_int_or_null(&binder, url->line, 0);
    /* a line of the list has no parent: 0, 0 in the record, NULL here */
    bind_int_or_null(&binder, url->parent.host_id, 0);
    bind_int_or_null(&binder, url->parent.url_hash, 0);
    bind_int(&binder, url->depth);
    bind_int(&binder, order_of(url));
    err = sqlite_run(sqlite, &binder);
    *added = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

/* A row that pages had led to becomes the list's. One that has a line already
 * is left as it is: the first line that names a URL keeps it. */
static enum err adopt_url(struct sqlite *sqlite, const struct url_record *url,
                          bool *adopted)
{
    struct binder binder = sqlite_bind(sqlite, STMT_ADOPT_URL);
    enum err err;

    bind_int(&binder, url->line);
    bind_text(&binder, url->listed);
    bind_int(&binder, url->depth);
    bind_int(&binder, order_of(url));
    bind_key(&binder, url->key);
    err = sqlite_run(sqlite, &binder);
    *adopted = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

/*
 * A rule for links alone (traps, addresses that are not public) had ended this
 * URL without a request. The list is free of that rule, so the URL is to do
 * again. Its row of this run goes, as each URL ends once in a run; the row of
 * an earlier run stays.
 */
static enum err reopen_url(struct sqlite *sqlite, struct url_key key,
                           bool *reopened)
{
    struct binder binder = sqlite_bind(sqlite, STMT_DROP_REFUSED);
    enum err err;

    bind_key(&binder, key);
    bind_int(&binder, sqlite->run_id);
    err = sqlite_run(sqlite, &binder);
    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_REOPEN_URL);
    bind_key(&binder, key);
    err = sqlite_run(sqlite, &binder);
    *reopened = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

/* The look-up costs one descent: `urls` is a table WITHOUT ROWID, so the row
 * lies in the tree of its key. */
enum err sqlite_find_url(struct sqlite *sqlite, struct url_key key, bool *known)
{
    struct binder binder = sqlite_bind(sqlite, STMT_FIND_URL);
    enum err err;

    bind_key(&binder, key);
    err = sqlite_step(sqlite, &binder, known);
    if (!err && *known)
        sqlite3_reset(binder.stmt);
    return err;
}

/* Makes a known URL a line of the list, if no list names it. */
static enum err list_url(struct sqlite *sqlite, const struct url_record *url,
                         enum storage_added *added)
{
    bool adopted = false, reopened = false;
    enum err err = adopt_url(sqlite, url, &adopted);

    if (!err && adopted)
        err = reopen_url(sqlite, url->key, &reopened);
    if (adopted)
        *added = reopened ? STORAGE_REOPENED : STORAGE_ADOPTED;
    return err;
}

/* Adds one URL, or makes one that is known a line of the list. `added` says
 * which of the two it was. */
static enum err add_url(struct sqlite *sqlite, const struct url_record *url,
                        enum storage_added *added)
{
    enum reading_found found = READING_NEW;
    bool done = false, known = false;
    enum err err = CERR_OK;

    *added = STORAGE_KNOWN;
    /* Most links are known, so a look comes first. Most lines of a list are
     * new, but where it is read again: for them the look would be a descent for
     * nothing. */
    if (url->line == 0)
        err = sqlite_find_url(sqlite, url->key, &known);
    else if (sqlite_is_reading(sqlite, url->line))
        err = sqlite_read_again(sqlite, url, added, &found);
    if (err || known || found == READING_DONE)
        return err;
    if (url->is_only_looked_up) {
        *added = STORAGE_ABSENT;
        return CERR_OK;
    }
    if (found == READING_NEW)
        err = insert_url(sqlite, url, &done);
    if (done)
        *added = STORAGE_ADDED;
    return err || done || url->line == 0 ? err : list_url(sqlite, url, added);
}

/* An empty range is bound as it is: `from` above `to` matches no row, and the
 * min() and max() of the statements take over nothing of it. */
static void bind_range(struct binder *binder, struct hash_range range)
{
    bind_int(binder, range.from);
    bind_int(binder, range.to);
}

/* What a sorted batch brings to one host. It is gathered over the host's URLs,
 * so that the host's row is written once for all of them. */
struct news {
    bool any;               /* at least one URL was not known */
    bool listed;            /* at least one is a line of the list */
    struct hash_range walk; /* from the first new bulk URL to the last */
};

/* Adds to the news what became of one URL. A URL that was known before is no
 * reason to wake its host. */
static void note_news(struct news *news, const struct url_record *url,
                      enum storage_added added)
{
    news->any |= added != STORAGE_KNOWN && added != STORAGE_KEPT &&
                 added != STORAGE_ABSENT;
    news->listed |= url->line > 0;
    if (added == STORAGE_ADDED && order_of(url) == URL_ORDER_BULK)
        hash_range_add(&news->walk, hash_range_of(url->key.url_hash));
}

/* Whether the host's row already says all that the news would change. */
static enum err is_no_news(struct sqlite *sqlite, int64_t host_id,
                           const struct news *news, bool *known)
{
    struct binder binder = sqlite_bind(sqlite, STMT_HAS_HOST);
    enum err err;

    bind_int(&binder, news->listed);
    bind_int(&binder, STORAGE_HOST_IDLE);
    bind_range(&binder, news->walk);
    bind_int(&binder, host_id);
    err = sqlite_step(sqlite, &binder, known);
    sqlite3_reset(binder.stmt);
    return err;
}

/*
 * Makes the host of a URL that is new. A host that is there gets the wider
 * walk, and if it was idle it is due now: any other due time is politeness or
 * a lease, which a new URL must not cut short.
 */
static enum err touch_host(struct sqlite *sqlite, const struct url_record *url,
                           const struct news *news, struct url_batch *batch)
{
    struct binder binder;
    bool known;
    enum err err = is_no_news(sqlite, url->key.host_id, news, &known);

    if (err || known)
        return err;
    binder = sqlite_bind(sqlite, STMT_ADD_HOST);
    bind_int(&binder, url->key.host_id);
    bind_text(&binder, url->host_key);
    bind_int(&binder, batch->now_ms);
    bind_int(&binder, news->listed);
    bind_range(&binder, news->walk);
    err = sqlite_run(sqlite, &binder);
    if (err)
        return err;
    if (sqlite3_changes(sqlite->db) > 0) {
        batch->nr_new_hosts++;
        return CERR_OK;
    }
    binder = sqlite_bind(sqlite, STMT_WAKE_HOST);
    bind_int(&binder, news->listed);
    bind_int(&binder, STORAGE_HOST_IDLE);
    bind_int(&binder, batch->now_ms);
    bind_range(&binder, news->walk);
    bind_int(&binder, url->key.host_id);
    return sqlite_run(sqlite, &binder);
}

/* The batch is sorted by (host_id, url_hash), so that the rows go into the tree
 * side by side and each host is written once. */
static enum err add_urls(struct back_end *back, struct url_batch *batch)
{
    struct sqlite *sqlite = sqlite_of(back);
    const struct url_record *urls = batch->urls;
    struct news news = {.walk = HASH_RANGE_NONE};
    enum err err = sqlite_begin(sqlite);

    for (size_t i = 0; i < batch->nr_urls && !err; i++) {
        bool last_of_host = i + 1 == batch->nr_urls ||
                            urls[i + 1].key.host_id != urls[i].key.host_id;

        err = add_url(sqlite, &urls[i], &batch->added[i]);
        note_news(&news, &urls[i], batch->added[i]);
        if (!last_of_host)
            continue;
        /* The next URL belongs to another host. */
        if (!err && news.any)
            err = touch_host(sqlite, &urls[i], &news, batch);
        news = (struct news){.walk = HASH_RANGE_NONE};
    }
    return err;
}

/* Runs STMT_PUT_LINE or STMT_CHANGE_LINE for a line that got no URL of its own.
 * Both have the same parameters. */
static enum err write_line(struct sqlite *sqlite, enum stmt which,
                           const struct line_record *line, bool *written)
{
    struct binder binder = sqlite_bind(sqlite, which);
    bool duplicate = line->same_as.host_id || line->same_as.url_hash;

    bind_int(&binder, line->line);
    bind_text(&binder, line->text);
    bind_text(&binder, line->error);
    bind_text(&binder, line->detail);
    if (duplicate) {
        bind_key(&binder, line->same_as);
    } else {
        bind_null(&binder);
        bind_null(&binder);
    }
    enum err err = sqlite_run(sqlite, &binder);
    *written = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

/* Stores a line without a URL. The insert does nothing when the line has a row;
 * then the row is changed, but only if the list says something else now. */
static enum err put_line(struct back_end *back, const struct line_record *line,
                         enum line_change *change)
{
    struct sqlite *sqlite = sqlite_of(back);
    bool added = false, changed = false;
    enum err err = sqlite_begin(sqlite);

    if (!err)
        err = write_line(sqlite, STMT_PUT_LINE, line, &added);
    if (!err && !added)
        err = write_line(sqlite, STMT_CHANGE_LINE, line, &changed);
    if (!err)
        err = sqlite_note_line(sqlite, line->line);
    *change = added ? LINE_ADDED : changed ? LINE_CHANGED : LINE_SAME;
    return err;
}

static enum err line_of(struct back_end *back, struct url_key key,
                        int64_t *line)
{
    struct binder binder = sqlite_bind(sqlite_of(back), STMT_URL_LINE);
    bool row;
    enum err err;

    *line = 0;
    bind_key(&binder, key);
    err = sqlite_step(sqlite_of(back), &binder, &row);
    if (!err && row)
        *line = sqlite3_column_int64(binder.stmt, 0);
    sqlite3_reset(binder.stmt);
    return err;
}

static enum err put_tries(struct back_end *back, struct url_key key, int tries)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_TRIES);
    bind_int(&binder, tries);
    bind_key(&binder, key);
    return sqlite_run(sqlite, &binder);
}

/* The statement does nothing when the URL has ended or already comes earlier.
 */
static enum err bring_forward(struct back_end *back, struct url_key key,
                              int depth, int nr_hops, bool *is_moved)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_BRING_FORWARD);
    bind_int(&binder, depth);
    bind_int(&binder, url_order_of(URL_FOUND, depth, nr_hops));
    bind_key(&binder, key);
    err = sqlite_run(sqlite, &binder);
    *is_moved = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

static bool is_text(sqlite3_stmt *stmt, int column, const char *word)
{
    struct bytes text = column_bytes(stmt, column);

    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* One look by key, and one at the page. */
static enum err get_redirect(struct back_end *back, struct url_key key,
                             struct buf *to, bool *is_loop)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_GET_REDIRECT);
    bool row = false;
    enum err err;

    bind_key(&binder, key);
    bind_int(&binder, sqlite->run_id);
    err = sqlite_step(sqlite, &binder, &row);
    if (!err && row) {
        struct bytes text = column_bytes(binder.stmt, 0);

        *is_loop = is_text(binder.stmt, 2, "redirect_loop");
        if (is_text(binder.stmt, 1, "redirect"))
            err = buf_add(to, text.data, text.len);
    }
    sqlite3_reset(binder.stmt);
    return err;
}

/* Reads the whole table. `listed` chooses between the lines of the list and the
 * URLs that were discovered. */
static enum err each_url(struct back_end *back, bool listed, storage_url_fn fn,
                         void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder =
        sqlite_bind(sqlite, listed ? STMT_LISTED_URLS : STMT_FOUND_URLS);
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        struct stored_url stored = {0};

        err = sqlite_step(sqlite, &binder, &row);
        if (err || !row)
            break;
        stored.key.host_id = sqlite3_column_int64(binder.stmt, 0);
        stored.key.url_hash = sqlite3_column_int64(binder.stmt, 1);
        stored.url = column_bytes(binder.stmt, 2);
        stored.line = sqlite3_column_int64(binder.stmt, 3);
        err = fn(ctx, &stored);
    }
    sqlite3_reset(binder.stmt);
    return err;
}

static enum err each_landing(struct back_end *back, storage_landing_fn fn,
                             void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_LANDINGS);
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        err = sqlite_step(sqlite, &binder, &row);
        if (!err && row)
            err = fn(ctx, column_bytes(binder.stmt, 0),
                     column_bytes(binder.stmt, 1));
    }
    sqlite3_reset(binder.stmt);
    return err;
}

/* ---- leasing hosts, and refilling them with URLs ---- */

/* Reads the columns that STMT_LEASE_HOST returns, in its order. The texts are
 * borrowed from the statement until its next step. */
static void read_host(sqlite3_stmt *stmt, struct host_record *host)
{
    *host = (struct host_record){
        .host_id = sqlite3_column_int64(stmt, 0),
        .key = column_bytes(stmt, 1),
        .listed = sqlite3_column_int(stmt, 2) != 0,
        .token = sqlite3_column_int64(stmt, 3),
        .delay_ms = sqlite3_column_int64(stmt, 4),
        .nr_errors = sqlite3_column_int(stmt, 5),
        .robots_status = sqlite3_column_int(stmt, 6),
        .robots_at = sqlite3_column_int64(stmt, 7),
        .robots_until = sqlite3_column_int64(stmt, 8),
        .not_before = sqlite3_column_int64(stmt, 9),
        .walk = {sqlite3_column_int64(stmt, 10),
                 sqlite3_column_int64(stmt, 11)},
        .robots = column_bytes(stmt, 12),
    };
}

/* Leases one host; *leased is false when somebody else has it. The update tests
 * that itself and returns the row, so that no other writer can come between the
 * test and the lease. */
static enum err lease(struct sqlite *sqlite, int64_t host_id, int64_t now_ms,
                      const struct storage_taker *taker, bool *leased)
{
    struct binder binder;
    struct host_record host;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_LEASE_HOST);
    bind_int(&binder, now_ms + STORAGE_LEASE_MS);
    bind_int(&binder, sqlite->run_id);
    bind_int(&binder, host_id);
    bind_int(&binder, now_ms);
    err = sqlite_step(sqlite, &binder, leased);
    if (err || !*leased)
        return err;
    read_host(binder.stmt, &host);
    host.due_at = now_ms; /* in the row it is now the end of the lease */
    err = taker->on_host(taker->ctx, &host);
    sqlite3_reset(binder.stmt);
    return err;
}

/* Leases the hosts that are due, those first that have waited longest. */
static enum err lease_hosts(struct back_end *back, int64_t now_ms,
                            size_t max_hosts, const struct storage_taker *taker,
                            size_t *nr_leased)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_DUE_HOSTS);
    int64_t *host_ids = xcalloc(max_hosts + 1, sizeof(*host_ids));
    size_t nr_hosts = 0;
    bool row = true;
    enum err err = CERR_OK;

    /* All ids are read before any host is leased. Leasing moves a host in the
     * index that the query reads, so the query could find it a second time. */
    bind_int(&binder, now_ms);
    bind_int(&binder, (int64_t)max_hosts);
    while (!err && row) {
        err = sqlite_step(sqlite, &binder, &row);
        if (!err && row)
            host_ids[nr_hosts++] = sqlite3_column_int64(binder.stmt, 0);
    }
    for (size_t i = 0; i < nr_hosts && !err; i++) {
        bool leased;

        err = lease(sqlite, host_ids[i], now_ms, taker, &leased);
        ++*nr_leased;
    }
    free(host_ids);
    return err;
}

/* Makes a host to which a redirect leads, and which no URL of the crawl has. It
 * has nothing to do, so it is idle, and its walk is empty. */
static enum err make_host(struct back_end *back, int64_t host_id,
                          struct bytes host_key, bool *made)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_ADD_HOST);
    bind_int(&binder, host_id);
    bind_text(&binder, host_key);
    bind_int(&binder, STORAGE_HOST_IDLE);
    bind_int(&binder, 0); /* not listed */
    bind_range(&binder, HASH_RANGE_NONE);
    err = sqlite_run(sqlite, &binder);
    *made = !err && sqlite3_changes(sqlite->db) > 0;
    return err;
}

static enum err lease_host(struct back_end *back, int64_t host_id,
                           int64_t now_ms, const struct storage_taker *taker)
{
    bool leased = false;
    enum err err = lease(sqlite_of(back), host_id, now_ms, taker, &leased);

    return err || leased ? err : CERR_BUSY;
}

static enum err host_is_listed(struct back_end *back, int64_t host_id,
                               bool *is_listed)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_LISTED_HOST);

    bind_int(&binder, host_id);
    enum err err = sqlite_step(sqlite, &binder, is_listed);
    sqlite3_reset(binder.stmt);
    return err;
}

/* Reads the columns that the word STORED_URL of sqlite_sql.c stands for, in
 * their order. The texts are borrowed from the statement until its next step.
 */
static void read_stored_url(sqlite3_stmt *stmt, int64_t host_id,
                            struct stored_url *stored)
{
    int64_t line = sqlite3_column_int64(stmt, 3);
    int depth = sqlite3_column_int(stmt, 4);
    int order = sqlite3_column_int(stmt, 5);

    *stored = (struct stored_url){
        .key = {host_id, sqlite3_column_int64(stmt, 0)},
        .url = column_bytes(stmt, 1),
        .listed = column_bytes(stmt, 2),
        .line = line,
        .kind = url_order_kind(order, line),
        .depth = depth,
        .nr_hops = url_order_hops(order, depth),
        .tries = sqlite3_column_int(stmt, 6),
        .etag = column_bytes(stmt, 7),
        .last_modified = column_bytes(stmt, 8),
    };
}

/* Gives each row of a refill to the callback, and adds their number to *nr. */
static enum err hand_out(struct sqlite *sqlite, struct binder *binder,
                         int64_t host_id, const struct storage_taker *taker,
                         size_t *nr)
{
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        struct stored_url stored;

        err = sqlite_step(sqlite, binder, &row);
        if (err || !row)
            break;
        ++*nr;
        read_stored_url(binder->stmt, host_id, &stored);
        err = taker->on_url(taker->ctx, &stored);
    }
    sqlite3_reset(binder->stmt);
    return err;
}

/* Refills a leased host. Bulk URLs come first, by a walk through the table in
 * the order of the key; the others follow, through the index `urls_todo`
 * (docs/decisions/0008-a-list-is-walked.md). */
static enum err refill_urls(struct back_end *back, int64_t host_id,
                            const struct url_place *place, size_t max_urls,
                            const struct storage_taker *taker)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_WALK_URLS);
    size_t nr = 0;
    enum err err;

    bind_int(&binder, host_id);
    bind_range(&binder, place->walk);
    bind_int(&binder, (int64_t)max_urls);
    err = hand_out(sqlite, &binder, host_id, taker, &nr);
    if (err || nr == max_urls)
        return err;
    binder = sqlite_bind(sqlite, STMT_REFILL_URLS);
    bind_int(&binder, host_id);
    bind_int(&binder, place->order);
    bind_int(&binder, place->url_hash);
    bind_int(&binder, (int64_t)(max_urls - nr));
    return hand_out(sqlite, &binder, host_id, taker, &nr);
}

/* ---- leased hosts ---- */

/* Binds the parameters with which STMT_PUT_HOST and STMT_RELEASE_HOST begin. */
static void bind_host(struct binder *binder, const struct host_record *host)
{
    bind_int(binder, host->delay_ms);
    bind_int(binder, host->not_before);
    bind_int(binder, host->nr_errors);
    bind_int(binder, host->robots_status);
    bind_int(binder, host->robots_at);
    bind_int(binder, host->robots_until);
}

/*
 * Runs an update whose last two parameters are host and token; CERR_NOT_FOUND
 * when the token is not that of the running lease. Each lease has a higher
 * token than the one before, so that a holder whose lease has ended changes
 * nothing, even if the host is his again by another lease.
 */
static enum err run_fenced(struct sqlite *sqlite, struct binder *binder,
                           int64_t host_id, int64_t token)
{
    enum err err;

    bind_int(binder, host_id);
    bind_int(binder, token);
    err = sqlite_run(sqlite, binder);
    if (!err && sqlite3_changes(sqlite->db) == 0)
        err = CERR_NOT_FOUND;
    return err;
}

/* Stores the text of robots.txt if it was fetched anew: the statement compares
 * the time of the fetch. The text can have 500 KiB, the least that RFC 9309,
 * section 2.5, asks a crawler to parse, so it is not written with each lease.
 */
static enum err put_robots(struct sqlite *sqlite,
                           const struct host_record *host)
{
    struct binder binder;

    if (host->robots_at == 0)
        return CERR_OK;
    binder = sqlite_bind(sqlite, STMT_PUT_ROBOTS);
    bind_int(&binder, host->host_id);
    bind_int(&binder, host->robots_at);
    bind_blob(&binder, host->robots);
    return sqlite_run(sqlite, &binder);
}

/* Writes the host's fields and keeps the lease. */
static enum err put_host(struct back_end *back, const struct host_record *host)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_HOST);
    bind_host(&binder, host);
    err = run_fenced(sqlite, &binder, host->host_id, host->token);
    return err ? err : put_robots(sqlite, host);
}

/* Writes the host's fields, with the next due time and what is left of the
 * walk, and ends the lease. */
static enum err release_host(struct back_end *back,
                             const struct host_record *host)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_RELEASE_HOST);
    bind_host(&binder, host);
    bind_int(&binder, host->due_at);
    bind_range(&binder, host->walk);
    err = run_fenced(sqlite, &binder, host->host_id, host->token);
    return err ? err : put_robots(sqlite, host);
}

static enum err renew_host(struct back_end *back, int64_t host_id,
                           int64_t token, int64_t now_ms)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_RENEW_HOST);
    bind_int(&binder, now_ms + STORAGE_LEASE_MS);
    return run_fenced(sqlite, &binder, host_id, token);
}

/* Wakes hosts that are idle although they have URLs to do. A host gets there
 * when URLs are added while its holder is about to release it as idle. The
 * statement looks for such URLs in both ways in which a refill finds them. */
static enum err sweep(struct back_end *back, int64_t now_ms, size_t *nr_woken)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    *nr_woken = 0;
    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_SWEEP);
    bind_int(&binder, now_ms);
    bind_int(&binder, STORAGE_HOST_IDLE);
    err = sqlite_run(sqlite, &binder);
    if (!err)
        *nr_woken = (size_t)sqlite3_changes(sqlite->db);
    return err;
}

/* Hosts that are leased are left out: their due time is the end of the lease.
 */
static enum err next_due(struct back_end *back, int64_t *due_at)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_NEXT_DUE);
    bool row;
    enum err err = sqlite_step(sqlite, &binder, &row);

    *due_at = STORAGE_HOST_IDLE;
    if (!err && row) {
        *due_at = sqlite3_column_int64(binder.stmt, 0);
        sqlite3_reset(binder.stmt);
    }
    return err;
}

const struct lease_ops sqlite_lease = {
    .add_urls = add_urls,
    .put_line = put_line,
    .line_of = line_of,
    .begin_reading = sqlite_begin_reading,
    .end_reading = sqlite_end_reading,
    .lease_hosts = lease_hosts,
    .make_host = make_host,
    .lease_host = lease_host,
    .host_is_listed = host_is_listed,
    .refill_urls = refill_urls,
    .put_host = put_host,
    .release_host = release_host,
    .renew_host = renew_host,
    .sweep = sweep,
    .next_due = next_due,
    .put_tries = put_tries,
    .bring_forward = bring_forward,
    .get_redirect = get_redirect,
    .each_url = each_url,
    .each_landing = each_landing,
};
