-- what changed from one run to another
WITH @pages,
b AS (
  SELECT coalesce(nullif(@run, 0), max(id)) AS id FROM runs),
a AS (
  SELECT coalesce(nullif(@other, 0),
    (SELECT max(runs.id) FROM runs, b WHERE runs.id < b.id)) AS id),
-- a host that is down is broken, though what it has left was not asked for;
-- what a rule has left out is neither broken nor whole
old AS (
  SELECT pages.*, outcome IN ('http_error', 'error')
    OR coalesce(error = 'host_down', 0) AS broken
  FROM pages, a WHERE run_id = a.id),
new AS (
  SELECT pages.*, outcome IN ('http_error', 'error')
    OR coalesce(error = 'host_down', 0) AS broken
  FROM pages, b WHERE run_id = b.id),
x AS (
  SELECT CASE
      WHEN old.id IS NULL THEN 'new'
      WHEN new.status IN (404, 410) AND old.outcome = 'ok' THEN 'gone'
      WHEN new.broken AND NOT old.broken THEN 'newly broken'
      WHEN old.broken AND new.outcome IN ('ok', 'redirect') THEN 'repaired'
      WHEN coalesce(new.status, new.error)
        IS NOT coalesce(old.status, old.error) THEN 'moved'
      WHEN new.content_hash IS NOT old.content_hash THEN 'changed'
    END AS change,
    new.url,
    old.status AS old_status, new.status AS new_status,
    old.error AS old_error, new.error AS new_error,
    old.length AS old_length, new.length AS new_length
  FROM new
  LEFT JOIN old ON old.host_id = new.host_id AND old.url_hash = new.url_hash)
SELECT * FROM x
WHERE change IS NOT NULL
ORDER BY change, url
