-- Take the marks of points away, and of devices of which everything goes. A device that somebody else has too is marked
-- for both.
DELETE FROM stale AS m
WHERE
    (m.kind = 'curve' AND m.ref_no = ANY (%(points)s))
    OR (m.kind = 'series' AND m.ref_no IN (
        SELECT s.no FROM series AS s JOIN device AS d ON d.no = s.device_no WHERE d.id = ANY (%(devices)s)
    ))
