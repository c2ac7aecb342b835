/*
 * internal: the storage itself, shared by storage.c, leases.c and results.c.
 *
 * Every function of leases.h and results.h goes the same way: begin_rows() if
 * it writes, the back end's function, what follows for counters and outputs,
 * and settle() with the result.
 */
#ifndef STORAGE_INTERNAL_H
#define STORAGE_INTERNAL_H

#include "storage/outputs.h"
#include "storage/storage_ops.h"

struct storage {
    struct back_end *back; /* owned; NULL while it is opened */
    struct failure failure;
    struct outputs outputs;
    char *path;    /* owned; of the database; "" is a temporary one */
    bool is_state; /* beside text outputs: removed when done */

    enum storage_state state;
    struct hash_key hash_key;
    struct storage_counts counts;
    size_t nr_uncommitted; /* rows */
    bool run_open;         /* the run's row says that it is under way */

    char **inputs; /* owned; names of the lists by their numbers */
    size_t nr_inputs;

    struct sink_place place; /* of the page that is being stored */

    enum storage_added *added; /* owned; for callers who do not ask for it */
    size_t cap_added;
};

/* CERR_OK when rows may be written; counts them, and opens the run again. */
enum err storage_begin_rows(struct storage *storage, size_t nr_rows) CERR_CHECK;
/* Rolls back if `err` comes from a failure. Returns `err`. */
enum err storage_settle(struct storage *storage, enum err err) CERR_CHECK;
/* Adds the name of the list with the next number. */
void storage_add_input(struct storage *storage, struct bytes name);
/* Name of the list that has the line; empty for 0, or an unknown one. */
struct bytes storage_input_of(const struct storage *storage, int64_t line);

#endif
