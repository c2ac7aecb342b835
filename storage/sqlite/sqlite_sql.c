/*
 * The texts of all statements, and what several of them share.
 *
 * The words below are replaced by the preprocessor, those with an @ by
 * sqlite_columns.c when the statement is prepared.
 */
#include "storage/sqlite/sqlite.h"

/* The parameters of one row of `links`. */
#define LINK "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
/* The key of a URL, whose parameters bind_key() binds. */
#define KEY  "shard = 0 AND host_id = ? AND url_hash = ?"
/* Says of a page that its URL was refused by a rule for links alone. A redirect
 * that was followed shows that the URL itself was asked. */
#define REFUSED                                                                \
    "coalesce(error, '') IN ('trap', 'blocked_address') AND redirects = 0"
/* The columns of a URL in a refill, in the order of read_stored_url(). */
#define STORED_URL                                                             \
    "u.url_hash, u.url, u.listed, u.line, u.depth, u.prio, u.tries, p.etag,"   \
    " p.last_modified"

const char *const sqlite_sql[STMT_NR] = {
#define STATEMENT(name, sql) [STMT_##name] = (sql),
#include "storage/sqlite/statements.h"
#undef STATEMENT
};
