-- How evenly the chosen communities shared in the months, seasons and years that are over and that the period touches, the
-- newest first: over all members, then by category and by group. A season or a year may begin with a later month, the first
-- that has a statement, and ends as in the calendar. Seasons are the quarters of the year, a month earlier.
WITH span AS (
    SELECT
        e.community,
        e.period_kind,
        e.period,
        e.group_kind,
        e.group_name,
        e.start,
        CASE e.period_kind
            WHEN 'month' THEN date_trunc('month', l.start) + INTERVAL '1 month'
            WHEN 'season' THEN date_trunc('quarter', l.start + INTERVAL '1 month') + INTERVAL '2 months'
            ELSE date_trunc('year', l.start) + INTERVAL '1 year'
        END AT TIME ZONE c.zone AS until,
        e.members,
        e.jain,
        e.gini,
        e.min_max,
        e.autoproduction_p90_p10,
        e.share_against_need,
        e.parity
    FROM shown.equity AS e
    JOIN shown.community AS c ON c.id = e.community
    CROSS JOIN LATERAL (SELECT e.start AT TIME ZONE c.zone) AS l (start)
    WHERE
        e.community = ANY (ARRAY[$community]::text[])
        AND e.start < $__timeTo()
        -- A constant bound, wider than any year, so that only these periods are read.
        AND e.start >= $__timeFrom()::timestamptz - INTERVAL '367 days'
)
SELECT
    community, period_kind, period, group_kind, group_name, members,
    jain, gini, min_max, autoproduction_p90_p10, share_against_need, parity
FROM span
WHERE until > $__timeFrom()
ORDER BY
    start DESC, array_position(ARRAY['month', 'season', 'year'], period_kind), community,
    array_position(ARRAY['all', 'category', 'group'], group_kind), group_name;
