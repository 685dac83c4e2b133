-- Forget messages that have not come again for too long, and the longest unheard beyond a size. One that is being heard
-- stays. Rows are locked in one order by everybody.
WITH kept AS (
    SELECT
        digest, last_at,
        sum(octet_length(payload) + octet_length(topic) + octet_length(reason) + 100)
            OVER (ORDER BY last_at DESC, digest) AS bytes
    FROM rejected_message
), forgotten AS (
    SELECT r.digest
    FROM rejected_message AS r
    JOIN kept AS k ON k.digest = r.digest AND k.last_at = r.last_at
    WHERE k.last_at < now() - %(oldest)s::interval OR k.bytes > %(size)s
    ORDER BY r.digest
    FOR UPDATE OF r SKIP LOCKED
)
DELETE FROM rejected_message AS r USING forgotten AS f WHERE r.digest = f.digest
