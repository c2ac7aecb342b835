-- URLs by the number of pages that link to them
-- Needs stored links.
-- Of the only run there is, all links count, without a look at the pages.
WITH @pages,
x AS (
  SELECT count(DISTINCT page_id) AS pages, count(*) AS links,
    min(l.rowid) AS example
  FROM links l
  WHERE (SELECT count(*) = 1 AND (@run = 0 OR max(id) = @run) FROM runs)
    OR EXISTS (SELECT 1 FROM p WHERE p.id = l.page_id)
  GROUP BY l.to_host_id, l.to_hash)
SELECT l.to_url AS url, x.pages, x.links
FROM x JOIN links l ON l.rowid = x.example
ORDER BY x.pages DESC, x.links DESC, url
