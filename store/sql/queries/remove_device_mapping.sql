-- Remove the mapping of a device to a point.
DELETE FROM device_mapping
WHERE device = %(device)s AND channel = %(channel)s AND valid_from = %(valid_from)s
