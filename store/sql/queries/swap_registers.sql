-- The registers of a flow of a point that are mapped to it up to an instant or from it on, with their readings next to
-- it: zeros of outages are none.
SELECT
    s.no,
    d.id,
    s.tariff,
    m.valid_from < %(at)s AND m.valid_to >= %(at)s AS is_before,
    m.valid_from <= %(at)s AND m.valid_to > %(at)s AS is_after,
    l.at,
    l.value,
    n.at,
    n.value
FROM point AS p
JOIN device_mapping AS m ON m.point_no = p.no
JOIN device AS d ON d.id = m.device
JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
LEFT JOIN LATERAL (
    SELECT r.at, r.value
    FROM reading AS r
    WHERE r.series_no = s.no AND r.at < %(at)s AND r.at >= m.valid_from AND r.value > 0
    ORDER BY r.at DESC LIMIT 1
) AS l ON true
LEFT JOIN LATERAL (
    SELECT r.at, r.value
    FROM reading AS r
    WHERE r.series_no = s.no AND r.at > %(at)s AND r.at <= m.valid_to AND r.value > 0
    ORDER BY r.at LIMIT 1
) AS n ON true
WHERE
    p.id = %(point)s AND m.valid_from <= %(at)s AND m.valid_to >= %(at)s
    AND CASE
        WHEN m.measures = 'grid' THEN s.quantity = %(flow)s || '_energy'
        ELSE %(flow)s = 'export' AND s.quantity = coalesce(
            (SELECT 'pv_energy' FROM series AS y WHERE y.device_no = d.no AND y.quantity = 'pv_energy' LIMIT 1),
            'export_energy'
        )
    END
ORDER BY m.valid_from, s.no
