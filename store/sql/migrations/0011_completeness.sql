-- How much of a period is known, how well, and how far devices are from the operator's curves.

-- How many flows a community awaits in the settlement steps that start in [valid_from, valid_to): withdrawals of
-- consumers, injections of producers, both of prosumers, in the steps that lie wholly within the membership. Steps
-- without a balance are counted by it.
CREATE VIEW awaited_flow AS
WITH member AS (
    SELECT
        m.community_no,
        date_bin(make_interval(mins => c.step_min), m.valid_from - '1 microsecond'::interval, '0001-01-01 00:00:00+00')
            + make_interval(mins => c.step_min) AS first_start,
        date_bin(make_interval(mins => c.step_min), m.valid_to, '0001-01-01 00:00:00+00') AS end_start,
        CASE p.role WHEN 'prosumer' THEN 2 ELSE 1 END AS flows
    FROM membership AS m
    JOIN community AS c ON c.no = m.community_no
    JOIN point AS p ON p.no = m.point_no
), change AS (
    SELECT community_no, first_start AS at, flows FROM member WHERE first_start < end_start
    UNION ALL
    SELECT community_no, end_start, -flows FROM member WHERE first_start < end_start
), level AS (
    SELECT
        community_no,
        at AS valid_from,
        lead(at) OVER over_time AS valid_to,
        sum(sum(flows)) OVER over_time AS flows
    FROM change
    GROUP BY community_no, at
    WINDOW over_time AS (PARTITION BY community_no ORDER BY at)
)
SELECT c.no AS community_no, l.valid_from, l.valid_to, l.flows::int AS flows
FROM level AS l
JOIN community AS c ON c.no = l.community_no -- with it every PostgreSQL writes the view down in the same words
WHERE l.flows > 0;

-- The worst quality of the flows that the allocation is made of. Null where it was computed before this was kept, and
-- cannot be computed again.
ALTER TABLE allocation ADD COLUMN quality smallint;
INSERT INTO stale (kind, ref_no, day)
SELECT DISTINCT 'community', b.community_no, (b.start AT TIME ZONE 'UTC')::date
FROM balance AS b
JOIN community AS c ON c.no = b.community_no
WHERE b.start >= coalesce(c.frozen_before, '-infinity')
ORDER BY 3, 2;

CREATE VIEW shown.awaited_flow WITH (security_barrier) AS
SELECT c.id AS community, w.valid_from, w.valid_to, w.flows
FROM public.awaited_flow AS w
JOIN public.community AS c ON c.no = w.community_no
JOIN public.viewer AS v ON v.community_no = c.no
WHERE v.role_name = session_user;

-- Which quarter-hours the operator's curve knows: who compares looks here first, and goes on where there are any.
CREATE VIEW operator_interval AS
SELECT i.point_no, i.flow, i.start
FROM interval AS i
JOIN point AS p ON p.no = i.point_no -- as above
WHERE i.source = 'operator';

-- By local months that have ended, of members of all of one, where nine tenths of its quarter-hours or more are
-- compared: enough to find a wrong meter. Less of a month, one that still runs, or a membership of a part of it would
-- tell a day, or a quarter of an hour, of a person.
CREATE VIEW shown.residual WITH (security_barrier) AS
SELECT
    c.id AS community,
    r.start,
    p.id AS point,
    i.flow::text AS flow,
    i.operator_wh / 1000.0 AS operator_kwh,
    i.device_wh / 1000.0 AS device_kwh,
    (i.device_wh - i.operator_wh) / 1000.0 AS device_residual_kwh,
    i.compared,
    i.operator_only,
    i.device_only
FROM public.viewer AS v
JOIN public.community AS c ON c.no = v.community_no
CROSS JOIN LATERAL (
    SELECT min(b.start) AS first_start, max(b.start) AS last_start FROM public.balance AS b WHERE b.community_no = c.no
) AS b
CROSS JOIN LATERAL generate_series(
    date_trunc('month', b.first_start AT TIME ZONE c.zone), b.last_start AT TIME ZONE c.zone, '1 month'
) AS l (local_start)
CROSS JOIN LATERAL (
    SELECT
        l.local_start AT TIME ZONE c.zone AS start,
        (l.local_start + '1 month'::interval) AT TIME ZONE c.zone AS "end"
) AS r
JOIN public.membership AS m ON m.community_no = c.no AND m.valid_from <= r.start AND m.valid_to >= r."end"
JOIN public.point AS p ON p.no = m.point_no
CROSS JOIN LATERAL (
    SELECT
        i.flow,
        sum(i.operator_wh) FILTER (WHERE i.device_wh IS NOT NULL) AS operator_wh,
        sum(i.device_wh) FILTER (WHERE i.operator_wh IS NOT NULL) AS device_wh,
        count(i.device_wh - i.operator_wh) AS compared,
        count(i.operator_wh) - count(i.device_wh - i.operator_wh) AS operator_only,
        count(i.device_wh) - count(i.device_wh - i.operator_wh) AS device_only
    FROM public.compared_interval AS i
    WHERE
        i.point_no = m.point_no AND i.start >= r.start AND i.start < r."end"
        AND EXISTS (
            SELECT FROM public.operator_interval AS o
            WHERE o.point_no = m.point_no AND o.start >= r.start AND o.start < r."end"
        )
    GROUP BY i.flow
    HAVING count(i.device_wh - i.operator_wh) * interval '15 minutes' >= 0.9 * (r."end" - r.start)
) AS i
WHERE v.role_name = session_user AND r."end" <= now();
