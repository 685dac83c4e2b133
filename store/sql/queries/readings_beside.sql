-- Six usable readings of series on either side of their windows, in no order; and between these such as came in the
-- place of lower ones, whose use depends on those that did not (readings_set_back).
SELECT c.series_no, c.at, c.value
FROM unnest(%(series)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w (series_no, window_start, window_end)
JOIN series AS s ON s.no = w.series_no
CROSS JOIN LATERAL (
    WITH before AS MATERIALIZED (
        SELECT b.series_no, b.at, b.value
        FROM reading AS b
        WHERE b.series_no = w.series_no AND b.at < w.window_start
            AND NOT (b.value = 0 AND b.at > coalesce(s.first_positive_at, 'infinity'))
            AND NOT EXISTS (
                SELECT FROM reading_revision AS v
                WHERE v.series_no = b.series_no AND v.at = b.at AND v.old_value < b.value
            )
        ORDER BY b.at DESC LIMIT 6
    ), after AS MATERIALIZED (
        SELECT a.series_no, a.at, a.value
        FROM reading AS a
        WHERE a.series_no = w.series_no AND a.at > w.window_end
            AND NOT (a.value = 0 AND a.at > coalesce(s.first_positive_at, 'infinity'))
            AND NOT EXISTS (
                SELECT FROM reading_revision AS v
                WHERE v.series_no = a.series_no AND v.at = a.at AND v.old_value < a.value
            )
        ORDER BY a.at LIMIT 6
    )
    SELECT * FROM before
    UNION ALL
    SELECT * FROM after
    UNION ALL
    SELECT DISTINCT r.series_no, r.at, r.value
    FROM reading_revision AS v
    JOIN reading AS r ON r.series_no = v.series_no AND r.at = v.at
    WHERE
        v.series_no = w.series_no AND v.old_value < r.value
        AND (
            v.at < w.window_start
            AND v.at >= (SELECT CASE count(*) WHEN 6 THEN min(b.at) ELSE '-infinity' END FROM before AS b)
            OR v.at > w.window_end
            AND v.at <= (SELECT CASE count(*) WHEN 6 THEN max(a.at) ELSE 'infinity' END FROM after AS a)
        )
) AS c
