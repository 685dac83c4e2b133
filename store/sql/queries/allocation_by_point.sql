-- What each member consumed, injected and was allocated over a span of time. What is kept of a point that is gone
-- stands under its number, so that the sum is still that of the balance.
SELECT
    coalesce(p.id, 'removed-' || a.point_no) AS point,
    coalesce(p.category, 'removed') AS category,
    coalesce(p.role, CASE
        WHEN bool_or(a.import_wh IS NOT NULL) AND bool_or(a.export_wh IS NOT NULL) THEN 'prosumer'
        WHEN bool_or(a.export_wh IS NOT NULL) THEN 'producer'
        ELSE 'consumer'
    END) AS role,
    sum(a.import_wh)::bigint AS import_wh,
    sum(a.export_wh)::bigint AS export_wh,
    sum(a.share_wh)::bigint AS share_wh,
    sum(a.allocated_wh)::bigint AS allocated_wh,
    sum(a.residual_wh)::bigint AS residual_wh,
    sum(a.surplus_wh)::bigint AS surplus_wh,
    max(a.start) AS last_start
FROM allocation AS a
LEFT JOIN point AS p ON p.no = a.point_no
WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
GROUP BY a.point_no, p.id, p.category, p.role
ORDER BY 2, 1
