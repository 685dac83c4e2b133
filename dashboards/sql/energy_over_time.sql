-- Energy of the chosen communities over time: by settlement step, or by hour where the period is long.
-- Bins are whole, and counted in UTC so that clock changes do not move them. One without a balance is null, not zero.
WITH bin AS (
    SELECT make_interval(mins => GREATEST(max(step_min), CASE WHEN $__interval_ms >= 1800000 THEN 60 END)) AS width
    FROM shown.community
    WHERE id = ANY (ARRAY[$community]::text[])
),
grid AS (
    SELECT generate_series(
        date_bin(width, $__timeFrom()::timestamptz - INTERVAL '1 microsecond', TIMESTAMPTZ '2000-01-01 00:00Z') + width,
        $__timeTo()::timestamptz - INTERVAL '1 microsecond',
        width
    ) AS "time"
    FROM bin
),
energy AS (
    SELECT
        date_bin(bin.width, b.start, TIMESTAMPTZ '2000-01-01 00:00Z') AS "time",
        sum(b.production_kwh) AS production_kwh,
        sum(b.allocated_kwh) AS allocated_kwh,
        sum(b.residual_kwh) AS residual_kwh,
        sum(b.surplus_kwh) AS surplus_kwh
    FROM shown.balance AS b
    CROSS JOIN bin
    WHERE
        b.community = ANY (ARRAY[$community]::text[])
        AND b.start >= $__timeFrom()
        AND b.start < $__timeTo()::timestamptz + INTERVAL '1 hour'
    GROUP BY 1
)
SELECT "time", allocated_kwh, residual_kwh, surplus_kwh, production_kwh
FROM grid
LEFT JOIN energy USING ("time")
ORDER BY "time";
