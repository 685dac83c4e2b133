-- What each point was allocated in the steps of a community in a span, beside what all produced in the step, and
-- whether the step is settled. Of a point that is gone the row has no id.
SELECT b.start, p.id AS point, coalesce(a.allocated_wh, 0) AS allocated_wh, b.production_wh, b.settled
FROM balance AS b
LEFT JOIN allocation AS a
    ON a.community_no = b.community_no AND a.start = b.start AND a.start >= %(start)s AND a.start < %(end)s
LEFT JOIN point AS p ON p.no = a.point_no
WHERE b.community_no = %(community_no)s AND b.start >= %(start)s AND b.start < %(end)s
ORDER BY b.start, p.id
