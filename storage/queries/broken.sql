-- URLs that failed, and the pages that link to them
WITH @pages,
t AS (
  SELECT * FROM p WHERE outcome IN ('http_error', 'error'))
SELECT t.url, t.status, t.error, count(s.id) AS inlinks,
  group_concat(DISTINCT s.url) AS referrers
FROM t
LEFT JOIN links l ON l.to_host_id = t.host_id AND l.to_hash = t.url_hash
LEFT JOIN pages s ON s.id = l.page_id AND s.run_id = t.run_id
GROUP BY t.id
ORDER BY inlinks DESC, t.url
