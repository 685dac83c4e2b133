-- The points with intervals before an instant, found one by one in the index.
SELECT p.no
FROM point AS p
WHERE EXISTS (SELECT FROM interval AS i WHERE i.point_no = p.no AND i.start < %(before)s::timestamptz)
ORDER BY p.no
