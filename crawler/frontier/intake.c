/*
 * The door: every URL, from wherever it comes, is read, keyed, sorted and
 * handed to storage here. Sorting makes the database's work sequential, which
 * is most of the difference between fast and slow loading.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "crawler/frontier/follow.h"
#include "crawler/frontier/frontier_internal.h"

#define LINE_TEXT_BYTES 2048 /* of a bad line, kept in its row */

struct url_key url_key_make(const struct frontier *frontier,
                            struct bytes host_key, struct bytes url)
{
    return (struct url_key){
        .host_id =
            (int64_t)hash_sip(frontier->hash_key, host_key.data, host_key.len),
        .url_hash = (int64_t)hash_sip(frontier->hash_key, url.data, url.len),
    };
}

static enum error error_of(enum url_error error)
{
    switch (error) {
    case URL_OK:
        return ERROR_NONE;
    case URL_BAD_SCHEME:
        return ERROR_BLOCKED_SCHEME;
    case URL_TOO_LONG:
        return ERROR_TOO_LONG;
    case URL_BAD:
        break;
    }
    return ERROR_BAD_URL;
}

enum error url_key_canonical(struct url *url, struct url *room,
                             struct bytes text)
{
    enum url_error error = url_parse(room, text.data, text.len, NULL);

    if (error != URL_OK)
        return error_of(error);
    url_canonical(url, room);
    return url->port_given && url_port_is_bad(url->port) ? ERROR_BAD_PORT
                                                         : ERROR_NONE;
}

enum error url_key_fill(struct frontier *frontier, struct keyed_url *url)
{
    const struct url *canonical = &frontier->url;

    url->host_key.data = frontier->host_key;
    url->host_key.len =
        url_host_key(canonical, frontier->host_key, sizeof(frontier->host_key));
    if (url->host_key.len == 0)
        return ERROR_BAD_URL;
    url->url = (struct bytes){canonical->text, canonical->len};
    url->key = url_key_make(frontier, url->host_key, url->url);
    return ERROR_NONE;
}

enum error url_key_read(struct frontier *frontier, struct bytes text,
                        struct keyed_url *url)
{
    enum error error =
        url_key_canonical(&frontier->url, &frontier->parsed, text);

    return error ? error : url_key_fill(frontier, url);
}

/* ---- batches ---- */

void batch_init(struct batch *batch, size_t nr_full, size_t cap)
{
    *batch = (struct batch){.nr_full = nr_full, .cap = cap};
    batch->urls = xcalloc(cap, sizeof(*batch->urls));
    batch->records = xcalloc(FRONTIER_RECORDS, sizeof(*batch->records));
    batch->added = xcalloc(FRONTIER_RECORDS, sizeof(*batch->added));
    batch->notes = xcalloc(FRONTIER_RECORDS, sizeof(*batch->notes));
    batch->host_keys = xcalloc(FRONTIER_RECORDS, sizeof(*batch->host_keys));
    buf_init(&batch->text, 2 * FRONTIER_TEXT_BYTES);
}

void batch_release(struct batch *batch)
{
    free(batch->urls);
    free(batch->records);
    free(batch->added);
    free(batch->notes);
    free(batch->host_keys);
    buf_release(&batch->text);
}

bool batch_is_full(const struct batch *batch)
{
    return batch->nr >= batch->nr_full ||
           batch->text.len >= FRONTIER_TEXT_BYTES;
}

/* A canonical URL begins with its host's key, but for a default port. */
static bool begins_with(struct bytes url, struct bytes key)
{
    return url.len >= key.len && memcmp(url.data, key.data, key.len) == 0;
}

static void set_host(struct batch_url *to, const struct keyed_url *url)
{
    struct bytes key = url->host_key;

    to->has_port = begins_with(url->url, key);
    if (!to->has_port)
        key.len = (size_t)((const char *)memrchr(key.data, ':', key.len) -
                           (const char *)key.data);
    assert(begins_with(url->url, key));
    to->host_len = (uint16_t)key.len;
}

enum err batch_add(struct batch *batch, const struct keyed_url *url,
                   struct bytes note, const struct url_source *source)
{
    struct batch_url *to = &batch->urls[batch->nr];

    assert(batch->nr < batch->cap && !batch->is_sorted);
    *to = (struct batch_url){
        .key = url->key,
        .line = source->line,
        .text_at = (uint32_t)batch->text.len,
        .note_len = (uint32_t)note.len,
        .url_len = (uint16_t)url->url.len,
        .kind = source->kind,
        .depth = source->depth,
        .nr_hops = source->nr_hops,
    };
    set_host(to, url);
    enum err err = buf_add(&batch->text, url->url.data, to->url_len);
    if (!err)
        err = buf_add(&batch->text, note.data, to->note_len);
    if (!err && source->line == 0)
        err = buf_add(&batch->text, &source->parent, sizeof(source->parent));
    if (!err)
        batch->nr++;
    return err;
}

static int compare_urls(const void *a, const void *b)
{
    const struct batch_url *left = a, *right = b;

    if (left->key.host_id != right->key.host_id)
        return left->key.host_id < right->key.host_id ? -1 : 1;
    if (left->key.url_hash != right->key.url_hash)
        return left->key.url_hash < right->key.url_hash ? -1 : 1;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    return left->text_at < right->text_at ? -1 : 1;
}

static enum err put_duplicate(struct frontier *frontier, struct bytes listed,
                              const struct url_record *record)
{
    char text[LINE_TEXT_BYTES];
    const char *code = error_code(ERROR_DUPLICATE);

    frontier->stats.nr_duplicates++;
    size_t len = text_clean(listed.data, listed.len, text, sizeof(text));
    return storage_put_line(frontier->storage,
                            &(struct line_record){
                                .line = record->line,
                                .text = {text, len},
                                .error = {code, strlen(code)},
                                .same_as = record->key,
                            });
}

/* A few lines must not let the walk over a long list begin anew. */
static enum url_kind kind_of(const struct batch *batch,
                             const struct batch_url *url)
{
    if (url->line == 0)
        return url->kind;
    return batch->nr < FRONTIER_BULK_LINES ? URL_LISTED : URL_BULK;
}

static struct bytes host_key_of(struct batch *batch, size_t nr,
                                const struct batch_url *url)
{
    const char *text = (const char *)batch->text.data + url->text_at;
    char *key = batch->host_keys[nr];
    struct bytes port = {":80", 3};

    if (url->has_port)
        return (struct bytes){text, url->host_len};
    if (strncmp(text, "https:", 6) == 0)
        port = (struct bytes){":443", 4};
    assert(url->host_len + port.len <= FRONTIER_HOST_KEY_BYTES);
    memcpy(key, text, url->host_len);
    memcpy(key + url->host_len, port.data, port.len);
    return (struct bytes){key, url->host_len + port.len};
}

static void fill_record(struct batch *batch, size_t nr,
                        const struct batch_url *url)
{
    const char *at = (const char *)batch->text.data + url->text_at;
    struct bytes note = {at + url->url_len, url->note_len};
    struct bytes none = {"", 0};
    struct url_record *record = &batch->records[nr];

    *record = (struct url_record){
        .key = url->key,
        .host_key = host_key_of(batch, nr, url),
        .url = {at, url->url_len},
        .listed = url->line > 0 ? note : none,
        .line = url->line,
        .depth = url->depth,
        .kind = kind_of(batch, url),
        .nr_hops = url->nr_hops,
    };
    if (url->line == 0)
        memcpy(&record->parent, at + url->url_len + url->note_len,
               sizeof(record->parent));
    batch->notes[nr] = url->line > 0 ? none : note;
}

static struct bytes listed_text(const struct url_record *record)
{
    return record->listed.len ? record->listed : record->url;
}

static bool repeats(const struct batch_url *url)
{
    return url[-1].key.host_id == url->key.host_id &&
           url[-1].key.url_hash == url->key.url_hash;
}

/* Fills batch->records with the next URLs up to *end, each once: its first line
 * stays. */
static enum err make_records(struct frontier *frontier, struct batch *batch,
                             size_t max, size_t *nr_records, size_t *end)
{
    size_t i = batch->nr_stored, nr = 0;
    enum err err = CERR_OK;

    for (; i < batch->nr && nr < max && !err; i++) {
        struct url_record *record = &batch->records[nr];
        fill_record(batch, nr, &batch->urls[i]);
        if (i == 0 || !repeats(&batch->urls[i]))
            nr++;
        else if (record->line > 0)
            err = put_duplicate(frontier, listed_text(record), record);
    }
    *end = i;
    *nr_records = nr;
    return err;
}

/* A discovered URL that a trap rule refuses: its row says which. */
static enum err end_refused(struct frontier *frontier,
                            const struct url_record *record,
                            struct bytes reason)
{
    return answer_visit(frontier, &(struct visit){
                                      .host_id = record->key.host_id,
                                      .url_hash = record->key.url_hash,
                                      .url = record->url,
                                      .depth = record->depth,
                                      .outcome = OUTCOME_SKIPPED,
                                      .error = ERROR_TRAP,
                                      .detail = reason,
                                      .worker = -1,
                                  });
}

static enum err take_added(struct frontier *frontier, const struct batch *batch,
                           size_t i, int64_t now_ms)
{
    const struct url_record *record = &batch->records[i];
    bool is_known = batch->added[i] == STORAGE_KNOWN;

    if (is_known && record->line == 0)
        return record->nr_hops > 0
                   ? storage_bring_forward(frontier->storage, record->key,
                                           record->depth, record->nr_hops)
                   : CERR_OK;
    if (is_known && batch->reread)
        return CERR_OK;
    if (is_known)
        return put_duplicate(frontier, listed_text(record), record);
    claim_note_added(frontier, record, batch->added[i], now_ms);
    if (record->line > 0)
        return CERR_OK;
    judge_count_page(frontier, record->key.host_id, record->url);
    if (batch->notes[i].len == 0)
        return CERR_OK;
    return end_refused(frontier, record, batch->notes[i]);
}

/* The first URLs shall be there soon; then long runs are what makes the
 * database's work sequential. */
static void empty_batch(struct batch *batch)
{
    if (batch->nr >= batch->nr_full && 2 * batch->nr_full <= batch->cap)
        batch->nr_full *= 2;
    batch->nr = batch->nr_stored = 0;
    batch->is_pushed = batch->is_sorted = false;
    buf_reset(&batch->text);
}

enum err batch_step(struct frontier *frontier, struct batch *batch, size_t max,
                    int64_t now_ms)
{
    size_t nr = 0, end = 0;

    if (batch->nr == 0)
        return CERR_OK;
    if (!batch->is_sorted)
        qsort(batch->urls, batch->nr, sizeof(*batch->urls), compare_urls);
    batch->is_sorted = true;
    if (max > FRONTIER_RECORDS)
        max = FRONTIER_RECORDS;
    enum err err = make_records(frontier, batch, max, &nr, &end);
    if (!err)
        err =
            storage_add_urls(frontier->storage, batch->records, nr,
                             frontier_wall_ms(frontier, now_ms), batch->added);
    for (size_t i = 0; i < nr && !err; i++)
        err = take_added(frontier, batch, i, now_ms);
    if (err) /* they stay, and with them the place to go on from in the list */
        return err;
    batch->nr_stored = end;
    if (batch->nr_stored == batch->nr)
        empty_batch(batch);
    return err;
}

enum err batch_flush(struct frontier *frontier, struct batch *batch,
                     int64_t now_ms)
{
    enum err err = CERR_OK;

    while (batch->nr > 0 && !err)
        err = batch_step(frontier, batch, SIZE_MAX, now_ms);
    return err;
}
