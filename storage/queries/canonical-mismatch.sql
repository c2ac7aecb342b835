-- pages that call another URL their canonical one
WITH @pages
SELECT url, canonical, final_url
FROM p
WHERE canonical IS NOT NULL AND canonical <> coalesce(final_url, url)
ORDER BY url
