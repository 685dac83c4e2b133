-- Remove readings of series from an instant of each up to before another, at most so many, the oldest of each first.
-- Each series is looked up in the index by itself. Returns how many went.
WITH old AS MATERIALIZED (
    SELECT r.series_no, r.at
    FROM unnest(%(series)s::int[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS w (series_no, since, until)
    CROSS JOIN LATERAL (
        SELECT o.series_no, o.at
        FROM reading AS o
        WHERE o.series_no = w.series_no AND o.at >= w.since AND o.at < w.until
        ORDER BY o.at
        LIMIT %(most)s
    ) AS r
    LIMIT %(most)s
), gone AS (
    DELETE FROM reading AS r USING old AS o WHERE r.series_no = o.series_no AND r.at = o.at RETURNING r.series_no
)
SELECT count(*) FROM gone
