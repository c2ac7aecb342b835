-- The database of crawl. One text for SQLite and PostgreSQL: a line that ends
-- in "-- sqlite" or "-- postgresql" belongs to that one alone, and PostgreSQL
-- needs `CREATE DOMAIN blob AS bytea` first. @definitions are the columns in
-- page_row.c; the view `results` is in results.sql. docs/schema.md explains every
-- column. Times are ISO 8601 in UTC for people, milliseconds since 1970 in the
-- columns that only the program reads; `_ms` are milliseconds, sizes bytes.

-- What the database knows about itself: hash key, shard count, counters.
CREATE TABLE meta (
  k text PRIMARY KEY,
  v text NOT NULL
) WITHOUT ROWID; -- sqlite
); -- postgresql

CREATE TABLE runs (
  id integer PRIMARY KEY, -- sqlite
  id bigint PRIMARY KEY, -- postgresql
  started_at text NOT NULL,
  finished_at text,
  status text NOT NULL, -- running, done, interrupted, limit, failed
  reason text,
  sessions integer NOT NULL DEFAULT 1,
  version text,
  command text,
  config text,
  user_agent text,
  input text,
  workers integer,
  refetch text,
  sandbox text
);

-- Each start of the program for a run.
CREATE TABLE sessions (
  run_id bigint NOT NULL,
  session integer NOT NULL,
  started_at text NOT NULL,
  finished_at text,
  status text NOT NULL, -- as in runs; killed
  reason text,
  version text,
  command text,
  config text,
  user_agent text,
  workers integer,
  PRIMARY KEY (run_id, session)
);

-- The frontier: hosts are leased, URLs are not (docs/protocol.md).
CREATE TABLE hosts (
  shard smallint NOT NULL,
  host_id bigint NOT NULL,
  host text NOT NULL,
  due_at bigint NOT NULL,
  holder bigint NOT NULL DEFAULT 0,
  token bigint NOT NULL DEFAULT 0,
  listed smallint NOT NULL DEFAULT 0,
  fails integer NOT NULL DEFAULT 0,
  delay_ms bigint NOT NULL DEFAULT 0,
  not_before bigint NOT NULL DEFAULT 0,
  errors integer NOT NULL DEFAULT 0,
  robots_status integer NOT NULL DEFAULT 0,
  robots_at bigint NOT NULL DEFAULT 0,
  robots_until bigint NOT NULL DEFAULT 0,
  walk_from bigint NOT NULL,
  walk_to bigint NOT NULL,
  PRIMARY KEY (host_id, shard)
) WITHOUT ROWID; -- sqlite
); -- postgresql
CREATE INDEX hosts_due ON hosts (shard, due_at, holder);

-- Apart from hosts, so that a change of due_at does not rewrite 500 KiB.
CREATE TABLE robots (
  shard smallint NOT NULL,
  host_id bigint NOT NULL,
  fetched_ms bigint NOT NULL,
  body blob,
  PRIMARY KEY (host_id, shard)
) WITHOUT ROWID; -- sqlite
); -- postgresql

CREATE TABLE urls (
  shard smallint NOT NULL,
  host_id bigint NOT NULL,
  url_hash bigint NOT NULL,
  state smallint NOT NULL DEFAULT 0, -- 0 to do, 2 done, 3 failed for good
  prio integer NOT NULL DEFAULT 0,
  tries integer NOT NULL DEFAULT 0,
  depth integer NOT NULL DEFAULT 0,
  line bigint,
  page_id bigint,
  url text NOT NULL,
  listed text,
  parent_host_id bigint,
  parent_hash bigint,
  PRIMARY KEY (host_id, url_hash, shard)
) WITHOUT ROWID; -- sqlite
); -- postgresql
-- A long list (prio 0) is done in the order of the key and needs no index:
-- its entries would cost as much as the rows.
CREATE INDEX urls_todo ON urls (shard, host_id, prio, url_hash)
  WHERE state = 0 AND prio <> 0;

-- Lines of the list that got no URL of their own.
CREATE TABLE lines (
  line bigint PRIMARY KEY,
  text text,
  error text NOT NULL,
  detail text,
  same_host_id bigint,
  same_hash bigint
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- A `line` in urls and lines is number << 40 | line of that list; below 0 the
-- list named the URL once and does so no more.
CREATE TABLE inputs (
  name text PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  size_bytes bigint NOT NULL,
  mtime_ns bigint NOT NULL,
  offset_bytes bigint NOT NULL,
  line bigint NOT NULL,
  done smallint NOT NULL,
  path text
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- Append-only outputs and how much of each is committed.
CREATE TABLE outputs (
  path text PRIMARY KEY,
  kind text NOT NULL,
  part integer NOT NULL DEFAULT 0,
  offset_bytes bigint NOT NULL DEFAULT 0,
  state smallint NOT NULL DEFAULT 1 -- 0 closed, 1 open, 2 lacks rows
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- Links that a limit refused (--max-pages-per-host and its kin). The first 200
-- of a host and rule have a row in urls and pages, all others count here.
CREATE TABLE refusals (
  run_id bigint NOT NULL,
  host_id bigint NOT NULL,
  rule text NOT NULL, -- the option that sets the limit
  nr_rows bigint NOT NULL,
  nr_more bigint NOT NULL,
  example text,
  PRIMARY KEY (host_id, rule, run_id)
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- How each URL of a run ended: one row for each, append only, but for a link
-- that was refused unasked: its row goes when the list names it. That there is
-- one follows from urls: only the transaction that takes state from 0 inserts.
CREATE TABLE pages (
@definitions
);

CREATE TABLE links (
  page_id bigint NOT NULL,
  pos integer NOT NULL,
  to_host_id bigint NOT NULL,
  to_hash bigint NOT NULL,
  to_url text NOT NULL,
  kind text NOT NULL,
  text text,
  rel text,
  internal smallint NOT NULL
);

CREATE TABLE redirects (
  page_id bigint NOT NULL,
  hop integer NOT NULL,
  from_url text NOT NULL,
  to_url text NOT NULL,
  status integer,
  kind text NOT NULL, -- http, meta, header
  elapsed_ms double precision,
  PRIMARY KEY (page_id, hop)
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- Requests that did not end their URL: a retry followed.
CREATE TABLE attempts (
  run_id bigint NOT NULL,
  host_id bigint NOT NULL,
  url_hash bigint NOT NULL,
  attempt integer NOT NULL,
  at text NOT NULL,
  status integer,
  error text,
  detail text,
  elapsed_ms double precision
);

-- Once a second.
CREATE TABLE samples (
  run_id bigint NOT NULL,
  t_ms bigint NOT NULL,
  done bigint NOT NULL,
  failed bigint NOT NULL,
  queued bigint NOT NULL,
  active bigint NOT NULL,
  bytes_down bigint NOT NULL,
  workers_busy integer NOT NULL,
  hosts_active integer NOT NULL,
  hosts_waiting integer NOT NULL,
  rss_bytes bigint NOT NULL,
  session integer
);

CREATE TABLE events (
  run_id bigint NOT NULL,
  at text NOT NULL,
  level text NOT NULL,
  what text NOT NULL,
  detail text
);

CREATE TABLE errors (
  code text PRIMARY KEY,
  class text NOT NULL,
  retryable smallint NOT NULL,
  meaning text NOT NULL,
  hint text
) WITHOUT ROWID; -- sqlite
); -- postgresql

-- Bodies on request, once for each content.
CREATE TABLE bodies (
  content_hash blob PRIMARY KEY,
  body_bytes bigint NOT NULL,
  zstd blob NOT NULL
);

-- The newest stored answer of each URL, also while a refetch is under way.
CREATE VIEW v_latest AS
SELECT p.*, u.line & 1099511627775 AS line, u.listed,
  (SELECT i.name FROM inputs i WHERE i.number = u.line >> 40) AS input
FROM urls u JOIN pages p ON p.id = u.page_id
WHERE u.line IS NULL OR u.line > 0;

CREATE VIEW v_status AS
SELECT coalesce(CAST(status AS text), error, outcome) AS what, outcome,
  count(*) AS n, sum(length) AS length_sum, sum(bytes_down) AS bytes_down
FROM v_latest GROUP BY 1, 2;

-- Every link that leads to an answer from 400 up, or to none, also by way of
-- redirects.
CREATE VIEW v_broken AS
WITH RECURSIVE h AS MATERIALIZED (SELECT * FROM redirects WHERE kind = 'http'),
t AS (
  SELECT p.* FROM pages p JOIN urls u ON u.page_id = p.id
    AND u.host_id = p.host_id AND u.url_hash = p.url_hash AND u.shard = p.shard
  WHERE p.outcome IN ('http_error', 'error') OR p.error = 'host_down'),
c(id, run_id, host_id, url_hash, url) AS (
  SELECT id, run_id, host_id, url_hash, url FROM t
  UNION
  SELECT c.id, c.run_id, s.host_id, s.url_hash, s.url
  FROM c JOIN h r ON r.to_url = c.url
  JOIN pages s ON s.id = r.page_id AND s.run_id = c.run_id)
SELECT t.url, t.status, t.error, s.url AS from_url, l.text, l.kind
FROM c JOIN t ON t.id = c.id
JOIN links l ON l.to_host_id = c.host_id AND l.to_hash = c.url_hash
JOIN pages s ON s.id = l.page_id AND s.run_id = c.run_id;

-- The hops of each URL, and then those of the URL that its last one leads to:
-- a URL that a link led to has one hop of its own.
CREATE VIEW v_redirect_chains AS
WITH RECURSIVE h AS MATERIALIZED (SELECT * FROM redirects),
  c(id, run_id, hop, from_url, status, kind, to_url, at_id, at_hop,
    way) AS (
  SELECT p.id, p.run_id, r.hop, r.from_url, r.status, r.kind, r.to_url, p.id, 0,
    ' ' || r.from_url || ' '
  FROM pages p JOIN redirects r ON r.page_id = p.id AND r.hop = 0
  UNION ALL
  SELECT c.id, c.run_id, c.hop + 1, r.from_url, r.status, r.kind, r.to_url,
    r.page_id, r.hop, c.way || c.to_url || ' '
  FROM c JOIN h r ON r.from_url = c.to_url
  JOIN pages n ON n.id = r.page_id AND n.run_id = c.run_id
  WHERE (r.page_id = c.at_id AND r.hop = c.at_hop + 1)
    OR (r.page_id <> c.at_id AND r.hop = 0 AND c.hop < 20
      AND position(' ' || c.to_url || ' ' IN c.way) = 0 -- postgresql
      AND instr(c.way, ' ' || c.to_url || ' ') = 0 -- sqlite
      AND NOT EXISTS (SELECT 1 FROM redirects x
        WHERE x.page_id = c.at_id AND x.hop = c.at_hop + 1)))
SELECT p.url, c.hop, c.from_url, c.status, c.kind, c.to_url, p.final_url,
  p.status AS final_status
FROM c JOIN pages p ON p.id = c.id;

CREATE VIEW v_hosts AS
SELECT h.host, count(p.id) AS n,
  sum(CASE WHEN p.outcome = 'ok' THEN 1 ELSE 0 END) AS ok,
  sum(CASE WHEN p.outcome IN ('http_error', 'error')
    OR p.error = 'host_down' THEN 1 ELSE 0 END) AS bad,
  sum(p.bytes_down) AS bytes_down, avg(p.total_ms) AS mean_ms,
  max(p.total_ms) AS max_ms, h.robots_status, h.delay_ms, h.host_id
FROM hosts h
LEFT JOIN urls u ON u.shard = h.shard AND u.host_id = h.host_id
  AND (u.line IS NULL OR u.line > 0)
LEFT JOIN pages p ON p.id = u.page_id
GROUP BY h.shard, h.host_id, h.host, h.robots_status, h.delay_ms;

-- Pages whose bodies are equal, with the one to keep.
CREATE VIEW v_duplicates AS
SELECT count(*) AS n, min(url) AS keep, max(length) AS length,
  (count(*) - 1) * max(length) AS wasted_bytes, content_hash
FROM v_latest WHERE content_hash IS NOT NULL AND outcome = 'ok' AND length > 0
GROUP BY content_hash HAVING count(*) > 1;
