-- Devices that were heard, the channels of what they measure ('' is the device itself), and the points to
-- which channels were, are or will be mapped, by epoch seconds; %(since)s bounds the rate.
SELECT
    d.id, d.dialect, d.last_seen_at, coalesce(r.readings, 0)::bigint AS readings,
    coalesce(s.channels, '{}') AS channels, coalesce(m.mappings, '[]') AS mappings
FROM device AS d
LEFT JOIN LATERAL (
    SELECT jsonb_agg(
        jsonb_build_array(dm.channel, p.id, extract(epoch FROM dm.valid_from), extract(epoch FROM dm.valid_to))
        ORDER BY dm.valid_from
    ) AS mappings
    FROM device_mapping AS dm
    JOIN point AS p ON p.no = dm.point_no
    WHERE dm.device = d.id
) AS m ON true
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT s.channel ORDER BY s.channel) AS channels FROM series AS s WHERE s.device_no = d.no
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
ORDER BY d.last_seen_at DESC, d.id
