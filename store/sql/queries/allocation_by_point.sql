-- What each member consumed, injected and was allocated over a span of time.
SELECT
    p.id AS point,
    p.category,
    p.role,
    sum(a.import_wh)::bigint AS import_wh,
    sum(a.export_wh)::bigint AS export_wh,
    sum(a.share_wh)::bigint AS share_wh,
    sum(a.allocated_wh)::bigint AS allocated_wh,
    sum(a.residual_wh)::bigint AS residual_wh,
    sum(a.surplus_wh)::bigint AS surplus_wh,
    max(a.start) AS last_start
FROM allocation AS a
JOIN point AS p ON p.no = a.point_no
WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
GROUP BY p.id, p.category, p.role
ORDER BY p.category, p.id
