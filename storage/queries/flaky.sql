-- hosts whose pages needed more than one try
WITH @pages,
x AS (
  SELECT host_id, count(*) AS n, sum(tries > 1) AS retried,
    sum(tries > 1 AND outcome = 'ok') AS ok_after_retry
  FROM p
  WHERE tries > 0
  GROUP BY host_id)
SELECT h.host, x.n, x.retried, x.ok_after_retry,
  round(100.0 * x.retried / x.n, 1) AS percent
FROM x JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id
WHERE x.retried > 0
ORDER BY percent DESC, x.retried DESC, h.host
