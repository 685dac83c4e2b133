-- How far a changed day of a series can reach: to the fourth reading before and after it that is surely used.
-- (Whether a reading is left out as a glitch depends on its neighbours, and an interval on the readings around its
-- edges: see judge in processing/registers.py. A fifth would change nothing, three would leave wrong intervals
-- behind. Whether one that came in the place of a lower one is used depends on the next that did not: see
-- readings_set_back.)
SELECT
    w.series_no,
    w.day,
    coalesce((
        SELECT min(b.at)
        FROM (
            SELECT r.at
            FROM reading AS r
            WHERE r.series_no = w.series_no AND r.at < w.day_start
                AND NOT (r.value = 0 AND r.at > coalesce(s.first_positive_at, 'infinity'))
                AND NOT EXISTS (
                    SELECT FROM reading_revision AS v
                    WHERE v.series_no = r.series_no AND v.at = r.at AND v.old_value < r.value
                )
            ORDER BY r.at DESC LIMIT 4
        ) AS b
    ), w.day_start) AS reach_from,
    coalesce((
        SELECT max(a.at)
        FROM (
            SELECT r.at
            FROM reading AS r
            WHERE r.series_no = w.series_no AND r.at >= w.day_end
                AND NOT (r.value = 0 AND r.at > coalesce(s.first_positive_at, 'infinity'))
                AND NOT EXISTS (
                    SELECT FROM reading_revision AS v
                    WHERE v.series_no = r.series_no AND v.at = r.at AND v.old_value < r.value
                )
            ORDER BY r.at LIMIT 4
        ) AS a
    ), w.day_end) AS reach_to
FROM (
    SELECT
        series_no,
        day,
        day::timestamp AT TIME ZONE 'UTC' AS day_start,
        (day + 1)::timestamp AT TIME ZONE 'UTC' AS day_end
    FROM unnest(%(series)s::int[], %(days)s::date[]) AS u (series_no, day)
) AS w
JOIN series AS s ON s.no = w.series_no
