-- why there was no answer, with an example and a hint
WITH @pages,
x AS (
  SELECT error, url FROM p WHERE error IS NOT NULL
  UNION ALL
  SELECT error, text FROM lines)
SELECT e.class, x.error, count(*) AS n, e.retryable, min(x.url) AS example,
  e.hint
FROM x LEFT JOIN errors e ON e.code = x.error
GROUP BY x.error
ORDER BY n DESC, x.error
