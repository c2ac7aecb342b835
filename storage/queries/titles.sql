-- titles that are missing or stand on several pages
WITH @pages,
x AS (
  SELECT coalesce(title, '') AS title, url
  FROM p
  WHERE outcome = 'ok' AND mime = 'text/html')
SELECT title, count(*) AS n, min(url) AS example
FROM x
GROUP BY title HAVING count(*) > 1 OR title = ''
ORDER BY n DESC, title
