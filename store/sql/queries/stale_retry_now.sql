-- Make days that were set aside due now, but those that a worker has in hand. Returns of each of which kind it is.
UPDATE stale SET not_before = now()
WHERE id IN (
    SELECT id FROM stale WHERE error IS NOT NULL AND not_before > now() ORDER BY id FOR UPDATE SKIP LOCKED
)
RETURNING kind
