-- pages by time to the end, and where it went
WITH @pages
SELECT url, round(total_ms, 1) AS total_ms, round(ttfb_ms, 1) AS ttfb_ms,
  round(connect_ms, 1) AS connect_ms, bytes_down, tries
FROM p
WHERE total_ms IS NOT NULL
ORDER BY total_ms DESC, url
