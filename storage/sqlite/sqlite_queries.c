/*
 * The named queries. Each reads the pages in question from `p`, a common
 * table that reader_sql() puts in front: those of one run, or the newest
 * answer of each URL. @other and @run are replaced by numbers.
 */
#include <string.h>

#include "storage/query.h"

/* The k-th of n sorted values is the percentile: SQLite 3.40 has none. */
#define PERCENTILE(share, column)                                              \
    "round(max(CASE WHEN k = (n * " share " + 99) / 100 THEN " column          \
    " END), 1)"

static const struct query_info queries[] = {
    {"summary", "counts, bytes, rate and times of the crawl",
     ",\nt AS (SELECT total_ms, row_number() OVER (ORDER BY total_ms) AS k,"
     " count(*) OVER () AS n FROM p WHERE total_ms IS NOT NULL),\n"
     "q AS (SELECT " PERCENTILE(
         "50",
         "total_ms") " AS p50,"
                     " " PERCENTILE(
                         "95",
                         "total_ms") " AS p95, round(avg(total_ms), 1) AS"
                                     " mean FROM t),\n"
                                     "s AS (SELECT count(*) AS n, sum(outcome "
                                     "= 'ok') AS ok,"
                                     " sum(outcome = 'redirect') AS redirect,"
                                     " sum(outcome = 'http_error') AS "
                                     "http_error,"
                                     " sum(outcome = 'error') AS error, "
                                     "sum(outcome = 'skipped') AS skipped,"
                                     " sum(bytes_down) AS bytes_down, "
                                     "sum(length) AS length,"
                                     " (julianday(max(fetched_at)) - "
                                     "julianday(min(fetched_at))) * 86400"
                                     " AS seconds FROM p)\n"
                                     "SELECT 'urls ended' AS what, n AS value "
                                     "FROM s UNION ALL\n"
                                     "SELECT 'ok', ok FROM s UNION ALL\n"
                                     "SELECT 'redirect', redirect FROM s UNION "
                                     "ALL\n"
                                     "SELECT 'http error', http_error FROM s "
                                     "UNION ALL\n"
                                     "SELECT 'no answer', error FROM s UNION "
                                     "ALL\n"
                                     "SELECT 'skipped', skipped FROM s UNION "
                                     "ALL\n"
                                     "SELECT 'lines without a url', count(*) "
                                     "FROM lines UNION ALL\n"
                                     "SELECT 'still to do', count(*) FROM urls "
                                     "WHERE state = 0 UNION ALL\n"
                                     "SELECT 'bytes received', bytes_down FROM "
                                     "s UNION ALL\n"
                                     "SELECT 'bytes decoded', length FROM s "
                                     "UNION ALL\n"
                                     "SELECT 'seconds', round(seconds, 1) FROM "
                                     "s UNION ALL\n"
                                     "SELECT 'urls/s', round(n / "
                                     "nullif(seconds, 0), 1) FROM s UNION ALL\n"
                                     "SELECT 'mean ms', mean FROM q UNION ALL\n"
                                     "SELECT 'p50 ms', p50 FROM q UNION ALL\n"
                                     "SELECT 'p95 ms', p95 FROM q"},
    {"status", "answers by status or error",
     "\nSELECT coalesce(CAST(status AS text), error, outcome) AS status,"
     " count(*) AS n,"
     " round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS percent,"
     " sum(bytes_down) AS bytes_down\n"
     "FROM p GROUP BY 1 ORDER BY n DESC, 1"},
    {"errors", "why there was no answer, with an example and a hint",
     ",\nx AS (SELECT error, url FROM p WHERE error IS NOT NULL"
     " UNION ALL SELECT error, text FROM lines)\n"
     "SELECT e.class, x.error, count(*) AS n, e.retryable,"
     " min(x.url) AS example, e.hint\n"
     "FROM x LEFT JOIN errors e ON e.code = x.error"
     " GROUP BY x.error ORDER BY n DESC, x.error"},
    {"broken", "URLs that failed, and the pages that link to them",
     ",\nt AS (SELECT * FROM p WHERE outcome IN ('http_error', 'error'))\n"
     "SELECT t.url, t.status, t.error, count(s.id) AS inlinks,"
     " group_concat(DISTINCT s.url) AS referrers\n"
     "FROM t LEFT JOIN links l ON l.to_host_id = t.host_id"
     " AND l.to_hash = t.url_hash\n"
     "LEFT JOIN pages s ON s.id = l.page_id AND s.run_id = t.run_id\n"
     "GROUP BY t.id ORDER BY inlinks DESC, t.url"},
    {"redirects", "chains of more than one hop, with their codes",
     ",\nx AS (SELECT p.url, r.status, r.hop, p.final_url, p.error, p.id"
     " FROM p JOIN redirects r ON r.page_id = p.id ORDER BY p.id, r.hop)\n"
     "SELECT url, count(*) AS hops, group_concat(status, ' > ') AS codes,"
     " final_url, error\n"
     "FROM x GROUP BY id HAVING count(*) > 1 OR error IS NOT NULL"
     " ORDER BY hops DESC, url"},
    {"slow-hosts", "times by host: median, p95, maximum",
     ",\nx AS (SELECT host_id, total_ms,"
     " row_number() OVER (PARTITION BY host_id ORDER BY total_ms) AS k,"
     " count(*) OVER (PARTITION BY host_id) AS n"
     " FROM p WHERE total_ms IS NOT NULL)\n"
     "SELECT h.host, max(n) AS n, " PERCENTILE(
         "50",
         "total_ms") " AS p50_ms,"
                     " " PERCENTILE(
                         "95",
                         "total_ms") " AS p95_ms,"
                                     " round(max(total_ms), 1) AS max_ms\n"
                                     "FROM x JOIN hosts h ON h.shard = 0 AND "
                                     "h.host_id = x.host_id"
                                     " GROUP BY x.host_id ORDER BY p95_ms "
                                     "DESC, h.host"},
    {"slow-pages", "pages by time to the end, and where it went",
     "\nSELECT url, round(total_ms, 1) AS total_ms, round(ttfb_ms, 1) AS"
     " ttfb_ms, round(connect_ms, 1) AS connect_ms, bytes_down, tries\n"
     "FROM p WHERE total_ms IS NOT NULL ORDER BY total_ms DESC, url"},
    {"largest", "biggest bodies; text that came uncompressed first",
     "\nSELECT url, length, bytes_down, mime, encoding\n"
     "FROM p WHERE length > 0"
     " ORDER BY (encoding IS NULL AND mime LIKE 'text/%') DESC, length DESC,"
     " url"},
    {"duplicates", "different URLs with the same body",
     "\nSELECT count(*) AS n, min(url) AS keep, max(length) AS length,"
     " (count(*) - 1) * max(length) AS wasted_bytes,"
     " lower(hex(content_hash)) AS content_hash\n"
     "FROM p WHERE content_hash IS NOT NULL AND outcome = 'ok'"
     " AND length > 0 GROUP BY p.content_hash HAVING count(*) > 1"
     " ORDER BY wasted_bytes DESC, keep"},
    {"throughput", "rate by ten seconds of the run",
     ",\nr AS (SELECT coalesce(nullif(@run, 0), max(id)) AS id FROM runs),\n"
     "x AS (SELECT t_ms / 10000 AS slot, max(done) AS done,"
     " max(failed) AS failed, max(bytes_down) AS bytes,"
     " max(t_ms) AS t_ms FROM samples, r WHERE run_id = r.id GROUP BY 1),\n"
     "d AS (SELECT slot, t_ms, done - lag(done, 1, 0) OVER w AS done,"
     " failed - lag(failed, 1, 0) OVER w AS failed,"
     " bytes - lag(bytes, 1, 0) OVER w AS bytes,"
     " (t_ms - lag(t_ms, 1, 0) OVER w) / 1000.0 AS seconds"
     " FROM x WINDOW w AS (ORDER BY slot))\n"
     "SELECT slot * 10 AS second, round(done / seconds, 1) AS urls_s,"
     " round(bytes / seconds / 1e6, 2) AS mb_s,"
     " round(failed / seconds, 1) AS errors_s\n"
     "FROM d WHERE seconds > 0 ORDER BY slot"},
    {"latency", "histogram of times, each bar twice as long as the last",
     ",\nx AS (SELECT CASE WHEN total_ms < 1 THEN 0"
     " ELSE CAST(log2(total_ms) AS integer) + 1 END AS b"
     " FROM p WHERE total_ms IS NOT NULL)\n"
     "SELECT CASE b WHEN 0 THEN 0 ELSE pow(2, b - 1) END AS from_ms,"
     " pow(2, b) AS to_ms, count(*) AS n,"
     " round(100.0 * sum(count(*)) OVER (ORDER BY b)"
     " / sum(count(*)) OVER (), 1) AS percent_until\n"
     "FROM x GROUP BY b ORDER BY b"},
    {"hosts", "each host: answers, bytes, times, robots.txt",
     ",\nx AS (SELECT host_id, count(*) AS n, sum(outcome = 'ok') AS ok,"
     " sum(outcome IN ('http_error', 'error')) AS bad,"
     " sum(bytes_down) AS bytes_down, round(avg(total_ms), 1) AS mean_ms"
     " FROM p GROUP BY host_id)\n"
     "SELECT h.host, x.n, x.ok, x.bad, x.bytes_down, x.mean_ms,"
     " h.robots_status, h.delay_ms, h.errors\n"
     "FROM x JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id"
     " ORDER BY x.n DESC, h.host"},
    {"mime", "content types",
     "\nSELECT mime, count(*) AS n, sum(length) AS length,"
     " round(avg(length)) AS mean_length\n"
     "FROM p WHERE status IS NOT NULL GROUP BY mime ORDER BY n DESC, mime"},
    {"depth", "outcomes by distance from the list",
     "\nSELECT depth, count(*) AS n, sum(outcome = 'ok') AS ok,"
     " sum(outcome = 'redirect') AS redirect,"
     " sum(outcome = 'http_error') AS http_error,"
     " sum(outcome = 'error') AS error, sum(outcome = 'skipped') AS skipped\n"
     "FROM p GROUP BY depth ORDER BY depth"},
    {"flaky", "hosts whose pages needed more than one try",
     ",\nx AS (SELECT host_id, count(*) AS n, sum(tries > 1) AS retried,"
     " sum(tries > 1 AND outcome = 'ok') AS ok_after_retry"
     " FROM p WHERE tries > 0 GROUP BY host_id)\n"
     "SELECT h.host, x.n, x.retried, x.ok_after_retry,"
     " round(100.0 * x.retried / x.n, 1) AS percent\n"
     "FROM x JOIN hosts h ON h.shard = 0 AND h.host_id = x.host_id"
     " WHERE x.retried > 0 ORDER BY percent DESC, x.retried DESC, h.host"},
    {"skipped", "what was not asked for, and why",
     ",\nx AS (SELECT error, url FROM p WHERE outcome = 'skipped'"
     " UNION ALL SELECT error, text FROM lines)\n"
     "SELECT x.error AS reason, count(*) AS n, min(x.url) AS example,"
     " e.meaning\n"
     "FROM x LEFT JOIN errors e ON e.code = x.error"
     " GROUP BY x.error ORDER BY n DESC, reason"},
    {"titles", "titles that are missing or stand on several pages",
     ",\nx AS (SELECT coalesce(title, '') AS title, url FROM p"
     " WHERE outcome = 'ok' AND mime = 'text/html')\n"
     "SELECT title, count(*) AS n, min(url) AS example\n"
     "FROM x GROUP BY title HAVING count(*) > 1 OR title = ''"
     " ORDER BY n DESC, title"},
    {"missing-meta", "pages without a title, description or heading",
     "\nSELECT url, title IS NULL AS no_title,"
     " description IS NULL AS no_description, h1 IS NULL AS no_h1,"
     " robots LIKE '%noindex%' AS noindex\n"
     "FROM p WHERE outcome = 'ok' AND mime = 'text/html'"
     " AND (title IS NULL OR description IS NULL OR h1 IS NULL)"
     " ORDER BY url"},
    {"canonical-mismatch", "pages that call another URL their canonical one",
     "\nSELECT url, canonical, final_url FROM p\n"
     "WHERE canonical IS NOT NULL AND canonical <> coalesce(final_url, url)"
     " ORDER BY url"},
    {"top-linked", "URLs by the number of pages that link to them",
     ",\nx AS (SELECT count(DISTINCT page_id) AS pages, count(*) AS links,"
     " min(l.rowid) AS example FROM links l\n"
     /* of the only run there is all links count, without a look at pages */
     "  WHERE (SELECT count(*) = 1 AND (@run = 0 OR max(id) = @run) FROM runs)"
     " OR EXISTS (SELECT 1 FROM p WHERE p.id = l.page_id)"
     " GROUP BY l.to_host_id, l.to_hash)\n"
     "SELECT l.to_url AS url, x.pages, x.links"
     " FROM x JOIN links l ON l.rowid = x.example"
     " ORDER BY x.pages DESC, x.links DESC, url"},
    {"orphans", "lines of the list that no crawled page links to",
     "\nSELECT u.line & 1099511627775 AS line,"
     " coalesce(u.listed, u.url) AS url, i.name AS input\n"
     "FROM urls u LEFT JOIN inputs i ON i.number = u.line >> 40\n"
     " WHERE u.line IS NOT NULL AND NOT EXISTS"
     " (SELECT 1 FROM links l JOIN p ON p.id = l.page_id"
     " WHERE l.to_host_id = u.host_id AND l.to_hash = u.url_hash)"
     " ORDER BY u.line"},
    {"insecure", "http links on https pages",
     "\nSELECT l.to_url AS link, count(*) AS n, min(p.url) AS example\n"
     "FROM p JOIN links l ON l.page_id = p.id\n"
     "WHERE coalesce(p.final_url, p.url) LIKE 'https://%'"
     " AND l.to_url LIKE 'http://%' GROUP BY l.to_url"
     " ORDER BY n DESC, link"},
    {"diff", "what changed from one run to another",
     ",\nb AS (SELECT coalesce(nullif(@run, 0), max(id)) AS id FROM runs),\n"
     "a AS (SELECT coalesce(nullif(@other, 0), (SELECT max(runs.id)"
     " FROM runs, b WHERE runs.id < b.id)) AS id),\n"
     "old AS (SELECT pages.* FROM pages, a WHERE run_id = a.id),\n"
     "new AS (SELECT pages.* FROM pages, b WHERE run_id = b.id),\n"
     "x AS (SELECT CASE\n"
     "  WHEN old.id IS NULL THEN 'new'\n"
     "  WHEN new.status IN (404, 410) AND old.outcome = 'ok' THEN 'gone'\n"
     "  WHEN new.outcome IN ('http_error', 'error') AND old.outcome NOT IN"
     " ('http_error', 'error') THEN 'newly broken'\n"
     "  WHEN old.outcome IN ('http_error', 'error') AND new.outcome NOT IN"
     " ('http_error', 'error') THEN 'repaired'\n"
     "  WHEN coalesce(new.status, new.error) IS NOT"
     " coalesce(old.status, old.error) THEN 'moved'\n"
     "  WHEN new.content_hash IS NOT old.content_hash THEN 'changed'\n"
     "  END AS change, new.url, old.status AS old_status,"
     " new.status AS new_status, old.error AS old_error,"
     " new.error AS new_error, old.length AS old_length,"
     " new.length AS new_length\n"
     "  FROM new LEFT JOIN old ON old.host_id = new.host_id"
     " AND old.url_hash = new.url_hash)\n"
     "SELECT * FROM x WHERE change IS NOT NULL ORDER BY change, url"},
};
#define NR_QUERIES (sizeof(queries) / sizeof(queries[0]))

const struct query_info *query_list(size_t *nr_queries)
{
    *nr_queries = NR_QUERIES;
    return queries;
}

const struct query_info *query_find(const char *name)
{
    for (size_t i = 0; i < NR_QUERIES; i++)
        if (strcmp(queries[i].name, name) == 0)
            return &queries[i];
    return NULL;
}
