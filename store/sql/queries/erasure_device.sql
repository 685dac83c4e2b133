-- When a device was last heard, null for never; whether anything of it is here; and whose point it measures.
SELECT
    (SELECT last_seen_at FROM device WHERE id = %(device)s) AS last_seen_at,
    EXISTS (SELECT FROM device WHERE id = %(device)s)
        OR EXISTS (SELECT FROM rejected_reading WHERE device = %(device)s) AS is_known,
    (
        SELECT h.id
        FROM device_mapping AS m
        JOIN point AS p ON p.no = m.point_no
        JOIN holder AS h ON h.no = p.holder_no
        WHERE m.device = %(device)s
        LIMIT 1
    ) AS holder
