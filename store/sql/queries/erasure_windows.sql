-- From when to when which series said something about points, or belong to devices of which all goes: these from ever
-- to ever. The reading at the instant of a handover is also the last of whoever had the device before, and stays.
SELECT s.no, '0001-01-02 00:00:00+00'::timestamptz AS since, '9999-12-30 00:00:00+00'::timestamptz AS until
FROM device AS d
JOIN series AS s ON s.device_no = d.no
WHERE d.id = ANY (%(devices)s)
UNION ALL
SELECT
    s.no,
    CASE WHEN EXISTS (
        SELECT FROM device_mapping AS o
        WHERE o.device = m.device AND o.channel = m.channel AND o.valid_to = m.valid_from
            AND o.point_no <> ALL (%(points)s)
    ) THEN m.valid_from + '1 microsecond'::interval ELSE m.valid_from END,
    m.valid_to
FROM device_mapping AS m
JOIN device AS d ON d.id = m.device
JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel
WHERE m.point_no = ANY (%(points)s) AND m.device <> ALL (%(devices)s)
