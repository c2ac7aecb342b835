-- what changed from one run to another
WITH @pages,
b AS (
  SELECT coalesce(nullif(@run, 0), max(id)) AS id FROM runs),
a AS (
  SELECT coalesce(nullif(@other, 0),
    (SELECT max(runs.id) FROM runs, b WHERE runs.id < b.id)) AS id),
old AS (
  SELECT pages.* FROM pages, a WHERE run_id = a.id),
new AS (
  SELECT pages.* FROM pages, b WHERE run_id = b.id),
x AS (
  SELECT CASE
      WHEN old.id IS NULL THEN 'new'
      WHEN new.status IN (404, 410) AND old.outcome = 'ok' THEN 'gone'
      WHEN new.outcome IN ('http_error', 'error')
        AND old.outcome NOT IN ('http_error', 'error') THEN 'newly broken'
      WHEN old.outcome IN ('http_error', 'error')
        AND new.outcome NOT IN ('http_error', 'error') THEN 'repaired'
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
