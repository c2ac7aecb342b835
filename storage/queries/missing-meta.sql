-- pages without a title, description or heading
WITH @pages
SELECT url, title IS NULL AS no_title, description IS NULL AS no_description,
  h1 IS NULL AS no_h1, robots LIKE '%noindex%' AS noindex
FROM p
WHERE outcome = 'ok' AND mime = 'text/html'
  AND (title IS NULL OR description IS NULL OR h1 IS NULL)
ORDER BY url
