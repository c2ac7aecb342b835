-- lines of the list and entries of sitemaps that no other page links to
-- Needs stored links.
WITH RECURSIVE @pages,
-- a table by itself would be searched whole for each step of a chain
h AS MATERIALIZED (SELECT * FROM redirects WHERE kind = 'http'),
-- what a file led to that is no page: its links would be stored
o AS (
  SELECT host_id, url_hash, url, line, listed, NULL AS sitemap
  FROM urls WHERE line > 0
  UNION ALL
  SELECT u.host_id, u.url_hash, u.url, NULL, NULL, m.url
  FROM urls u JOIN urls m ON m.shard = 0 AND m.host_id = u.parent_host_id
    AND m.url_hash = u.parent_hash
  JOIN p s ON s.id = m.page_id AND s.outcome = 'ok'
  WHERE u.line IS NULL AND u.prio > 0
    AND s.id NOT IN (SELECT page_id FROM links)),
-- those that no link leads to straight
s AS MATERIALIZED (
  SELECT * FROM o
  WHERE NOT EXISTS (
    SELECT 1 FROM links l JOIN p ON p.id = l.page_id
    WHERE l.to_host_id = o.host_id AND l.to_hash = o.url_hash
      AND (p.host_id <> o.host_id OR p.url_hash <> o.url_hash))),
-- of them what redirects lead to, with the URLs that those begin at
c(host_id, url_hash, at_host_id, at_hash, at_url) AS (
  SELECT host_id, url_hash, host_id, url_hash, url FROM s
  WHERE url IN (SELECT to_url FROM h)
  UNION
  SELECT c.host_id, c.url_hash, p.host_id, p.url_hash, p.url
  FROM c JOIN h r ON r.to_url = c.at_url JOIN p ON p.id = r.page_id),
linked AS (
  SELECT c.host_id, c.url_hash
  FROM c CROSS JOIN links l
    ON l.to_host_id = c.at_host_id AND l.to_hash = c.at_hash
  JOIN p ON p.id = l.page_id
  WHERE p.host_id <> c.host_id OR p.url_hash <> c.url_hash)
SELECT s.line & 1099511627775 AS line, coalesce(s.listed, s.url) AS url,
  i.name AS input, s.sitemap
FROM s LEFT JOIN inputs i ON i.number = s.line >> 40
WHERE (s.host_id, s.url_hash) NOT IN (SELECT host_id, url_hash FROM linked)
ORDER BY s.line IS NULL, s.line, s.url
