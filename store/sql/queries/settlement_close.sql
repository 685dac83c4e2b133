-- Close the local months of a community that ended before an instant, if all their steps are there and settled, and
-- nothing of the community or its members waits to be computed for their days. Returns when each begins.
WITH month AS (
    SELECT
        c.step_min,
        m.local_start AT TIME ZONE c.zone AS month_start,
        (m.local_start + '1 month'::interval) AT TIME ZONE c.zone AS month_end
    FROM community AS c
    JOIN LATERAL (
        SELECT min(b.start) AS first_start, max(b.start) AS last_start FROM balance AS b WHERE b.community_no = c.no
    ) AS b ON b.first_start IS NOT NULL
    CROSS JOIN LATERAL generate_series(
        date_trunc('month', b.first_start AT TIME ZONE c.zone), b.last_start AT TIME ZONE c.zone, '1 month'
    ) AS m (local_start)
    WHERE c.no = %(community_no)s
), unsettled AS MATERIALIZED (
    SELECT *
    FROM month AS o
    WHERE o.month_end <= %(before)s::timestamptz AND NOT EXISTS (
        SELECT FROM settlement AS s
        WHERE s.community_no = %(community_no)s AND s.month_start < o.month_end AND s.month_end > o.month_start
    )
), member AS MATERIALIZED (
    SELECT DISTINCT point_no FROM membership WHERE community_no = %(community_no)s
), computed AS MATERIALIZED (
    SELECT 'community' AS kind, %(community_no)s::int AS ref_no
    UNION ALL
    SELECT 'curve', point_no FROM member
    UNION
    SELECT 'series', r.no
    FROM member AS b
    JOIN device_mapping AS m ON m.point_no = b.point_no
    JOIN device AS d ON d.id = m.device
    JOIN series AS r ON r.device_no = d.no AND r.channel = m.channel AND r.phase = ''
)
INSERT INTO settlement (community_no, month_start, month_end, version, reason)
SELECT %(community_no)s, o.month_start, o.month_end, 1, 'first'
FROM unsettled AS o
WHERE
    NOT EXISTS (
        SELECT FROM computed AS c
        CROSS JOIN LATERAL (
            SELECT FROM stale AS s
            WHERE
                s.kind = c.kind AND s.ref_no = c.ref_no
                AND s.day >= (o.month_start AT TIME ZONE 'UTC')::date
                AND s.day <= (o.month_end AT TIME ZONE 'UTC')::date
            LIMIT 1
        ) AS waiting
    )
    AND (
        SELECT bool_and(b.settled) AND make_interval(mins => o.step_min) * count(*) = o.month_end - o.month_start
        FROM balance AS b
        WHERE b.community_no = %(community_no)s AND b.start >= o.month_start AND b.start < o.month_end
    )
RETURNING month_start
