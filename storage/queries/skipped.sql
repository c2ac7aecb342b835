-- what was not asked for, and why
WITH @pages,
x AS (
  SELECT error, url FROM p WHERE outcome = 'skipped'
  UNION ALL
  SELECT error, text FROM lines)
SELECT x.error AS reason, count(*) AS n, min(x.url) AS example, e.meaning
FROM x LEFT JOIN errors e ON e.code = x.error
GROUP BY x.error
ORDER BY n DESC, reason
