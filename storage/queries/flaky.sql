-- hosts that needed more than one try, or asked to wait
WITH @pages,
-- each answer that ended nothing, and the last ones that ask to wait
y AS (
  SELECT a.host_id, coalesce(CAST(a.status AS text), a.error) AS what
  FROM attempts a
  WHERE @run IN (0, a.run_id)
  UNION ALL
  SELECT host_id, CAST(status AS text) FROM p WHERE status IN (429, 503)),
w AS (
  SELECT host_id, group_concat(what || ' x ' || n, ', ') AS answers
  FROM (
    SELECT host_id, what, count(*) AS n FROM y
    GROUP BY host_id, what ORDER BY n DESC, what)
  GROUP BY host_id),
x AS (
  SELECT host_id, count(*) AS n, sum(tries > 1) AS retried,
    sum(tries > 1 AND outcome = 'ok') AS ok_after_retry
  FROM p
  WHERE tries > 0
  GROUP BY host_id)
SELECT h.host, x.n, x.retried, x.ok_after_retry,
  round(100.0 * x.retried / x.n, 1) AS percent, w.answers
FROM x LEFT JOIN w ON w.host_id = x.host_id
JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id
WHERE x.retried > 0 OR w.answers IS NOT NULL
ORDER BY percent DESC, x.retried DESC, h.host
