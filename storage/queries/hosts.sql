-- each host: answers, bytes, times, robots.txt
WITH @pages,
x AS (
  SELECT host_id, count(*) AS n, sum(outcome = 'ok') AS ok,
    sum(outcome IN ('http_error', 'error')
      OR coalesce(error = 'host_down', 0)) AS bad,
    sum(bytes_down) AS bytes_down, round(avg(total_ms), 1) AS mean_ms
  FROM p
  GROUP BY host_id)
SELECT h.host, x.n, x.ok, x.bad, x.bytes_down, x.mean_ms, h.robots_status,
  h.delay_ms, h.errors
FROM x JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id
ORDER BY x.n DESC, h.host
