-- Forget a swap.
DELETE FROM meter_swap AS s
USING point AS p
WHERE p.no = s.point_no AND p.id = %(point)s AND s.flow = %(flow)s::flow AND s.tariff = %(tariff)s AND s.at = %(at)s
