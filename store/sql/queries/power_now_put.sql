-- Keep the power of the last minutes of each flow of a point.
INSERT INTO power_now (point_no, flow, at, power_w)
SELECT point_no, flow::flow, at, power_w
FROM unnest(%(points)s::int[], %(flows)s::text[], %(ats)s::timestamptz[], %(powers)s::bigint[])
    AS p (point_no, flow, at, power_w)
ON CONFLICT (point_no, flow) DO UPDATE SET at = excluded.at, power_w = excluded.power_w
WHERE excluded.at >= power_now.at
