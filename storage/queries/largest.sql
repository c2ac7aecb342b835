-- biggest bodies; text that came uncompressed first
WITH @pages
SELECT url, length, bytes_down, mime, encoding
FROM p
WHERE length > 0
ORDER BY (encoding IS NULL AND mime LIKE 'text/%') DESC, length DESC, url
