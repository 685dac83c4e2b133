-- The hub's own figures of a month of a community beside the operator's results, the points furthest apart first. What
-- is kept of a point that is gone stands under its number.
SELECT
    coalesce(p.id, 'removed-' || r.point_no) AS point,
    r.flow::text AS flow,
    r.result,
    r.hub_result_wh,
    r.operator_result_wh,
    r.result_residual_wh,
    r.present,
    r.expected,
    trunc(r.present / r.expected::numeric, 6)::float8 AS completeness,
    r.result_apart_wh,
    r.result_apart_share,
    r.cause
FROM result_residual AS r
LEFT JOIN point AS p ON p.no = r.point_no
WHERE
    r.community_no = %(community_no)s AND r.month_start = %(month_start)s
    AND num_nonnulls(r.hub_result_wh, r.operator_result_wh) > 0
ORDER BY
    r.result_apart_wh DESC NULLS LAST, point, flow,
    array_position(ARRAY['cons', 'prod', 'autocons', 'complement', 'surplus'], r.result)
