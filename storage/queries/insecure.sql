-- http links on https pages
-- Needs stored links.
WITH @pages
SELECT l.to_url AS link, count(*) AS n, min(p.url) AS example
FROM p JOIN links l ON l.page_id = p.id
WHERE coalesce(p.final_url, p.url) LIKE 'https://%'
  AND l.to_url LIKE 'http://%'
GROUP BY l.to_url
ORDER BY n DESC, link
