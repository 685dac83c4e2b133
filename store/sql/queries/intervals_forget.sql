-- Forget the device intervals of points that are about to be computed anew; what is frozen could not be.
DELETE FROM interval AS i
USING point AS p
WHERE
    p.no = i.point_no AND i.source = 'device' AND p.id = ANY (%(points)s)
    AND (p.frozen_before IS NULL OR i.start >= p.frozen_before)
