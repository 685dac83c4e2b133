-- The balance of a community summed to a step, days and months by the local calendar, and for the whole span.
-- Settled means whole: every awaited flow of every settlement step is there, so half a month is never mistaken for one.
-- A local day begins at the first of two midnights, where the clocks go back at midnight as in the Azores.
WITH wanted AS (
    SELECT
        b.*,
        make_interval(mins => c.step_min) AS settlement_step,
        date_trunc(%(calendar)s::text, b.start AT TIME ZONE %(zone)s) AS local_start,
        date_trunc(%(calendar)s::text, b.start AT TIME ZONE %(zone)s) + ('1 ' || %(calendar)s)::interval AS local_end,
        date_bin(%(step)s::interval, b.start, '1970-01-01 00:00:00+00') AS step_start
    FROM balance AS b
    JOIN community AS c ON c.no = b.community_no
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
        sum(consumption_wh)::bigint AS consumption_wh,
        sum(production_wh)::bigint AS production_wh,
        sum(allocated_wh)::bigint AS allocated_wh,
        sum(residual_wh)::bigint AS residual_wh,
        sum(surplus_wh)::bigint AS surplus_wh,
        sum(present)::bigint AS present,
        sum(expected)::bigint AS expected,
        max(quality)::int AS quality,
        bool_and(settled) AND sum(settlement_step) >= CASE
            WHEN bucket IS NULL THEN %(end)s::timestamptz - %(start)s::timestamptz
            ELSE max(bucket_end) - bucket
        END AS settled
    FROM stepped
    GROUP BY GROUPING SETS ((bucket), ())
)
SELECT
    start, consumption_wh, production_wh, allocated_wh, residual_wh, surplus_wh,
    round(allocated_wh / nullif(production_wh, 0)::numeric, 6)::float8 AS self_consumption_rate,
    round(allocated_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS self_sufficiency_rate,
    round(production_wh / nullif(consumption_wh, 0)::numeric, 6)::float8 AS coverage_rate,
    present, expected, quality,
    CASE WHEN settled THEN 'settled' ELSE 'provisional' END AS status
FROM summed
ORDER BY start NULLS LAST
