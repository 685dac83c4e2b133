-- What each member consumed, injected and was allocated in a settled month, and how well it was known, as a version
-- had it. What is kept of a
-- point that is gone stands under its number, so that the sum is still that of the balance.
WITH revised AS MATERIALIZED (
    SELECT r.start, min(r.version) AS version
    FROM balance_revision AS r
    WHERE r.community_no = %(community_no)s AND r.start >= %(start)s AND r.start < %(end)s
        AND r.version > %(version)s
    GROUP BY r.start
), as_of AS (
    SELECT a.point_no, a.import_wh, a.export_wh, a.share_wh, a.allocated_wh, a.residual_wh, a.surplus_wh, a.quality
    FROM allocation AS a
    WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
        AND NOT EXISTS (SELECT FROM revised AS r WHERE r.start = a.start)
    UNION ALL
    SELECT o.point_no, o.import_wh, o.export_wh, o.share_wh, o.allocated_wh, o.residual_wh, o.surplus_wh, o.quality
    FROM revised AS r
    JOIN allocation_revision AS o
        ON o.community_no = %(community_no)s AND o.start = r.start AND o.version = r.version
)
SELECT
    coalesce(p.id, 'removed-' || a.point_no) AS point,
    coalesce(p.category, 'removed') AS category,
    sum(a.import_wh)::bigint AS import_wh,
    sum(a.export_wh)::bigint AS export_wh,
    sum(a.share_wh)::bigint AS share_wh,
    sum(a.allocated_wh)::bigint AS allocated_wh,
    sum(a.residual_wh)::bigint AS residual_wh,
    sum(a.surplus_wh)::bigint AS surplus_wh,
    CASE WHEN count(a.quality) = count(*) THEN max(a.quality)::int END AS quality
FROM as_of AS a
LEFT JOIN point AS p ON p.no = a.point_no
GROUP BY a.point_no, p.id, p.category
ORDER BY 2, 1
