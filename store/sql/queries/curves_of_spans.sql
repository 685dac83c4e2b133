-- Values of the operator's curves that reach into spans of points, which do not overlap.
SELECT DISTINCT c.point_no, c.flow::text AS flow, c.start, c.step_min, c.nature, c.mean_w, c.quality
FROM unnest(%(points)s::int[], %(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS s (point_no, span_start, span_end)
JOIN curve AS c
    ON c.point_no = s.point_no AND c.start > s.span_start - '1 hour'::interval AND c.start < s.span_end
