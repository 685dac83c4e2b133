-- Make the stored pairs of a community equal to the computed ones in a span, touching only what differs.
WITH gone AS (
    DELETE FROM allocation_pair AS a
    WHERE
        a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
        AND NOT EXISTS (
            SELECT FROM paired AS n
            WHERE n.start = a.start AND n.producer_no = a.producer_no AND n.point_no = a.point_no
        )
)
INSERT INTO allocation_pair (community_no, start, producer_no, point_no, allocated_wh)
SELECT %(community_no)s, start, producer_no, point_no, allocated_wh
FROM paired
ON CONFLICT (community_no, start, producer_no, point_no) DO UPDATE SET allocated_wh = excluded.allocated_wh
WHERE allocation_pair.allocated_wh <> excluded.allocated_wh
