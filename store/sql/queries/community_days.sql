-- Every day on which a community has a balance or its members have intervals.
SELECT c.no, (b.start AT TIME ZONE 'UTC')::date
FROM community AS c
JOIN balance AS b ON b.community_no = c.no
WHERE c.id = ANY (%(communities)s)
UNION
SELECT c.no, (i.start AT TIME ZONE 'UTC')::date
FROM community AS c
JOIN membership AS m ON m.community_no = c.no
JOIN interval AS i ON i.point_no = m.point_no
WHERE c.id = ANY (%(communities)s)
