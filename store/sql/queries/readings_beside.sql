-- Six usable readings of series on either side of their windows, in no order.
SELECT c.series_no, c.at, c.value
FROM unnest(%(series)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w (series_no, window_start, window_end)
JOIN series AS s ON s.no = w.series_no
CROSS JOIN LATERAL (
    (
        SELECT b.series_no, b.at, b.value
        FROM reading AS b
        WHERE b.series_no = w.series_no AND b.at < w.window_start
            AND NOT (b.value = 0 AND b.at > coalesce(s.first_positive_at, 'infinity'))
        ORDER BY b.at DESC LIMIT 6
    )
    UNION ALL
    (
        SELECT a.series_no, a.at, a.value
        FROM reading AS a
        WHERE a.series_no = w.series_no AND a.at > w.window_end
            AND NOT (a.value = 0 AND a.at > coalesce(s.first_positive_at, 'infinity'))
        ORDER BY a.at LIMIT 6
    )
) AS c
