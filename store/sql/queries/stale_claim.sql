-- Take spans to recompute: rows locked by others are passed over, and one worker at a time has a series or a
-- community, so that no older result can overwrite a newer one. The marks go with the commit of the result.
-- With a span go its failures that wait for their next try: this is the next try. Days of series that lie far from the
-- first are left for the next claim: a point is read from the first to the last of what is taken of it.
WITH picked AS MATERIALIZED (
    SELECT id, ref_no, day
    FROM stale
    WHERE kind = %(kind)s AND not_before <= now()
    ORDER BY id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), near AS MATERIALIZED (
    SELECT *
    FROM picked
    WHERE %(kind)s <> 'series' OR abs(day - (SELECT day FROM picked ORDER BY id LIMIT 1)) <= 7
), refs AS MATERIALIZED (
    SELECT ref_no
    FROM (SELECT DISTINCT ref_no FROM near) AS d
    WHERE pg_try_advisory_xact_lock(hashtext(%(kind)s), ref_no)
), failed AS MATERIALIZED (
    SELECT s.id
    FROM stale AS s
    JOIN near AS p ON p.ref_no = s.ref_no AND p.day = s.day
    JOIN refs AS r ON r.ref_no = s.ref_no
    WHERE s.kind = %(kind)s AND s.error IS NOT NULL AND s.not_before > now()
    FOR UPDATE OF s SKIP LOCKED
), taken AS (
    DELETE FROM stale AS s
    USING (
        SELECT p.id FROM near AS p JOIN refs AS r ON r.ref_no = p.ref_no
        UNION
        SELECT id FROM failed
    ) AS t
    WHERE s.id = t.id
    RETURNING s.ref_no, s.day, s.attempts, s.first_start, s.last_start
)
SELECT
    ref_no,
    day,
    max(attempts),
    CASE WHEN bool_and(first_start IS NOT NULL) THEN min(first_start) END,
    CASE WHEN bool_and(last_start IS NOT NULL) THEN max(last_start) END
FROM taken
GROUP BY ref_no, day
ORDER BY ref_no, day
