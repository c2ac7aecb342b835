-- lines of the list that no crawled page links to
-- Needs stored links.
WITH @pages
SELECT u.line & 1099511627775 AS line, coalesce(u.listed, u.url) AS url,
  i.name AS input
FROM urls u LEFT JOIN inputs i ON i.number = u.line >> 40
WHERE u.line > 0
  AND NOT EXISTS (
    SELECT 1 FROM links l JOIN p ON p.id = l.page_id
    WHERE l.to_host_id = u.host_id AND l.to_hash = u.url_hash)
ORDER BY u.line
