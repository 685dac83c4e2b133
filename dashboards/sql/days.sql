-- The chosen communities by local day of each community, 23, 24 or 25 hours long: whole days, also those that the
-- period only touches. A day without any balance has null energy, not zero. Absent intervals have ended by now and
-- have no balance at all. Completeness is of the whole day, what is still to come included: balances tell what their
-- own intervals awaited, memberships tell it of the others. Quality codes are those of ESPI: what is neither valid nor
-- estimated is questionable.
WITH chosen AS (
    SELECT id, zone, step_min * 60 AS step_s
    FROM shown.community
    WHERE id = ANY (ARRAY[$community]::text[])
),
calendar AS (
    SELECT
        c.id,
        midnight::date AS day,
        GREATEST(0,
            floor(extract(epoch FROM LEAST((midnight + INTERVAL '1 day') AT TIME ZONE c.zone, now())) / c.step_s)
            - ceil(extract(epoch FROM midnight AT TIME ZONE c.zone) / c.step_s)
        ) AS awaited,
        (
            SELECT sum(a.flows * GREATEST(0,
                ceil(extract(epoch FROM LEAST((midnight + INTERVAL '1 day') AT TIME ZONE c.zone, a.valid_to)) / c.step_s)
                - ceil(extract(epoch FROM GREATEST(midnight AT TIME ZONE c.zone, a.valid_from)) / c.step_s)
            ))
            FROM shown.awaited_flow AS a
            WHERE a.community = c.id
        ) AS flows
    FROM chosen AS c
    CROSS JOIN LATERAL generate_series(
        date_trunc('day', $__timeFrom()::timestamptz AT TIME ZONE c.zone),
        date_trunc('day', ($__timeTo()::timestamptz - INTERVAL '1 microsecond') AT TIME ZONE c.zone),
        INTERVAL '1 day'
    ) AS midnight
),
balance AS (
    SELECT
        c.id,
        (b.start AT TIME ZONE c.zone)::date AS day,
        sum(b.consumption_kwh) AS consumption_kwh,
        sum(b.production_kwh) AS production_kwh,
        sum(b.allocated_kwh) AS allocated_kwh,
        sum(b.residual_kwh) AS residual_kwh,
        sum(b.surplus_kwh) AS surplus_kwh,
        sum(b.present) AS present,
        sum(b.expected - COALESCE(a.flows, 0)) AS besides,
        count(*) AS intervals,
        count(*) FILTER (WHERE b.status = 'settled') AS settled,
        count(*) FILTER (WHERE b.quality IN (0, 17, 19)) AS valid,
        count(*) FILTER (WHERE b.quality IN (8, 9)) AS estimated
    FROM shown.balance AS b
    JOIN chosen AS c ON c.id = b.community
    LEFT JOIN shown.awaited_flow AS a ON
        a.community = b.community AND b.start >= a.valid_from AND b.start < a.valid_to
    WHERE
        b.community = ANY (ARRAY[$community]::text[])
        -- Constant bounds, a day wider than the period, so that only this part of the table is read.
        AND b.start >= $__timeFrom()::timestamptz - INTERVAL '25 hours'
        AND b.start < $__timeTo()::timestamptz + INTERVAL '25 hours'
    GROUP BY 1, 2
)
SELECT
    to_char(c.day, 'YYYY-MM-DD') AS day,
    sum(b.consumption_kwh) AS consumption_kwh,
    sum(b.production_kwh) AS production_kwh,
    sum(b.allocated_kwh) AS allocated_kwh,
    sum(b.residual_kwh) AS residual_kwh,
    sum(b.surplus_kwh) AS surplus_kwh,
    sum(b.allocated_kwh) / NULLIF(sum(b.production_kwh), 0) AS self_consumption_rate,
    sum(b.allocated_kwh) / NULLIF(sum(b.consumption_kwh), 0) AS self_sufficiency_rate,
    sum(b.production_kwh) / NULLIF(sum(b.consumption_kwh), 0) AS coverage_rate,
    COALESCE(sum(b.present), 0)::numeric / NULLIF(sum(COALESCE(c.flows, 0) + COALESCE(b.besides, 0)), 0) AS completeness,
    COALESCE(sum(b.settled), 0) AS settled,
    COALESCE(sum(b.intervals - b.settled), 0) AS provisional,
    sum(GREATEST(0, c.awaited - COALESCE(b.intervals, 0))) AS absent,
    COALESCE(sum(b.valid), 0) AS valid,
    COALESCE(sum(b.estimated), 0) AS estimated,
    COALESCE(sum(b.intervals - b.valid - b.estimated), 0) AS questionable
FROM calendar AS c
LEFT JOIN balance AS b ON b.id = c.id AND b.day = c.day
GROUP BY c.day
ORDER BY c.day;
