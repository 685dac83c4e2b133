-- Every day on which a register of the devices of points was read.
SELECT DISTINCT r.series_no, (r.at AT TIME ZONE 'UTC')::date
FROM point AS p
JOIN device_mapping AS m ON m.point_no = p.no
JOIN device AS d ON d.id = m.device
JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
JOIN reading AS r ON r.series_no = s.no
WHERE p.id = ANY (%(points)s) AND s.quantity IN ('import_energy', 'export_energy', 'pv_energy')
