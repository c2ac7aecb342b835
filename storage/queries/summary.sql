-- counts, bytes, rate and times of the crawl
-- The k-th of n sorted values is the percentile: SQLite 3.40 has no function.
WITH @pages,
t AS (
  SELECT total_ms, row_number() OVER (ORDER BY total_ms) AS k,
    count(*) OVER () AS n
  FROM p
  WHERE total_ms IS NOT NULL),
q AS (
  SELECT
    round(max(CASE WHEN k = (n * 50 + 99) / 100 THEN total_ms END), 1) AS p50,
    round(max(CASE WHEN k = (n * 95 + 99) / 100 THEN total_ms END), 1) AS p95,
    round(avg(total_ms), 1) AS mean
  FROM t),
s AS (
  SELECT count(*) AS n, sum(outcome = 'ok') AS ok,
    sum(outcome = 'redirect') AS redirect,
    sum(outcome = 'http_error') AS http_error,
    sum(outcome = 'error') AS error, sum(outcome = 'skipped') AS skipped,
    sum(bytes_down) AS bytes_down, sum(length) AS length
  FROM p),
-- seconds of work: those between two sessions are none
w AS (
  SELECT nullif(sum(ms), 0) / 1000.0 AS seconds, sum(done) AS done,
    count(*) AS sessions
  FROM (
    SELECT max(t_ms) AS ms, max(done) AS done
    FROM samples
    WHERE @run IN (0, run_id)
    GROUP BY run_id, @session))
SELECT 'urls ended' AS what, n AS value FROM s UNION ALL
SELECT 'ok', ok FROM s UNION ALL
SELECT 'redirect', redirect FROM s UNION ALL
SELECT 'http error', http_error FROM s UNION ALL
SELECT 'no answer', error FROM s UNION ALL
SELECT 'skipped', skipped FROM s UNION ALL
SELECT 'lines without a url', count(*) FROM lines UNION ALL
SELECT 'still to do', count(*) FROM urls WHERE state = 0 UNION ALL
SELECT 'bytes received', bytes_down FROM s UNION ALL
SELECT 'bytes decoded', length FROM s UNION ALL
SELECT 'seconds', round(seconds, 1) FROM w UNION ALL
SELECT 'urls/s', round(done / seconds, 1) FROM w UNION ALL
SELECT 'mean ms', mean FROM q UNION ALL
SELECT 'p50 ms', p50 FROM q UNION ALL
SELECT 'p95 ms', p95 FROM q UNION ALL
SELECT 'sessions', sessions FROM w
