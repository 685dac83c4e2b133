-- How many readings series have between instants of each.
SELECT count(*)
FROM unnest(%(series)s::int[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS w (series_no, since, until)
JOIN reading AS r ON r.series_no = w.series_no AND r.at >= w.since AND r.at < w.until
