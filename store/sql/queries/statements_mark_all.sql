-- Mark all local months of communities that have balances or statements: those of some ids, and those in which points
-- of some ids, or points of some holders, ever took part. They are due a pause after the first mark.
INSERT INTO statement_due (community_no, month, due_at)
SELECT c.no, m.month::date, now() + %(pause)s
FROM community AS c
CROSS JOIN LATERAL (
    SELECT min(month) AS first_month, max(month) AS last_month
    FROM (
        SELECT date_trunc('month', min(b.start) AT TIME ZONE c.zone) FROM balance AS b WHERE b.community_no = c.no
        UNION ALL
        SELECT date_trunc('month', max(b.start) AT TIME ZONE c.zone) FROM balance AS b WHERE b.community_no = c.no
        UNION ALL
        SELECT s.month::timestamp FROM statement AS s WHERE s.community_no = c.no
    ) AS known (month)
) AS e
CROSS JOIN LATERAL generate_series(e.first_month, e.last_month, '1 month') AS m (month)
WHERE
    c.id = ANY (%(communities)s)
    OR EXISTS (
        SELECT FROM membership AS p
        JOIN point AS q ON q.no = p.point_no
        JOIN holder AS h ON h.no = q.holder_no
        WHERE p.community_no = c.no AND (q.id = ANY (%(points)s) OR h.id = ANY (%(holders)s))
    )
ON CONFLICT (community_no, month) DO UPDATE SET marks = statement_due.marks + 1
