-- chains of more than one hop, with their codes
WITH RECURSIVE @pages,
-- a table by itself would be searched whole for each step of a chain
h AS MATERIALIZED (SELECT * FROM redirects),
-- the hops of each URL, and then those of the URL that its last one leads to
c(id, hop, status, to_url, at_id, at_hop, way) AS (
  SELECT p.id, 0, r.status, r.to_url, p.id, 0,
    ' ' || r.from_url || ' '
  FROM p JOIN redirects r ON r.page_id = p.id AND r.hop = 0
  UNION ALL
  SELECT c.id, c.hop + 1, r.status, r.to_url, r.page_id, r.hop,
    c.way || c.to_url || ' '
  FROM c JOIN h r ON r.from_url = c.to_url JOIN p ON p.id = r.page_id
  WHERE (r.page_id = c.at_id AND r.hop = c.at_hop + 1)
    OR (r.page_id <> c.at_id AND r.hop = 0 AND c.hop < 20
      AND instr(c.way, ' ' || c.to_url || ' ') = 0
      AND NOT EXISTS (SELECT 1 FROM redirects x
        WHERE x.page_id = c.at_id AND x.hop = c.at_hop + 1))),
x AS (
  SELECT id, count(*) AS hops, group_concat(status, ' > ') AS codes,
    max(hop), to_url AS final_url
  FROM (SELECT * FROM c ORDER BY id, hop) GROUP BY id)
SELECT p.url, x.hops, x.codes, x.final_url, p.error
FROM x JOIN p ON p.id = x.id
WHERE x.hops > 1 OR p.error IS NOT NULL
ORDER BY x.hops DESC, p.url
