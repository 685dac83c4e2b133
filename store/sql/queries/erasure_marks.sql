-- Take the marks of devices away of which everything goes. A device that somebody else has too is marked for both.
DELETE FROM stale AS m
USING series AS s, device AS d
WHERE m.kind = 'series' AND m.ref_no = s.no AND s.device_no = d.no AND d.id = ANY (%(devices)s)
