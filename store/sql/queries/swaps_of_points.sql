-- Meter swaps of points, as they were recorded.
SELECT point_no, flow::text AS flow, tariff, at, old_wh, new_wh
FROM meter_swap
WHERE point_no = ANY (%(points)s)
