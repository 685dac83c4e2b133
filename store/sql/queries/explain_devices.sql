-- The device that tells each series, with its channel.
SELECT s.no AS series_no, d.id AS device, s.channel
FROM series AS s
JOIN device AS d ON d.no = s.device_no
WHERE s.no = ANY (%(series)s)
