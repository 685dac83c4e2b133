-- The last check of everything, and when one last found no difference.
SELECT
    l.started_at,
    l.ended_at,
    l.compared,
    l.differing,
    l.waiting,
    (
        SELECT max(g.ended_at) FROM recomputation AS g
        WHERE g.since IS NULL AND g.community_no IS NULL AND g.differing = 0
    ) AS equal_at
FROM recomputation AS l
WHERE l.since IS NULL AND l.community_no IS NULL AND l.ended_at IS NOT NULL
ORDER BY l.ended_at DESC
LIMIT 1
