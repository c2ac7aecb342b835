/* The SQLite back end as one table, gathered from the files that do it. */
#include "storage/sqlite/sqlite_ops.h"

#include "storage/sqlite/sqlite.h"

static const struct session_ops session = {
    .open = sqlite_open,
    .close = sqlite_close,
    .commit = sqlite_commit,
    .roll_back = sqlite_roll_back,
    .open_run = sqlite_open_run,
    .end_run = sqlite_end_run,
    .run_totals = sqlite_run_totals,
    .run_answered = sqlite_run_answered,
    .finish = sqlite_finish,
    .index_archive = sqlite_index_archive,
    .each_input = sqlite_each_input,
    .get_input = sqlite_get_input,
    .put_input = sqlite_put_input,
    .get_output = sqlite_get_output,
    .put_output = sqlite_put_output,
    .leave_outputs = sqlite_leave_outputs,
};

const struct storage_ops sqlite_storage = {
    .suffixes = ".db .sqlite .sqlite3",
    .formats = "db sqlite",
    .session = &session,
    .lease = &sqlite_lease,
    .result = &sqlite_result,
};
