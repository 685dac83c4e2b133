-- Devices that were heard, what they measure and whose point they are now mapped to; %(since)s bounds the rate.
SELECT
    d.id, d.dialect, d.last_seen_at, coalesce(r.readings, 0)::bigint AS readings,
    coalesce(m.points, '{}') AS points, coalesce(s.channels, '{}') AS channels
FROM device AS d
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT p.id ORDER BY p.id) AS points
    FROM device_mapping AS dm
    JOIN point AS p ON p.no = dm.point_no
    WHERE dm.device = d.id AND dm.valid_from <= now() AND now() < dm.valid_to
) AS m ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT s.channel ORDER BY s.channel) FILTER (WHERE s.channel <> '') AS channels
    FROM series AS s WHERE s.device_no = d.no
) AS s ON true
LEFT JOIN LATERAL (
    SELECT sum(n.readings) AS readings
    FROM series AS s
    CROSS JOIN LATERAL (
        SELECT count(*) AS readings FROM reading AS r WHERE r.series_no = s.no AND r.at > %(since)s AND r.at <= now()
    ) AS n
    WHERE s.device_no = d.no
) AS r ON true
WHERE starts_with(d.id, %(device)s)
ORDER BY m.points IS NOT NULL, d.last_seen_at DESC, d.id
