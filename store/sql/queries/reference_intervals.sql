-- What devices measured of flows of points in stretches of time: what other weeks' gaps take their shape from.
SELECT i.point_no, i.flow::text AS flow, i.start, i.energy_wh, i.quality, i.method
FROM unnest(%(points)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
    AS w (point_no, window_start, window_end)
JOIN interval AS i
    ON i.point_no = w.point_no AND i.start >= w.window_start AND i.start < w.window_end
    AND i.source = 'device' AND i.quality = 0
