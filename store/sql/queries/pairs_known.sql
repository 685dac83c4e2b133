-- What was allocated in a span, and how much of it has pairs that tell whose production it was.
SELECT
    (
        SELECT coalesce(sum(b.allocated_wh), 0)::bigint FROM balance AS b
        WHERE b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
    ) AS allocated_wh,
    (
        SELECT coalesce(sum(a.allocated_wh), 0)::bigint FROM allocation_pair AS a
        WHERE a.community_no = %(community_no)s AND a.start >= %(start)s AND a.start < %(end)s
    ) AS attributed_wh
