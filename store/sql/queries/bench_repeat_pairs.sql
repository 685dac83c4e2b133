-- Write the pairs of a day anew on others, counted from it.
INSERT INTO allocation_pair (community_no, start, producer_no, point_no, allocated_wh)
SELECT a.community_no, a.start + n * '1 day'::interval, a.producer_no, a.point_no, a.allocated_wh
FROM allocation_pair AS a
CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS n
WHERE a.start >= %(day)s AND a.start < %(day)s + '1 day'::interval
ON CONFLICT (community_no, start, producer_no, point_no) DO UPDATE SET allocated_wh = excluded.allocated_wh
