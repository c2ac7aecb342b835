-- answers by status or error
WITH @pages
SELECT coalesce(CAST(status AS text), error, outcome) AS status,
  count(*) AS n,
  round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent,
  sum(bytes_down) AS bytes_down
FROM p
GROUP BY 1
ORDER BY n DESC, 1
