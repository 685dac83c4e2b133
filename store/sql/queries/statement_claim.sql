-- Take the month whose statement has been due for longest, of a community that no other worker makes statements of; the
-- lock goes with the end of the transaction. A statement is kept where it would be made anew from less than there was:
-- of a month that is frozen, begins without allocations, and of which the statement tells more than is left of these.
WITH due AS MATERIALIZED (
    SELECT community_no, month, marks, attempts
    FROM statement_due
    WHERE due_at <= now()
    ORDER BY due_at, month
    LIMIT 100
), taken AS MATERIALIZED (
    SELECT * FROM due WHERE pg_try_advisory_xact_lock(hashtext('statement'), community_no) LIMIT 1
)
SELECT
    t.community_no,
    c.zone,
    c.step_min,
    t.month,
    t.marks,
    t.attempts,
    coalesce(c.frozen_before > m.month_start, false)
        AND coalesce((
            SELECT a.start FROM allocation AS a WHERE a.community_no = t.community_no ORDER BY a.start LIMIT 1
        ), 'infinity') > m.month_start
        AND (
            SELECT coalesce(sum(s.import_wh), 0) + coalesce(sum(s.surplus_wh), 0)
            FROM statement AS s
            WHERE s.community_no = t.community_no AND s.month = t.month
        ) > (
            SELECT coalesce(sum(a.import_wh), 0) + coalesce(sum(a.surplus_wh), 0)
            FROM allocation AS a
            WHERE a.community_no = t.community_no AND a.start >= m.month_start AND a.start < m.month_end
        ) AS is_kept
FROM taken AS t
JOIN community AS c ON c.no = t.community_no
CROSS JOIN LATERAL (
    SELECT
        t.month::timestamp AT TIME ZONE c.zone AS month_start,
        (t.month::timestamp + '1 month'::interval) AT TIME ZONE c.zone AS month_end
) AS m
