-- Which device measured which point, and when.
SELECT p.id, m.device, m.channel, m.measures, m.valid_from, m.valid_to
FROM device_mapping AS m
JOIN point AS p ON p.no = m.point_no
ORDER BY m.device, m.channel, m.valid_from
