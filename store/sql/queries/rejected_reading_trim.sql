-- Forget readings that were set aside too long ago, and the oldest beyond a size; one takes some 300 bytes.
DELETE FROM rejected_reading
WHERE heard_at < now() - %(oldest)s::interval
    OR heard_at < (SELECT heard_at FROM rejected_reading ORDER BY heard_at DESC OFFSET %(size)s / 300 LIMIT 1)
