-- Mark spans to recompute, day by day, so that those taken together are near one another in time. A mark that nobody
-- works on yet serves again: it is locked so that no worker takes it before this transaction ends. A mark already
-- taken by a worker does not count, for it may have read before us.
WITH wanted AS (
    SELECT DISTINCT ref_no, day FROM unnest(%(refs)s::int[], %(days)s::date[]) AS w (ref_no, day)
), waiting AS (
    SELECT s.ref_no, s.day
    FROM stale AS s
    JOIN wanted AS w ON w.ref_no = s.ref_no AND w.day = s.day
    WHERE s.kind = %(kind)s AND s.error IS NULL AND s.first_start IS NULL
    FOR SHARE OF s SKIP LOCKED
)
INSERT INTO stale (kind, ref_no, day)
SELECT %(kind)s, ref_no, day FROM wanted
EXCEPT
SELECT %(kind)s, ref_no, day FROM waiting
ORDER BY 3, 2
