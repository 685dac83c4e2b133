-- Every day on which devices of points told something that intervals are made of, while they were mapped to them. Each
-- day is looked up in the index: at a reading every ten seconds, to go through them would take a thousand times as
-- long.
SELECT DISTINCT s.no, g.day::date
FROM point AS p
JOIN device_mapping AS m ON m.point_no = p.no
JOIN device AS d ON d.id = m.device
JOIN series AS s ON s.device_no = d.no AND s.channel = m.channel AND s.phase = ''
CROSS JOIN LATERAL (
    SELECT min(r.at) AS first_at, max(r.at) AS last_at
    FROM reading AS r
    WHERE r.series_no = s.no AND r.at >= m.valid_from AND r.at <= m.valid_to
) AS b
CROSS JOIN LATERAL generate_series(
    date_trunc('day', b.first_at AT TIME ZONE 'UTC'), b.last_at AT TIME ZONE 'UTC', '1 day'
) AS g (day)
CROSS JOIN LATERAL (
    SELECT
    FROM reading AS r
    WHERE
        r.series_no = s.no
        AND r.at >= g.day AT TIME ZONE 'UTC' AND r.at < (g.day + '1 day'::interval) AT TIME ZONE 'UTC'
    LIMIT 1
) AS found
WHERE p.id = ANY (%(points)s) AND s.quantity = ANY (%(quantities)s)
