-- When each local month with a balance ends; left out while something in it waits to be recomputed, and for good where
-- a part of what it was made of is gone: it would be published with less than it had.
WITH month AS (
    SELECT
        c.no AS community_no,
        c.id AS community,
        c.frozen_before,
        m.local_start,
        m.local_start AT TIME ZONE c.zone AS month_start,
        (m.local_start + '1 month'::interval) AT TIME ZONE c.zone AS month_end
    FROM community AS c
    JOIN LATERAL (
        SELECT min(b.start) AS first_start, max(b.start) AS last_start FROM balance AS b WHERE b.community_no = c.no
    ) AS b ON b.first_start IS NOT NULL
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', b.first_start AT TIME ZONE c.zone), b.last_start AT TIME ZONE c.zone, '1 month'
    ) AS m (local_start)
), waiting AS (
    SELECT ref_no AS community_no, day FROM stale WHERE kind = 'community'
    UNION
    SELECT b.community_no, s.day
    FROM stale AS s
    JOIN series AS r ON r.no = s.ref_no AND r.phase = ''
    JOIN device AS d ON d.no = r.device_no
    JOIN device_mapping AS m ON m.device = d.id AND m.channel = r.channel
    JOIN membership AS b ON b.point_no = m.point_no
    WHERE s.kind = 'series'
    UNION
    SELECT b.community_no, s.day
    FROM stale AS s
    JOIN membership AS b ON b.point_no = s.ref_no
    WHERE s.kind = 'curve'
)
SELECT o.community, to_char(o.local_start, 'YYYY-MM') AS month, o.month_end AS "end"
FROM month AS o
WHERE (o.frozen_before IS NULL OR o.frozen_before <= o.month_start) AND NOT EXISTS (
    SELECT FROM waiting AS w
    WHERE
        w.community_no = o.community_no
        AND w.day >= (o.month_start AT TIME ZONE 'UTC')::date AND w.day <= (o.month_end AT TIME ZONE 'UTC')::date
)
