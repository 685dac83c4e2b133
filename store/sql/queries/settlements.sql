-- The settled months of a community with all their versions, the newest first: how many steps each version changed, and
-- its sums. What a version had is what the next one that changed a step kept of it, and what is there now elsewhere.
SELECT
    to_char((s.month_start + (s.month_end - s.month_start) / 2) AT TIME ZONE c.zone, 'YYYY-MM') AS month,
    s.month_start AS start,
    s.month_end AS "end",
    s.version,
    s.made_at,
    s.reason,
    (
        SELECT count(*)
        FROM balance_revision AS r
        WHERE r.community_no = s.community_no AND r.start >= s.month_start AND r.start < s.month_end
            AND r.version = s.version
    ) AS changed,
    coalesce(t.consumption_wh, 0)::bigint AS consumption_wh,
    coalesce(t.production_wh, 0)::bigint AS production_wh,
    coalesce(t.allocated_wh, 0)::bigint AS allocated_wh
FROM settlement AS s
JOIN community AS c ON c.no = s.community_no
CROSS JOIN LATERAL (
    SELECT
        sum(o.consumption_wh) AS consumption_wh, sum(o.production_wh) AS production_wh,
        sum(o.allocated_wh) AS allocated_wh
    FROM (
        SELECT b.consumption_wh, b.production_wh, b.allocated_wh
        FROM balance AS b
        WHERE b.community_no = s.community_no AND b.start >= s.month_start AND b.start < s.month_end
            AND NOT EXISTS (
                SELECT FROM balance_revision AS r
                WHERE r.community_no = b.community_no AND r.start = b.start AND r.version > s.version
            )
        UNION ALL
        (
            SELECT DISTINCT ON (r.start) r.consumption_wh, r.production_wh, r.allocated_wh
            FROM balance_revision AS r
            WHERE r.community_no = s.community_no AND r.start >= s.month_start AND r.start < s.month_end
                AND r.version > s.version
            ORDER BY r.start, r.version
        )
    ) AS o
) AS t
WHERE s.community_no = %(community_no)s
ORDER BY s.month_start DESC, s.version DESC
