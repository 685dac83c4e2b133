-- What the hub has and what the operator settled of the chosen communities, in the local months that are over and that
-- the period touches, the newest month first and in it the points furthest apart.
SELECT
    r.community,
    to_char(r.start AT TIME ZONE c.zone, 'YYYY-MM') AS month,
    r.point,
    r.flow,
    r.result,
    r.hub_result_kwh,
    r.operator_result_kwh,
    r.result_residual_kwh,
    r.result_apart_kwh,
    r.cause
FROM shown.result_residual AS r
JOIN shown.community AS c ON c.id = r.community
WHERE
    r.community = ANY (ARRAY[$community]::text[])
    AND r.start >= date_trunc('month', $__timeFrom()::timestamptz AT TIME ZONE c.zone) AT TIME ZONE c.zone
    AND r.start < $__timeTo()
    -- A constant bound, wider than any month, so that only these months are read.
    AND r.start >= $__timeFrom()::timestamptz - INTERVAL '32 days'
ORDER BY
    r.start DESC, r.result_apart_kwh DESC NULLS LAST, r.community, r.point, r.flow,
    array_position(ARRAY['cons', 'prod', 'autocons', 'complement', 'surplus'], r.result);
