-- times by host: median, p95, maximum
-- The k-th of n sorted values is the percentile: SQLite 3.40 has no function.
WITH @pages,
x AS (
  SELECT host_id, total_ms,
    row_number() OVER (PARTITION BY host_id ORDER BY total_ms) AS k,
    count(*) OVER (PARTITION BY host_id) AS n
  FROM p
  WHERE total_ms IS NOT NULL)
SELECT h.host, max(n) AS n,
  round(max(CASE WHEN k = (n * 50 + 99) / 100 THEN total_ms END), 1)
    AS p50_ms,
  round(max(CASE WHEN k = (n * 95 + 99) / 100 THEN total_ms END), 1)
    AS p95_ms,
  round(max(total_ms), 1) AS max_ms
FROM x JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id
GROUP BY x.host_id
ORDER BY p95_ms DESC, h.host
