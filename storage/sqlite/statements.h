/*
 * statements: every statement of the writing side, by name and text.
 *
 * The file that includes this one defines what STATEMENT(name, sql) becomes: an
 * entry of the enum in sqlite.h, a text in sqlite_sql.c. It is included twice,
 * so it has no guard. `shard` is always 0 here: one file is one shard. The
 * words in capitals are explained in sqlite_sql.c, those with an @ in
 * sqlite_columns.h.
 */

STATEMENT(BEGIN, "BEGIN IMMEDIATE")
STATEMENT(COMMIT, "COMMIT")

STATEMENT(ADD_URL,
          "INSERT INTO urls (shard, host_id, url_hash, url, listed, line,"
          " parent_host_id, parent_hash, depth, prio)"
          " VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
/* A URL that was discovered, or was listed once, becomes a line of the list. It
 * comes no later than a line does (-1 is URL_ORDER_FIRST). */
STATEMENT(ADOPT_URL,
          "UPDATE urls SET line = ?, listed = ?, depth = min(depth, ?),"
          " prio = min(prio, ?, -1) WHERE " KEY " AND coalesce(line, -1) < 0")
/* Deletes the page of a refused URL if it is of this run, because a URL ends
 * once in a run. An earlier run keeps its page. */
STATEMENT(DROP_REFUSED,
          "DELETE FROM pages WHERE id = (SELECT page_id FROM urls WHERE " KEY
          " AND state <> 0) AND run_id = ? AND " REFUSED)
/* Sets the URL back to "to do" if its page was deleted above or is that of a
 * refused URL. */
STATEMENT(REOPEN_URL, "UPDATE urls SET state = 0, tries = 0, page_id ="
                      " (SELECT id FROM pages WHERE id = page_id) WHERE " KEY
                      " AND state <> 0 AND NOT EXISTS (SELECT 1 FROM pages"
                      " WHERE id = page_id AND NOT (" REFUSED "))")
/* Finds the host only if neither of the next two statements would change it. */
STATEMENT(HAS_HOST,
          "SELECT 1 FROM hosts WHERE shard = 0 AND host_id = ?5 AND"
          " NOT (due_at = ?2 OR listed < ?1 OR walk_from > ?3 OR walk_to < ?4)")
STATEMENT(ADD_HOST, "INSERT INTO hosts (shard, host_id, host, due_at, listed,"
                    " walk_from, walk_to) VALUES (0, ?, ?, ?, ?, ?, ?)"
                    " ON CONFLICT DO NOTHING")
/* Only an idle host is woken. Any other due_at is a politeness delay or the end
 * of a lease. */
STATEMENT(WAKE_HOST,
          "UPDATE hosts SET listed = max(listed, ?1), due_at ="
          " CASE WHEN due_at = ?2 THEN ?3 ELSE due_at END,"
          " walk_from = min(walk_from, ?4), walk_to = max(walk_to, ?5)"
          " WHERE shard = 0 AND host_id = ?6")

/* The sub-select makes sure that a line which is read a second time is not
 * stored as a duplicate of itself. */
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
/* A list that is read again (sqlite_reading.c). */
STATEMENT(NOTE_LINE, "INSERT INTO temp.reading_lines (line) VALUES (?)"
                     " ON CONFLICT DO NOTHING")
STATEMENT(NOTE_URL, "INSERT INTO temp.reading_urls (host_id, url_hash)"
                    " VALUES (?, ?) ON CONFLICT DO NOTHING")
STATEMENT(URL_LINE, "SELECT line, listed FROM urls WHERE " KEY)
STATEMENT(MOVE_URL, "UPDATE urls SET line = ?, listed = ? WHERE " KEY)
STATEMENT(GET_INPUT,
          "SELECT number, size_bytes, mtime_ns, offset_bytes, line, done"
          " FROM inputs WHERE name = ?")
STATEMENT(
    PUT_INPUT,
    "INSERT INTO inputs (name, number, size_bytes, mtime_ns, offset_bytes,"
    " line, done, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO "
    "UPDATE SET"
    " size_bytes = excluded.size_bytes, mtime_ns = excluded.mtime_ns,"
    " offset_bytes = excluded.offset_bytes, line = excluded.line,"
    " done = excluded.done, path = excluded.path")

/* Leased hosts are found too once their lease has ended: due_at is its end. */
STATEMENT(DUE_HOSTS, "SELECT host_id FROM hosts WHERE shard = 0"
                     " AND due_at <= ? ORDER BY due_at LIMIT ?")
/* A host that still has a holder was not released before its lease ended; it is
 * free all the same. The token grows with each lease. */
STATEMENT(LEASE_HOST,
          "UPDATE hosts SET token = token + 1, due_at = ?, holder = ?"
          " WHERE shard = 0 AND host_id = ? AND (holder = 0 OR due_at <= ?)"
          " RETURNING host_id, host, listed, token, delay_ms, errors,"
          " robots_status, robots_at, robots_until, not_before, walk_from,"
          " walk_to,"
          " (SELECT body FROM robots r"
          " WHERE r.shard = 0 AND r.host_id = hosts.host_id)")
/* NOT INDEXED makes SQLite walk through the table in the order of its key. The
 * order is a promise: a walk goes on behind the last URL that it gave. */
STATEMENT(WALK_URLS,
          "SELECT " STORED_URL " FROM urls u NOT INDEXED LEFT JOIN pages p"
          " ON p.id = u.page_id WHERE u.shard = 0 AND u.host_id = ?"
          " AND u.url_hash BETWEEN ? AND ? AND u.prio = 0 AND u.state = 0"
          " ORDER BY u.url_hash LIMIT ?")
/* All URLs but the bulk ones, from a place of the index on. */
STATEMENT(REFILL_URLS,
          "SELECT " STORED_URL
          " FROM urls u INDEXED BY urls_todo LEFT JOIN pages p"
          " ON p.id = u.page_id WHERE u.shard = 0 AND u.host_id = ?"
          " AND u.prio <> 0 AND u.state = 0 AND (u.prio, u.url_hash) > (?, ?)"
          " ORDER BY u.prio, u.url_hash LIMIT ?")
STATEMENT(PUT_HOST,
          "UPDATE hosts SET delay_ms = ?, not_before = ?, errors = ?,"
          " robots_status = ?, robots_at = ?, robots_until = ?"
          " WHERE shard = 0 AND host_id = ? AND token = ? AND holder <> 0")
STATEMENT(RELEASE_HOST,
          "UPDATE hosts SET delay_ms = ?, not_before = ?, errors = ?,"
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
/* Wakes idle hosts that have a URL to do, of either kind. */
STATEMENT(SWEEP,
          "UPDATE hosts SET due_at = ? WHERE shard = 0 AND due_at = ?"
          " AND holder = 0 AND (EXISTS (SELECT 1 FROM urls u"
          " INDEXED BY urls_todo WHERE u.shard = 0"
          " AND u.host_id = hosts.host_id AND u.state = 0"
          " AND u.prio <> 0) OR EXISTS (SELECT 1 FROM urls u"
          " NOT INDEXED WHERE u.shard = 0"
          " AND u.host_id = hosts.host_id AND u.state = 0"
          " AND u.prio = 0 AND u.url_hash BETWEEN walk_from AND walk_to))")
STATEMENT(LISTED_HOST, "SELECT 1 FROM hosts WHERE shard = 0 AND host_id = ?"
                       " AND listed <> 0")
STATEMENT(NEXT_DUE, "SELECT due_at FROM hosts WHERE shard = 0"
                    " AND holder = 0 ORDER BY due_at LIMIT 1")
STATEMENT(PUT_TRIES, "UPDATE urls SET tries = ? WHERE " KEY)
/* Never moves a URL back: the lower `prio` comes first. */
STATEMENT(BRING_FORWARD, "UPDATE urls SET depth = ?1, prio = ?2 WHERE shard = 0"
                         " AND host_id = ?3 AND url_hash = ?4 AND state = 0"
                         " AND prio > ?2")
/* A listed URL ends with the answer behind its redirects, so the last hop is
 * where an outcome `redirect` leads. */
STATEMENT(GET_REDIRECT, "SELECT p.final_url, p.outcome, p.error FROM urls u"
                        " JOIN pages p ON p.id = u.page_id WHERE u.shard = 0"
                        " AND u.host_id = ? AND u.url_hash = ? AND u.state <> 0"
                        " AND p.run_id = ?")
STATEMENT(LISTED_URLS,
          "SELECT host_id, url_hash, url, line FROM urls WHERE line > 0")
STATEMENT(FOUND_URLS,
          "SELECT host_id, url_hash, url, line FROM urls WHERE line IS NULL")
STATEMENT(COUNT_FOUND, "SELECT count(*) FROM (SELECT 1 FROM urls u"
                       " LEFT JOIN pages p ON p.id = u.page_id"
                       " WHERE u.host_id = ? AND u.line IS NULL"
                       " AND (p.error IS NULL OR p.error <> 'trap') LIMIT ?)")
STATEMENT(LANDINGS, "SELECT u.url, p.final_url FROM urls u JOIN pages p"
                    " ON p.id = u.page_id WHERE u.line IS NOT NULL"
                    " AND p.outcome = 'ok' AND p.redirects > 0")
STATEMENT(FIND_URL, "SELECT 1 FROM urls WHERE " KEY)

/* Changes a row only while the URL is to do, so that one caller alone can end
 * it; sqlite3_changes() tells him that he did. */
STATEMENT(END_URL, "UPDATE urls SET state = ?, tries = ?, page_id = ?"
                   " WHERE " KEY " AND state = 0")
STATEMENT(PUT_PAGE, "INSERT INTO pages (@names) VALUES (@values)")
STATEMENT(KEPT_PAGE,
          "SELECT p.id, a.id, coalesce(a.final_url, a.url), a.fetched_at,"
          " a.warc_digest, @kept FROM urls u JOIN pages p ON p.id = u.page_id"
          " LEFT JOIN pages a ON a.id = coalesce(p.answer_id, p.id)"
          " AND a.warc_type IS NOT NULL"
          " WHERE u.shard = 0 AND u.host_id = ? AND u.url_hash = ?"
          " AND u.state = 0")
STATEMENT(KEEP_LINKS,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) SELECT ?, pos, to_host_id, to_hash, to_url,"
          " kind, text, rel, internal FROM links WHERE page_id = ?")
STATEMENT(PUT_LINK,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) VALUES " LINK)
/* STORAGE_LINKS_AT_ONCE rows. To start a statement costs more than a row does.
 */
STATEMENT(PUT_LINKS,
          "INSERT INTO links (page_id, pos, to_host_id, to_hash, to_url, kind,"
          " text, rel, internal) VALUES " LINK ", " LINK ", " LINK ", " LINK
          ", " LINK ", " LINK ", " LINK ", " LINK)
STATEMENT(PUT_REDIRECT,
          "INSERT INTO redirects (page_id, hop, from_url, to_url, status, kind,"
          " elapsed_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
/* Does nothing when an equal body is stored already. */
STATEMENT(PUT_BODY, "INSERT INTO bodies (content_hash, body_bytes, zstd)"
                    " VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
STATEMENT(PUT_BODY_ROOM, "INSERT INTO bodies (content_hash, body_bytes, zstd)"
                         " VALUES (?, ?, zeroblob(?)) ON CONFLICT DO NOTHING")
/* One step back along redirects from what is a loop already. The inner select
 * is made once, and its rows are few. */
STATEMENT(END_LOOPS,
          "UPDATE pages SET outcome = 'error', error = 'redirect_loop'"
          " WHERE id IN (SELECT r.page_id FROM redirects r JOIN pages s"
          " ON s.id = r.page_id WHERE s.run_id = ?1 AND s.outcome = 'redirect'"
          " AND r.kind = 'http' AND r.to_url IN (SELECT p.url FROM redirects q"
          " JOIN pages p ON p.id = q.page_id WHERE p.run_id = ?1"
          " AND p.error = 'redirect_loop'))")
STATEMENT(FAIL_LOOPS,
          "UPDATE urls SET state = 3 WHERE state = 2 AND (host_id, url_hash)"
          " IN (SELECT p.host_id, p.url_hash FROM redirects q JOIN pages p"
          " ON p.id = q.page_id WHERE p.run_id = ? AND"
          " p.error = 'redirect_loop')")
STATEMENT(ADD_REFUSED,
          "INSERT INTO refusals (run_id, host_id, rule, nr_rows, nr_more,"
          " example) VALUES (?, ?, ?, ?, ?, ?)"
          " ON CONFLICT (host_id, rule, run_id) DO UPDATE SET"
          " nr_rows = nr_rows + excluded.nr_rows,"
          " nr_more = nr_more + excluded.nr_more,"
          " example = coalesce(example, excluded.example)")
STATEMENT(GET_REFUSED, "SELECT sum(nr_rows) FROM refusals"
                       " WHERE host_id = ? AND rule = ?")
STATEMENT(PUT_ATTEMPT,
          "INSERT INTO attempts (run_id, host_id, url_hash, attempt, at,"
          " status, error, detail, elapsed_ms)"
          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PUT_SAMPLE,
          "INSERT INTO samples (run_id, t_ms, done, failed, queued, active,"
          " bytes_down, workers_busy, hosts_active, hosts_waiting, rss_bytes,"
          " session) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
STATEMENT(PUT_EVENT, "INSERT INTO events (run_id, at, level, what, detail)"
                     " VALUES (?, ?, ?, ?, ?)")
STATEMENT(PUT_OUTPUT,
          "INSERT INTO outputs (path, kind, part, offset_bytes, state)"
          " VALUES (?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE SET"
          " part = excluded.part, offset_bytes = excluded.offset_bytes,"
          " state = excluded.state")
STATEMENT(PUT_META, "INSERT INTO meta (k, v) VALUES (?, ?)"
                    " ON CONFLICT (k) DO UPDATE SET v = excluded.v")
/* A page that robots.txt forbids counts as answered: its host has answered the
 * request for robots.txt. */
STATEMENT(RUN_ANSWER, "SELECT 1 FROM pages WHERE run_id = ?"
                      " AND (status IS NOT NULL OR error = 'robots') LIMIT 1")
STATEMENT(PUT_SANDBOX, "UPDATE runs SET sandbox = ? WHERE id = ?")
