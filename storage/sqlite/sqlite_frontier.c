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

#include "base/xalloc.h"

static void bind_key(struct binder *binder, struct url_key key)
{
    bind_int(binder, key.host_id);
    bind_int(binder, key.url_hash);
}

/* ---- URLs ---- */

static int order_of(const struct url_record *url)
{
    return url_order_of(url->kind, url->depth, url->nr_hops);
}

static enum err insert_url(struct sqlite *sqlite, const struct url_record *url,
                           bool *added)
{
    struct binder binder = sqlite_bind(sqlite, STMT_ADD_URL);
    enum err err;

    bind_key(&binder, url->key);
    bind_text(&binder, url->url);
    bind_text(&binder, url->listed);
    bind_int_or_null(&binder, url->line, 0);
    /* a line of the list has no parent, which is 0, 0 in the record */
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

/* Reads the key's own tree alone, so it costs one descent. */
static enum err find_url(struct back_end *back, struct url_key key, bool *known,
                         bool *ended)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_FIND_URL);
    enum err err;

    *ended = false;
    bind_key(&binder, key);
    err = sqlite_step(sqlite, &binder, known);
    if (!err && *known) {
        *ended = sqlite3_column_int(binder.stmt, 0) != 0;
        sqlite3_reset(binder.stmt);
    }
    return err;
}

static enum err add_url(struct sqlite *sqlite, const struct url_record *url,
                        enum storage_added *added)
{
    bool done = false, known = false, reopened = false, ended;
    enum err err = CERR_OK;

    /* Most links are known, so a look comes first. Most lines of a list are
     * new: for them the look would be a descent for nothing. */
    if (url->line == 0)
        err = find_url(&sqlite->base, url->key, &known, &ended);
    if (!err && !known)
        err = insert_url(sqlite, url, &done);
    *added = done ? STORAGE_ADDED : STORAGE_KNOWN;
    if (!err && !done && url->line > 0) {
        err = adopt_url(sqlite, url, &done);
        if (!err && done)
            err = reopen_url(sqlite, url->key, &reopened);
        if (done)
            *added = reopened ? STORAGE_REOPENED : STORAGE_ADOPTED;
    }
    return err;
}

static void bind_range(struct binder *binder, struct hash_range range)
{
    bind_int(binder, range.from);
    bind_int(binder, range.to);
}

/* What a sorted batch brings to one host. It is gathered over the host's URLs,
 * so that the host's row is written once for all of them. */
struct news {
    bool any, listed;
    struct hash_range walk; /* of new bulk URLs */
};

static void note_news(struct news *news, const struct url_record *url,
                      enum storage_added added)
{
    news->any |= added != STORAGE_KNOWN;
    news->listed |= url->line > 0;
    if (added == STORAGE_ADDED && order_of(url) == URL_ORDER_BULK)
        hash_range_add(&news->walk, hash_range_of(url->key.url_hash));
}

/* Whether the host's row says all of it already. */
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
        /* The batch is sorted by host, so what follows is another one's. */
        if (!err && news.any)
            err = touch_host(sqlite, &urls[i], &news, batch);
        news = (struct news){.walk = HASH_RANGE_NONE};
    }
    return err;
}

/* One of the two statements for a line that got no URL of its own. */
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

/* The insert does nothing where the line is there; then it is changed, but only
 * if the list says something else now. */
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
    *change = added ? LINE_ADDED : changed ? LINE_CHANGED : LINE_SAME;
    return err;
}

/* A duplicate is no bad line, and stays. */
static enum err drop_line(struct back_end *back, int64_t line, bool *dropped)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_DROP_LINE);
    bind_int(&binder, line);
    err = sqlite_run(sqlite, &binder);
    *dropped = !err && sqlite3_changes(sqlite->db) > 0;
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

static enum err bring_forward(struct back_end *back, struct url_key key,
                              int depth, int nr_hops)
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
    return sqlite_run(sqlite, &binder);
}

static enum err each_url(struct back_end *back, bool listed, storage_url_fn fn,
                         void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder =
        sqlite_bind(sqlite, listed ? STMT_LISTED_URLS : STMT_FOUND_URLS);
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        struct url_claim claim = {0};

        err = sqlite_step(sqlite, &binder, &row);
        if (err || !row)
            break;
        claim.key.host_id = sqlite3_column_int64(binder.stmt, 0);
        claim.key.url_hash = sqlite3_column_int64(binder.stmt, 1);
        claim.url = column_bytes(binder.stmt, 2);
        claim.line = sqlite3_column_int64(binder.stmt, 3);
        err = fn(ctx, &claim);
    }
    sqlite3_reset(binder.stmt);
    return err;
}

/* ---- claims ---- */

/* The columns that LEASE_HOST returns, in its order. Its texts are SQLite's
 * until the next step. */
static void read_host(sqlite3_stmt *stmt, struct host_record *host)
{
    *host = (struct host_record){
        .host_id = sqlite3_column_int64(stmt, 0),
        .key = column_bytes(stmt, 1),
        .listed = sqlite3_column_int(stmt, 2) != 0,
        .token = sqlite3_column_int64(stmt, 3),
        .delay_ms = sqlite3_column_int64(stmt, 4),
        .fails = sqlite3_column_int(stmt, 5),
        .nr_errors = sqlite3_column_int(stmt, 6),
        .robots_status = sqlite3_column_int(stmt, 7),
        .robots_at = sqlite3_column_int64(stmt, 8),
        .robots_until = sqlite3_column_int64(stmt, 9),
        .not_before = sqlite3_column_int64(stmt, 10),
        .walk = {sqlite3_column_int64(stmt, 11),
                 sqlite3_column_int64(stmt, 12)},
        .robots = column_bytes(stmt, 13),
    };
}

/* One host; *leased is false when somebody else has it. The update itself
 * tests that, and returns the row, so that nothing lies between the two. */
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
    host.due_at = now_ms; /* the row has the end of the lease there */
    err = taker->on_host(taker->ctx, &host);
    sqlite3_reset(binder.stmt);
    return err;
}

static enum err claim_hosts(struct back_end *back, int64_t now_ms,
                            size_t max_hosts, const struct storage_taker *taker,
                            size_t *nr_claimed)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_DUE_HOSTS);
    int64_t *host_ids = xcalloc(max_hosts + 1, sizeof(*host_ids));
    size_t nr_hosts = 0;
    bool row = true;
    enum err err = CERR_OK;

    /* Their ids come first: leasing a host moves its entry in the index that
     * the query reads, and it would be found again. */
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
        ++*nr_claimed;
    }
    free(host_ids);
    return err;
}

/* A redirect leads to a host that no URL of the crawl has: it has nothing to
 * do, so it is idle, and its walk is empty. */
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

/* The columns of CLAIMED, in its order. */
static void read_claim(sqlite3_stmt *stmt, int64_t host_id,
                       struct url_claim *claim)
{
    int64_t line = sqlite3_column_int64(stmt, 3);
    int depth = sqlite3_column_int(stmt, 4);
    int order = sqlite3_column_int(stmt, 5);

    *claim = (struct url_claim){
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

/* Gives the rows of a claim to its callback, and counts them. */
static enum err hand_out(struct sqlite *sqlite, struct binder *binder,
                         int64_t host_id, const struct storage_taker *taker,
                         size_t *nr)
{
    bool row = true;
    enum err err = CERR_OK;

    while (!err && row) {
        struct url_claim claim;

        err = sqlite_step(sqlite, binder, &row);
        if (err || !row)
            break;
        ++*nr;
        read_claim(binder->stmt, host_id, &claim);
        err = taker->on_url(taker->ctx, &claim);
    }
    sqlite3_reset(binder->stmt);
    return err;
}

/* Bulk URLs come by the walk through the key, then the others through their
 * index (docs/decisions/0008-a-list-is-walked.md). */
static enum err claim_urls(struct back_end *back, int64_t host_id,
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
    binder = sqlite_bind(sqlite, STMT_CLAIM_URLS);
    bind_int(&binder, host_id);
    bind_int(&binder, place->order);
    bind_int(&binder, place->url_hash);
    bind_int(&binder, (int64_t)(max_urls - nr));
    return hand_out(sqlite, &binder, host_id, taker, &nr);
}

/* ---- leased hosts ---- */

/* What put and release have in common, in the order of both. */
static void bind_host(struct binder *binder, const struct host_record *host)
{
    bind_int(binder, host->delay_ms);
    bind_int(binder, host->not_before);
    bind_int(binder, host->fails);
    bind_int(binder, host->nr_errors);
    bind_int(binder, host->robots_status);
    bind_int(binder, host->robots_at);
    bind_int(binder, host->robots_until);
}

/*
 * Runs an update whose last two parameters are host and token. The token grows
 * with each lease, so that a holder whose lease has ended changes nothing, even
 * if the host is his again by another lease.
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

/* The text can have 500 KiB, so it is written only when it was fetched anew:
 * the statement compares the time of the fetch. */
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

/* A host may have been put to sleep although URLs were added meanwhile. It is
 * looked for in both ways in which URLs are handed out. */
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
    .drop_line = drop_line,
    .claim_hosts = claim_hosts,
    .make_host = make_host,
    .lease_host = lease_host,
    .claim_urls = claim_urls,
    .put_host = put_host,
    .release_host = release_host,
    .renew_host = renew_host,
    .sweep = sweep,
    .next_due = next_due,
    .put_tries = put_tries,
    .bring_forward = bring_forward,
    .find_url = find_url,
    .each_url = each_url,
};
