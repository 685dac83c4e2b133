-- Forget the gaps of points: their devices are others now.
DELETE FROM gap AS g USING point AS p WHERE p.no = g.point_no AND p.id = ANY (%(points)s)
