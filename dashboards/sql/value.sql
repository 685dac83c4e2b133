-- What sharing was worth to the chosen communities in the local months that are over and that the period touches, the
-- newest month first. Null where no tariff says it.
SELECT
    v.community,
    to_char(v.start AT TIME ZONE c.zone, 'YYYY-MM') AS month,
    v.saving_eur,
    v.revenue_eur,
    v.local_value_rate,
    v.completeness
FROM shown.value AS v
JOIN shown.community AS c ON c.id = v.community
WHERE
    v.community = ANY (ARRAY[$community]::text[])
    AND v.start >= date_trunc('month', $__timeFrom()::timestamptz AT TIME ZONE c.zone) AT TIME ZONE c.zone
    AND v.start < $__timeTo()
    -- A constant bound, wider than any month, so that only these months are read.
    AND v.start >= $__timeFrom()::timestamptz - INTERVAL '32 days'
ORDER BY v.start DESC, v.community;
