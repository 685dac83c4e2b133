-- How many readings were set aside of devices: of some all, of others what is of the time and channel of points.
SELECT count(*)
FROM rejected_reading AS r
WHERE r.device = ANY (%(devices)s)
    OR EXISTS (
        SELECT FROM device_mapping AS m
        WHERE m.point_no = ANY (%(points)s) AND m.device = r.device AND m.channel = r.channel
            AND (
                (r.at >= m.valid_from AND r.at < m.valid_to)
                OR (r.heard_at >= m.valid_from AND r.heard_at < m.valid_to)
            )
    )
