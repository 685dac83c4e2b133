-- Remove a point with what was computed for it; the readings of its devices stay.
WITH gone AS (
    SELECT no FROM point WHERE id = %(id)s
), without_power AS (
    DELETE FROM power_now AS n USING gone AS g WHERE n.point_no = g.no
), without_allocations AS (
    DELETE FROM allocation AS a USING gone AS g WHERE a.point_no = g.no
), without_intervals AS (
    DELETE FROM interval AS i USING gone AS g WHERE i.point_no = g.no
)
DELETE FROM point AS p USING gone AS g WHERE p.no = g.no
