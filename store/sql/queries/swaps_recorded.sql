-- The swaps of a point, in order of time.
SELECT s.flow::text, s.tariff, s.at, s.old_wh, s.new_wh
FROM meter_swap AS s
JOIN point AS p ON p.no = s.point_no
WHERE p.id = %(point)s
ORDER BY s.at, s.flow, s.tariff
