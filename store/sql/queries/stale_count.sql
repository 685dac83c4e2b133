-- How many spans wait, and how many of them failed before; of statements, which are meant to wait, those that failed.
SELECT count(*), count(*) FILTER (WHERE error IS NOT NULL)
FROM (
    SELECT error FROM stale
    UNION ALL
    SELECT error FROM statement_due WHERE error IS NOT NULL
) AS waiting
