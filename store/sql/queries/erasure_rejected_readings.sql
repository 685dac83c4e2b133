-- Remove what was set aside of devices: of some all, of others what is of the time and channel of points.
WITH wanted AS (
    SELECT r.device, r.quantity, r.phase, r.channel, r.tariff, r.at, r.value
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
    ORDER BY r.device, r.quantity, r.phase, r.channel, r.tariff, r.at, r.value
    FOR UPDATE OF r
)
DELETE FROM rejected_reading AS r USING wanted AS w
WHERE (r.device, r.quantity, r.phase, r.channel, r.tariff, r.at, r.value)
    = (w.device, w.quantity, w.phase, w.channel, w.tariff, w.at, w.value)
