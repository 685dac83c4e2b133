-- Every stored register reading of whole devices, to be compared with what was published.
SELECT d.id, s.quantity, s.channel, s.tariff, r.at, r.value
FROM reading AS r
JOIN series AS s ON s.no = r.series_no
JOIN device AS d ON d.no = s.device_no
WHERE s.quantity IN ('import_energy', 'export_energy', 'pv_energy', 'consumption_energy') AND s.phase = ''
