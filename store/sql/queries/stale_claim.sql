-- Take spans to recompute: rows locked by others are passed over, and one worker at a time has a series or a
-- community, so that no older result can overwrite a newer one. The marks go with the commit of the result.
WITH picked AS MATERIALIZED (
    SELECT id, ref_no, day
    FROM stale
    WHERE kind = %(kind)s AND not_before <= now()
    ORDER BY id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), refs AS MATERIALIZED (
    SELECT ref_no
    FROM (SELECT DISTINCT ref_no FROM picked) AS d
    WHERE pg_try_advisory_xact_lock(hashtext(%(kind)s), ref_no)
), taken AS (
    DELETE FROM stale AS s
    USING picked AS p, refs AS r
    WHERE s.id = p.id AND r.ref_no = p.ref_no
    RETURNING s.ref_no, s.day, s.attempts
)
SELECT ref_no, day, max(attempts) FROM taken GROUP BY ref_no, day ORDER BY ref_no, day
