-- Add or alter the mapping of a device to a point.
INSERT INTO device_mapping (point_no, device, channel, measures, valid_from, valid_to)
SELECT p.no, %(device)s, %(channel)s, %(measures)s, %(valid_from)s, %(valid_to)s FROM point AS p WHERE p.id = %(point)s
ON CONFLICT (device, channel, valid_from) DO UPDATE
SET point_no = excluded.point_no, measures = excluded.measures, valid_to = excluded.valid_to
