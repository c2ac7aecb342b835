/*
 * The result's side of the storage: a row, and a line in each output.
 *
 * The outputs are written from within the back end's put_page: only there is
 * it known that the URL has not ended yet and what a 304 keeps, and the row
 * that it writes afterwards says where a WARC file has the answer.
 */
#include "storage/results.h"

#include <string.h>

#include "storage/internal.h"

/* The functions of the back end that this file calls. */
static const struct result_ops *result_of(const struct storage *storage)
{
    return storage->back->ops->result;
}

/* A view of a string; NULL makes an empty one. */
static struct bytes text_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

/* Writes a row to all outputs, and tells it where a WARC file has the answer: a
 * storage_page_fn. The row borrows that from storage->place, which stays as it
 * is until the next page. */
static enum err put_outputs(void *ctx, struct page_record *row)
{
    struct storage *storage = ctx;
    struct sink_place *place = &storage->place;
    enum err err;

    place->file[0] = place->digest[0] = '\0';
    place->type = NULL;
    err = outputs_put(&storage->outputs, row, place);
    row->warc = (struct warc_record){
        .answer_id = row->warc.answer_id,
        .file = text_of(place->file),
        .offset = place->type ? place->offset : -1,
        .length = place->type ? place->length : -1,
        .type = text_of(place->type),
        .digest = text_of(place->digest),
    };
    return err;
}

enum err storage_put_page(struct storage *storage,
                          const struct page_record *page)
{
    struct page_record row;
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    /* The back end completes the row, and the caller's page is constant. This
     * is the only copy of it. */
    row = *page;
    row.input = storage_input_of(storage, page->line);
    row.not_modified = false;
    row.warc.answer_id = 0;
    err =
        result_of(storage)->put_page(storage->back, &row, put_outputs, storage);
    storage->counts.nr_ended += err == CERR_OK;
    return storage_settle(storage, err);
}

enum err storage_put_attempt(struct storage *storage,
                             const struct attempt_record *attempt)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(
        storage, result_of(storage)->put_attempt(storage->back, attempt));
}

enum err storage_put_sample(struct storage *storage,
                            const struct sample_record *sample)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(
        storage, result_of(storage)->put_sample(storage->back, sample));
}

enum err storage_put_event(struct storage *storage, int64_t now_ms,
                           const char *level, const char *what,
                           const char *detail)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(storage,
                          result_of(storage)->put_event(storage->back, now_ms,
                                                        level, what, detail));
}

enum err storage_put_sandbox(struct storage *storage, const char *level)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(
        storage, result_of(storage)->put_sandbox(storage->back, level));
}

enum err storage_end_loops(struct storage *storage, int64_t *nr)
{
    enum err err = storage_begin_rows(storage, 1);

    *nr = 0;
    if (err)
        return err;
    return storage_settle(storage,
                          result_of(storage)->end_loops(storage->back, nr));
}

enum err storage_add_refused(struct storage *storage,
                             const struct refusal_record *refusal)
{
    enum err err = storage_begin_rows(storage, 1);

    if (err)
        return err;
    return storage_settle(
        storage, result_of(storage)->add_refused(storage->back, refusal));
}

enum err storage_get_refused(struct storage *storage, int64_t host_id,
                             struct bytes rule, int64_t *nr_rows)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, result_of(storage)->get_refused(
                                       storage->back, host_id, rule, nr_rows));
}

enum err storage_count_found(struct storage *storage, int64_t host_id,
                             int64_t max, int64_t *nr)
{
    *nr = 0;
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, result_of(storage)->count_found(
                                       storage->back, host_id, max, nr));
}
