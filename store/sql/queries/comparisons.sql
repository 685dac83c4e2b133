-- The comparisons of a community, or one of them, the newest first: of what was asked for only the months and the names
-- of the keys, as parts for many steps are long.
SELECT
    no, asked_at, ended_at, status, steps_done, steps, error,
    request ->> 'from' AS first,
    request ->> 'to' AS last,
    jsonb_path_query_array(request, '$.key[*].name') AS keys
FROM comparison
WHERE community_no = %(community_no)s AND (%(no)s::int IS NULL OR no = %(no)s)
ORDER BY no DESC
