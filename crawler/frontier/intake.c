/*
 * The intake: every URL, from wherever it comes, joins a batch, which is sorted
 * and handed to storage here. Sorting makes the database's work sequential,
 * which is most of the difference between fast and slow loading.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unfilled.h"
#include "base/xalloc.h"
#include "crawler/frontier/frontier_internal.h"
#include "storage/results.h"

#define LINE_TEXT_BYTES 2048 /* of a duplicate line, kept in its row */

/* ---- batches ---- */

/* Makes an empty batch. Pages of its arrays that are never used are never
 * touched, so a short list costs little of the largest batch. */
void batch_init(struct batch *batch, size_t nr_full, size_t max_full)
{
    *batch = (struct batch){
        .nr_full = nr_full, .max_full = max_full, .cap = max_full};
    batch->urls = xcalloc(batch->cap, sizeof(*batch->urls));
    batch->records = xcalloc(FRONTIER_RECORDS, sizeof(*batch->records));
    batch->added = xcalloc(FRONTIER_RECORDS, sizeof(*batch->added));
    batch->notes = xcalloc(FRONTIER_RECORDS, sizeof(*batch->notes));
    batch->host_keys = xcalloc(FRONTIER_RECORDS, sizeof(*batch->host_keys));
    buf_init(&batch->text, FRONTIER_TEXT_LIMIT);
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

/* The host's key is not stored once more beside the URL: most of it stands
 * there. */
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

/* The links of one answer may be more than a full batch. */
static void make_room(struct batch *batch)
{
    if (batch->nr < batch->cap)
        return;
    batch->cap *= 2;
    batch->urls = xrealloc_array(batch->urls, batch->cap, sizeof(*batch->urls));
}

/* The text of a URL and what belongs to it go into one buffer, in the order of
 * their coming. */
enum err batch_add(struct batch *batch, const struct keyed_url *url,
                   struct bytes note, const struct url_key *parent,
                   const struct url_source *source)
{
    assert(batch->run_end ==
           0); /* a URL cannot be added to a run that is sorted already */
    make_room(batch);
    struct batch_url *to = &batch->urls[batch->nr];
    *to = (struct batch_url){
        .key = url->key,
        .source = *source,
        .text_at = (uint32_t)batch->text.len,
        .note_len = (uint32_t)note.len,
        .url_len = (uint16_t)url->url.len,
    };
    set_host(to, url);
    enum err err = buf_add(&batch->text, url->url.data, to->url_len);
    if (!err)
        err = buf_add(&batch->text, note.data, to->note_len);
    if (!err && parent)
        err = buf_add(&batch->text, parent, sizeof(*parent));
    if (!err)
        batch->nr++;
    return err;
}

enum err batch_add_late(struct batch *batch, const struct keyed_url *url,
                        const struct url_key *parent,
                        const struct url_source *source)
{
    struct bytes no_note = {"", 0};
    enum err err = batch_add(batch, url, no_note, parent, source);

    if (!err)
        batch->urls[batch->nr - 1].is_late = true;
    return err;
}

/* ---- runs: what is sorted and stored together ---- */

/* Orders URLs by host and hash, as the key of the database does; equal URLs by
 * line, so that the first one stays and the others are its duplicates. */
static int compare_urls(const void *a, const void *b)
{
    const struct batch_url *left = a, *right = b;

    if (left->key.host_id != right->key.host_id)
        return left->key.host_id < right->key.host_id ? -1 : 1;
    if (left->key.url_hash != right->key.url_hash)
        return left->key.url_hash < right->key.url_hash ? -1 : 1;
    if (left->source.line != right->source.line)
        return left->source.line < right->source.line ? -1 : 1;
    return left->text_at < right->text_at ? -1 : 1;
}

static struct bytes text_of(const struct batch *batch,
                            const struct batch_url *url)
{
    return (struct bytes){batch->text.data + url->text_at, url->url_len};
}

enum err intake_count_pages(struct frontier *frontier, int64_t host_id)
{
    int64_t enough, nr;

    if (!judge_must_count(frontier->judge, host_id, (int64_t)frontier->links.nr,
                          &enough))
        return CERR_OK;
    enum err err = storage_count_found(frontier->storage, host_id, enough, &nr);
    if (!err)
        judge_set_pages(frontier->judge, host_id, nr);
    return err;
}

/* Judges a URL by the traps now that all before it is stored and counts. */
static enum err judge_late(struct frontier *frontier, struct batch *batch,
                           const struct batch_url *url)
{
    struct bytes text = text_of(batch, url);
    struct keyed_url keyed;

    enum err err = intake_count_pages(frontier, url->key.host_id);
    batch->late_rule = TRAP_NONE;
    if (!err && url_reader_read(frontier->reader, text, &keyed) == ERROR_NONE)
        batch->late_rule =
            judge_trap(frontier->judge, url->key.host_id,
                       &frontier->reader->url, batch->late_reason);
    return err;
}

/* Begins the next run: it ends before a URL that must be judged after all
 * others. Most batches have no such URL and are one run. */
static enum err begin_run(struct frontier *frontier, struct batch *batch)
{
    size_t at = batch->run_end, end = at + 1;

    enum err err = batch->urls[at].is_late
                       ? judge_late(frontier, batch, &batch->urls[at])
                       : CERR_OK;
    if (err)
        return err;
    while (end < batch->nr && !batch->urls[end].is_late)
        end++;
    qsort(batch->urls + at, end - at, sizeof(*batch->urls), compare_urls);
    batch->run_at = at;
    batch->run_end = end;
    return CERR_OK;
}

/* ---- records ---- */

enum err intake_put_line(struct frontier *frontier,
                         const struct line_record *line, int64_t *count)
{
    struct storage_counts before, after;
    enum err err = storage_count(frontier->storage, &before);

    if (!err)
        err = storage_put_line(frontier->storage, line);
    if (!err)
        err = storage_count(frontier->storage, &after);
    if (!err)
        *count += after.nr_bad_lines - before.nr_bad_lines;
    return err;
}

/* Stores a duplicate line; its row names the URL that the line repeats, by its
 * key. */
static enum err put_duplicate(struct frontier *frontier,
                              const struct url_record *record)
{
    UNFILLED char text[LINE_TEXT_BYTES];
    const char *code = error_code(ERROR_DUPLICATE);
    struct bytes listed = record->listed.len ? record->listed : record->url;

    size_t len = text_clean(listed.data, listed.len, text, sizeof(text));
    return intake_put_line(frontier,
                           &(struct line_record){
                               .line = record->line,
                               .text = {text, len},
                               .error = {code, strlen(code)},
                               .same_as = record->key,
                           },
                           &frontier->stats.nr_duplicates);
}

/* Returns the kind under which storage keeps a URL. A few lines must not let
 * the walk over a long list begin anew, so only many lines are bulk. */
static enum url_kind kind_of(const struct batch *batch,
                             const struct batch_url *url)
{
    if (url->source.line == 0)
        return url->source.kind;
    return batch->nr < FRONTIER_BULK_LINES ? URL_LISTED : URL_BULK;
}

/* Returns the key of the host. Default ports are not in canonical URLs but in
 * the keys of hosts. */
static struct bytes host_key_of(struct batch *batch, size_t nr,
                                const struct batch_url *url)
{
    const char *text = text_of(batch, url).data;
    char *key = batch->host_keys[nr];
    struct bytes port = {":80", 3};

    if (url->has_port)
        return (struct bytes){text, url->host_len};
    if (strncmp(text, "https:", 6) == 0)
        port = (struct bytes){":443", 4};
    assert(url->host_len + port.len <= URL_HOST_KEY_BYTES);
    memcpy(key, text, url->host_len);
    memcpy(key + url->host_len, port.data, port.len);
    return (struct bytes){key, url->host_len + port.len};
}

/* A record borrows the batch's text for the call. */
static void fill_record(struct batch *batch, size_t nr,
                        const struct batch_url *url)
{
    struct bytes text = text_of(batch, url);
    const char *behind = (const char *)text.data + text.len;
    struct bytes note = {behind, url->note_len}, none = {"", 0};
    struct url_record *record = &batch->records[nr];
    bool is_line = url->source.line > 0;

    *record = (struct url_record){
        .key = url->key,
        .host_key = host_key_of(batch, nr, url),
        .url = text,
        .listed = is_line ? note : none,
        .line = url->source.line,
        .kind = kind_of(batch, url),
        .depth = url->source.depth,
        .nr_hops = url->source.nr_hops,
    };
    batch->notes[nr] = (struct batch_note){TRAP_NONE, none};
    if (is_line)
        return;
    memcpy(&record->parent, behind + note.len, sizeof(record->parent));
    batch->notes[nr] = (struct batch_note){url->rule, note};
    if (url->is_late && batch->late_rule != TRAP_NONE)
        batch->notes[nr] = (struct batch_note){
            batch->late_rule, {batch->late_reason, strlen(batch->late_reason)}};
}

/* URLs of a run are sorted: equal ones stand side by side. */
static bool repeats(const struct batch_url *url)
{
    return url[-1].key.host_id == url->key.host_id &&
           url[-1].key.url_hash == url->key.url_hash;
}

/* Fills batch->records with the next URLs up to *end, each once: its first line
 * stays. */
static void make_records(struct batch *batch, size_t max, size_t *nr_records,
                         size_t *end)
{
    size_t i = batch->nr_stored, nr = 0;

    for (; i < batch->run_end && nr < max; i++)
        if (i == batch->run_at || !repeats(&batch->urls[i]))
            fill_record(batch, nr++, &batch->urls[i]);
    *end = i;
    *nr_records = nr;
}

/* Decides which of the refused URLs get a row; whether the others are known
 * already is only looked up. */
static enum err choose_refused(struct frontier *frontier, struct batch *batch,
                               size_t nr)
{
    enum err err = CERR_OK;

    for (size_t i = 0; i < nr && !err; i++) {
        enum trap_rule rule = batch->notes[i].rule;
        bool has_row = true;

        if (rule != TRAP_NONE)
            err = refusals_take_row(frontier->refusals,
                                    batch->records[i].key.host_id, rule,
                                    &has_row);
        batch->records[i].is_only_looked_up = !has_row;
    }
    return err;
}

/* Stores the lines that repeat a URL of their own run, when that URL is there,
 * as their rows name its line. */
static enum err put_repeats(struct frontier *frontier, struct batch *batch,
                            size_t end)
{
    enum err err = CERR_OK;

    for (size_t i = batch->nr_stored; i < end && !err; i++) {
        if (i == batch->run_at || !repeats(&batch->urls[i]) ||
            batch->urls[i].source.line == 0)
            continue;
        fill_record(batch, 0, &batch->urls[i]);
        err = put_duplicate(frontier, &batch->records[0]);
    }
    return err;
}

/* ---- what storage says ---- */

/* Ends a found URL that a trap refuses; its row says which trap. */
static enum err end_refused(struct frontier *frontier,
                            const struct url_record *record,
                            struct bytes reason)
{
    return ending_report(frontier, &(struct visit){
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

/* Brings a URL forward in storage, and in memory where it waits to be only
 * checked. Its host may have been read past its new place. */
static enum err bring_forward(struct frontier *frontier,
                              const struct url_record *record)
{
    struct item *item = item_find(frontier, record->key);
    bool is_moved;

    if (item && item_is_checked(item) && !item->times.has_started &&
        record->nr_hops < URL_HOPS_CHECKED) {
        item->source.depth = record->depth;
        item->source.nr_hops = record->nr_hops;
    }
    enum err err =
        storage_bring_forward(frontier->storage, record->key, record->depth,
                              record->nr_hops, &is_moved);
    if (!err && is_moved && !item)
        refill_note_moved(frontier, record);
    return err;
}

/* Handles a URL that storage knows. A redirect may lead in one hop to what a
 * link leads to in two, so a found URL may come nearer; a line is a duplicate.
 */
static enum err note_known(struct frontier *frontier,
                           const struct url_record *record,
                           const struct batch_note *note)
{
    enum err err = CERR_OK;

    if (note->rule != TRAP_NONE && !record->is_only_looked_up)
        err = refusals_give_back(frontier->refusals, record->key.host_id,
                                 note->rule);
    if (err)
        return err;
    if (record->line == 0)
        return record->nr_hops > 0 || frontier->run.has_checked
                   ? bring_forward(frontier, record)
                   : CERR_OK;
    return put_duplicate(frontier, record);
}

/* A new URL is its host's news, and counts for traps when it was found. */
static enum err note_added(struct frontier *frontier, const struct batch *batch,
                           size_t i, int64_t now_ms)
{
    const struct url_record *record = &batch->records[i];
    const struct batch_note *note = &batch->notes[i];

    if (batch->added[i] == STORAGE_ABSENT) {
        frontier->stats.nr_more_refused++;
        return refusals_count(frontier->refusals, record->key.host_id,
                              note->rule, record->url);
    }
    if (batch->added[i] == STORAGE_KNOWN)
        return note_known(frontier, record, note);
    if (batch->added[i] == STORAGE_KEPT)
        return CERR_OK;
    refill_note_added(frontier, record, batch->added[i], now_ms);
    if (record->line > 0 && batch->added[i] != STORAGE_ADDED)
        judge_forget_pages(frontier->judge, record->key.host_id);
    if (record->line > 0)
        return CERR_OK;
    if (note->rule == TRAP_NONE) {
        judge_count_page(frontier->judge, record->key.host_id, record->url);
        return CERR_OK;
    }
    return end_refused(frontier, record, note->reason);
}

/* Empties a batch that is stored. The first batches are small so that the first
 * URLs are there soon; later ones are long, which makes the work of the
 * database sequential. */
static void empty_batch(struct batch *batch)
{
    if (batch->nr >= batch->nr_full && 2 * batch->nr_full <= batch->max_full)
        batch->nr_full *= 2;
    batch->nr = batch->nr_stored = batch->run_at = batch->run_end = 0;
    batch->is_pushed = false;
    buf_reset_to(&batch->text, 2 * FRONTIER_TEXT_BYTES);
}

/* A run that storage refused in its middle is handed over again from its last
 * step on: what is there already is known then. */
enum err intake_step(struct frontier *frontier, struct batch *batch, size_t max,
                     int64_t now_ms)
{
    size_t nr = 0, end = 0;

    if (batch->nr == 0)
        return CERR_OK;
    enum err err = batch->nr_stored == batch->run_end
                       ? begin_run(frontier, batch)
                       : CERR_OK;
    if (err)
        return err;
    if (max > FRONTIER_RECORDS)
        max = FRONTIER_RECORDS;
    make_records(batch, max, &nr, &end);
    err = choose_refused(frontier, batch, nr);
    if (!err)
        err =
            storage_add_urls(frontier->storage, batch->records, nr,
                             frontier_wall_ms(frontier, now_ms), batch->added);
    for (size_t i = 0; i < nr && !err; i++)
        err = note_added(frontier, batch, i, now_ms);
    if (!err && nr < end - batch->nr_stored)
        err = put_repeats(frontier, batch, end);
    if (err) /* the URLs stay, and with them the place in the list to go on from
              */
        return err;
    batch->nr_stored = end;
    if (batch->nr_stored == batch->nr)
        empty_batch(batch);
    return err;
}

enum err intake_flush(struct frontier *frontier, struct batch *batch,
                      int64_t now_ms)
{
    enum err err = CERR_OK;

    while (batch->nr > 0 && !err)
        err = intake_step(frontier, batch, SIZE_MAX, now_ms);
    return err;
}

enum err intake_flush_links(struct frontier *frontier, int64_t now_ms)
{
    enum err err = intake_flush(frontier, &frontier->links, now_ms);

    return err ? err : refusals_flush(frontier->refusals);
}

/* ---- refused links ---- */

static struct bytes rule_name(enum trap_rule rule)
{
    const char *name = trap_rule_name(rule);

    return (struct bytes){name, strlen(name)};
}

static enum err load_refused(void *ctx, int64_t host_id, enum trap_rule rule,
                             int64_t *nr_rows)
{
    const struct frontier *frontier = ctx;

    return storage_get_refused(frontier->storage, host_id, rule_name(rule),
                               nr_rows);
}

static enum err add_refused(void *ctx, const struct refusal *refusal)
{
    const struct frontier *frontier = ctx;

    return storage_add_refused(frontier->storage,
                               &(struct refusal_record){
                                   .host_id = refusal->host_id,
                                   .rule = rule_name(refusal->rule),
                                   .nr_rows = refusal->nr_rows,
                                   .nr_more = refusal->nr_more,
                                   .example = refusal->example,
                               });
}

struct refusals *intake_refusals(struct frontier *frontier)
{
    return refusals_new(
        &(struct refusals_store){load_refused, add_refused, frontier});
}

/* ---- hops ---- */

/* The hop has been asked, so it is not offered again when a page links to
 * it. */
enum err intake_add_hop(struct frontier *frontier, const struct keyed_url *url,
                        const struct item *item, int64_t now_ms, bool *is_new)
{
    enum storage_added added = STORAGE_KNOWN;
    enum err err =
        storage_add_urls(frontier->storage,
                         &(struct url_record){
                             .key = url->key,
                             .host_key = url->host_key,
                             .url = url->url,
                             .parent = item->key,
                             .kind = URL_FOUND,
                             .depth = item->source.depth,
                         },
                         1, frontier_wall_ms(frontier, now_ms), &added);

    judge_note_seen(frontier->judge, (uint64_t)url->key.url_hash);
    *is_new = !err && added == STORAGE_ADDED;
    frontier->stats.nr_queued += *is_new;
    if (*is_new)
        judge_count_page(frontier->judge, url->key.host_id, url->url);
    return err;
}
