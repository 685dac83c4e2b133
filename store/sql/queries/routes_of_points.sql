-- Which registers feed which flow of the points: both registers of a grid meter, the yield of a production.
-- Per-phase registers are parts of a total and never routed.
SELECT
    s.no AS series_no,
    m.point_no,
    CASE WHEN s.quantity = 'import_energy' THEN 'import' ELSE 'export' END AS flow,
    s.tariff,
    p.limit_w,
    s.first_positive_at,
    greatest(m.valid_from, '1900-01-01') AS valid_from,
    least(m.valid_to, '2200-01-01') AS valid_to
FROM device_mapping AS m
JOIN point AS p ON p.no = m.point_no
JOIN device AS d ON d.id = m.device
JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
WHERE
    m.point_no = ANY (%(points)s)
    AND (
        (m.measures = 'grid' AND s.quantity IN ('import_energy', 'export_energy'))
        OR (m.measures = 'production' AND s.quantity = 'pv_energy')
    )
