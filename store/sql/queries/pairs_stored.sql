-- The pairs of a community in a span.
SELECT a.start, a.producer_no, a.point_no, a.allocated_wh
FROM allocation_pair AS a
WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
