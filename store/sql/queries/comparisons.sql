-- The comparisons of a community, or one of them, the newest first.
SELECT no, asked_at, ended_at, status, steps_done, steps, error, request
FROM comparison
WHERE community_no = %(community_no)s AND (%(no)s::int IS NULL OR no = %(no)s)
ORDER BY no DESC
