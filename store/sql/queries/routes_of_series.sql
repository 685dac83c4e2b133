-- The points that series feed: each series by the mapping of its device and channel.
SELECT DISTINCT m.point_no
FROM series AS s
JOIN device AS d ON d.no = s.device_no
JOIN device_mapping AS m ON m.device = d.id AND m.channel = s.channel
WHERE s.no = ANY (%(series)s) AND s.phase = ''
