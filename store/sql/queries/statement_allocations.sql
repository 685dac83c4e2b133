-- What each point took, injected, was allocated and left in each step of a span, by its number.
SELECT start, point_no, import_wh, export_wh, allocated_wh, surplus_wh
FROM allocation
WHERE community_no = %(community_no)s AND start >= %(start)s AND start < %(end)s
