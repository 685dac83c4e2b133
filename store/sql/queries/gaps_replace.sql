-- Make the gaps of points that touch spans equal to those found.
WITH span AS (
    SELECT * FROM unnest(%(points)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[])
        AS s (point_no, span_start, span_end)
), found AS (
    SELECT f.point_no, f.flow::flow AS flow, f.series_no, f.gap_start, f.gap_end
    FROM unnest(
        %(gap_points)s::int[], %(gap_flows)s::text[], %(gap_series)s::int[], %(gap_starts)s::timestamptz[],
        %(gap_ends)s::timestamptz[]
    ) AS f (point_no, flow, series_no, gap_start, gap_end)
    JOIN span AS s ON s.point_no = f.point_no AND f.gap_start < s.span_end AND f.gap_end > s.span_start
), gone AS (
    DELETE FROM gap AS g
    USING span AS s
    WHERE
        g.point_no = s.point_no AND g.start < s.span_end AND g."end" > s.span_start
        AND NOT EXISTS (
            SELECT FROM found AS f
            WHERE f.point_no = g.point_no AND f.flow = g.flow AND f.series_no = g.series_no AND f.gap_start = g.start
        )
)
INSERT INTO gap (point_no, flow, series_no, start, "end")
SELECT point_no, flow, series_no, gap_start, gap_end FROM found
ON CONFLICT (point_no, flow, series_no, start) DO UPDATE SET "end" = excluded."end"
WHERE gap."end" <> excluded."end"
