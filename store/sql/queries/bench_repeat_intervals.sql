-- Write the intervals of a day anew on others, counted from it: the registers of the bench do the same every day.
INSERT INTO interval (point_no, flow, source, start, energy_wh, quality, method)
SELECT i.point_no, i.flow, i.source, i.start + n * '1 day'::interval, i.energy_wh, i.quality, i.method
FROM interval AS i
CROSS JOIN generate_series(%(first)s::int, %(last)s::int) AS n
WHERE i.start >= %(day)s AND i.start < %(day)s + '1 day'::interval
ON CONFLICT (point_no, start, flow, source) DO UPDATE
SET energy_wh = excluded.energy_wh, quality = excluded.quality, method = excluded.method
