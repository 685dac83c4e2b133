-- Make the statements that wait for their pause to end due now; those that failed keep theirs, and those that a worker
-- has in hand are let be. Returns each of them.
UPDATE statement_due SET due_at = least(due_at, now())
WHERE (community_no, month) IN (
    SELECT community_no, month
    FROM statement_due
    WHERE error IS NULL
    ORDER BY community_no, month
    FOR UPDATE SKIP LOCKED
)
RETURNING community_no, month
