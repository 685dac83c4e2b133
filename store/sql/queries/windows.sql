-- How far a changed day of a series can reach: to the third usable reading before and after it.
-- (Whether a reading is a glitch depends on its neighbours, and an interval on the readings around its edges.)
SELECT
    w.series_no,
    w.day,
    coalesce((
        SELECT min(b.at)
        FROM (
            SELECT r.at
            FROM reading AS r
            WHERE r.series_no = w.series_no AND r.at < w.day::timestamptz
                AND NOT (r.value = 0 AND r.at > coalesce(s.first_positive_at, 'infinity'))
            ORDER BY r.at DESC LIMIT 3
        ) AS b
    ), w.day::timestamptz) AS reach_from,
    coalesce((
        SELECT max(a.at)
        FROM (
            SELECT r.at
            FROM reading AS r
            WHERE r.series_no = w.series_no AND r.at >= (w.day + 1)::timestamptz
                AND NOT (r.value = 0 AND r.at > coalesce(s.first_positive_at, 'infinity'))
            ORDER BY r.at LIMIT 3
        ) AS a
    ), (w.day + 1)::timestamptz) AS reach_to
FROM unnest(%(series)s::int[], %(days)s::date[]) AS w (series_no, day)
JOIN series AS s ON s.no = w.series_no
