-- Make days and statements that were set aside due now, but those that a worker has in hand. Returns of each of which
-- kind it is.
WITH due AS (
    UPDATE stale SET not_before = now()
    WHERE id IN (
        SELECT id FROM stale WHERE error IS NOT NULL AND not_before > now() ORDER BY id FOR UPDATE SKIP LOCKED
    )
    RETURNING kind
), statements AS (
    UPDATE statement_due SET due_at = now()
    WHERE (community_no, month) IN (
        SELECT community_no, month
        FROM statement_due
        WHERE error IS NOT NULL AND due_at > now()
        ORDER BY community_no, month
        FOR UPDATE SKIP LOCKED
    )
    RETURNING 'statement' AS kind
)
SELECT kind FROM due
UNION ALL
SELECT kind FROM statements
