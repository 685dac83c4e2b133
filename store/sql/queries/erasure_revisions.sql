-- Remove the old values of readings of series between instants of each.
DELETE FROM reading_revision AS r
USING unnest(%(series)s::int[], %(sinces)s::timestamptz[], %(untils)s::timestamptz[]) AS w (series_no, since, until)
WHERE r.series_no = w.series_no AND r.at >= w.since AND r.at < w.until
