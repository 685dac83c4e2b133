-- Days that wait to be computed and days that were set aside, these first: whose they are, how often they failed, when
-- they are tried next, and why they failed. A series counts for the points that its device measured on that day. Of
-- statements, which are meant to wait, those months that were set aside.
SELECT
    s.kind,
    coalesce(
        CASE
            WHEN s.kind IN ('community', 'statement') THEN (SELECT c.id FROM community AS c WHERE c.no = s.ref_no)
            WHEN s.kind = 'curve' THEN (SELECT p.id FROM point AS p WHERE p.no = s.ref_no)
            ELSE d.id || coalesce('/' || nullif(r.channel, ''), '') || ' ' || r.quantity
                || coalesce(' ' || nullif(r.phase, ''), '') || coalesce(' ' || nullif(r.tariff, ''), '')
        END,
        'removed-' || s.ref_no
    ) AS what,
    CASE s.kind
        WHEN 'series' THEN ARRAY(
            SELECT DISTINCT p.id
            FROM device_mapping AS m
            JOIN point AS p ON p.no = m.point_no
            WHERE m.device = d.id AND m.channel = r.channel
                AND m.valid_from < (s.day + 1)::timestamp AT TIME ZONE 'UTC'
                AND m.valid_to > s.day::timestamp AT TIME ZONE 'UTC'
            ORDER BY p.id
        )
        WHEN 'curve' THEN ARRAY(SELECT p.id FROM point AS p WHERE p.no = s.ref_no)
        ELSE '{}'
    END AS points,
    s.day,
    s.attempts,
    s.not_before,
    s.error
FROM (
    SELECT id, kind, ref_no, day, attempts, not_before, error FROM stale
    UNION ALL
    SELECT 0, 'statement', community_no, month, attempts, due_at, error FROM statement_due WHERE error IS NOT NULL
) AS s
LEFT JOIN series AS r ON s.kind = 'series' AND r.no = s.ref_no
LEFT JOIN device AS d ON d.no = r.device_no
ORDER BY s.error IS NULL, s.day, s.kind, 2, s.id
LIMIT %(most)s
