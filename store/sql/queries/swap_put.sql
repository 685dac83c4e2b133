-- Record a swap, in place of one at the same instant.
INSERT INTO meter_swap (point_no, flow, tariff, at, old_wh, new_wh)
SELECT no, %(flow)s::flow, %(tariff)s, %(at)s, %(old_wh)s, %(new_wh)s FROM point WHERE id = %(point)s
ON CONFLICT (point_no, flow, tariff, at) DO UPDATE
SET old_wh = excluded.old_wh, new_wh = excluded.new_wh, recorded_at = now()
