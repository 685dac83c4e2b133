-- Gaps that take their shape from what changed: the same hours, up to four weeks before or after. Each is given by its
-- series and the UTC day of its beginning.
SELECT DISTINCT g.series_no, (g.start AT TIME ZONE 'UTC')::date AS day
FROM unnest(%(points)s::int[], %(flows)s::text[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
    AS c (point_no, flow, first_start, last_start)
JOIN gap AS g ON g.point_no = c.point_no AND g.flow = c.flow::flow
CROSS JOIN unnest(ARRAY[-28, -21, -14, -7, 7, 14, 21, 28]) AS w (days)
WHERE
    g.start + w.days * '24 hours'::interval < c.last_start + '15 minutes'::interval
    AND g."end" + w.days * '24 hours'::interval > c.first_start
