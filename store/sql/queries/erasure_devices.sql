-- The devices of points: when each was last heard, null for never; whether it measured these points alone; and from
-- when to when it measured them.
SELECT
    m.device,
    max(d.last_seen_at) AS last_seen_at,
    NOT EXISTS (
        SELECT FROM device_mapping AS o WHERE o.device = m.device AND o.point_no <> ALL (%(points)s)
    ) AS is_alone,
    min(m.valid_from) AS since,
    max(m.valid_to) AS until
FROM device_mapping AS m
LEFT JOIN device AS d ON d.id = m.device
WHERE m.point_no = ANY (%(points)s)
GROUP BY m.device
ORDER BY m.device
