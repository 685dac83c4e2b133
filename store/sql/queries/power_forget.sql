-- Forget the power of points: it is about to be computed anew.
DELETE FROM power_now AS n USING point AS p WHERE p.no = n.point_no AND p.id = ANY (%(points)s)
