-- Forget the device intervals of points: they are about to be computed anew.
DELETE FROM interval AS i
USING point AS p
WHERE p.no = i.point_no AND i.source = 'device' AND p.id = ANY (%(points)s)
