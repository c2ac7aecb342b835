/* The texts of all statements, and what several of them share. */
#include "storage/sqlite/sqlite.h"

#define LINK "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define KEY  "shard = 0 AND host_id = ? AND url_hash = ?"
/* as a link, by a rule that a line of the list is free of */
#define REFUSED                                                                \
    "coalesce(error, '') IN ('trap', 'blocked_address') AND redirects = 0"
#define CLAIMED                                                                \
    "u.url_hash, u.url, u.listed, u.line, u.depth, u.prio, u.tries, p.etag,"   \
    " p.last_modified"

const char *const sqlite_sql[STMT_NR] = {
#define STATEMENT(name, sql) [STMT_##name] = (sql),
#include "storage/sqlite/statements.h"
#undef STATEMENT
};
