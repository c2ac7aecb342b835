-- what was not asked for, and why
WITH @pages,
x AS (
  SELECT error, url, 1 AS n FROM p WHERE outcome = 'skipped'
  UNION ALL
  SELECT error, text, 1 FROM lines
  UNION ALL
  -- links beyond the first 200 of a host and limit have no row
  SELECT 'trap', example, nr_more FROM @refusals
  WHERE nr_more > 0 AND @run IN (0, run_id))
SELECT x.error AS reason, sum(x.n) AS n, min(x.url) AS example, e.meaning
FROM x LEFT JOIN errors e ON e.code = x.error
GROUP BY x.error
ORDER BY n DESC, reason
