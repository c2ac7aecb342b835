-- content types
WITH @pages
SELECT mime, count(*) AS n, sum(length) AS length,
  round(avg(length)) AS mean_length
FROM p
WHERE status IS NOT NULL
GROUP BY mime
ORDER BY n DESC, mime
