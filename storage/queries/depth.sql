-- outcomes by distance from the list
WITH @pages
SELECT depth, count(*) AS n, sum(outcome = 'ok') AS ok,
  sum(outcome = 'redirect') AS redirect,
  sum(outcome = 'http_error') AS http_error,
  sum(outcome = 'error') AS error,
  sum(outcome = 'skipped') AS skipped
FROM p
GROUP BY depth
ORDER BY depth
