-- Take a reading of a device away, as if it had not come yet.
DELETE FROM reading AS r
USING series AS s, device AS d
WHERE r.series_no = s.no AND s.device_no = d.no AND d.id = %(device)s AND r.at = %(at)s
