/*
 * The storage over its back end: opening, committing and closing.
 *
 * DESIGN. A commit makes rows and outputs durable together, so its order is
 * fixed: files are written and synced, their offsets and the counters go into
 * the transaction, the back end commits it, and only then streams get their
 * rows. A kill between two steps leaves files that are longer than the
 * committed offset, which the next opening cuts, or streams that lack rows.
 *
 * After a failure the open transaction is rolled back, once, and every later
 * call returns the failure's code without reaching the back end.
 */
#include "storage/storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "storage/internal.h"

/* ---- what leases.c and results.c share ---- */

/* Rolls back only after a failure. CERR_NOT_FOUND, CERR_EXISTS, CERR_BUSY and
 * the error of a callback are answers, and leave the transaction alone. */
enum err storage_settle(struct storage *storage, enum err err)
{
    if (err && storage->failure.err)
        storage->back->ops->session->roll_back(storage->back);
    return err;
}

/* Commits in the order that the head of this file explains. */
static enum err commit(struct storage *storage)
{
    const struct session_ops *session = storage->back->ops->session;
    enum err err = outputs_flush(&storage->outputs, false);

    if (!err)
        err = outputs_save(&storage->outputs, storage->back);
    if (!err)
        err = session->commit(storage->back, &storage->counts);
    if (err)
        return storage_settle(storage, err);
    storage->nr_uncommitted = 0;
    return storage_settle(storage, outputs_flush(&storage->outputs, true));
}

/* Opens a run again that has ended. The database must know that its outputs
 * are open before they get a byte, or what a kill leaves of this session would
 * be taken for another program's. */
static enum err open_run(struct storage *storage)
{
    enum err err = CERR_OK;

    storage->outputs.is_open = true;
    if (outputs_have_file(&storage->outputs))
        err = commit(storage);
    return err ? err
               : storage_settle(storage, storage->back->ops->session->open_run(
                                             storage->back));
}

/* A run that has ended is opened again by its first new row. `run_open` is set
 * before the call, which writes a row itself. */
enum err storage_begin_rows(struct storage *storage, size_t nr_rows)
{
    enum err err = storage->failure.err;

    if (!err && !storage->run_open) {
        storage->run_open = true;
        err = open_run(storage);
    }
    if (!err)
        storage->nr_uncommitted += nr_rows;
    return err;
}

void storage_add_input(struct storage *storage, const char *name)
{
    storage->inputs = xrealloc_array(storage->inputs, storage->nr_inputs + 1,
                                     sizeof(*storage->inputs));
    storage->inputs[storage->nr_inputs++] = xstrdup(name);
}

/* The number of the list is the high part of the line (storage_line()). */
struct bytes storage_input_of(const struct storage *storage, int64_t line)
{
    size_t number = (size_t)(line >> STORAGE_LINE_BITS);

    if (line <= 0 || number >= storage->nr_inputs)
        return (struct bytes){0};
    return (struct bytes){storage->inputs[number],
                          strlen(storage->inputs[number])};
}

/* ---- opening ---- */

/* A storage_input_fn that adds the name to the storage `ctx`. */
static enum err add_input(void *ctx, const struct storage_input *input)
{
    storage_add_input(ctx, input->name);
    return CERR_OK;
}

/* Chooses the path of the database. When none is among the outputs, the state
 * lies beside the first file; when all outputs are streams, in a temporary
 * database, which SQLite makes for an empty path. */
static void choose_path(struct storage *storage, const char *database)
{
    if (database) {
        storage->path = xstrdup(database);
        return;
    }
    storage->path = outputs_state_path(&storage->outputs);
    storage->is_state = storage->path != NULL;
    if (!storage->path)
        storage->path = xstrdup("");
}

/* Opens the database, cuts the outputs back to where it says, and commits the
 * beginning of the run together with the names of its outputs. */
static enum err open_back_end(struct storage *storage,
                              const struct storage_ops *ops,
                              const struct storage_options *options)
{
    struct storage_found found = {.forced = options->force};
    enum err err = ops->session->open(&storage->back, storage->path, options,
                                      &storage->failure, &found);

    if (err)
        return err;
    storage->back->ops = ops;
    storage->state = found.state;
    storage->hash_key = found.hash_key;
    storage->counts = found.counts;
    storage->run_open = found.run_open;
    storage->outputs.is_open = found.run_open;
    memcpy(storage->remark, found.remark, sizeof(storage->remark));
    err = ops->session->each_input(storage->back, add_input, storage);
    if (!err)
        err = outputs_resume(&storage->outputs, storage->back, storage->path,
                             options, &found);
    /* The database must know the outputs before they hold a byte, or a kill
     * would leave files that the next start refuses as foreign. */
    if (!err)
        err = commit(storage);
    return err ? err : outputs_start(&storage->outputs);
}

/* Opens the outputs and then the database. `ops` is NULL when the names of the
 * outputs choose the back end. */
static enum err open_all(struct storage *storage, const struct storage_ops *ops,
                         const struct storage_options *options)
{
    const char *database;
    enum err err;

    if (options->nr_outputs == 0)
        return failure_set(&storage->failure, CERR_INVALID,
                           "no output is named");
    err = outputs_open(&storage->outputs, options, &database);
    if (err)
        return err;
    choose_path(storage, database);
    if (!ops)
        ops = database ? back_end_of(database, options->format)
                       : back_end_default();
    return open_back_end(storage, ops, options);
}

/* Frees everything. STORAGE_UNDO also removes the outputs that this opening
 * made; the database is closed first, while its lock still keeps others away.
 */
static enum err free_storage(struct storage *storage, enum storage_leave leave)
{
    enum err err = CERR_OK;

    if (storage->back)
        err = storage->back->ops->session->close(storage->back, leave);
    outputs_close(&storage->outputs, leave == STORAGE_UNDO);
    for (size_t i = 0; i < storage->nr_inputs; i++)
        free(storage->inputs[i]);
    free(storage->inputs);
    free(storage->added);
    free(storage->path);
    free(storage);
    return err;
}

enum err storage_open_on(const struct storage_ops *ops,
                         struct storage **storage,
                         const struct storage_options *options,
                         char message[STORAGE_MESSAGE_BYTES])
{
    struct storage *opened = xcalloc(1, sizeof(*opened));
    enum err err;

    opened->outputs.failure = &opened->failure;
    err = open_all(opened, ops, options);
    snprintf(message, STORAGE_MESSAGE_BYTES, "%s",
             err ? opened->failure.message : opened->remark);
    if (err) {
        (void)free_storage(opened, STORAGE_UNDO);
        opened = NULL;
    }
    *storage = opened;
    return err;
}

enum err storage_open(struct storage **storage,
                      const struct storage_options *options,
                      char message[STORAGE_MESSAGE_BYTES])
{
    return storage_open_on(NULL, storage, options, message);
}

/* ---- asking ---- */

enum storage_state storage_state(const struct storage *storage)
{
    return storage->state;
}

bool storage_goes_on(const struct storage *storage)
{
    return storage->path[0] != '\0';
}

const struct hash_key *storage_hash_key(const struct storage *storage)
{
    return &storage->hash_key;
}

bool storage_wants_raw(const struct storage *storage)
{
    return outputs_want_raw(&storage->outputs);
}

const char *storage_message(const struct storage *storage)
{
    return storage->failure.message;
}

size_t storage_unread(const struct storage *storage, int *fd)
{
    *fd = -1;
    return storage->failure.err ? 0 : outputs_unread(&storage->outputs, fd);
}

enum err storage_push(struct storage *storage)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, outputs_push(&storage->outputs));
}

const char *storage_left(const struct storage *storage)
{
    return outputs_left(&storage->outputs);
}

bool storage_kept_rows(const struct storage *storage)
{
    return storage->failure.err && storage->nr_uncommitted == 0;
}

/* After a failure nothing waits any more: it was rolled back. */
size_t storage_uncommitted(const struct storage *storage)
{
    return storage->failure.err ? 0 : storage->nr_uncommitted;
}

enum err storage_count(struct storage *storage, struct storage_counts *counts)
{
    *counts = storage->counts;
    return storage->failure.err;
}

enum err storage_run_answered(struct storage *storage, bool *answered)
{
    *answered = false;
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, storage->back->ops->session->run_answered(
                                       storage->back, answered));
}

enum err storage_run_totals(struct storage *storage,
                            struct storage_totals *totals)
{
    *totals = (struct storage_totals){0};
    if (storage->failure.err)
        return storage->failure.err;
    return storage_settle(storage, storage->back->ops->session->run_totals(
                                       storage->back, totals));
}

/* ---- committing and closing ---- */

enum err storage_commit(struct storage *storage)
{
    if (storage->failure.err)
        return storage->failure.err;
    return storage->nr_uncommitted ? commit(storage) : CERR_OK;
}

void storage_abandon(struct storage *storage, enum err err)
{
    err = failure_set(&storage->failure, err,
                      "%s: not all rows could be made: %s; what was committed "
                      "is kept: run the same command again to go on",
                      storage->path[0] ? storage->path : "temporary file",
                      err_str(err));
    (void)!storage_settle(storage, err);
}

/* Writes how the run ended, and commits that with all that waits. */
static enum err end_run(struct storage *storage, const char *status,
                        const char *reason, int64_t now_ms)
{
    enum err err = storage_begin_rows(storage, 1);

    if (!err)
        err =
            storage_settle(storage, storage->back->ops->session->end_run(
                                        storage->back, status, reason, now_ms));
    return err ? err : commit(storage);
}

/* Closing goes on after an error, since everything must be freed; the first
 * error is returned. */
enum err storage_close(struct storage *storage, const char *status,
                       const char *reason, int64_t now_ms)
{
    bool done = strcmp(status, "done") == 0;
    enum storage_leave leave = STORAGE_KEEP;
    enum err err, close_err;

    if (!storage)
        return CERR_OK;
    err = storage->failure.err;
    storage->outputs.is_open = false;
    if (!err && storage->run_open)
        err = end_run(storage, status, reason, now_ms);
    if (!err)
        err = outputs_index(&storage->outputs, storage->back);
    if (!err)
        err = storage->back->ops->session->finish(
            storage->back, storage->run_open && done && !storage->is_state);
    /* The outputs are complete and on disk, so the state beside them has
     * nothing left to remember. */
    if (!err && done && storage->is_state)
        leave = STORAGE_REMOVE;
    close_err = free_storage(storage, leave);
    return err ? err : close_err;
}
