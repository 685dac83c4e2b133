-- Forget messages that have not come again for too long, and the longest unheard beyond a size.
DELETE FROM rejected_message AS r
USING (
    SELECT
        digest, last_at,
        sum(length(payload) + length(topic) + length(reason) + 100) OVER (ORDER BY last_at DESC, digest) AS bytes
    FROM rejected_message
) AS kept
WHERE r.digest = kept.digest AND (kept.last_at < now() - %(oldest)s::interval OR kept.bytes > %(size)s)
