-- Take the month whose statement has been due for longest, of a community that no other worker makes statements of; the
-- lock goes with the end of the transaction. What is computed anew from less than there was is left: months of which
-- balances were removed for their age, and which had a statement.
WITH due AS MATERIALIZED (
    SELECT community_no, month, marks, attempts
    FROM statement_due
    WHERE due_at <= now()
    ORDER BY due_at, month
    LIMIT 100
)
SELECT
    d.community_no,
    c.zone,
    d.month,
    d.marks,
    d.attempts,
    c.frozen_before > d.month::timestamp AT TIME ZONE c.zone
        AND EXISTS (SELECT FROM statement AS s WHERE s.community_no = c.no AND s.month = d.month)
        AND NOT EXISTS (
            SELECT FROM balance AS b
            WHERE b.community_no = c.no AND b.start <= d.month::timestamp AT TIME ZONE c.zone
        ) IS TRUE AS is_kept
FROM due AS d
JOIN community AS c ON c.no = d.community_no
WHERE pg_try_advisory_xact_lock(hashtext('statement'), d.community_no)
LIMIT 1
