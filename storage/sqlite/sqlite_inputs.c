/* How far each list has been read, and which list a line belongs to. */
#include "storage/sqlite/sqlite.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "storage/leases.h"

/* Numbers are given without a gap, so the names make an array. */
static void note_name(struct storage *storage, struct bytes name)
{
    storage->inputs = xrealloc_array(storage->inputs, storage->nr_inputs + 1,
                                     sizeof(*storage->inputs));
    storage->inputs[storage->nr_inputs++] = xmemdup0(name.data, name.len);
}

enum err storage_read_inputs(struct storage *storage)
{
    struct binder binder = {0};
    bool row = true;
    enum err err = CERR_OK;

    binder.rc = sqlite3_prepare_v2(storage->db,
                                   "SELECT name FROM inputs ORDER BY number",
                                   -1, &binder.stmt, NULL);
    while (!err && row) {
        err = storage_step(storage, &binder, &row);
        if (!err && row)
            note_name(storage, column_bytes(binder.stmt, 0));
    }
    sqlite3_finalize(binder.stmt);
    return err;
}

void storage_free_inputs(struct storage *storage)
{
    for (size_t i = 0; i < storage->nr_inputs; i++)
        free(storage->inputs[i]);
    free(storage->inputs);
}

struct bytes storage_input_of(const struct storage *storage, int64_t line)
{
    size_t number = (size_t)(line >> STORAGE_LINE_BITS);

    if (line <= 0 || number >= storage->nr_inputs)
        return (struct bytes){0};
    return (struct bytes){storage->inputs[number],
                          strlen(storage->inputs[number])};
}

enum err storage_get_input(struct storage *storage, struct storage_input *input)
{
    struct binder binder = storage_bind(storage, STMT_GET_INPUT);
    bool row;
    enum err err;

    input->number = (int64_t)storage->nr_inputs;
    bind_str(&binder, input->name);
    err = storage_step(storage, &binder, &row);
    if (err || !row)
        return err ? err : CERR_NOT_FOUND;
    input->number = sqlite3_column_int64(binder.stmt, 0);
    input->size_bytes = sqlite3_column_int64(binder.stmt, 1);
    input->mtime_ns = sqlite3_column_int64(binder.stmt, 2);
    input->offset_bytes = sqlite3_column_int64(binder.stmt, 3);
    input->line = sqlite3_column_int64(binder.stmt, 4);
    input->done = sqlite3_column_int(binder.stmt, 5) != 0;
    sqlite3_reset(binder.stmt);
    return CERR_OK;
}

enum err storage_put_input(struct storage *storage,
                           const struct storage_input *input)
{
    struct binder binder;
    enum err err = storage_begin(storage);

    if (err)
        return err;
    binder = storage_bind(storage, STMT_PUT_INPUT);
    bind_str(&binder, input->name);
    bind_int(&binder, input->number);
    bind_int(&binder, input->size_bytes);
    bind_int(&binder, input->mtime_ns);
    bind_int(&binder, input->offset_bytes);
    bind_int(&binder, input->line);
    bind_int(&binder, input->done);
    err = storage_run(storage, &binder);
    if (!err && input->number == (int64_t)storage->nr_inputs)
        note_name(storage, (struct bytes){input->name, strlen(input->name)});
    return err;
}
