-- histogram of times, each bar twice as long as the last
WITH @pages,
x AS (
  SELECT CASE WHEN total_ms < 1 THEN 0
      ELSE CAST(log2(total_ms) AS integer) + 1 END AS b
  FROM p
  WHERE total_ms IS NOT NULL)
SELECT CASE b WHEN 0 THEN 0 ELSE pow(2, b - 1) END AS from_ms,
  pow(2, b) AS to_ms, count(*) AS n,
  round(100.0 * sum(count(*)) OVER (ORDER BY b) / sum(count(*)) OVER (), 1)
    AS percent_until
FROM x
GROUP BY b
ORDER BY b
