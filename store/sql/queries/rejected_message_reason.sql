-- Write anew why messages are in quarantine. Rows are locked in one order by everybody.
WITH other AS (
    SELECT r.digest, n.reason
    FROM rejected_message AS r
    JOIN unnest(%(digests)s::bytea[], %(reasons)s::text[]) AS n (digest, reason) ON n.digest = r.digest
    WHERE r.reason <> n.reason
    ORDER BY r.digest
    FOR UPDATE OF r
)
UPDATE rejected_message AS r SET reason = o.reason FROM other AS o WHERE r.digest = o.digest
