-- The balance of a community summed to a step, days and months by the local calendar, and for the whole span.
-- Settled means whole: every awaited flow of every settlement step is there, so half a month is never mistaken for one.
-- So `expected` counts what is awaited in all of a step, also where it is silent, still to come or out of the span: the
-- balances tell of their own steps, the memberships of the others. Completeness is cut, not rounded: 1 is whole.
-- A local day begins at the first of two midnights, where the clocks go back at midnight as in the Azores.
WITH awaited AS MATERIALIZED (
    SELECT valid_from, valid_to, flows FROM awaited_flow WHERE community_no = %(community_no)s
), wanted AS (
    SELECT
        b.*,
        b.expected - coalesce(a.flows, 0) AS expected_besides,
        make_interval(mins => c.step_min) AS settlement_step,
        date_trunc(%(calendar)s::text, b.start AT TIME ZONE %(zone)s) AS local_start,
        date_trunc(%(calendar)s::text, b.start AT TIME ZONE %(zone)s) + ('1 ' || %(calendar)s)::interval AS local_end,
        date_bin(%(step)s::interval, b.start, '1970-01-01 00:00:00+00') AS step_start
    FROM balance AS b
    JOIN community AS c ON c.no = b.community_no
    LEFT JOIN awaited AS a ON b.start >= a.valid_from AND b.start < a.valid_to
    WHERE b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
), stepped AS (
    SELECT
        *,
        CASE WHEN %(calendar)s::text IS NULL THEN step_start ELSE least(
            local_start AT TIME ZONE %(zone)s,
            (local_start - '1 hour'::interval) AT TIME ZONE %(zone)s + '1 hour'::interval
        ) END AS bucket,
        CASE WHEN %(calendar)s::text IS NULL THEN step_start + %(step)s::interval ELSE least(
            local_end AT TIME ZONE %(zone)s,
            (local_end - '1 hour'::interval) AT TIME ZONE %(zone)s + '1 hour'::interval
        ) END AS bucket_end
    FROM wanted
), summed AS (
    SELECT
        bucket AS start,
        coalesce(bucket, %(start)s::timestamptz) AS step_from,
        CASE WHEN bucket IS NULL THEN %(end)s::timestamptz ELSE max(bucket_end) END AS step_to,
        extract(epoch FROM max(settlement_step)) AS settlement_step_s,
        sum(consumption_wh)::bigint AS consumption_wh,
        sum(production_wh)::bigint AS production_wh,
        sum(allocated_wh)::bigint AS allocated_wh,
        sum(residual_wh)::bigint AS residual_wh,
        sum(surplus_wh)::bigint AS surplus_wh,
        sum(present)::bigint AS present,
        sum(expected_besides)::bigint AS expected_besides,
        max(quality)::int AS quality,
        sum(expected)::bigint AS expected_of_rows,
        bool_and(settled) AS settled,
        sum(settlement_step) >= CASE
            WHEN bucket IS NULL THEN %(end)s::timestamptz - %(start)s::timestamptz
            ELSE max(bucket_end) - bucket
        END AS every_row
    FROM stepped
    GROUP BY GROUPING SETS ((bucket), ())
), counted AS (
    SELECT
        s.*,
        CASE WHEN s.every_row THEN s.expected_of_rows ELSE s.expected_besides + coalesce(w.expected, 0) END AS expected
    FROM summed AS s
    CROSS JOIN LATERAL (
        SELECT sum(a.flows * (
            ceil(extract(epoch FROM least(s.step_to, a.valid_to)) / s.settlement_step_s)
            - ceil(extract(epoch FROM greatest(s.step_from, a.valid_from)) / s.settlement_step_s)
        ))::bigint AS expected
        FROM awaited AS a
        WHERE NOT s.every_row AND a.valid_from < s.step_to AND a.valid_to > s.step_from
    ) AS w
)
SELECT
    start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
    round(allocated_wh / nullif(production_wh, 0)::numeric, 6)::float8 AS self_consumption_rate,
    round(allocated_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS self_sufficiency_rate,
    round(production_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS coverage_rate,
    present, expected, trunc(present / nullif(expected, 0)::numeric, 6)::float8 AS completeness, quality,
    CASE WHEN settled AND every_row THEN 'settled' ELSE 'provisional' END AS status
FROM counted
ORDER BY start NULLS LAST
