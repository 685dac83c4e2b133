-- Usable readings of series, each in its own window, in no order.
SELECT r.series_no, r.at, r.value
FROM unnest(%(series)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w (series_no, window_start, window_end)
JOIN series AS s ON s.no = w.series_no
JOIN reading AS r
    ON r.series_no = w.series_no AND r.at >= w.window_start AND r.at <= w.window_end
    AND NOT (r.value = 0 AND r.at > coalesce(s.first_positive_at, 'infinity'))
