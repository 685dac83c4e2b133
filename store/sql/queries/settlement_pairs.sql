-- What each member had of each producer in a settled month, as a version had it: what the next version that changed a
-- step kept of it, and what is there now elsewhere. Who is gone stands under its number.
WITH revised AS MATERIALIZED (
    SELECT r.start, min(r.version) AS version
    FROM balance_revision AS r
    WHERE r.community_no = %(community_no)s AND r.start >= %(start)s AND r.start < %(end)s
        AND r.version > %(version)s
    GROUP BY r.start
), as_of AS (
    SELECT a.producer_no, a.point_no, a.allocated_wh
    FROM allocation_pair AS a
    WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
        AND NOT EXISTS (SELECT FROM revised AS r WHERE r.start = a.start)
    UNION ALL
    SELECT o.producer_no, o.point_no, o.allocated_wh
    FROM revised AS r
    JOIN allocation_pair_revision AS o
        ON o.community_no = %(community_no)s AND o.start = r.start AND o.version = r.version
), summed AS (
    SELECT producer_no, point_no, sum(allocated_wh)::bigint AS allocated_wh
    FROM as_of
    GROUP BY producer_no, point_no
)
SELECT
    coalesce(k.id, 'removed-' || s.producer_no) AS producer,
    coalesce(p.id, 'removed-' || s.point_no) AS point,
    s.allocated_wh
FROM summed AS s
LEFT JOIN point AS k ON k.no = s.producer_no
LEFT JOIN point AS p ON p.no = s.point_no
ORDER BY 1, 2
