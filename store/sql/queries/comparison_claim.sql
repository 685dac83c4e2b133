-- Take the comparison that has waited for longest, or that a worker left in the middle; who asks is alone in it.
-- One that was begun too often is not tried again: it may be what ends the workers.
UPDATE comparison AS c SET status = 'running', attempts = c.attempts + 1, steps_done = 0, steps = NULL
FROM community AS o
WHERE o.no = c.community_no AND c.no = (
    SELECT no FROM comparison
    WHERE status IN ('waiting', 'running') AND attempts < %(most)s
    ORDER BY no LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING c.no, c.community_no, o.id, c.request
