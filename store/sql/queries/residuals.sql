-- What the operator and the devices of a community's members say of the same quarter-hours, those furthest apart first.
-- Flows that the operator says nothing of in the span are left out; members of whom it says nothing cost one look.
SELECT
    p.id AS point,
    i.flow::text AS flow,
    sum(i.operator_wh)::bigint AS operator_wh,
    sum(i.device_wh)::bigint AS device_wh,
    sum(i.device_wh - i.operator_wh)::bigint AS device_residual_wh,
    round(sum(i.device_wh - i.operator_wh) / nullif(sum(i.operator_wh), 0), 6)::float8 AS device_residual_rate,
    sum(i.compared)::bigint AS compared,
    sum(i.operator_known - i.compared)::bigint AS operator_only,
    sum(i.device_known - i.compared)::bigint AS device_only
FROM membership AS m
JOIN point AS p ON p.no = m.point_no
CROSS JOIN LATERAL (
    SELECT
        c.flow,
        sum(c.operator_wh) FILTER (WHERE c.device_wh IS NOT NULL) AS operator_wh,
        sum(c.device_wh) FILTER (WHERE c.operator_wh IS NOT NULL) AS device_wh,
        count(c.device_wh - c.operator_wh) AS compared,
        count(c.operator_wh) AS operator_known,
        count(c.device_wh) AS device_known
    FROM compared_interval AS c
    WHERE
        c.point_no = m.point_no AND c.start >= greatest(m.valid_from, %(start)s)
        AND c.start < least(m.valid_to, %(end)s)
        AND EXISTS (
            SELECT FROM operator_interval AS o
            WHERE o.point_no = m.point_no AND o.start >= greatest(m.valid_from, %(start)s)
                AND o.start < least(m.valid_to, %(end)s)
        )
    GROUP BY c.flow
) AS i
WHERE m.community_no = %(community_no)s
GROUP BY p.id, i.flow
HAVING sum(i.operator_known) > 0
ORDER BY abs(sum(i.device_wh - i.operator_wh)) DESC NULLS LAST, p.id, i.flow
