-- Take messages out of quarantine, except those that came again meanwhile. Rows are locked in one order by everybody.
WITH unchanged AS (
    SELECT r.digest
    FROM rejected_message AS r
    JOIN unnest(%(digests)s::bytea[], %(times)s::bigint[]) AS w (digest, times)
        ON w.digest = r.digest AND w.times = r.times
    ORDER BY r.digest
    FOR UPDATE OF r
)
DELETE FROM rejected_message AS r USING unchanged AS u WHERE r.digest = u.digest
RETURNING r.digest
