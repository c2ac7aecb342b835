/*
 * The frontier's side of the storage: counts what the back end did.
 *
 * The back end says what became of each row (struct url_batch, enum
 * line_change), and the counters follow from that here, for every back end
 * alike. They are committed with the rows, and a rollback needs not undo them:
 * after a failure they are not asked any more.
 */
#include "storage/leases.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/xalloc.h"
#include "storage/internal.h"

/* The functions of the back end that this file calls. */
static const struct lease_ops *lease_of(const struct storage *storage)
{
    return storage->back->ops->lease;
}

/* ---- URLs and lines ---- */

/* Moves the counters by what became of a batch. A URL that the list names
 * counts as a line, also when it was known as a link before. A URL that is to
 * do again no longer counts as ended. */
static void count_added(struct storage *storage, const struct url_batch *batch)
{
    struct storage_counts *counts = &storage->counts;

    for (size_t i = 0; i < batch->nr_urls; i++) {
        if (batch->added[i] == STORAGE_KNOWN || batch->added[i] == STORAGE_KEPT)
            continue;
        counts->nr_urls += batch->added[i] == STORAGE_ADDED;
        counts->nr_ended -= batch->added[i] == STORAGE_REOPENED;
        counts->nr_lines += batch->urls[i].line > 0;
    }
    counts->nr_hosts += (int64_t)batch->nr_new_hosts;
}

/* Room for the back end's answers when the caller does not ask for them: the
 * counters need them anyway. The room grows to the largest batch and is kept.
 */
static enum storage_added *reserve_added(struct storage *storage, size_t nr)
{
    if (nr > storage->cap_added) {
        storage->added =
            xrealloc_array(storage->added, nr, sizeof(*storage->added));
        storage->cap_added = nr;
    }
    return storage->added;
}

enum err storage_add_urls(struct storage *storage,
                          const struct url_record *urls, size_t nr_urls,
                          int64_t now_ms, enum storage_added *added)
{
    struct url_batch batch = {
        .urls = urls, .nr_urls = nr_urls, .now_ms = now_ms, .added = added};
    enum err err;

    if (nr_urls == 0)
        return CERR_OK;
    err = storage_begin_rows(storage, nr_urls);
    if (err)
        return err;
    if (!added)
        batch.added = reserve_added(storage, nr_urls);
    err = lease_of(storage)->add_urls(storage->back, &batch);
    if (!err)
        count_added(storage, &batch);
    return storage_settle(storage, err);
}

#define REPEATS_BYTES 400

/* Writes which line a duplicate repeats, in the words of the view `results`
 * (page_row.c); a longer name of a list is cut. */
static enum err say_repeated(struct storage *storage,
                             const struct line_record *line,
                             char out[REPEATS_BYTES], struct bytes *detail)
{
    struct bytes input;
    int64_t same = 0;
    enum err err =
        lease_of(storage)->line_of(storage->back, line->same_as, &same);
    int len;

    if (err || same <= 0)
        return err;
    input = storage_input_of(storage, same);
    len = snprintf(out, REPEATS_BYTES, "repeats line %" PRId64,
                   same & STORAGE_LINE_MASK);
    if (same >> STORAGE_LINE_BITS != line->line >> STORAGE_LINE_BITS)
        len += snprintf(out + len, REPEATS_BYTES - (size_t)len, " of %.*s",
                        (int)(input.len < 300 ? input.len : 300),
                        (const char *)input.data);
    *detail = (struct bytes){out, (size_t)len};
    return CERR_OK;
}

/* The outputs show such a line as a page that was skipped. */
enum err storage_put_line(struct storage *storage,
                          const struct line_record *line)
{
    enum line_change change = LINE_SAME;
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    err = lease_of(storage)->put_line(storage->back, line, &change);
    /* an earlier session may have written the line to the outputs already */
    if (!err && change != LINE_SAME) {
        struct page_record page = sink_line_page(line);
        struct sink_place place = {0};
        char repeats[REPEATS_BYTES];

        storage->counts.nr_lines += change == LINE_ADDED;
        storage->counts.nr_bad_lines += change == LINE_ADDED;
        page.input = storage_input_of(storage, line->line);
        if (storage->outputs.nr &&
            (line->same_as.host_id || line->same_as.url_hash))
            err = say_repeated(storage, line, repeats, &page.detail);
        if (!err)
            err = outputs_put(&storage->outputs, &page, &place);
    }
    return storage_settle(storage, err);
}

enum err storage_begin_reading(struct storage *storage, int64_t number)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(
        storage, lease_of(storage)->begin_reading(storage->back, number));
}

enum err storage_end_reading(struct storage *storage, bool whole,
                             struct storage_gone *gone)
{
    struct storage_counts *counts = &storage->counts;
    struct reading_end end = {0};
    enum err err = storage->failure.err;

    if (err)
        return err;
    err = lease_of(storage)->end_reading(storage->back, whole, &end);
    *gone = (struct storage_gone){end.nr_forgotten, end.nr_closed};
    counts->nr_urls -= end.nr_forgotten;
    counts->nr_ended += end.nr_closed;
    counts->nr_lines -= end.nr_forgotten + end.nr_marked + end.nr_dropped;
    counts->nr_bad_lines -= end.nr_dropped;
    if (!err && end.nr_forgotten + end.nr_marked + end.nr_dropped > 0)
        err = storage_begin_rows(storage, 1);
    return storage_settle(storage, err);
}

enum err storage_put_tries(struct storage *storage, struct url_key key,
                           int tries)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(
        storage, lease_of(storage)->put_tries(storage->back, key, tries));
}

enum err storage_bring_forward(struct storage *storage, struct url_key key,
                               int depth, int nr_hops, bool *is_moved)
{
    enum err err = storage_begin_rows(storage, 1);

    *is_moved = false;
    if (err)
        return err;
    return storage_settle(
        storage, lease_of(storage)->bring_forward(storage->back, key, depth,
                                                  nr_hops, is_moved));
}

enum err storage_get_redirect(struct storage *storage, struct url_key key,
                              struct buf *to, bool *is_loop)
{
    *is_loop = false;
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, lease_of(storage)->get_redirect(
                                       storage->back, key, to, is_loop));
}

enum err storage_each_url(struct storage *storage, bool listed,
                          storage_url_fn fn, void *ctx)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(
        storage, lease_of(storage)->each_url(storage->back, listed, fn, ctx));
}

enum err storage_each_landing(struct storage *storage, storage_landing_fn fn,
                              void *ctx)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(
        storage, lease_of(storage)->each_landing(storage->back, fn, ctx));
}

/* ---- hosts ---- */

/* The rows are counted after the call, since only then their number is known.
 * So the back end begins its transaction by itself (storage_ops.h). */
enum err storage_lease_hosts(struct storage *storage, int64_t now_ms,
                             size_t max_hosts,
                             const struct storage_taker *taker)
{
    size_t nr_leased = 0;
    enum err err, begin_err = CERR_OK;

    if (storage->failure.err)
        return storage->failure.err;
    err = lease_of(storage)->lease_hosts(storage->back, now_ms, max_hosts,
                                         taker, &nr_leased);
    err = storage_settle(storage, err);
    /* a call that leased no host has written nothing, and must not make a
     * commit necessary: the frontier asks often */
    if (nr_leased)
        begin_err = storage_begin_rows(storage, nr_leased);
    return err ? err : begin_err;
}

enum err storage_lease_host(struct storage *storage, int64_t host_id,
                            struct bytes host_key, int64_t now_ms,
                            const struct storage_taker *taker)
{
    bool made = false;
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    err = lease_of(storage)->make_host(storage->back, host_id, host_key, &made);
    storage->counts.nr_hosts += made;
    if (!err)
        err = lease_of(storage)->lease_host(storage->back, host_id, now_ms,
                                            taker);
    return storage_settle(storage, err);
}

enum err storage_host_is_listed(struct storage *storage, int64_t host_id,
                                bool *is_listed)
{
    *is_listed = false;
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, lease_of(storage)->host_is_listed(
                                       storage->back, host_id, is_listed));
}

/* A refill only reads, so it opens no transaction. */
enum err storage_refill_urls(struct storage *storage, int64_t host_id,
                             const struct url_place *place, size_t max_urls,
                             const struct storage_taker *taker)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(
        storage, lease_of(storage)->refill_urls(storage->back, host_id, place,
                                                max_urls, taker));
}

enum err storage_put_host(struct storage *storage,
                          const struct host_record *host)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(storage,
                          lease_of(storage)->put_host(storage->back, host));
}

enum err storage_release_host(struct storage *storage,
                              const struct host_record *host)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(storage,
                          lease_of(storage)->release_host(storage->back, host));
}

enum err storage_renew_host(struct storage *storage, int64_t host_id,
                            int64_t token, int64_t now_ms)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(storage, lease_of(storage)->renew_host(
                                       storage->back, host_id, token, now_ms));
}

enum err storage_sweep(struct storage *storage, int64_t now_ms,
                       size_t *nr_woken)
{
    enum err err = storage_begin_rows(storage, 1);

    *nr_woken = 0;
    if (err)
        return err;
    return storage_settle(
        storage, lease_of(storage)->sweep(storage->back, now_ms, nr_woken));
}

enum err storage_next_due(struct storage *storage, int64_t *due_at)
{
    *due_at = STORAGE_HOST_IDLE;
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage,
                          lease_of(storage)->next_due(storage->back, due_at));
}
