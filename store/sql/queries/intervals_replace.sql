-- Make the stored intervals of a source in the spans equal to the computed ones, touching only what differs and is not
-- frozen. Returns the (point, flow, UTC day) that changed, with the first and the last start.
WITH span AS (
    SELECT s.point_no, greatest(s.span_start, p.frozen_before) AS span_start, s.span_end
    FROM unnest(%(points)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS s (point_no, span_start, span_end)
    JOIN point AS p ON p.no = s.point_no
), wanted AS (
    SELECT c.*
    FROM computed AS c
    JOIN span AS s ON s.point_no = c.point_no AND c.start >= s.span_start AND c.start < s.span_end
), gone AS (
    DELETE FROM interval AS i
    USING span AS s
    WHERE
        i.point_no = s.point_no AND i.source = %(source)s::source AND i.start >= s.span_start AND i.start < s.span_end
        AND NOT EXISTS (
            SELECT FROM wanted AS w WHERE w.point_no = i.point_no AND w.flow = i.flow AND w.start = i.start
        )
    RETURNING i.point_no, i.flow, i.start
), written AS (
    INSERT INTO interval (point_no, flow, source, start, energy_wh, quality, method)
    SELECT point_no, flow, %(source)s::source, start, energy_wh, quality, method FROM wanted
    ON CONFLICT (point_no, flow, source, start) DO UPDATE
    SET energy_wh = excluded.energy_wh, quality = excluded.quality, method = excluded.method
    WHERE (interval.energy_wh, interval.quality, interval.method)
        IS DISTINCT FROM (excluded.energy_wh, excluded.quality, excluded.method)
    RETURNING point_no, flow, start
)
SELECT point_no, flow::text, (start AT TIME ZONE 'UTC')::date AS day, min(start), max(start)
FROM (SELECT * FROM gone UNION ALL SELECT * FROM written) AS changed
GROUP BY point_no, flow, day
