-- Sums of the chosen communities over the period, rates as ratios of sums, and how much of the period is known.
-- Absent intervals have ended by now and have no balance at all, not even a provisional one. Completeness is of the whole
-- period, what is still to come included: balances tell what their own intervals awaited, memberships of the others.
WITH chosen AS (
    SELECT id, step_min * 60 AS step_s
    FROM shown.community
    WHERE id = ANY (ARRAY[$community]::text[])
),
awaited AS (
    SELECT sum(GREATEST(0,
        floor(extract(epoch FROM LEAST($__timeTo()::timestamptz, now())) / step_s)
        - ceil(extract(epoch FROM $__timeFrom()::timestamptz) / step_s)
    )) AS intervals
    FROM chosen
),
flow AS (
    SELECT sum(a.flows * GREATEST(0,
        ceil(extract(epoch FROM LEAST($__timeTo()::timestamptz, a.valid_to)) / c.step_s)
        - ceil(extract(epoch FROM GREATEST($__timeFrom()::timestamptz, a.valid_from)) / c.step_s)
    )) AS awaited
    FROM chosen AS c
    JOIN shown.awaited_flow AS a ON a.community = c.id
)
SELECT
    sum(b.consumption_kwh) AS consumption_kwh,
    sum(b.production_kwh) AS production_kwh,
    sum(b.allocated_kwh) AS allocated_kwh,
    sum(b.residual_kwh) AS residual_kwh,
    sum(b.surplus_kwh) AS surplus_kwh,
    sum(b.allocated_kwh) / NULLIF(sum(b.production_kwh), 0) AS self_consumption_rate,
    sum(b.allocated_kwh) / NULLIF(sum(b.consumption_kwh), 0) AS self_sufficiency_rate,
    sum(b.production_kwh) / NULLIF(sum(b.consumption_kwh), 0) AS coverage_rate,
    COALESCE(sum(b.present), 0)::numeric
        / NULLIF(COALESCE(max(f.awaited), 0) + COALESCE(sum(b.expected - COALESCE(w.flows, 0)), 0), 0) AS completeness,
    count(*) FILTER (WHERE b.status = 'provisional') AS provisional,
    GREATEST(0, max(a.intervals) - count(b.start)) AS absent
FROM awaited AS a
CROSS JOIN flow AS f
LEFT JOIN shown.balance AS b ON
    b.community = ANY (ARRAY[$community]::text[])
    AND b.start >= $__timeFrom()
    AND b.start < $__timeTo()
LEFT JOIN shown.awaited_flow AS w ON
    w.community = b.community AND b.start >= w.valid_from AND b.start < w.valid_to;
