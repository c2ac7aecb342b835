-- rate by ten seconds of each session
WITH @pages,
r AS (
  SELECT coalesce(nullif(@run, 0), max(id)) AS id FROM runs),
x AS (
  SELECT @session AS session, t_ms / 10000 AS slot, max(done) AS done,
    max(failed) AS failed, max(bytes_down) AS bytes, max(t_ms) AS t_ms
  FROM samples, r
  WHERE run_id = r.id
  GROUP BY 1, 2),
d AS (
  SELECT session, slot, t_ms,
    done - lag(done, 1, 0) OVER w AS done,
    failed - lag(failed, 1, 0) OVER w AS failed,
    bytes - lag(bytes, 1, 0) OVER w AS bytes,
    (t_ms - lag(t_ms, 1, 0) OVER w) / 1000.0 AS seconds
  FROM x WINDOW w AS (PARTITION BY session ORDER BY slot))
SELECT slot * 10 AS second, round(done / seconds, 1) AS urls_s,
  round(bytes / seconds / 1e6, 2) AS mb_s,
  round(failed / seconds, 1) AS errors_s, session
FROM d
WHERE seconds > 0
ORDER BY d.session, slot
