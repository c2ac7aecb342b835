/*
 * statements: every statement of the writing side, by name and text.
 *
 * Whoever includes it says what STATEMENT(name, sql) makes of each: sqlite.h
 * the enum, sqlite_sql.c the texts. So it has no guard. `shard` is always 0
 * here: one file is one shard. sqlite_columns.h has the words with an @.
 */

STATEMENT(BEGIN, "BEGIN IMMEDIATE")
STATEMENT(COMMIT, "COMMIT")

STATEMENT(ADD_URL,
          "INSERT INTO urls (shard, host_id, url_hash, url, listed, line,"
          " parent_host_id, parent_hash, depth, prio)"
          " VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
STATEMENT(ADOPT_URL,
          "UPDATE urls SET line = ?, listed = ?, depth = min(depth, ?),"
          " prio = min(prio, ?, -1) WHERE " KEY " AND line IS NULL")
/* of this run, so that it ends once in it; an earlier run keeps its row */
STATEMENT(DROP_REFUSED,
          "DELETE FROM pages WHERE id = (SELECT page_id FROM urls WHERE " KEY
          " AND state <> 0) AND run_id = ? AND " REFUSED)
STATEMENT(REOPEN_URL, "UPDATE urls SET state = 0, tries = 0, page_id ="
                      " (SELECT id FROM pages WHERE id = page_id) WHERE " KEY
                      " AND state <> 0 AND NOT EXISTS (SELECT 1 FROM pages"
                      " WHERE id = page_id AND NOT (" REFUSED "))")
/* nothing of what the next two would change */
STATEMENT(HAS_HOST,
          "SELECT 1 FROM hosts WHERE shard = 0 AND host_id = ?5 AND"
          " NOT (due_at = ?2 OR listed < ?1 OR walk_from > ?3 OR walk_to < ?4)")
STATEMENT(ADD_HOST, "INSERT INTO hosts (shard, host_id, host, due_at, listed,"
                    " walk_from, walk_to) VALUES (0, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING")
/* only an idle host is woken: any other due_at is politeness or a lease */
STATEMENT(WAKE_HOST,
          "UPDATE hosts SET listed = max(listed, ?1), due_at ="
          " CASE WHEN due_at = ?2 THEN ?3 ELSE due_at END,"
          " walk_from = min(walk_from, ?4), walk_to = max(walk_to, ?5)"
          " WHERE shard = 0 AND host_id = ?6")

/* a line that is read again is no duplicate of itself */
STATEMENT(PUT_LINE,
          "INSERT INTO lines (line, text, error, detail, same_host_id,"
          " same_hash) SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS"
          " (SELECT 1 FROM urls WHERE shard = 0 AND host_id = ?5"
          " AND url_hash = ?6 AND line = ?1) ON CONFLICT DO NOTHING")
STATEMENT(CHANGE_LINE, "UPDATE lines SET text = ?2, error = ?3, detail = ?4,"
                       " same_host_id = ?5, same_hash = ?6 WHERE line = ?1"
                       " AND (text, error) IS NOT (?2, ?3) AND NOT EXISTS"
                       " (SELECT 1 FROM urls WHERE shard = 0 AND host_id = ?5"
                       " AND url_hash = ?6 AND line = ?1)")
STATEMENT(DROP_LINE, "DELETE FROM lines WHERE line = ?"
                     " AND same_hash IS NULL")
STATEMENT(GET_INPUT,
          "SELECT number, size_bytes, mtime_ns, offset_bytes, line, done"
          " FROM inputs WHERE name = ?")
STATEMENT(
    PUT_INPUT,
    "INSERT INTO inputs (name, number, size_bytes, mtime_ns, offset_bytes,"
    " line, done) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO "
    "UPDATE SET"
    " size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,"
    " offset_bytes = excluded.offset_bytes, line = excluded.line,"
    " done = excluded.done")

STATEMENT(DUE_HOSTS, "SELECT host_id FROM hosts WHERE shard = 0"
                     " AND due_at <= ? ORDER BY due_at LIMIT ?")
/* whoever still holds it did not come back in time */
STATEMENT(LEASE_HOST,
          "UPDATE hosts SET token = token + 1, due_at = ?, holder = ?,"
          " fails = CASE WHEN holder <> 0 THEN fails + 1 ELSE fails END"
          " WHERE shard = 0 AND host_id = ? AND (holder = 0 OR due_at <= ?)"
          " RETURNING host_id, host, listed, token, delay_ms, fails, errors,"
          " robots_status, robots_at, robots_until, not_before, walk_from,"
          " walk_to,"
          " (SELECT body FROM robots r"
          " WHERE r.shard = 0 AND r.host_id = hosts.host_id)")
STATEMENT(WALK_URLS,
          "SELECT " CLAIMED " FROM urls u NOT INDEXED LEFT JOIN pages p"
          " ON p.id = u.page_id WHERE u.shard = 0 AND u.host_id = ?"
          " AND u.url_hash BETWEEN ? AND ? AND u.prio = 0 AND u.state = 0"
          " ORDER BY u.url_hash LIMIT ?")
STATEMENT(CLAIM_URLS,
          "SELECT " CLAIMED
          " FROM urls u INDEXED BY urls_todo LEFT JOIN pages p"
          " ON p.id = u.page_id WHERE u.shard = 0 AND u.host_id = ?"
          " AND u.prio <> 0 AND u.state = 0 AND (u.prio, u.url_hash) > (?, ?)"
          " ORDER BY u.prio, u.url_hash LIMIT ?")
STATEMENT(
    PUT_HOST,
    "UPDATE hosts SET delay_ms = ?, not_before = ?, fails = ?, errors = ?,"
    " robots_status = ?, robots_at = ?, robots_until = ?"
    " WHERE shard = 0 AND host_id = ? AND token = ? AND holder <> 0")
STATEMENT(
    RELEASE_HOST,
    "UPDATE hosts SET delay_ms = ?, not_before = ?, fails = ?, errors = ?,"
    " robots_status = ?, robots_at = ?, robots_until = ?,"
    " due_at = ?, walk_from = ?, walk_to = ?, holder = 0"
    " WHERE shard = 0 AND host_id = ? AND token = ? AND holder <> 0")
STATEMENT(PUT_ROBOTS,
          "INSERT INTO robots (shard, host_id, fetched_ms, body)"
          " VALUES (0, ?, ?, ?) ON CONFLICT (shard, host_id) DO UPDATE"
          " SET fetched_ms = excluded.fetched_ms, body = excluded.body"
          " WHERE fetched_ms <> excluded.fetched_ms")
STATEMENT(RENEW_HOST, "UPDATE hosts SET due_at = ? WHERE shard = 0"
                      " AND host_id = ? AND token = ? AND holder <> 0")
STATEMENT(SWEEP,
          "UPDATE hosts SET due_at = ? WHERE shard = 0 AND due_at = ?"
          " AND holder = 0 AND (EXISTS (SELECT 1 FROM urls u"
          " INDEXED BY urls_todo WHERE u.shard = 0"
          " AND u.host_id = hosts.host_id AND u.state = 0"
          " AND u.prio <> 0) OR EXISTS (SELECT 1 FROM urls u"
          " NOT INDEXED WHERE u.shard = 0"
          " AND u.host_id = hosts.host_id AND u.state = 0"
          " AND u.prio = 0 AND u.url_hash BETWEEN walk_from AND walk_to))")
STATEMENT(NEXT_DUE, "SELECT due_at FROM hosts WHERE shard = 0"
                    " AND holder = 0 ORDER BY due_at LIMIT 1")
STATEMENT(PUT_TRIES, "UPDATE urls SET tries = ? WHERE " KEY)
STATEMENT(BRING_FORWARD, "UPDATE urls SET depth = ?1, prio = ?2 WHERE shard = 0"
                         " AND host_id = ?3 AND url_hash = ?4 AND state = 0"
                         " AND prio > ?2")
STATEMENT(
    LISTED_URLS,
    "SELECT host_id, url_hash, url, line FROM urls WHERE line IS NOT NULL")
STATEMENT(FOUND_URLS,
          "SELECT host_id, url_hash, url, line FROM urls WHERE line IS NULL")
STATEMENT(FIND_URL, "SELECT state FROM urls WHERE " KEY)

/* whoever takes the state from 0 writes the page: nobody else can */
STATEMENT(END_URL, "UPDATE urls SET state = ?, tries = ?, page_id = ?"
                   " WHERE " KEY " AND state = 0")
STATEMENT(PUT_PAGE, "INSERT INTO pages (@names) VALUES (@values)")
STATEMENT(KEPT_PAGE,
          "SELECT p.id, @kept FROM urls u JOIN pages p ON p.id = u.page_id"
          " WHERE u.shard = 0 AND u.host_id = ? AND u.url_hash = ?"
          " AND u.state = 0")
STATEMENT(KEEP_LINKS,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) SELECT ?, pos, to_host_id, to_hash, to_url,"
          " kind, text, rel, internal FROM links WHERE page_id = ?")
STATEMENT(PUT_LINK,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) VALUES " LINK)
/* starting a statement costs more than a row does */
STATEMENT(PUT_LINKS,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) VALUES " LINK ", " LINK ", " LINK ", " LINK
          ", " LINK ", " LINK ", " LINK ", " LINK)
STATEMENT(PUT_REDIRECT,
          "INSERT INTO redirects (page_id, hop, from_url, to_url, status, kind,"
          " elapsed_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PUT_BODY, "INSERT INTO bodies (content_hash, body_bytes, zstd)"
                    " VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
STATEMENT(PUT_ATTEMPT,
          "INSERT INTO attempts (run_id, host_id, url_hash, attempt, at,"
          " status, error, detail, elapsed_ms)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PUT_SAMPLE,
          "INSERT INTO samples (run_id, t_ms, done, failed, queued, active,"
          " bytes_down, workers_busy, hosts_active, hosts_waiting, rss_bytes)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PUT_EVENT, "INSERT INTO events (run_id, at, level, what, detail)"
                     " VALUES (?, ?, ?, ?, ?)")
STATEMENT(PUT_OUTPUT,
          "INSERT INTO outputs (path, kind, part, offset_bytes)"
          " VALUES (?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
          " part = excluded.part, offset_bytes = excluded.offset_bytes")
STATEMENT(PUT_META, "INSERT INTO meta (k, v) VALUES (?, ?)"
                    " ON CONFLICT (k) DO UPDATE SET v = excluded.v")
STATEMENT(OPEN_RUN, "UPDATE runs SET status = 'running', finished_at = NULL,"
                    " reason = NULL WHERE id = ?")
/* what robots.txt forbids was asked for: the host answered */
STATEMENT(RUN_ANSWER, "SELECT 1 FROM pages WHERE run_id = ?"
                      " AND (status IS NOT NULL OR error = 'robots') LIMIT 1")
STATEMENT(PUT_SANDBOX, "UPDATE runs SET sandbox = ? WHERE id = ?")
