-- What people ask first: one row for each line of the list whatever became of
-- it, and one for each URL that was discovered (line NULL). What is still to
-- do has outcome NULL; what no list names any more (line below 0) is not here. The columns are those of page_row.c.
CREATE VIEW results AS
SELECT @results
FROM urls u LEFT JOIN pages p ON p.id = u.page_id AND u.state <> 0
WHERE u.line IS NULL OR u.line > 0
UNION ALL
SELECT @line_results
FROM lines l LEFT JOIN urls u ON u.shard = 0
  AND u.host_id = l.same_host_id AND u.url_hash = l.same_hash;
