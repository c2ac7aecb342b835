/* The back end behind memory_storage.h: rows in arrays, found by looking at
 * all of them. */
#include "tests/support/memory_storage.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "storage/crawl_lock.h"

#define MAGIC    "crawl-memory-1"
#define ROWS_MAX 64

/* ---- the rows ---- */

struct row_text {
    char data[128];
    size_t len;
};

struct host_row {
    struct host_record record; /* its texts are the two below */
    struct row_text key, robots;
    int64_t robots_at; /* of the stored text */
    bool held;
};

struct url_row {
    struct url_key key;
    struct row_text url;
    int64_t line;
    int depth, order, tries; /* `order`: as url_order.h makes it */
    bool ended;
    bool seen;   /* in the reading that is under way */
    size_t page; /* number of its newest page, from 1; 0: none */
};

struct page_row {
    int64_t run_id, length, fetched_at;
    int status, nr_redirects;
    bool retry_later;
    struct row_text outcome, error, etag, last_modified;
    struct row_text final_url;
    struct row_text url, to_url; /* where its first redirect leads; "": none */
};

struct line_row {
    int64_t line; /* 0: dropped */
    struct row_text text, error;
    bool is_duplicate;
    struct url_key same_as;
    bool seen; /* in the reading that is under way */
};

struct refusal_row {
    int64_t host_id, nr_rows;
    struct row_text rule;
};

/* How far a list was read, or an output written. */
struct mark_row {
    struct row_text name;
    bool is_output;
    struct storage_input input;   /* without its texts */
    struct row_text path;         /* of a list; empty: none */
    struct storage_output output; /* without its texts */
};

struct image {
    char magic[sizeof(MAGIC)];
    struct hash_key hash_key;
    struct storage_counts counts;
    int64_t reading; /* 1 + number of the list that is read again; 0: none */
    int64_t run_id, run_ms; /* time of its start, or of its end */
    bool run_done;
    int64_t nr_sessions; /* of the run */
    size_t nr_hosts, nr_urls, nr_pages, nr_lines, nr_marks, nr_refusals;
    struct host_row hosts[ROWS_MAX];
    struct url_row urls[ROWS_MAX];
    struct page_row pages[ROWS_MAX];
    struct line_row lines[ROWS_MAX];
    struct mark_row marks[ROWS_MAX];
    struct refusal_row refusals[ROWS_MAX];
};

struct memory {
    struct back_end base;
    struct crawl_lock lock;
    const char *path;
    bool path_made;
    struct image now, committed;
};

static enum err commit_err;
static char last_note[256];

void memory_storage_fail_commit(enum err err)
{
    commit_err = err;
}

const char *memory_storage_last_note(void)
{
    return last_note;
}

static struct image *image_of(struct back_end *back)
{
    return &((struct memory *)(void *)back)->now;
}

static struct row_text keep(struct bytes text)
{
    struct row_text kept = {.len = text.len};

    assert(text.len < sizeof(kept.data));
    if (text.len)
        memcpy(kept.data, text.data, text.len);
    return kept;
}

static struct bytes view(const struct row_text *text)
{
    return (struct bytes){text->data, text->len};
}

static size_t add_row(size_t *nr)
{
    assert(*nr < ROWS_MAX);
    return (*nr)++;
}

static struct host_row *find_host(struct image *image, int64_t host_id)
{
    for (size_t i = 0; i < image->nr_hosts; i++)
        if (image->hosts[i].record.host_id == host_id)
            return &image->hosts[i];
    return NULL;
}

static struct url_row *find_row(struct image *image, struct url_key key)
{
    for (size_t i = 0; i < image->nr_urls; i++)
        if (image->urls[i].key.host_id == key.host_id &&
            image->urls[i].key.url_hash == key.url_hash)
            return &image->urls[i];
    return NULL;
}

static struct page_row *page_of(struct image *image, const struct url_row *url)
{
    return url->page ? &image->pages[url->page - 1] : NULL;
}

static bool is_word(const struct row_text *text, const char *word)
{
    return strcmp(text->data, word) == 0;
}

/* ---- hosts ---- */

static struct host_row *add_host(struct image *image, int64_t host_id,
                                 struct bytes key, int64_t due_at)
{
    struct host_row *host = &image->hosts[add_row(&image->nr_hosts)];

    *host = (struct host_row){.key = keep(key),
                              .record = {.host_id = host_id,
                                         .due_at = due_at,
                                         .walk = HASH_RANGE_NONE}};
    return host;
}

static enum err give_host(struct host_row *host, int64_t now_ms,
                          const struct storage_taker *taker)
{
    struct host_record record;

    host->held = true;
    host->record.token++;
    host->record.due_at = now_ms + STORAGE_LEASE_MS;
    record = host->record;
    record.key = view(&host->key);
    record.robots = view(&host->robots);
    record.due_at = now_ms;
    return taker->on_host(taker->ctx, &record);
}

static enum err lease_hosts(struct back_end *back, int64_t now_ms,
                            size_t max_hosts, const struct storage_taker *taker,
                            size_t *nr_leased)
{
    struct image *image = image_of(back);
    enum err err = CERR_OK;

    while (*nr_leased < max_hosts && !err) {
        struct host_row *first = NULL;

        for (size_t i = 0; i < image->nr_hosts; i++) {
            struct host_row *host = &image->hosts[i];

            if (host->record.due_at <= now_ms &&
                (!first || host->record.due_at < first->record.due_at))
                first = host;
        }
        if (!first)
            break;
        ++*nr_leased;
        err = give_host(first, now_ms, taker);
    }
    return err;
}

static enum err make_host(struct back_end *back, int64_t host_id,
                          struct bytes host_key, bool *made)
{
    *made = !find_host(image_of(back), host_id);
    if (*made)
        add_host(image_of(back), host_id, host_key, STORAGE_HOST_IDLE);
    return CERR_OK;
}

static enum err lease_host(struct back_end *back, int64_t host_id,
                           int64_t now_ms, const struct storage_taker *taker)
{
    struct host_row *host = find_host(image_of(back), host_id);

    if (host->held && host->record.due_at > now_ms)
        return CERR_BUSY;
    return give_host(host, now_ms, taker);
}

static enum err host_is_listed(struct back_end *back, int64_t host_id,
                               bool *is_listed)
{
    const struct host_row *host = find_host(image_of(back), host_id);

    *is_listed = host && host->record.listed;
    return CERR_OK;
}

/* The host if it is held by this token. */
static struct host_row *find_leased(struct back_end *back, int64_t host_id,
                                    int64_t token)
{
    struct host_row *host = find_host(image_of(back), host_id);

    return host && host->held && host->record.token == token ? host : NULL;
}

static enum err put_host(struct back_end *back, const struct host_record *put)
{
    struct host_row *host = find_leased(back, put->host_id, put->token);
    struct host_record old;

    if (!host)
        return CERR_NOT_FOUND;
    old = host->record;
    host->record = *put;
    host->record.listed = old.listed;
    host->record.due_at = old.due_at;
    host->record.walk = old.walk;
    if (put->robots_at && put->robots_at != host->robots_at) {
        host->robots = keep(put->robots);
        host->robots_at = put->robots_at;
    }
    return CERR_OK;
}

static enum err release_host(struct back_end *back,
                             const struct host_record *put)
{
    struct host_row *host = find_leased(back, put->host_id, put->token);

    if (!host)
        return CERR_NOT_FOUND;
    (void)!put_host(back, put);
    host->record.due_at = put->due_at;
    host->record.walk = put->walk;
    host->held = false;
    return CERR_OK;
}

static enum err renew_host(struct back_end *back, int64_t host_id,
                           int64_t token, int64_t now_ms)
{
    struct host_row *host = find_leased(back, host_id, token);

    if (!host)
        return CERR_NOT_FOUND;
    host->record.due_at = now_ms + STORAGE_LEASE_MS;
    return CERR_OK;
}

static bool has_urls(const struct image *image, const struct host_record *host)
{
    for (size_t i = 0; i < image->nr_urls; i++) {
        const struct url_row *url = &image->urls[i];

        if (url->key.host_id == host->host_id && !url->ended &&
            (url->order != URL_ORDER_BULK ||
             (url->key.url_hash >= host->walk.from &&
              url->key.url_hash <= host->walk.to)))
            return true;
    }
    return false;
}

static enum err sweep(struct back_end *back, int64_t now_ms, size_t *nr_woken)
{
    struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_hosts; i++) {
        struct host_row *host = &image->hosts[i];

        if (host->record.due_at == STORAGE_HOST_IDLE && !host->held &&
            has_urls(image, &host->record)) {
            host->record.due_at = now_ms;
            ++*nr_woken;
        }
    }
    return CERR_OK;
}

static enum err next_due(struct back_end *back, int64_t *due_at)
{
    const struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_hosts; i++)
        if (!image->hosts[i].held && image->hosts[i].record.due_at < *due_at)
            *due_at = image->hosts[i].record.due_at;
    return CERR_OK;
}

/* ---- URLs and lines ---- */

/* As a link, by a rule that a line of the list is free of. */
static bool was_refused(const struct page_row *page)
{
    return page && page->nr_redirects == 0 &&
           (is_word(&page->error, "trap") ||
            is_word(&page->error, "blocked_address"));
}

static enum storage_added adopt(struct image *image, struct url_row *row,
                                const struct url_record *url)
{
    const struct page_row *page = page_of(image, row);

    row->line = url->line;
    row->order = URL_ORDER_FIRST; /* nothing comes before that */
    if (url->depth < row->depth)
        row->depth = url->depth;
    if (!row->ended || !was_refused(page))
        return STORAGE_ADOPTED;
    if (page->run_id == image->run_id)
        row->page = 0;
    row->ended = false;
    row->tries = 0;
    return STORAGE_REOPENED;
}

/* Whether the line is of the list that is being read again. */
static bool is_reading(const struct image *image, int64_t line)
{
    return image->reading > 0 && line > 0 &&
           line >> STORAGE_LINE_BITS == image->reading - 1;
}

static enum storage_added add_url(struct image *image,
                                  const struct url_record *url)
{
    struct url_row *row = find_row(image, url->key);
    bool again = is_reading(image, url->line);

    if (row && again && !row->seen && is_reading(image, row->line)) {
        row->seen = true;
        row->line = url->line;
        return STORAGE_KEPT;
    }
    if (row && (url->line == 0 || row->line > 0))
        return STORAGE_KNOWN;
    if (row) {
        row->seen = again;
        return adopt(image, row, url);
    }
    if (url->is_only_looked_up)
        return STORAGE_ABSENT;
    image->urls[add_row(&image->nr_urls)] = (struct url_row){
        .key = url->key,
        .url = keep(url->url),
        .line = url->line,
        .seen = again,
        .depth = url->depth,
        .order = url_order_of(url->kind, url->depth, url->nr_hops)};
    return STORAGE_ADDED;
}

static void wake_host(struct url_batch *batch, struct image *image, size_t i)
{
    const struct url_record *url = &batch->urls[i];
    struct host_row *host = find_host(image, url->key.host_id);

    if (!host) {
        host = add_host(image, url->key.host_id, url->host_key, batch->now_ms);
        batch->nr_new_hosts++;
    }
    host->record.listed |= url->line > 0;
    if (host->record.due_at == STORAGE_HOST_IDLE)
        host->record.due_at = batch->now_ms;
    if (batch->added[i] == STORAGE_ADDED && url->kind == URL_BULK)
        hash_range_add(&host->record.walk, hash_range_of(url->key.url_hash));
}

static enum err add_urls(struct back_end *back, struct url_batch *batch)
{
    for (size_t i = 0; i < batch->nr_urls; i++) {
        batch->added[i] = add_url(image_of(back), &batch->urls[i]);
        if (batch->added[i] != STORAGE_KNOWN &&
            batch->added[i] != STORAGE_KEPT &&
            batch->added[i] != STORAGE_ABSENT)
            wake_host(batch, image_of(back), i);
    }
    return CERR_OK;
}

static enum err put_line(struct back_end *back, const struct line_record *line,
                         enum line_change *change)
{
    struct image *image = image_of(back);
    const struct url_row *same = find_row(image, line->same_as);
    struct line_row row = {
        line->line,        keep(line->text),
        keep(line->error), line->same_as.host_id || line->same_as.url_hash,
        line->same_as,     true};

    if (same && same->line == line->line)
        return CERR_OK; /* a line that is read again repeats itself */
    for (size_t i = 0; i < image->nr_lines; i++) {
        struct line_row *old = &image->lines[i];

        if (old->line != line->line)
            continue;
        if (memcmp(&old->text, &row.text, sizeof(row.text)) ||
            memcmp(&old->error, &row.error, sizeof(row.error)))
            *change = LINE_CHANGED;
        *old = row;
        return CERR_OK;
    }
    image->lines[add_row(&image->nr_lines)] = row;
    *change = LINE_ADDED;
    return CERR_OK;
}

static enum err line_of(struct back_end *back, struct url_key key,
                        int64_t *line)
{
    const struct url_row *row = find_row(image_of(back), key);

    *line = row ? row->line : 0;
    return CERR_OK;
}

static enum err begin_reading(struct back_end *back, int64_t number)
{
    struct image *image = image_of(back);

    image->reading = number + 1;
    for (size_t i = 0; i < image->nr_urls; i++)
        image->urls[i].seen = false;
    for (size_t i = 0; i < image->nr_lines; i++)
        image->lines[i].seen = false;
    return CERR_OK;
}

/* The line of another list that repeats the URL. */
static struct line_row *find_heir(struct image *image, struct url_key key)
{
    for (size_t i = 0; i < image->nr_lines; i++) {
        struct line_row *row = &image->lines[i];

        if (row->line && row->is_duplicate &&
            row->same_as.host_id == key.host_id &&
            row->same_as.url_hash == key.url_hash)
            return row;
    }
    return NULL;
}

/* A URL that its list names no more. */
static void unlist(struct image *image, size_t i, struct reading_end *end)
{
    struct url_row *url = &image->urls[i];
    struct line_row *heir = find_heir(image, url->key);

    if (heir) {
        url->line = heir->line;
        heir->line = 0;
        end->nr_dropped++;
    } else if (!url->page) {
        end->nr_forgotten++;
        memset(url, 0, sizeof(*url));
        url->ended = true;
    } else {
        end->nr_closed += !url->ended;
        end->nr_marked++;
        url->ended = true;
        url->line = -url->line;
    }
}

static enum err end_reading(struct back_end *back, bool whole,
                            struct reading_end *end)
{
    struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_lines && whole; i++) {
        struct line_row *row = &image->lines[i];

        if (is_reading(image, row->line) && !row->seen) {
            row->line = 0;
            end->nr_dropped++;
        }
    }
    for (size_t i = 0; i < image->nr_urls && whole; i++)
        if (is_reading(image, image->urls[i].line) && !image->urls[i].seen)
            unlist(image, i, end);
    image->reading = 0;
    return CERR_OK;
}

static enum err put_tries(struct back_end *back, struct url_key key, int tries)
{
    struct url_row *url = find_row(image_of(back), key);

    if (url)
        url->tries = tries;
    return CERR_OK;
}

static enum err bring_forward(struct back_end *back, struct url_key key,
                              int depth, int nr_hops, bool *is_moved)
{
    struct url_row *url = find_row(image_of(back), key);
    int order = url_order_of(URL_FOUND, depth, nr_hops);

    *is_moved = url && !url->ended && url->order > order;
    if (*is_moved) {
        url->depth = depth;
        url->order = order;
    }
    return CERR_OK;
}

static enum err get_redirect(struct back_end *back, struct url_key key,
                             struct buf *to, bool *is_loop)
{
    struct image *image = image_of(back);
    const struct url_row *url = find_row(image, key);
    const struct page_row *page = url ? page_of(image, url) : NULL;

    if (!page || !url->ended || page->run_id != image->run_id)
        return CERR_OK;
    *is_loop = is_word(&page->error, "redirect_loop");
    return is_word(&page->outcome, "redirect")
               ? buf_add(to, page->to_url.data, page->to_url.len)
               : CERR_OK;
}

static enum err each_url(struct back_end *back, bool listed, storage_url_fn fn,
                         void *ctx)
{
    const struct image *image = image_of(back);
    enum err err = CERR_OK;

    for (size_t i = 0; i < image->nr_urls && !err; i++) {
        const struct url_row *url = &image->urls[i];
        const struct stored_url stored = {
            .key = url->key, .url = view(&url->url), .line = url->line};

        if (listed ? url->line > 0 : url->line == 0)
            err = fn(ctx, &stored);
    }
    return err;
}

static enum err each_landing(struct back_end *back, storage_landing_fn fn,
                             void *ctx)
{
    struct image *image = image_of(back);
    enum err err = CERR_OK;

    for (size_t i = 0; i < image->nr_urls && !err; i++) {
        const struct url_row *url = &image->urls[i];
        const struct page_row *page = page_of(image, url);

        if (page && url->line && page->nr_redirects > 0 &&
            is_word(&page->outcome, "ok"))
            err = fn(ctx, view(&url->url), view(&page->final_url));
    }
    return err;
}

/* Whether a URL lies behind the place, and before the best one so far. */
static bool is_next(const struct url_row *url, const struct url_place *place,
                    const struct url_row *best)
{
    int64_t hash = url->key.url_hash;
    bool bulk = url->order == URL_ORDER_BULK;

    if (bulk ? hash < place->walk.from || hash > place->walk.to
             : url->order < place->order ||
                   (url->order == place->order && hash <= place->url_hash))
        return false;
    if (!best || bulk != (best->order == URL_ORDER_BULK))
        return !best || bulk; /* bulk URLs come before all others */
    return url->order < best->order ||
           (url->order == best->order && hash < best->key.url_hash);
}

static const struct url_row *next_url(const struct image *image,
                                      int64_t host_id,
                                      const struct url_place *place)
{
    const struct url_row *next = NULL;

    for (size_t i = 0; i < image->nr_urls; i++) {
        const struct url_row *url = &image->urls[i];

        if (url->key.host_id == host_id && !url->ended &&
            is_next(url, place, next))
            next = url;
    }
    return next;
}

static enum err refill_urls(struct back_end *back, int64_t host_id,
                            const struct url_place *place, size_t max_urls,
                            const struct storage_taker *taker)
{
    static const struct page_row none;
    struct image *image = image_of(back);
    struct url_place at = *place;
    enum err err = CERR_OK;

    for (size_t nr = 0; nr < max_urls && !err; nr++) {
        const struct url_row *url = next_url(image, host_id, &at);
        const struct page_row *page = url ? page_of(image, url) : NULL;
        struct stored_url stored;

        if (!url)
            break;
        page = page ? page : &none;
        stored = (struct stored_url){
            .key = url->key,
            .url = view(&url->url),
            .line = url->line,
            .kind = url_order_kind(url->order, url->line),
            .depth = url->depth,
            .nr_hops = url_order_hops(url->order, url->depth),
            .tries = url->tries,
            .etag = view(&page->etag),
            .last_modified = view(&page->last_modified)};
        url_place_pass(&at, url->key.url_hash, stored.kind, stored.depth,
                       stored.nr_hops);
        err = taker->on_url(taker->ctx, &stored);
    }
    return err;
}

static const struct lease_ops lease = {
    .add_urls = add_urls,
    .put_line = put_line,
    .line_of = line_of,
    .begin_reading = begin_reading,
    .end_reading = end_reading,
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

/* ---- results ---- */

static void keep_answer(struct page_record *row, const struct page_row *old)
{
    row->status = old->status;
    row->length = old->length;
    row->outcome = view(&old->outcome);
    if (!row->etag.len)
        row->etag = view(&old->etag);
    if (!row->last_modified.len)
        row->last_modified = view(&old->last_modified);
}

static enum err put_page(struct back_end *back, struct page_record *row,
                         storage_page_fn fn, void *ctx)
{
    struct image *image = image_of(back);
    struct url_row *url = find_row(image, row->key);

    if (!url || url->ended)
        return url ? CERR_EXISTS : CERR_NOT_FOUND;
    if (row->status == 304 && url->page)
        keep_answer(row, page_of(image, url));
    row->run_id = image->run_id;
    image->pages[add_row(&image->nr_pages)] =
        (struct page_row){.run_id = image->run_id,
                          .length = row->length,
                          .fetched_at = row->fetched_at,
                          .status = row->status,
                          .nr_redirects = row->nr_redirects,
                          .retry_later = row->retry_later,
                          .outcome = keep(row->outcome),
                          .error = keep(row->error),
                          .etag = keep(row->etag),
                          .last_modified = keep(row->last_modified),
                          .final_url = keep(row->final_url),
                          .url = keep(row->url),
                          .to_url = row->nr_hops ? keep(row->hops[0].to_url)
                                                 : (struct row_text){.len = 0}};
    url->ended = true;
    url->tries = row->tries;
    url->page = image->nr_pages;
    row->id = (int64_t)image->nr_pages;
    return fn(ctx, row);
}

/* Nothing of the contract reads these again. */
static enum err put_attempt(struct back_end *back,
                            const struct attempt_record *attempt)
{
    (void)back;
    (void)attempt;
    return CERR_OK;
}

static enum err put_sample(struct back_end *back,
                           const struct sample_record *sample)
{
    (void)back;
    (void)sample;
    return CERR_OK;
}

static enum err put_event(struct back_end *back, int64_t now_ms,
                          const char *level, const char *what,
                          const char *detail)
{
    (void)back;
    (void)now_ms;
    snprintf(last_note, sizeof(last_note), "%s %s %s", level, what, detail);
    return CERR_OK;
}

static enum err put_sandbox(struct back_end *back, const char *level)
{
    (void)back;
    snprintf(last_note, sizeof(last_note), "%s", level);
    return CERR_OK;
}

/* Whether a redirect of the run leads to a page that is part of a loop. */
static bool leads_into_loop(const struct image *image,
                            const struct page_row *page)
{
    if (page->run_id != image->run_id || !is_word(&page->outcome, "redirect"))
        return false;
    for (size_t i = 0; i < image->nr_pages; i++)
        if (image->pages[i].run_id == image->run_id &&
            is_word(&image->pages[i].error, "redirect_loop") &&
            is_word(&page->to_url, image->pages[i].url.data))
            return true;
    return false;
}

static enum err end_loops(struct back_end *back, int64_t *nr)
{
    struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_pages; i++) {
        struct page_row *page = &image->pages[i];

        if (!leads_into_loop(image, page))
            continue;
        page->outcome = keep((struct bytes){"error", 5});
        page->error = keep((struct bytes){"redirect_loop", 13});
        ++*nr;
        i = (size_t)-1; /* what leads to this one may stand before it */
    }
    return CERR_OK;
}

static struct refusal_row *find_refusal(struct image *image, int64_t host_id,
                                        struct bytes rule)
{
    for (size_t i = 0; i < image->nr_refusals; i++)
        if (image->refusals[i].host_id == host_id &&
            image->refusals[i].rule.len == rule.len &&
            memcmp(image->refusals[i].rule.data, rule.data, rule.len) == 0)
            return &image->refusals[i];
    return NULL;
}

static enum err add_refused(struct back_end *back,
                            const struct refusal_record *refusal)
{
    struct image *image = image_of(back);
    struct refusal_row *row =
        find_refusal(image, refusal->host_id, refusal->rule);

    if (!row) {
        row = &image->refusals[add_row(&image->nr_refusals)];
        *row = (struct refusal_row){.host_id = refusal->host_id,
                                    .rule = keep(refusal->rule)};
    }
    row->nr_rows += refusal->nr_rows;
    return CERR_OK;
}

static enum err get_refused(struct back_end *back, int64_t host_id,
                            struct bytes rule, int64_t *nr_rows)
{
    const struct refusal_row *row = find_refusal(image_of(back), host_id, rule);

    *nr_rows = row ? row->nr_rows : 0;
    return CERR_OK;
}

static enum err count_found(struct back_end *back, int64_t host_id, int64_t max,
                            int64_t *nr)
{
    const struct image *image = image_of(back);

    *nr = 0;
    for (size_t i = 0; i < image->nr_urls && *nr < max; i++) {
        const struct url_row *url = &image->urls[i];
        const struct page_row *page =
            url->page ? &image->pages[url->page - 1] : NULL;

        *nr += url->key.host_id == host_id && url->line == 0 &&
               !(page && is_word(&page->error, "trap"));
    }
    return CERR_OK;
}

static const struct result_ops result = {
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

/* ---- opening ---- */

static bool is_wanted(const struct page_row *page,
                      const struct storage_options *options)
{
    switch (options->refetch) {
    case STORAGE_REFETCH_NONE:
        return false;
    case STORAGE_REFETCH_FAILED:
        return is_word(&page->outcome, "error") || page->retry_later ||
               page->status == 408 || page->status == 429 ||
               (page->status >= 500 && page->status <= 599);
    case STORAGE_REFETCH_STALE:
        return page->fetched_at < options->now_ms - options->stale_ms &&
               !is_word(&page->error, "trap");
    case STORAGE_REFETCH_ALL:
        return !is_word(&page->error, "trap");
    }
    return false;
}

static enum err put_back(struct memory *memory,
                         const struct storage_options *options,
                         struct storage_found *found)
{
    struct image *image = &memory->now;
    size_t nr_woken = 0;

    image->run_id++;
    image->nr_sessions = 0;
    found->run_open = true;
    for (size_t i = 0; i < image->nr_urls; i++) {
        struct url_row *url = &image->urls[i];

        if (!url->ended || !is_wanted(page_of(image, url), options))
            continue;
        url->ended = false;
        url->tries = 0;
        found->counts.nr_ended--;
    }
    for (size_t i = 0; i < image->nr_hosts; i++) {
        image->hosts[i].record.walk = HASH_RANGE_ALL;
        image->hosts[i].record.nr_errors = 0;
    }
    return sweep(&memory->base, options->now_ms, &nr_woken);
}

/* Hosts of a dead process are free. Where the clock was set back, of each wait
 * is left what was left at the end of the run. */
static void free_hosts(struct image *image, int64_t now_ms)
{
    for (size_t i = 0; i < image->nr_hosts; i++) {
        struct host_row *host = &image->hosts[i];
        int64_t due_at = now_ms + host->record.delay_ms;
        int64_t back_ms = image->run_ms > now_ms ? image->run_ms - now_ms : 0;

        host->record.not_before -= back_ms;
        if (host->record.not_before < 0)
            host->record.not_before = 0;
        if (!host->held && host->record.due_at < STORAGE_HOST_IDLE)
            host->record.due_at -= back_ms;
        if (host->held) {
            host->held = false;
            host->record.due_at = due_at > host->record.not_before
                                      ? due_at
                                      : host->record.not_before;
        }
    }
}

static enum err start_run(struct memory *memory,
                          const struct storage_options *options,
                          struct storage_found *found)
{
    struct image *image = &memory->now;
    bool is_open = !image->run_done;
    enum err err = CERR_OK;

    found->hash_key = image->hash_key;
    found->counts = image->counts;
    found->has_pages = image->nr_pages > 0;
    found->run_open = true;
    for (size_t i = 0; i < image->nr_marks; i++)
        is_open |= !image->marks[i].is_output && !image->marks[i].input.done;
    is_open |= image->counts.nr_ended < image->counts.nr_urls;
    free_hosts(image, options->now_ms);
    if (image->run_id == 0) {
        found->state = STORAGE_NEW;
        image->run_id = 1;
    } else if (is_open) {
        found->state = STORAGE_UNFINISHED;
    } else {
        found->state = STORAGE_FINISHED;
        found->run_open = false;
        if (!options->refetch)
            return CERR_OK;
        err = put_back(memory, options, found);
    }
    image->run_done = false;
    image->run_ms = options->now_ms;
    image->nr_sessions++;
    return err;
}

static enum err read_image(struct memory *memory,
                           const struct storage_options *options)
{
    struct image *image = &memory->now;
    ssize_t len = memory->lock.fd < 0
                      ? 0
                      : pread(memory->lock.fd, image, sizeof(*image), 0);

    if (len != 0 && (len != sizeof(*image) ||
                     memcmp(image->magic, MAGIC, sizeof(MAGIC)) != 0))
        return failure_set(memory->base.failure, CERR_FORMAT,
                           "%s: not an image of a crawl", memory->path);
    if (len == 0 || options->force) {
        *image = (struct image){.magic = MAGIC};
        hash_key_random(&image->hash_key);
    }
    return CERR_OK;
}

static enum err close_memory(struct back_end *back, enum storage_leave leave)
{
    struct memory *memory = (struct memory *)(void *)back;

    if (memory->lock.fd >= 0 && (leave == STORAGE_REMOVE ||
                                 (leave == STORAGE_UNDO && memory->path_made)))
        unlink(memory->path);
    crawl_lock_drop(&memory->lock);
    free(memory);
    return CERR_OK;
}

static enum err open_memory(struct back_end **back, const char *path,
                            const struct storage_options *options,
                            struct failure *failure,
                            struct storage_found *found)
{
    struct memory *memory = xcalloc(1, sizeof(*memory));
    enum err err = CERR_OK;

    memory->base.failure = failure;
    memory->path = path;
    memory->lock.fd = -1;
    if (path[0])
        err = crawl_lock_take(&memory->lock, path, &memory->path_made, failure);
    if (!err)
        err = read_image(memory, options);
    memory->committed = memory->now;
    if (!err)
        err = start_run(memory, options, found);
    *back = &memory->base;
    if (err) {
        (void)!close_memory(*back, STORAGE_UNDO);
        *back = NULL;
    }
    return err;
}

/* ---- the session ---- */

static enum err commit(struct back_end *back,
                       const struct storage_counts *counts)
{
    struct memory *memory = (struct memory *)(void *)back;
    enum err err = commit_err;

    commit_err = CERR_OK;
    if (err)
        return failure_set(back->failure, err, "%s: cannot commit, as told",
                           memory->path);
    memory->now.counts = *counts;
    if (memory->lock.fd >= 0 &&
        pwrite(memory->lock.fd, &memory->now, sizeof(memory->now), 0) !=
            sizeof(memory->now))
        return failure_set(back->failure, CERR_IO, "%s: cannot write",
                           memory->path);
    memory->committed = memory->now;
    return CERR_OK;
}

static void roll_back(struct back_end *back)
{
    struct memory *memory = (struct memory *)(void *)back;

    memory->now = memory->committed;
}

static enum err open_run(struct back_end *back)
{
    image_of(back)->run_done = false;
    image_of(back)->nr_sessions++;
    return CERR_OK;
}

static enum err end_run(struct back_end *back, const char *status,
                        const char *reason, int64_t now_ms)
{
    (void)reason;
    image_of(back)->run_done = strcmp(status, "done") == 0;
    image_of(back)->run_ms = now_ms;
    return CERR_OK;
}

static enum err run_answered(struct back_end *back, bool *answered)
{
    const struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_pages; i++)
        *answered |= image->pages[i].run_id == image->run_id &&
                     (image->pages[i].status ||
                      is_word(&image->pages[i].error, "robots"));
    return CERR_OK;
}

static enum err run_totals(struct back_end *back, struct storage_totals *totals)
{
    const struct image *image = image_of(back);
    const struct {
        const char *outcome;
        int64_t *nr;
    } to[] = {{"ok", &totals->nr_ok},
              {"redirect", &totals->nr_redirect},
              {"http_error", &totals->nr_http_error},
              {"error", &totals->nr_error},
              {"skipped", &totals->nr_skipped}};

    totals->nr_sessions = image->nr_sessions;
    for (size_t i = 0; i < image->nr_pages; i++)
        for (size_t j = 0; j < sizeof(to) / sizeof(to[0]); j++)
            *to[j].nr += image->pages[i].run_id == image->run_id &&
                         is_word(&image->pages[i].outcome, to[j].outcome);
    return CERR_OK;
}

static enum err finish(struct back_end *back, bool done)
{
    (void)back;
    (void)done;
    return CERR_OK;
}

static enum err each_input(struct back_end *back, storage_input_fn fn,
                           void *ctx)
{
    const struct image *image = image_of(back);
    enum err err = CERR_OK;

    for (size_t i = 0; i < image->nr_marks && !err; i++) {
        const struct mark_row *mark = &image->marks[i];
        struct storage_input input = mark->input;

        if (mark->is_output)
            continue;
        input.name = mark->name.data;
        input.path = mark->path.len ? mark->path.data : NULL;
        err = fn(ctx, &input);
    }
    return err;
}

static struct mark_row *find_mark(struct image *image, const char *name,
                                  bool is_output)
{
    for (size_t i = 0; i < image->nr_marks; i++)
        if (image->marks[i].is_output == is_output &&
            is_word(&image->marks[i].name, name))
            return &image->marks[i];
    return NULL;
}

static struct mark_row *make_mark(struct image *image, const char *name,
                                  bool is_output)
{
    struct mark_row *mark = find_mark(image, name, is_output);

    if (!mark)
        mark = &image->marks[add_row(&image->nr_marks)];
    *mark = (struct mark_row){.name = keep((struct bytes){name, strlen(name)}),
                              .is_output = is_output};
    return mark;
}

static enum err get_input(struct back_end *back, struct storage_input *input)
{
    const struct mark_row *mark = find_mark(image_of(back), input->name, false);
    const char *name = input->name;

    if (!mark)
        return CERR_NOT_FOUND;
    *input = mark->input;
    input->name = name;
    input->path = NULL;
    return CERR_OK;
}

static enum err put_input(struct back_end *back,
                          const struct storage_input *input)
{
    struct mark_row *mark = make_mark(image_of(back), input->name, false);

    mark->input = *input;
    if (input->path)
        mark->path = keep((struct bytes){input->path, strlen(input->path)});
    return CERR_OK;
}

static enum err get_output(struct back_end *back, struct storage_output *output)
{
    const struct mark_row *mark = find_mark(image_of(back), output->key, true);

    if (!mark)
        return CERR_NOT_FOUND;
    output->part = mark->output.part;
    output->offset_bytes = mark->output.offset_bytes;
    output->state = mark->output.state;
    return CERR_OK;
}

static enum err leave_outputs(struct back_end *back)
{
    struct image *image = image_of(back);

    for (size_t i = 0; i < image->nr_marks; i++)
        image->marks[i].output.state = STORAGE_OUTPUT_BEHIND;
    return CERR_OK;
}

static enum err put_output(struct back_end *back,
                           const struct storage_output *output)
{
    make_mark(image_of(back), output->key, true)->output = *output;
    return CERR_OK;
}

static const struct session_ops session = {
    .open = open_memory,
    .close = close_memory,
    .commit = commit,
    .roll_back = roll_back,
    .open_run = open_run,
    .end_run = end_run,
    .run_answered = run_answered,
    .run_totals = run_totals,
    .finish = finish,
    .each_input = each_input,
    .get_input = get_input,
    .put_input = put_input,
    .get_output = get_output,
    .put_output = put_output,
    .leave_outputs = leave_outputs,
};

const struct storage_ops memory_storage = {
    .suffixes = ".db",
    .formats = "memory",
    .session = &session,
    .lease = &lease,
    .result = &result,
};
