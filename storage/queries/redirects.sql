-- chains of more than one hop, with their codes
WITH @pages,
x AS (
  SELECT p.url, r.status, r.hop, p.final_url, p.error, p.id
  FROM p JOIN redirects r ON r.page_id = p.id
  ORDER BY p.id, r.hop)
SELECT url, count(*) AS hops, group_concat(status, ' > ') AS codes,
  final_url, error
FROM x
GROUP BY id HAVING count(*) > 1 OR error IS NOT NULL
ORDER BY hops DESC, url
