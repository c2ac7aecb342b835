/* The result's side of the interface: pages and what hangs on them. */
#include "storage/leases.h"
#include "storage/results.h"
#include "storage/sqlite/sqlite.h"
#include "storage/sqlite/sqlite_page.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define STATE_DONE          2
#define STATE_FAILED        3
#define STATUS_NOT_MODIFIED 304
#define ZSTD_LEVEL          3

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && memcmp(text.data, word, text.len) == 0;
}

/* ---- parts of a page ---- */

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

static enum err put_links(struct storage *storage,
                          const struct page_record *page, int64_t page_id)
{
    enum err err = CERR_OK;
    size_t i = 0;

    while (i < page->nr_links && !err) {
        bool many = page->nr_links - i >= STORAGE_LINKS_AT_ONCE;
        size_t end = i + (many ? STORAGE_LINKS_AT_ONCE : 1);
        struct binder binder =
            storage_bind(storage, many ? STMT_PUT_LINKS : STMT_PUT_LINK);

        for (; i < end; i++)
            bind_link(&binder, page, i, page_id);
        err = storage_run(storage, &binder);
    }
    return err;
}

static enum err put_redirects(struct storage *storage,
                              const struct page_record *page, int64_t page_id)
{
    enum err err = CERR_OK;

    for (int i = 0; i < page->nr_redirects && !err; i++) {
        const struct hop_record *hop = &page->hops[i];
        struct binder binder = storage_bind(storage, STMT_PUT_REDIRECT);

        bind_int(&binder, page_id);
        bind_int(&binder, i);
        bind_text(&binder, hop->from_url);
        bind_text(&binder, hop->to_url);
        bind_int_or_null(&binder, hop->status, 0);
        bind_text(&binder, hop->kind);
        bind_real_or_null(&binder, hop->elapsed_ms, 0);
        err = storage_run(storage, &binder);
    }
    return err;
}

/* Equal bodies are kept once: their hash is the key. */
static enum err put_body(struct storage *storage,
                         const struct page_record *page)
{
    size_t cap = ZSTD_compressBound(page->body.len), len;
    struct binder binder;
    void *packed;
    enum err err;

    if (!storage->store_bodies || !page->body.len || !page->content_hash.len)
        return CERR_OK;
    if (!storage->zstd)
        storage->zstd = ZSTD_createCCtx();
    packed = malloc(cap);
    len = storage->zstd && packed
              ? ZSTD_compressCCtx(storage->zstd, packed, cap, page->body.data,
                                  page->body.len, ZSTD_LEVEL)
              : 0;
    if (len == 0 || ZSTD_isError(len)) {
        free(packed);
        return storage_break(storage, CERR_NOMEM,
                             "out of memory while compressing a body; run "
                             "the same command again to go on");
    }
    binder = storage_bind(storage, STMT_PUT_BODY);
    bind_blob(&binder, page->content_hash);
    bind_int(&binder, (int64_t)page->body.len);
    bind_blob(&binder, (struct bytes){packed, len});
    err = storage_run(storage, &binder);
    free(packed);
    return err;
}

static enum err put_sinks(struct storage *storage,
                          const struct page_record *page,
                          struct sink_place *place)
{
    for (size_t i = 0; i < storage->nr_sinks; i++) {
        struct sink *sink = storage->sinks[i];
        enum err err = sink_put(sink, page, place);

        if (err)
            return storage_break(storage, err,
                                 "%s: cannot write: %s; make that right and "
                                 "run the same command again: it goes on "
                                 "from the last commit",
                                 sink->path, err_str(err));
    }
    return CERR_OK;
}

/* ---- the page row ---- */

static struct bytes text_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

/* Views into `place`. */
static struct warc_record warc_of(const struct sink_place *place)
{
    return (struct warc_record){
        .file = text_of(place->file),
        .offset = place->type ? place->offset : -1,
        .length = place->type ? place->length : -1,
        .type = text_of(place->type),
        .digest = text_of(place->digest),
    };
}

/* The row of a page, as far as storage itself knows it. */
static struct page_record begin_row(const struct storage *storage,
                                    const struct page_record *page)
{
    struct page_record row = *page;

    row.id = storage->next_page_id;
    row.run_id = storage->run_id;
    row.input = storage_input_of(storage, page->line);
    row.not_modified = false;
    return row;
}

/* Takes the URL's state from 0. CERR_EXISTS: somebody did so already. */
static enum err end_url(struct storage *storage, const struct page_record *page)
{
    struct binder binder = storage_bind(storage, STMT_END_URL);
    bool known, ended;
    enum err err;

    bind_int(&binder,
             is_word(page->outcome, "error") ? STATE_FAILED : STATE_DONE);
    bind_int(&binder, page->tries);
    bind_int(&binder, storage->next_page_id);
    bind_int(&binder, page->key.host_id);
    bind_int(&binder, page->key.url_hash);
    err = storage_run(storage, &binder);
    if (err || sqlite3_changes(storage->db) > 0)
        return err;
    err = storage_find_url(storage, page->key, &known, &ended);
    if (err)
        return err;
    return known ? CERR_EXISTS : CERR_NOT_FOUND;
}

/* `kept_id`: the page whose links this one repeats; 0: it has its own. */
static enum err insert_page(struct storage *storage, struct page_record *row,
                            int64_t kept_id)
{
    struct sink_place place = {0};
    struct binder binder;
    enum err err = put_sinks(storage, row, &place);

    if (err)
        return err;
    row->warc = warc_of(&place);
    binder = storage_bind(storage, STMT_PUT_PAGE);
    page_bind(&binder, storage, row);
    err = storage_run(storage, &binder);
    if (!err)
        err = put_redirects(storage, row, row->id);
    if (!err && !kept_id)
        err = put_links(storage, row, row->id);
    if (!err && kept_id) {
        binder = storage_bind(storage, STMT_KEEP_LINKS);
        bind_int(&binder, row->id);
        bind_int(&binder, kept_id);
        err = storage_run(storage, &binder);
    }
    return err ? err : put_body(storage, row);
}

/* A 304: the new row repeats the stored answer, so that every run is whole. */
static enum err put_not_modified(struct storage *storage,
                                 struct page_record *row)
{
    struct binder binder = storage_bind(storage, STMT_KEPT_PAGE);
    int64_t kept_id = 0;
    bool found;
    enum err err;

    bind_int(&binder, row->key.host_id);
    bind_int(&binder, row->key.url_hash);
    err = storage_step(storage, &binder, &found);
    if (!err && found) {
        kept_id = sqlite3_column_int64(binder.stmt, 0);
        row->not_modified = kept_id != 0;
        page_keep(row, binder.stmt, 1);
    }
    if (!err)
        err = end_url(storage, row);
    if (!err)
        err = insert_page(storage, row, kept_id);
    sqlite3_reset(binder.stmt); /* until now `row` borrowed from it */
    return err;
}

enum err storage_put_page(struct storage *storage,
                          const struct page_record *page)
{
    enum err err = storage_begin(storage);
    struct page_record row;

    if (err)
        return err;
    row = begin_row(storage, page);
    if (page->status == STATUS_NOT_MODIFIED) {
        err = put_not_modified(storage, &row);
    } else {
        err = end_url(storage, &row);
        if (!err)
            err = insert_page(storage, &row, 0);
    }
    if (err)
        return err;
    storage->next_page_id++;
    storage->counts.nr_ended++;
    return CERR_OK;
}

enum err storage_sink_line(struct storage *storage,
                           const struct line_record *line)
{
    struct sink_place place = {0};
    struct page_record page = sink_line_page(line);

    page.input = storage_input_of(storage, line->line);
    return put_sinks(storage, &page, &place);
}

/* ---- beside the pages ---- */

enum err storage_put_attempt(struct storage *storage,
                             const struct attempt_record *attempt)
{
    struct binder binder;
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder = storage_bind(storage, STMT_PUT_ATTEMPT);
    bind_int(&binder, storage->run_id);
    bind_int(&binder, attempt->key.host_id);
    bind_int(&binder, attempt->key.url_hash);
    bind_int(&binder, attempt->attempt);
    bind_text(&binder, storage_iso(storage, attempt->at));
    bind_int_or_null(&binder, attempt->status, 0);
    bind_text(&binder, attempt->error);
    bind_text(&binder, attempt->detail);
    bind_real_or_null(&binder, attempt->elapsed_ms, 0);
    return storage_run(storage, &binder);
}

enum err storage_put_sample(struct storage *storage,
                            const struct sample_record *sample)
{
    struct binder binder;
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder = storage_bind(storage, STMT_PUT_SAMPLE);
    bind_int(&binder, storage->run_id);
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
    return storage_run(storage, &binder);
}

enum err storage_put_event(struct storage *storage, int64_t now_ms,
                           const char *level, const char *what,
                           const char *detail)
{
    struct binder binder;
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder = storage_bind(storage, STMT_PUT_EVENT);
    bind_int(&binder, storage->run_id);
    bind_text(&binder, storage_iso(storage, now_ms));
    bind_str(&binder, level);
    bind_str(&binder, what);
    bind_str(&binder, detail);
    return storage_run(storage, &binder);
}

enum err storage_run_answered(struct storage *storage, bool *answered)
{
    struct binder binder = storage_bind(storage, STMT_RUN_ANSWER);
    enum err err;

    bind_int(&binder, storage->run_id);
    err = storage_step(storage, &binder, answered);
    sqlite3_reset(binder.stmt);
    return err;
}

enum err storage_put_sandbox(struct storage *storage, const char *level)
{
    struct binder binder;
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder = storage_bind(storage, STMT_PUT_SANDBOX);
    bind_str(&binder, level);
    bind_int(&binder, storage->run_id);
    return storage_run(storage, &binder);
}
