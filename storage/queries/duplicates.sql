-- different URLs with the same body
WITH @pages
SELECT count(*) AS n, min(url) AS keep, max(length) AS length,
  (count(*) - 1) * max(length) AS wasted_bytes,
  lower(hex(content_hash)) AS content_hash
FROM p
WHERE content_hash IS NOT NULL AND outcome = 'ok' AND length > 0
GROUP BY p.content_hash HAVING count(*) > 1
ORDER BY wasted_bytes DESC, keep
