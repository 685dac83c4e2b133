-- The intervals of points in a span, by every source.
SELECT i.point_no, i.flow::text AS flow, i.source::text AS source, i.start, i.energy_wh, i.quality, i.method
FROM interval AS i
WHERE i.point_no = ANY (%(points)s) AND i.start >= %(start)s AND i.start < %(end)s
