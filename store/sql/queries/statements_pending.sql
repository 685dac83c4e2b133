-- The local months of a community, from one up to before another, whose statements are to be made anew, in order: those
-- that are marked, and those with days that are still to be computed, after which they will be.
SELECT DISTINCT to_char(p.month, 'YYYY-MM')
FROM (
    SELECT month FROM statement_due WHERE community_no = %(community_no)s
    UNION ALL
    SELECT date_trunc('month', e.at AT TIME ZONE c.zone)::date
    FROM stale AS s
    JOIN community AS c ON c.no = s.ref_no
    CROSS JOIN LATERAL (
        VALUES (s.day::timestamp AT TIME ZONE 'UTC'), ((s.day + 1)::timestamp AT TIME ZONE 'UTC' - '1 us'::interval)
    ) AS e (at)
    WHERE s.kind = 'community' AND s.ref_no = %(community_no)s
) AS p (month)
WHERE p.month >= %(first)s AND p.month < %(end)s
ORDER BY 1
