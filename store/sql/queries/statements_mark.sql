-- Mark the local months of a community that a span touches: their statements are due a pause after the first mark.
INSERT INTO statement_due (community_no, month, due_at)
SELECT c.no, m.month::date, now() + %(pause)s
FROM community AS c
CROSS JOIN LATERAL generate_series(
    date_trunc('month', %(start)s::timestamptz AT TIME ZONE c.zone),
    (%(end)s::timestamptz - '1 microsecond'::interval) AT TIME ZONE c.zone,
    '1 month'
) AS m (month)
WHERE c.no = %(community_no)s
ON CONFLICT (community_no, month) DO UPDATE SET marks = statement_due.marks + 1
