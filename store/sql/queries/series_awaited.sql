-- The days on which others tell of the points of new series, where these change who is awaited: after the last reading
-- of a new series, where it is silent; and since the first of another tariff of its register that ended before, which
-- is awaited no longer.
SELECT DISTINCT n.no, g.day::date
FROM series AS n
JOIN device AS nd ON nd.no = n.device_no
JOIN device_mapping AS nm ON nm.device = nd.id AND nm.channel = n.channel
JOIN device_mapping AS om ON om.point_no = nm.point_no
JOIN device AS od ON od.id = om.device
JOIN series AS o ON o.device_no = od.no AND o.channel = om.channel AND o.phase = '' AND o.no <> n.no
CROSS JOIN LATERAL (SELECT max(r.at) AS last_at FROM reading AS r WHERE r.series_no = n.no) AS told
CROSS JOIN LATERAL (SELECT max(r.at) AS last_at FROM reading AS r WHERE r.series_no = o.no) AS others
CROSS JOIN LATERAL (
    SELECT min(b.first_at) AS first_at
    FROM series AS s
    CROSS JOIN LATERAL (
        SELECT min(r.at) AS first_at, max(r.at) AS last_at FROM reading AS r WHERE r.series_no = s.no
    ) AS b
    WHERE
        s.device_no = n.device_no AND s.channel = n.channel AND s.quantity = n.quantity AND s.phase = ''
        AND s.no <> n.no AND b.last_at + '2 hours'::interval < told.last_at
) AS ended
CROSS JOIN LATERAL generate_series(
    date_trunc('day', least(told.last_at, ended.first_at) AT TIME ZONE 'UTC'),
    others.last_at AT TIME ZONE 'UTC',
    '1 day'
) AS g (day)
WHERE n.no = ANY (%(series)s) AND n.phase = '' AND o.quantity = ANY (%(quantities)s)
