-- Mark every settled day of the communities of points.
INSERT INTO stale (kind, ref_no, day)
SELECT DISTINCT 'community', b.community_no, (b.start AT TIME ZONE 'UTC')::date
FROM point AS p
JOIN membership AS m ON m.point_no = p.no
JOIN balance AS b ON b.community_no = m.community_no
WHERE p.id = ANY (%(points)s)
