-- How many days that are to be frozen with the communities of some points, before an hour, wait to be computed, of them
-- or of series or curves of their members. What was heard on the day of that hour within five minutes is only on its
-- way.
WITH going AS (
    SELECT m.community_no, max(least(m.valid_to, %(before)s)) AS before
    FROM membership AS m
    WHERE m.point_no = ANY (%(points)s) AND m.valid_from < %(before)s
    GROUP BY m.community_no
), waiting AS (
    SELECT s.kind, s.ref_no, s.day, s.day::timestamp AT TIME ZONE 'UTC' AS start
    FROM stale AS s
    WHERE
        s.day < (%(before)s::timestamptz AT TIME ZONE 'UTC')::date
        OR s.error IS NOT NULL OR s.not_before < now() - '5 minutes'::interval
)
SELECT count(DISTINCT w.day)
FROM waiting AS w
JOIN going AS g ON w.start < g.before
JOIN community AS c ON c.no = g.community_no
WHERE
    (c.frozen_before IS NULL OR w.start + '1 day'::interval > c.frozen_before)
    AND (
        (w.kind = 'community' AND w.ref_no = c.no)
        OR (w.kind = 'curve' AND w.ref_no IN (
            SELECT b.point_no FROM membership AS b WHERE b.community_no = c.no
        ))
        OR (w.kind = 'series' AND w.ref_no IN (
            SELECT r.no
            FROM membership AS b
            JOIN device_mapping AS m ON m.point_no = b.point_no
            JOIN device AS d ON d.id = m.device
            JOIN series AS r ON r.device_no = d.no AND r.channel = m.channel
            WHERE b.community_no = c.no
        ))
    )
