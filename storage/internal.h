/*
 * internal: the storage itself, shared by storage.c, leases.c, lists.c and
 * results.c.
 *
 * Every function of leases.h and results.h takes the same steps: it calls
 * storage_begin_rows() if it writes, then the back end's function, brings
 * counters and outputs up to date, and hands its result to storage_settle().
 */
#ifndef STORAGE_INTERNAL_H
#define STORAGE_INTERNAL_H

#include "storage/outputs.h"
#include "storage/storage_ops.h"

struct storage {
    struct back_end *back;  /* owned; NULL until it is open */
    struct failure failure; /* the first error that stopped the storage */
    struct outputs outputs; /* all outputs but the database */
    char *path;             /* owned; of the database; "" is a temporary one */
    bool is_state; /* the database only serves outputs: removed when done */

    enum storage_state state;
    struct hash_key hash_key;
    struct storage_counts counts;
    size_t nr_uncommitted; /* rows written since the last commit */
    bool run_open;         /* the run's row says that it is under way */
    char remark[STORAGE_MESSAGE_BYTES / 2]; /* of the opening */

    char **inputs; /* owned; names of the lists by their numbers */
    size_t nr_inputs;

    struct sink_place place; /* where a WARC file has the newest page */

    /* owned; room for what became of a batch, for callers who do not ask */
    enum storage_added *added;
    size_t cap_added; /* entries that have room in it */
};

/* Counts rows that are about to be written, and opens the run again if it had
 * ended. After a failure it returns the error of that. */
enum err storage_begin_rows(struct storage *storage, size_t nr_rows) CERR_CHECK;
/* Rolls back if `err` comes from a failure. Returns `err`. */
enum err storage_settle(struct storage *storage, enum err err) CERR_CHECK;
/* Adds the name of the list with the next number. */
void storage_add_input(struct storage *storage, const char *name);
/* Name of the list that has the line; empty for 0, or an unknown one. */
struct bytes storage_input_of(const struct storage *storage, int64_t line);

#endif
