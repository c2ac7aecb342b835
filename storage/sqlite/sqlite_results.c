/*
 * The result's side of the SQLite back end: pages and what hangs on them.
 *
 * A page is stored in one order. First its URL's state is taken, which only
 * one can do; then the outputs get it, because the row says where a WARC file
 * has it; then come the row, its redirects, its links and its body.
 */
#include "storage/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Values of urls.state; 0 means "to do" (storage/schema.sql). */
#define STATE_DONE          2
#define STATE_FAILED        3
#define STATUS_NOT_MODIFIED 304

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* ---- parts of a page ---- */

/* Binds the parameters of one row of STMT_PUT_LINK or STMT_PUT_LINKS. A link is
 * internal when it leads to the page's own host. */
static void bind_link(struct binder *binder, const struct page_record *page,
                      size_t i, int64_t page_id)
{
    const struct link_record *link = &page->links[i];

    bind_int(binder, page_id);
    bind_int(binder, (int64_t)i);
    bind_int(binder, link->key.host_id);
    bind_int(binder, link->key.url_hash);
    bind_text(binder, link->url);
    bind_text(binder, link->kind);
    bind_text(binder, link->text);
    bind_text(binder, link->rel);
    bind_int(binder, link->key.host_id == page->key.host_id);
}

/* Links are stored STORAGE_LINKS_AT_ONCE at a time, and those left over one by
 * one, because to start a statement costs more than a row does. */
static enum err put_links(struct sqlite *sqlite, const struct page_record *page,
                          int64_t page_id)
{
    enum err err = CERR_OK;
    size_t i = 0;

    while (i < page->nr_links && !err) {
        bool many = page->nr_links - i >= STORAGE_LINKS_AT_ONCE;
        size_t end = i + (many ? STORAGE_LINKS_AT_ONCE : 1);
        struct binder binder =
            sqlite_bind(sqlite, many ? STMT_PUT_LINKS : STMT_PUT_LINK);

        for (; i < end; i++)
            bind_link(&binder, page, i, page_id);
        err = sqlite_run(sqlite, &binder);
    }
    return err;
}

/* Stores each hop of the chain that led to the answer, in its order. */
static enum err put_redirects(struct sqlite *sqlite,
                              const struct page_record *page, int64_t page_id)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < page->nr_hops && !err; i++) {
        const struct hop_record *hop = &page->hops[i];
        struct binder binder = sqlite_bind(sqlite, STMT_PUT_REDIRECT);

        bind_int(&binder, page_id);
        bind_int(&binder, (int64_t)i);
        bind_text(&binder, hop->from_url);
        bind_text(&binder, hop->to_url);
        bind_int_or_null(&binder, hop->status, 0);
        bind_text(&binder, hop->kind);
        bind_real_or_null(&binder, hop->elapsed_ms, 0);
        err = sqlite_run(sqlite, &binder);
    }
    return err;
}

/* ---- the page row ---- */

/* The callback that writes a page to the outputs beside the database. */
struct page_taker {
    storage_page_fn fn;
    void *ctx;
};

/*
 * Changes the URL's state from "to do" to its end. Only one call can do that,
 * and only that one writes the page, so no URL has two rows in a run.
 * CERR_EXISTS: the URL has ended already. CERR_NOT_FOUND: nobody added it.
 */
static enum err end_url(struct sqlite *sqlite, const struct page_record *page)
{
    struct binder binder = sqlite_bind(sqlite, STMT_END_URL);
    enum err err;
    bool known;

    bind_int(&binder,
             is_word(page->outcome, "error") ? STATE_FAILED : STATE_DONE);
    bind_int(&binder, page->tries);
    bind_int(&binder, sqlite->next_page_id);
    bind_int(&binder, page->key.host_id);
    bind_int(&binder, page->key.url_hash);
    err = sqlite_run(sqlite, &binder);
    if (err || sqlite3_changes(sqlite->db) > 0)
        return err;
    err = sqlite_find_url(sqlite, page->key, &known);
    if (err)
        return err;
    return known ? CERR_EXISTS : CERR_NOT_FOUND;
}

/* Writes the page to the outputs and then its rows. `kept_id` is the page whose
 * links this one repeats, or 0 when it has its own. */
static enum err insert_page(struct sqlite *sqlite, struct page_record *row,
                            int64_t kept_id, const struct page_taker *taker)
{
    struct binder binder;
    enum err err = taker->fn(taker->ctx, row);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_PAGE);
    page_bind(&binder, sqlite, row);
    err = sqlite_run(sqlite, &binder);
    if (!err)
        err = put_redirects(sqlite, row, row->id);
    if (!err && !kept_id)
        err = put_links(sqlite, row, row->id);
    if (!err && kept_id) {
        binder = sqlite_bind(sqlite, STMT_KEEP_LINKS);
        bind_int(&binder, row->id);
        bind_int(&binder, kept_id);
        err = sqlite_run(sqlite, &binder);
    }
    return err ? err : sqlite_put_body(sqlite, row);
}

/*
 * Stores a 304, which confirms the stored answer (RFC 9110, section 15.4.5).
 * The new row repeats that answer, so that each run is whole; without a stored
 * answer it stays a bare 304. The row borrows texts from the statement, so the
 * statement is reset last.
 */
static enum err put_not_modified(struct sqlite *sqlite, struct page_record *row,
                                 const struct page_taker *taker)
{
    struct binder binder = sqlite_bind(sqlite, STMT_KEPT_PAGE);
    int64_t kept_id = 0;
    bool found;
    enum err err;

    bind_int(&binder, row->key.host_id);
    bind_int(&binder, row->key.url_hash);
    err = sqlite_step(sqlite, &binder, &found);
    if (!err && found) {
        kept_id = sqlite3_column_int64(binder.stmt, 0);
        row->not_modified = kept_id != 0;
        row->warc.answer_id = sqlite3_column_int64(binder.stmt, 1);
        row->answer = (struct warc_answer){
            .url = column_bytes(binder.stmt, 2),
            .date = column_bytes(binder.stmt, 3),
            .digest = column_bytes(binder.stmt, 4),
        };
        page_keep(row, binder.stmt, 5);
    }
    if (!err)
        err = end_url(sqlite, row);
    if (!err)
        err = insert_page(sqlite, row, kept_id, taker);
    sqlite3_reset(binder.stmt);
    return err;
}

/* Gives the page its id and its run, and stores it. */
static enum err put_page(struct back_end *back, struct page_record *row,
                         storage_page_fn fn, void *ctx)
{
    struct sqlite *sqlite = sqlite_of(back);
    const struct page_taker taker = {fn, ctx};
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    row->id = sqlite->next_page_id;
    row->run_id = sqlite->run_id;
    if (row->status == STATUS_NOT_MODIFIED) {
        err = put_not_modified(sqlite, row, &taker);
    } else {
        err = end_url(sqlite, row);
        if (!err)
            err = insert_page(sqlite, row, 0, &taker);
    }
    /* a page that was refused leaves its id to the next one */
    sqlite->next_page_id += err == CERR_OK;
    return err;
}

/* ---- beside the pages ---- */

/* An attempt without an answer has no status, and one that never started to
 * send has no duration: both are NULL. */
static enum err put_attempt(struct back_end *back,
                            const struct attempt_record *attempt)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_ATTEMPT);
    bind_int(&binder, sqlite->run_id);
    bind_int(&binder, attempt->key.host_id);
    bind_int(&binder, attempt->key.url_hash);
    bind_int(&binder, attempt->attempt);
    bind_text(&binder, sqlite_iso(sqlite, attempt->at));
    bind_int_or_null(&binder, attempt->status, 0);
    bind_text(&binder, attempt->error);
    bind_text(&binder, attempt->detail);
    bind_real_or_null(&binder, attempt->elapsed_ms, 0);
    return sqlite_run(sqlite, &binder);
}

/* Notes how late it is by this session's clock: a later session tells by it
 * that the clock was set back. */
static enum err put_clock(struct sqlite *sqlite, int64_t clock_ms)
{
    struct binder binder = sqlite_bind(sqlite, STMT_PUT_META);
    char text[24];

    snprintf(text, sizeof(text), "%" PRId64, clock_ms);
    bind_str(&binder, "clock_ms");
    bind_str(&binder, text);
    return sqlite_run(sqlite, &binder);
}

static enum err put_sample(struct back_end *back,
                           const struct sample_record *sample)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_SAMPLE);
    bind_int(&binder, sqlite->run_id);
    bind_int(&binder, sample->t_ms);
    bind_int(&binder, sample->nr_done);
    bind_int(&binder, sample->nr_failed);
    bind_int(&binder, sample->nr_queued);
    bind_int(&binder, sample->nr_active);
    bind_int(&binder, sample->bytes_down);
    bind_int(&binder, sample->nr_workers_busy);
    bind_int(&binder, sample->nr_hosts_active);
    bind_int(&binder, sample->nr_hosts_waiting);
    bind_int(&binder, sample->rss_bytes);
    bind_int(&binder, sqlite->session);
    err = sqlite_run(sqlite, &binder);
    return err || !sample->clock_ms ? err : put_clock(sqlite, sample->clock_ms);
}

static enum err put_event(struct back_end *back, int64_t now_ms,
                          const char *level, const char *what,
                          const char *detail)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_EVENT);
    bind_int(&binder, sqlite->run_id);
    bind_text(&binder, sqlite_iso(sqlite, now_ms));
    bind_str(&binder, level);
    bind_str(&binder, what);
    bind_str(&binder, detail);
    return sqlite_run(sqlite, &binder);
}

static enum err put_sandbox(struct back_end *back, const char *level)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_PUT_SANDBOX);
    bind_str(&binder, level);
    bind_int(&binder, sqlite->run_id);
    return sqlite_run(sqlite, &binder);
}

/* Each round goes one redirect further back; a chain is no longer than what is
 * followed. */
static enum err end_loops(struct back_end *back, int64_t *nr)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    int64_t nr_new = 1;
    enum err err = sqlite_begin(sqlite);

    while (!err && nr_new > 0) {
        binder = sqlite_bind(sqlite, STMT_END_LOOPS);
        bind_int(&binder, sqlite->run_id);
        err = sqlite_run(sqlite, &binder);
        nr_new = err ? 0 : sqlite3_changes(sqlite->db);
        *nr += nr_new;
    }
    if (err || *nr == 0)
        return err;
    binder = sqlite_bind(sqlite, STMT_FAIL_LOOPS);
    bind_int(&binder, sqlite->run_id);
    return sqlite_run(sqlite, &binder);
}

static enum err add_refused(struct back_end *back,
                            const struct refusal_record *refusal)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder;
    enum err err = sqlite_begin(sqlite);

    if (err)
        return err;
    binder = sqlite_bind(sqlite, STMT_ADD_REFUSED);
    bind_int(&binder, sqlite->run_id);
    bind_int(&binder, refusal->host_id);
    bind_text(&binder, refusal->rule);
    bind_int(&binder, refusal->nr_rows);
    bind_int(&binder, refusal->nr_more);
    bind_text(&binder, refusal->example);
    return sqlite_run(sqlite, &binder);
}

static enum err get_refused(struct back_end *back, int64_t host_id,
                            struct bytes rule, int64_t *nr_rows)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_GET_REFUSED);
    bool row = false;
    enum err err;

    bind_int(&binder, host_id);
    bind_text(&binder, rule);
    err = sqlite_step(sqlite, &binder, &row);
    *nr_rows = !err && row ? sqlite3_column_int64(binder.stmt, 0) : 0;
    sqlite3_reset(binder.stmt);
    return err;
}

static enum err count_found(struct back_end *back, int64_t host_id, int64_t max,
                            int64_t *nr)
{
    struct sqlite *sqlite = sqlite_of(back);
    struct binder binder = sqlite_bind(sqlite, STMT_COUNT_FOUND);
    bool row = false;

    bind_int(&binder, host_id);
    bind_int(&binder, max);
    enum err err = sqlite_step(sqlite, &binder, &row);
    *nr = !err && row ? sqlite3_column_int64(binder.stmt, 0) : 0;
    sqlite3_reset(binder.stmt);
    return err;
}

const struct result_ops sqlite_result = {
    .put_page = put_page,
    .put_attempt = put_attempt,
    .put_sample = put_sample,
    .put_event = put_event,
    .put_sandbox = put_sandbox,
    .end_loops = end_loops,
    .add_refused = add_refused,
    .get_refused = get_refused,
    .count_found = count_found,
};
