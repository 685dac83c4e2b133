-- What the operator and the devices of a community's members say of the same quarter-hours, those furthest apart first.
SELECT
    p.id AS point,
    i.flow::text AS flow,
    sum(i.operator_wh) FILTER (WHERE i.device_wh IS NOT NULL)::bigint AS operator_wh,
    sum(i.device_wh) FILTER (WHERE i.operator_wh IS NOT NULL)::bigint AS device_wh,
    sum(i.device_wh - i.operator_wh)::bigint AS device_residual_wh,
    round(
        sum(i.device_wh - i.operator_wh)
        / nullif(sum(i.operator_wh) FILTER (WHERE i.device_wh IS NOT NULL), 0), 6
    )::float8 AS device_residual_rate,
    count(i.device_wh - i.operator_wh) AS compared,
    count(i.operator_wh) - count(i.device_wh - i.operator_wh) AS operator_only,
    count(i.device_wh) - count(i.device_wh - i.operator_wh) AS device_only
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
JOIN compared_interval AS i
    ON i.point_no = m.point_no AND i.start >= m.valid_from AND i.start < m.valid_to
WHERE m.community_no = %(community_no)s AND i.start >= %(start)s AND i.start < %(end)s
GROUP BY p.id, i.flow
ORDER BY abs(sum(i.device_wh - i.operator_wh)) DESC NULLS LAST, p.id, i.flow
