-- How far the devices of the chosen communities are from the curves of the operator, in the local months that are over
-- and that the period touches, furthest apart first. Only what both know is compared.
SELECT
    r.community,
    r.point,
    r.flow,
    sum(r.operator_kwh) AS operator_kwh,
    sum(r.device_kwh) AS device_kwh,
    sum(r.device_residual_kwh) AS device_residual_kwh,
    sum(r.device_residual_kwh) / NULLIF(sum(r.operator_kwh), 0) AS device_residual_rate,
    sum(r.compared) AS compared,
    sum(r.operator_only) AS operator_only,
    sum(r.device_only) AS device_only
FROM shown.residual AS r
JOIN shown.community AS c ON c.id = r.community
WHERE
    r.community = ANY (ARRAY[$community]::text[])
    AND r.start >= date_trunc('month', $__timeFrom()::timestamptz AT TIME ZONE c.zone) AT TIME ZONE c.zone
    AND r.start < $__timeTo()
    -- A constant bound, wider than any month, so that only these months are read.
    AND r.start >= $__timeFrom()::timestamptz - INTERVAL '32 days'
GROUP BY r.community, r.point, r.flow
ORDER BY abs(sum(r.device_residual_kwh)) DESC NULLS LAST, r.community, r.point, r.flow;
