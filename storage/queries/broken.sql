-- URLs that failed, and the pages that link to them
WITH RECURSIVE @pages,
-- a table by itself would be searched whole for each step of a chain
h AS MATERIALIZED (SELECT * FROM redirects),
t AS (
  SELECT * FROM p WHERE outcome IN ('http_error', 'error')
    OR error = 'host_down'),
-- each URL that failed, with those whose redirects lead to it
c(id, host_id, url_hash, url) AS (
  SELECT id, host_id, url_hash, url FROM t
  UNION
  SELECT c.id, s.host_id, s.url_hash, s.url
  FROM c JOIN h r ON r.to_url = c.url AND r.kind = 'http'
  JOIN p s ON s.id = r.page_id),
-- of a page without stored links it is known what was first found there, and
-- where its refresh leads
f AS (
  SELECT c.id, s.id AS page_id, s.url
  FROM c JOIN urls u ON u.shard = 0 AND u.host_id = c.host_id
    AND u.url_hash = c.url_hash
  JOIN urls v ON v.shard = 0 AND v.host_id = u.parent_host_id
    AND v.url_hash = u.parent_hash
  JOIN p s ON s.id = v.page_id AND s.outcome = 'ok'
  UNION
  SELECT c.id, s.id, s.url
  FROM c JOIN h r ON r.to_url = c.url AND r.kind <> 'http'
  JOIN p s ON s.id = r.page_id),
x AS (
  SELECT c.id, s.id AS page_id, s.url
  FROM c JOIN links l ON l.to_host_id = c.host_id AND l.to_hash = c.url_hash
  JOIN pages s ON s.id = l.page_id
  JOIN t ON t.id = c.id AND s.run_id = t.run_id
  UNION ALL
  SELECT * FROM f
  WHERE page_id NOT IN (SELECT page_id FROM links))
SELECT t.url, t.status, t.error, count(x.page_id) AS inlinks,
  group_concat(DISTINCT x.url) AS referrers
FROM t LEFT JOIN x ON x.id = t.id
GROUP BY t.id
ORDER BY inlinks DESC, t.url
